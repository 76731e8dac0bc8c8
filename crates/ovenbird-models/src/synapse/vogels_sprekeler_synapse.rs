//! # vogels_sprekeler_synapse
//!
//! Plasticity of inhibitory synapses that balances excitation: pairs of spikes facilitate whatever
//! their order, and each spike of the source depresses by a constant:
//!
//! ```text
//! at a spike of the target:  |w| <- |w| + eta K_plus
//! at a spike of the source:  |w| <- |w| + eta K_minus - alpha eta
//! ```
//!
//! within 0 and `Wmax`, whose sign is that of the weight. `tau` should equal `tau_minus` of the
//! target.
//!
//! References:
//! Vogels TP et al. (2011) Science 334:1569-1573.

use ovenbird_core::error::{Error, Result};
use ovenbird_core::math::{LookUp, Real, exp};
use ovenbird_core::model::{Nothing, Synapse, SynapseInfo};
use ovenbird_core::synapse::{Delivery, PairRule};

ovenbird_core::numbers! {
    /// Time constant of the source's trace.
    tau: f64 = 20.0, "ms", MAYBE_INFINITE;
    /// Constant depression at each spike of the source.
    alpha: f64 = 0.12, "";
    /// Learning rate.
    eta: f64 = 0.001, "";
    /// Bound of the weight.
    Wmax: f64 = 1.0, "";
}

mod state {
    ovenbird_core::numbers! {
        /// Trace of the source's spikes.
        Kplus: f64 = 0.0, "", NON_NEGATIVE;
    }
}
use state::Params as State;

/// The synapse model `vogels_sprekeler_synapse`.
pub struct VogelsSprekelerSynapse;

/// The rule with the trace as the source's last spike left it.
struct Rule {
    rate: f64,
    k_plus: f64,
    eta: f64,
    loss: f64,
    w_max: f64,
}

impl Rule {
    /// A weight of this size with the sign of the bound.
    #[inline(always)]
    fn signed<R: Real>(&self, size: R) -> R {
        if self.w_max.is_sign_negative() {
            -size
        } else {
            size
        }
    }

    #[inline(always)]
    fn up<R: Real>(&self, w: R, trace: R) -> R {
        let bound = R::splat(self.w_max.abs());
        let new = w.abs() + R::splat(self.eta) * trace;
        self.signed(R::select(new.lt(bound), new, bound))
    }
}

impl PairRule for Rule {
    #[inline(always)]
    fn facilitate<R: Real>(&self, _: impl LookUp, w: R, interval: R) -> R {
        self.up(
            w,
            R::splat(self.k_plus) * exp(-interval * R::splat(self.rate)),
        )
    }

    #[inline(always)]
    fn depress<R: Real>(&self, w: R, trace: R) -> R {
        let new = self.up(w, trace).abs() - R::splat(self.loss);
        self.signed(R::select(new.gt(R::splat(0.0)), new, R::splat(0.0)))
    }
}

impl Synapse for VogelsSprekelerSynapse {
    type Params = Params;
    type Common = Nothing;
    type State = State;
    type Entry = Nothing;
    type Constants = Params;

    const INFO: SynapseInfo = SynapseInfo {
        weight: 0.5,
        reads_history: true,
        ..SynapseInfo::stateful::<Self>(
            "vogels_sprekeler_synapse",
            "Symmetric STDP that balances inhibition",
            include_str!("vogels_sprekeler_synapse.rs"),
        )
    };

    fn check(p: &Params, _: &State, weight: f64) -> Result<()> {
        if weight == 0.0 || weight.is_sign_negative() == p.Wmax.is_sign_negative() {
            return Ok(());
        }
        Err(Error::bad_property(format!(
            "Weight and Wmax must have same sign: weight is {weight}, Wmax {}.",
            p.Wmax
        )))
    }

    fn sends_negative(p: &Params, _: &Nothing, _: f64) -> bool {
        p.Wmax < 0.0
    }

    fn constants(p: &Params, _: &Nothing) -> Params {
        p.clone()
    }

    fn deliver(p: &Params, s: &mut State, spike: &mut Delivery<'_, '_>) {
        spike.pair(&Rule {
            rate: 1.0 / p.tau,
            k_plus: s.Kplus,
            eta: p.eta,
            loss: p.alpha * p.eta,
            w_max: p.Wmax,
        });
        s.Kplus = s.Kplus * exp(-spike.interval() / p.tau) + 1.0;
    }
}
