//! The program that started the processes of MPI, whose end they would not notice by themselves.

use std::fs::read_to_string;

/// What launchers, and the helpers of theirs that start processes, are called.
const NAMES: [&str; 9] = [
    "mpirun",
    "mpiexec",
    "orterun",
    "orted",
    "prterun",
    "prted",
    "mpiexec.hydra",
    "hydra_pmi_proxy",
    "slurmstepd",
];

/// A process as the system knows it.
struct Process {
    name: String,
    parent: u32,
    /// Tells it from a later one with the same number.
    started: String,
}

/// What the system says of a process; `None` if there is none, or nothing is said of any.
fn process(id: u32) -> Option<Process> {
    parse(&read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// Reads a line of `/proc`: number, name in parentheses, state, parent; the 22nd is the start.
fn parse(line: &str) -> Option<Process> {
    let (before, after) = line.rsplit_once(')')?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    Some(Process {
        name: before.split_once('(')?.1.to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        started: (*fields.get(19)?).to_owned(),
    })
}

/// The launcher of this process.
#[derive(Debug)]
pub struct Launcher {
    id: u32,
    name: String,
    started: String,
}

impl Launcher {
    /// The nearest process above this one that is a launcher.
    pub fn find() -> Option<Launcher> {
        let mut id = std::os::unix::process::parent_id();
        while id > 1 {
            let p = process(id)?;
            if NAMES.contains(&p.name.as_str()) {
                return Some(Launcher {
                    id,
                    name: p.name,
                    started: p.started,
                });
            }
            id = p.parent;
        }
        None
    }

    /// What has happened, if the launcher is no more.
    pub fn ended(&self) -> Option<String> {
        let lives = process(self.id).is_some_and(|p| p.started == self.started);
        (!lives).then(|| format!("the launcher {} (process {}) has ended", self.name, self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_parentheses_and_spaces_are_read() {
        let line = "12 (a (b) c) S 7 1 1 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9";
        let p = parse(line).expect("a line");
        assert_eq!((p.name.as_str(), p.parent), ("a (b) c", 7));
        assert_eq!(p.started, "4711");
    }

    #[test]
    fn a_process_with_another_start_is_another() {
        let id = std::process::id();
        let own = process(id).expect("this system has /proc");
        let of = |started: &str| Launcher {
            id,
            name: "mpirun".to_owned(),
            started: started.to_owned(),
        };
        assert_eq!(of(&own.started).ended(), None);
        let text = of("0").ended().expect("it is gone");
        assert!(text.contains("the launcher mpirun"), "{text}");
    }
}
