//! One recording device: its window in time, what it has collected, and its backend.

use super::text::{Environment, TextFile};
use crate::error::{Error, Result};
use crate::model::RecorderKind;
use crate::rank::Layout;
use crate::time::{Clock, Step};
use crate::value::{Dict, Value};
use std::collections::BTreeSet;
use std::io::Write;

/// Parameters that all recorders have.
mod common {
    crate::params! {
        /// Activation time, relative to origin.
        start: f64 = 0.0, "ms", TIME;
        /// Deactivation time, relative to origin.
        stop: f64 = f64::MAX, "ms", TIME;
        /// Reference time for start and stop.
        origin: f64 = 0.0, "ms", TIME;
        /// A name used in place of the model's name in file names.
        label: String = String::new();
        /// The backend that receives the data: memory, ascii or screen.
        record_to: String = "memory".to_owned();
        /// Whether times are given in steps and offsets instead of milliseconds.
        time_in_steps: bool = false;
        /// Digits after the decimal point in text.
        precision: i64 = 3, "", NON_NEGATIVE;
        /// The extension of file names.
        file_extension: String = "dat".to_owned();
    }
}

/// Parameters of recorders that sample their targets.
mod sampling {
    crate::params! {
        /// Interval between samples.
        interval: f64 = 1.0, "ms", POSITIVE;
        /// Shift of the samples, from the start of the simulation.
        offset: f64 = 0.0, "ms", NON_NEGATIVE;
        /// The quantities to record.
        record_from: Vec<String> = Vec::new();
    }
}

pub use common::Params as RecorderParams;
pub use sampling::Params as SampleParams;

/// What a recorder has collected: a row per event, a column per quantity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    /// Time stamps in steps.
    pub stamps: Vec<Step>,
    /// How long before the stamps events were, in ms; those that are missing at the end are zero.
    pub offsets: Vec<f64>,
    /// Senders.
    pub senders: Vec<u32>,
    /// The names of the further columns.
    pub names: Vec<String>,
    /// Columns of numbers.
    pub floats: Vec<Vec<f64>>,
    /// Names and columns of integers.
    pub ints: Vec<(String, Vec<i64>)>,
}

impl Data {
    fn note_offset(&mut self, offset: f64) {
        if offset != 0.0 {
            self.offsets.resize(self.stamps.len() - 1, 0.0);
            self.offsets.push(offset);
        }
    }

    /// How long before its stamp each event was, in ms.
    pub fn all_offsets(&self) -> impl Iterator<Item = f64> {
        let given = self.offsets.iter().copied();
        given.chain(std::iter::repeat(0.0)).take(self.stamps.len())
    }

    /// The times of the events in ms.
    pub fn times(&self, clock: &Clock) -> Vec<f64> {
        let stamps = self.stamps.iter().map(|&s| clock.ms(s));
        stamps.zip(self.all_offsets()).map(|(t, o)| t - o).collect()
    }

    fn clear(&mut self) {
        self.stamps.clear();
        self.offsets.clear();
        self.senders.clear();
        self.floats.iter_mut().for_each(Vec::clear);
        self.ints.iter_mut().for_each(|(_, v)| v.clear());
    }
}

/// A recording device.
#[derive(Debug)]
pub struct Recorder {
    pub id: u32,
    /// The model's name, used in file names.
    pub model: String,
    pub kind: RecorderKind,
    pub params: RecorderParams,
    pub sampling: SampleParams,
    /// Senders and targets that a weight recorder is limited to; none means all.
    pub senders: Vec<u32>,
    pub targets: Vec<u32>,
    /// The targets of a sampling recorder.
    pub connected: BTreeSet<u32>,
    /// Whether it also has targets on other ranks.
    pub linked: bool,
    pub data: Data,
    /// Events written so far, to whatever backend.
    pub n_events: usize,
    /// Files of the last run, one per virtual process.
    pub filenames: Vec<String>,
    files: Vec<TextFile>,
    layout: Layout,
    screen: String,
    window: (Step, Step),
}

impl Clone for Recorder {
    fn clone(&self) -> Self {
        Recorder {
            model: self.model.clone(),
            params: self.params.clone(),
            sampling: self.sampling.clone(),
            senders: self.senders.clone(),
            targets: self.targets.clone(),
            ..Recorder::new(self.id, &self.model, self.kind)
        }
    }
}

impl Recorder {
    /// A recorder with default parameters.
    pub fn new(id: u32, model: &str, kind: RecorderKind) -> Self {
        let mut sampling = SampleParams::default();
        if let RecorderKind::Samples { preset } = kind {
            sampling.record_from = preset.iter().map(|&s| s.to_owned()).collect();
        }
        let mut recorder = Recorder {
            id,
            model: model.to_owned(),
            kind,
            params: RecorderParams::default(),
            sampling,
            senders: Vec::new(),
            targets: Vec::new(),
            connected: BTreeSet::new(),
            linked: false,
            data: Data::default(),
            n_events: 0,
            filenames: Vec::new(),
            files: Vec::new(),
            layout: Layout::new(0, 1, 1),
            screen: String::new(),
            window: (0, 0),
        };
        recorder.shape_columns();
        recorder
    }

    /// Gives the data the columns that kind and parameters ask for.
    pub fn shape_columns(&mut self) {
        let (floats, ints): (Vec<String>, &[&str]) = match self.kind {
            RecorderKind::Spikes => (Vec::new(), &[]),
            RecorderKind::Samples { .. } => (self.sampling.record_from.clone(), &[]),
            RecorderKind::Weights => (vec!["weights".into()], &["receptors", "ports", "targets"]),
        };
        if floats != self.data.names {
            self.data.floats = vec![Vec::new(); floats.len()];
            self.data.names = floats;
            self.data.clear();
        }
        if self.data.ints.len() != ints.len() {
            self.data.ints = ints.iter().map(|&n| (n.to_owned(), Vec::new())).collect();
        }
    }

    /// Drops what has been collected.
    pub fn clear(&mut self) {
        self.data.clear();
        self.n_events = 0;
    }

    /// Opens files and fixes the window in time before a run.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub fn prepare(&mut self, clock: &Clock, environment: &Environment) -> Result<()> {
        let p = &self.params;
        self.window = (
            clock.round(p.origin + p.start),
            clock.round(p.origin + p.stop),
        );
        if p.record_to != "ascii" {
            self.filenames.clear();
            return Ok(());
        }
        let paths = environment.paths(self.stem(), self.id, &p.file_extension);
        self.files = environment.open(paths, &self.header())?;
        self.layout = environment.layout;
        self.filenames = self
            .files
            .iter()
            .map(|f| f.path().display().to_string())
            .collect();
        Ok(())
    }

    /// What the names of files begin with.
    fn stem(&self) -> &str {
        if self.params.label.is_empty() {
            &self.model
        } else {
            &self.params.label
        }
    }

    /// The files of the last run, or those that the next would make; `None` without files.
    pub fn filenames(&self, environment: &Environment) -> Option<Vec<String>> {
        if self.params.record_to != "ascii" {
            return None;
        }
        if !self.filenames.is_empty() {
            return Some(self.filenames.clone());
        }
        let paths = environment.paths(self.stem(), self.id, &self.params.file_extension);
        Some(paths.iter().map(|p| p.display().to_string()).collect())
    }

    fn header(&self) -> String {
        let mut columns = vec!["sender"];
        if self.params.time_in_steps {
            columns.extend(["time_step", "time_offset"]);
        } else {
            columns.push("time_ms");
        }
        columns.extend(self.data.names.iter().map(String::as_str));
        columns.extend(self.data.ints.iter().map(|(n, _)| n.as_str()));
        columns.join("\t")
    }

    /// Whether an event with this stamp falls into the window.
    pub fn is_active(&self, stamp: Step) -> bool {
        self.window.0 < stamp && stamp <= self.window.1
    }

    /// Steps between samples and the shift of the first.
    pub fn sampling_steps(&self, clock: &Clock) -> (Step, Step) {
        (
            clock.round(self.sampling.interval),
            clock.round(self.sampling.offset),
        )
    }

    /// Writes an event that falls into the window.
    pub fn write(&mut self, stamp: Step, sender: u32, floats: &[f64], ints: &[i64], clock: &Clock) {
        self.write_precise((stamp, 0.0), sender, floats, ints, clock);
    }

    /// Writes an event that was an offset in ms before its stamp and falls into the window.
    pub fn write_precise(
        &mut self,
        (stamp, offset): (Step, f64),
        sender: u32,
        floats: &[f64],
        ints: &[i64],
        clock: &Clock,
    ) {
        if !self.is_active(stamp) {
            return;
        }
        self.n_events += 1;
        if self.params.record_to == "memory" {
            self.data.stamps.push(stamp);
            self.data.note_offset(offset);
            self.data.senders.push(sender);
            self.data
                .floats
                .iter_mut()
                .zip(floats)
                .for_each(|(column, &x)| column.push(x));
            self.data
                .ints
                .iter_mut()
                .zip(ints)
                .for_each(|((_, column), &x)| column.push(x));
            return;
        }
        let line = self.line((stamp, offset), sender, floats, ints, clock);
        match self.files.len() {
            0 => self.screen.push_str(&line),
            _ => self.files[self.layout.thread_of(sender)].write(&line),
        }
    }

    fn line(
        &self,
        (stamp, offset): (Step, f64),
        sender: u32,
        floats: &[f64],
        ints: &[i64],
        clock: &Clock,
    ) -> String {
        let digits = self.params.precision as usize;
        let mut fields = vec![sender.to_string()];
        if self.params.time_in_steps {
            fields.extend([stamp.to_string(), format!("{offset:.digits$}")]);
        } else {
            fields.push(format!("{:.digits$}", clock.ms(stamp) - offset));
        }
        fields.extend(floats.iter().map(|x| format!("{x:.digits$}")));
        fields.extend(ints.iter().map(i64::to_string));
        fields.join("\t") + "\n"
    }

    /// Hands on what has been written as text.
    ///
    /// # Errors
    /// When a file or the console cannot be written.
    pub fn flush(&mut self, console: &mut dyn Write) -> Result<()> {
        for file in &mut self.files {
            file.flush()?;
        }
        if !self.screen.is_empty() {
            let text = std::mem::take(&mut self.screen);
            console.write_all(text.as_bytes()).map_err(|e| {
                Error::new(
                    crate::error::Kind::Io,
                    format!("cannot write to the screen: {e}"),
                )
            })?;
        }
        Ok(())
    }

    /// Closes files after a run.
    pub fn cleanup(&mut self) {
        self.files.clear();
    }

    /// The events as users see them.
    pub fn events(&self, clock: &Clock) -> Dict {
        let d = &self.data;
        let mut events = Dict::new();
        events.set(
            "senders",
            Value::Ints(d.senders.iter().map(|&s| i64::from(s)).collect()),
        );
        if self.params.time_in_steps {
            events.set("offsets", Value::Floats(d.all_offsets().collect()));
            events.set("times", Value::Ints(d.stamps.clone()));
        } else {
            events.set("times", Value::Floats(d.times(clock)));
        }
        for (name, column) in d.names.iter().zip(&d.floats) {
            events.set(name.clone(), Value::Floats(column.clone()));
        }
        for (name, column) in &d.ints {
            events.set(name.clone(), Value::Ints(column.clone()));
        }
        events
    }
}
