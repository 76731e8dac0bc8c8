//! Conveniences for programs in Rust.

use super::{RunControl, Simulation};
use crate::error::{Error, Kind, Result};

/// Nodes made by one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nodes {
    /// The first id.
    pub first: u32,
    /// The last id.
    pub last: u32,
}

impl Nodes {
    /// The ids.
    pub fn ids(&self) -> Vec<u32> {
        (self.first..=self.last).collect()
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        (self.last - self.first) as usize + 1
    }

    /// A call of `create` makes at least one node.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// What a recorder has collected.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// Times in ms.
    pub times: Vec<f64>,
    /// Global ids of the senders.
    pub senders: Vec<u32>,
    /// The names of the recorded quantities.
    pub names: Vec<String>,
    /// The recorded quantities, a column each.
    pub values: Vec<Vec<f64>>,
}

impl Simulation {
    /// Prepares, runs for `ms` and cleans up.
    ///
    /// # Errors
    /// When any of the three fails.
    pub fn simulate(&mut self, ms: f64) -> Result<()> {
        self.run_steps(ms)?;
        self.prepare()?;
        self.run(ms, &mut |_| RunControl::Continue)?;
        self.cleanup()
    }

    /// What a recorder has collected in memory.
    ///
    /// # Errors
    /// When the node does not exist or is not a recorder.
    pub fn events(&self, recorder: u32) -> Result<Events> {
        let (family, at) = self.nodes.locate(recorder)?;
        let found = at
            .and_then(|at| self.devices.recorder(&self.families, family, at.local))
            .ok_or_else(|| {
                Error::new(
                    Kind::BadProperty,
                    format!(
                        "node {recorder} is a {}, not a recorder",
                        self.families[family].name()
                    ),
                )
            })?;
        let d = &found.data;
        Ok(Events {
            times: d.times(&self.clock),
            senders: d.senders.clone(),
            names: d.names.clone(),
            values: d.floats.clone(),
        })
    }
}
