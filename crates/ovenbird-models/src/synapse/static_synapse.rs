//! # static_synapse
//!
//! A synapse with a fixed weight and delay: each presynaptic spike has an effect of `weight` on the
//! target after `delay`.

use ovenbird_core::model::{Nothing, Synapse, SynapseInfo, SynapseKind};
use ovenbird_core::synapse::Delivery;

/// The synapse model `static_synapse`.
pub struct StaticSynapse;

impl Synapse for StaticSynapse {
    type Params = Nothing;
    type Common = Nothing;
    type State = Nothing;
    type Entry = Nothing;
    type Constants = ();

    const INFO: SynapseInfo = SynapseInfo {
        // without a label there is nothing but weight and delay
        kind: SynapseKind::Static,
        from_devices: true,
        ..SynapseInfo::stateful::<Self>(
            "static_synapse",
            "Synapse with a fixed weight and delay",
            include_str!("static_synapse.rs"),
        )
    };

    fn constants(_: &Nothing, _: &Nothing) {}

    fn deliver((): &(), _: &mut Nothing, spike: &mut Delivery<'_, '_>) {
        spike.scale(1.0);
    }
}
