//! Ovenbird: a simulator for spiking neural networks.
//!
//! ```
//! use ovenbird::prelude::*;
//!
//! # fn main() -> ovenbird::Result<()> {
//! let mut sim = ovenbird::simulation();
//! let neuron = sim.create("iaf_psc_alpha", 1)?;
//! sim.set(&neuron.ids(), &dict([("I_e", 376.0.into())]))?;
//! let voltmeter = sim.create("voltmeter", 1)?;
//! let recorder = sim.create("spike_recorder", 1)?;
//! let synapse = [static_synapse(&sim, 1.0, 1.0)?];
//! sim.connect(&voltmeter.ids(), &neuron.ids(), &all_to_all(), &synapse)?;
//! sim.connect(&neuron.ids(), &recorder.ids(), &all_to_all(), &synapse)?;
//! sim.simulate(1000.0)?;
//! let spikes = sim.events(recorder.first)?;
//! assert_eq!(spikes.times.len(), 16);
//! assert_eq!(&spikes.times[..3], [59.3, 120.6, 181.9]);
//! let v = &sim.events(voltmeter.first)?.values[0];
//! assert_eq!(v.len(), 999);
//! assert!((v[0] - -68.568_754_767_260_83).abs() < 1e-12);
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_code)]

pub use ovenbird_core as core;
pub use ovenbird_core::error::{Error, Result};
pub use ovenbird_core::simulation::Simulation;
pub use ovenbird_models as models;

/// A simulation that knows all models.
///
/// ```
/// use ovenbird::prelude::*;
///
/// # fn main() -> ovenbird::Result<()> {
/// let mut sim = ovenbird::simulation();
/// let neuron = sim.create("iaf_psc_alpha", 1)?.ids();
/// let recorder = sim.create("spike_recorder", 1)?;
/// sim.set(&neuron, &dict([("I_e", 376.0.into())]))?;
/// sim.connect(&neuron, &recorder.ids(), &all_to_all(), &[static_synapse(&sim, 1.0, 1.0)?])?;
/// sim.simulate(1000.0)?;
/// println!("{:?}", sim.events(recorder.first)?.times);
/// # Ok(())
/// # }
/// ```
pub fn simulation() -> Simulation {
    Simulation::new(ovenbird_models::registry())
}

/// What most programs use.
pub mod prelude {
    pub use crate::{all_to_all, dict, fixed_indegree, static_synapse};
    pub use ovenbird_core::connect::{Amount, ConnSpec, Rule, SynSpec};
    pub use ovenbird_core::parameter::Parameter;
    pub use ovenbird_core::simulation::{Nodes, Simulation};
    pub use ovenbird_core::value::{Dict, Value};
}

use ovenbird_core::connect::{ConnSpec, Rule, SynSpec};
use ovenbird_core::parameter::Parameter;
use ovenbird_core::value::{Dict, Value};

/// A dictionary of parameters.
pub fn dict<const N: usize>(entries: [(&str, Value); N]) -> Dict {
    entries.into_iter().collect()
}

/// The rule that connects each source to each target.
pub fn all_to_all() -> ConnSpec {
    ConnSpec::new(Rule::AllToAll)
}

/// The rule that connects to each target `n` random sources.
///
/// # Errors
/// Never for a number; a rule's numbers may also be drawn, and those are checked.
pub fn fixed_indegree(n: u32) -> Result<ConnSpec> {
    Ok(ConnSpec::new(Rule::FixedIndegree(Parameter::constant(
        f64::from(n),
    )?)))
}

/// Static synapses with a weight and a delay in ms.
///
/// # Errors
/// When the simulation does not know the synapse model.
pub fn static_synapse(sim: &Simulation, weight: f64, delay: f64) -> Result<SynSpec> {
    let model = sim.synapse_index("static_synapse")?;
    Ok(SynSpec::new(model, weight, Some(delay), 0))
}
