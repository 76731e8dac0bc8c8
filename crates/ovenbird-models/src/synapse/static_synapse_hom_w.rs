//! # static_synapse_hom_w
//!
//! A synapse with a fixed delay and a weight that all synapses of the model share. The weight is
//! set with `SetDefaults` or `CopyModel`, and a change of it acts on existing synapses too.

use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

ovenbird_core::params! {
    /// Weight of all synapses, in the unit of the target's input.
    weight: f64 = 1.0, "";
}

/// The synapse model `static_synapse_hom_w`.
pub struct StaticSynapseHomW;

impl Synapse for StaticSynapseHomW {
    type Params = Nothing;
    type Common = Params;
    type State = Nothing;
    type Entry = Nothing;
    type Constants = f64;

    const INFO: SynapseInfo = SynapseInfo {
        common_weight: true,
        from_devices: true,
        ..SynapseInfo::stateful::<Self>(
            "static_synapse_hom_w",
            "Synapse with a weight common to all, and a fixed delay",
            include_str!("static_synapse_hom_w.rs"),
        )
    };

    fn weight(c: &Params) -> f64 {
        c.weight
    }

    fn constants(_: &Nothing, c: &Params) -> f64 {
        c.weight
    }

    fn deliver(weight: &f64, _: &mut Nothing, spike: &mut Delivery<'_, '_>) {
        spike.send_all(*weight);
    }
}
