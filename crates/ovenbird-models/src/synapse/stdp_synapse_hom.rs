//! # stdp_synapse_hom
//!
//! [`stdp_synapse`](stdp_synapse.md) with parameters that all synapses of the model share.

use super::multiplicative::{Multiplicative, Params as Common};
use ovenbird_core::math::exp;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

ovenbird_core::numbers! {
    /// Trace of the source's spikes.
    Kplus: f64 = 0.0, "";
}

/// The synapse model `stdp_synapse_hom`.
pub struct StdpSynapseHom;

impl Synapse for StdpSynapseHom {
    type Params = Nothing;
    type Common = Common;
    type State = Params;
    type Entry = Nothing;
    type Constants = Multiplicative;

    const INFO: SynapseInfo = SynapseInfo {
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "stdp_synapse_hom",
            "STDP of all pairs of spikes with common parameters",
            include_str!("stdp_synapse_hom.rs"),
        )
    };

    fn sends_negative(_: &Nothing, c: &Common, _: f64) -> bool {
        c.Wmax < 0.0
    }

    fn constants(_: &Nothing, c: &Common) -> Multiplicative {
        c.rule()
    }

    fn deliver(rule: &Multiplicative, s: &mut Params, spike: &mut Delivery<'_, '_>) {
        rule.deliver::<false>(s.Kplus, spike);
        s.Kplus = s.Kplus * exp(-spike.interval() * rule.rate) + 1.0;
    }
}
