//! # parrot_neuron
//!
//! Repeats the spikes that it receives: a spike that arrives at step t is sent in the same step,
//! and several are sent as one with their number as its multiplicity. Weights are of no effect.
//!
//! Spikes at receptor 1 are accepted and not repeated; the connection's plasticity, if it has any,
//! sees them.

use ovenbird_core::model::{
    Block, ElementType, Event, Failure, Inputs, Neuron, NodeInfo, Output, Port, StepContext,
    Variable,
};
use ovenbird_core::time::Clock;

ovenbird_core::params! {
    /// Time without a spike after which synapses with eligibility propagation are brought up to
    /// date; other synapses need no such events.
    flush_event_send_interval: f64 = f64::INFINITY, "ms", POSITIVE_TIME;
}

ovenbird_core::state! {}

/// The neuron model `parrot_neuron`.
pub struct ParrotNeuron;

const REPEATED: usize = 0;
const IGNORED: usize = 1;

impl Neuron for ParrotNeuron {
    type Params = Params;
    type Columns = StateColumns;
    type Derived = ();

    const INFO: NodeInfo = NodeInfo::new(
        "parrot_neuron",
        ElementType::Neuron,
        "Repeats the spikes that it receives",
        include_str!("parrot_neuron.rs"),
    );

    fn variables() -> &'static [Variable<Self>] {
        &[]
    }

    fn derive(_: &Params, _: &Clock) {}

    fn channels(_: &Params) -> usize {
        2
    }

    fn port(_: &Params, event: Event, receptor: i64) -> Option<Port> {
        match (event, receptor) {
            (Event::Spike, 0) => Some(Port::counting(REPEATED)),
            (Event::Spike, 1) => Some(Port::counting(IGNORED)),
            _ => None,
        }
    }

    fn receptor(_: &Params, channel: usize) -> i64 {
        channel as i64
    }

    #[inline(always)]
    fn step(
        _: &StepContext,
        block: Block<'_, Self>,
        inputs: &Inputs<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        let counts = &inputs.channel(REPEATED)[..block.len];
        let fired = &mut output.fired[..block.len];
        for (i, (fired, &count)) in fired.iter_mut().zip(counts).enumerate() {
            *fired = u8::from(count == 1.0);
            if count > 1.0 {
                output.multiple.push((i as u32, count as u32));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receptor_one_counts_apart_from_receptor_zero() {
        let p = Params::default();
        let port = |r| ParrotNeuron::port(&p, Event::Spike, r);
        assert_eq!(port(0), Some(Port::counting(0)));
        assert_eq!(port(1), Some(Port::counting(1)));
        assert_eq!(port(2), None);
        assert_eq!(ParrotNeuron::port(&p, Event::Current, 0), None);
        let info = ParrotNeuron::INFO;
        assert!(info.page().starts_with("# parrot_neuron"));
    }
}
