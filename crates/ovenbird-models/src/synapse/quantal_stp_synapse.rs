//! # quantal_stp_synapse
//!
//! Short-term plasticity with `n` release sites, `a` of which are available: a spike finds each of
//! them releasing with probability `u` and has the effect of `weight` for each release. A site that
//! has released recovers with the time constant `tau_rec`; `u` follows
//! [`tsodyks2_synapse`](tsodyks2_synapse.md), which is the mean of this model for `n` = 1.
//!
//! References:
//! Fuhrmann G et al. (2002) Journal of Neurophysiology 87:140-148.
//! Loebel A et al. (2009) Frontiers in Computational Neuroscience 3:27.

use ovenbird_core::math::exp;
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::Delivery;

ovenbird_core::numbers! {
    /// Increment of the probability of release at each spike.
    U: f64 = 0.5, "", UNIT_INTERVAL;
    /// Time constant of recovery.
    tau_rec: f64 = 800.0, "ms", POSITIVE;
    /// Time constant of facilitation, 0 for none.
    tau_fac: f64 = 0.0, "ms", NON_NEGATIVE;
    /// Number of release sites.
    n: i64 = 1, "";
}

mod state {
    ovenbird_core::numbers! {
        /// Probability of release.
        u: f64 = 0.5, "", UNIT_INTERVAL;
    }
}
use state::Params as State;

mod entry {
    ovenbird_core::numbers! {
        /// Number of available release sites.
        a: i64 = 1, "";
    }
}
use entry::Params as Entry;

/// The synapse model `quantal_stp_synapse`.
pub struct QuantalStpSynapse;

impl Synapse for QuantalStpSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = State;
    type Entry = Entry;
    type Constants = Params;

    const INFO: SynapseInfo = SynapseInfo {
        stochastic: true,
        ..SynapseInfo::stateful::<Self>(
            "quantal_stp_synapse",
            "Short-term plasticity of single release sites",
            include_str!("quantal_stp_synapse.rs"),
        )
    };

    const NEVER: f64 = -1.0;

    fn constants(p: &Params, _: &Nothing) -> Params {
        p.clone()
    }

    fn deliver(p: &Params, s: &mut State, spike: &mut Delivery<'_, '_>) {
        let known = spike.last >= 0.0;
        let h = spike.interval();
        let recovery = 1.0 - exp(-h / p.tau_rec);
        if known {
            let facilitation = if p.tau_fac == 0.0 {
                0.0
            } else {
                exp(-h / p.tau_fac)
            };
            s.u = p.U + s.u * (1.0 - p.U) * facilitation;
        }
        let u = s.u;
        spike.each(|w, own, _, random| {
            let mut successes = |n: f64, chance: f64| {
                let drawn = (0..n as i64).filter(|_| random.bernoulli(chance));
                drawn.count() as f64
            };
            let available = &mut own[0];
            if known {
                *available += successes(p.n as f64 - *available, recovery);
            }
            let released = successes(*available, u);
            *available -= released;
            (released > 0.0).then_some(released * *w)
        });
    }
}
