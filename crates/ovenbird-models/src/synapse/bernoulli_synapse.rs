//! # bernoulli_synapse
//!
//! A synapse with a fixed weight that transmits each spike, independently of others, with the
//! probability `p_transmit`.
//!
//! References:
//! Lefort S et al. (2009) Neuron 61:301-316.

use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

ovenbird_core::numbers! {
    /// Probability that a spike is transmitted.
    p_transmit: f64 = 1.0, "", UNIT_INTERVAL;
}

/// The synapse model `bernoulli_synapse`.
pub struct BernoulliSynapse;

impl Synapse for BernoulliSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = Nothing;
    type Entry = Nothing;
    type Constants = Params;

    const INFO: SynapseInfo = SynapseInfo {
        stochastic: true,
        ..SynapseInfo::stateful::<Self>(
            "bernoulli_synapse",
            "Transmits each spike with a probability",
            include_str!("bernoulli_synapse.rs"),
        )
    };

    fn constants(p: &Params, _: &Nothing) -> Params {
        p.clone()
    }

    fn deliver(p: &Params, _: &mut Nothing, spike: &mut Delivery<'_, '_>) {
        spike.each(|w, _, _, random| random.bernoulli(p.p_transmit).then_some(*w));
    }
}
