//! Text files of the ascii backend, with NEST's names and layout.

use crate::error::{Error, Kind, Result};
use crate::rank::Layout;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where files go, and how they are named.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The folder; the working directory if empty.
    pub data_path: String,
    /// Put before each file's name.
    pub data_prefix: String,
    pub overwrite_files: bool,
    /// Whether files that exist were written by this simulation, which goes on with them.
    pub append: bool,
    /// The number of nodes, which sets the digits of node ids.
    pub network_size: usize,
    /// The virtual processes, one file each on the rank that has it.
    pub layout: Layout,
}

/// A file that is being written.
#[derive(Debug)]
pub struct TextFile {
    path: PathBuf,
    out: BufWriter<File>,
    failed: Option<String>,
}

fn io_error(action: &str, path: &Path, e: impl std::fmt::Display) -> Error {
    Error::new(
        Kind::Io,
        format!("cannot {action} '{}': {e}", path.display()),
    )
}

fn digits(n: usize) -> usize {
    n.max(1).ilog10() as usize + 1
}

impl Environment {
    /// The paths of a recorder's files on this rank, one per virtual process.
    pub fn paths(&self, stem: &str, id: u32, ext: &str) -> Vec<PathBuf> {
        let (id_digits, vp_digits) = (
            digits(self.network_size),
            digits(self.layout.vps() as usize),
        );
        (0..self.layout.threads())
            .map(|thread| {
                let vp = self.layout.vp_of_thread(thread);
                let mut name = format!(
                    "{}{stem}-{id:0id_digits$}-{vp:0vp_digits$}",
                    self.data_prefix
                );
                if !ext.is_empty() {
                    name = format!("{name}.{ext}");
                }
                Path::new(&self.data_path).join(name)
            })
            .collect()
    }

    /// Opens the files of a recorder and writes their headers. No file is touched unless all can
    /// be made.
    ///
    /// # Errors
    /// When the folder does not exist, or a file exists and may not be overwritten.
    pub fn open(&self, paths: Vec<PathBuf>, header: &str) -> Result<Vec<TextFile>> {
        let folder = Path::new(&self.data_path);
        if !self.data_path.is_empty() && !folder.is_dir() {
            return Err(Error::new(
                Kind::Io,
                format!("data_path '{}' is not an existing folder", self.data_path),
            ));
        }
        if let Some(path) = paths
            .iter()
            .find(|p| p.exists() && !self.overwrite_files && !self.append)
        {
            return Err(Error::new(
                Kind::Io,
                format!(
                    "the file '{}' exists already and will not be overwritten; change data_path, \
                     data_prefix or label, or set overwrite_files to True",
                    path.display()
                ),
            ));
        }
        paths
            .into_iter()
            .map(|path| match self.append && path.exists() {
                true => TextFile::append(path),
                false => TextFile::create(path, header),
            })
            .collect()
    }
}

impl TextFile {
    fn create(path: PathBuf, header: &str) -> Result<Self> {
        let file = File::create(&path).map_err(|e| io_error("create", &path, e))?;
        let mut out = BufWriter::new(file);
        writeln!(
            out,
            "# NEST version: 3.10.0\n# RecordingBackendASCII version: 2\n{header}"
        )
        .map_err(|e| io_error("write", &path, e))?;
        Ok(TextFile {
            path,
            out,
            failed: None,
        })
    }

    fn append(path: PathBuf) -> Result<Self> {
        let file = File::options().append(true).open(&path);
        let file = file.map_err(|e| io_error("open", &path, e))?;
        Ok(TextFile {
            path,
            out: BufWriter::new(file),
            failed: None,
        })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends text; a failure is reported by the next flush.
    pub fn write(&mut self, text: &str) {
        if let Err(e) = self.out.write_all(text.as_bytes()) {
            self.failed.get_or_insert(e.to_string());
        }
    }

    /// Makes sure that everything written so far is in the file.
    ///
    /// # Errors
    /// When anything since the last flush could not be written.
    pub fn flush(&mut self) -> Result<()> {
        if let Some(e) = self.failed.take() {
            return Err(io_error("write", &self.path, e));
        }
        self.out
            .flush()
            .map_err(|e| io_error("write", &self.path, e))
    }
}
