//! What the models of Tsodyks et al. share.

use ovenbird_core::error::{Error, Result};
use ovenbird_core::math::{exp, expm1};

ovenbird_core::numbers! {
    /// Increment of the probability of release at each spike.
    U: f64 = 0.5, "", UNIT_INTERVAL;
    /// Time constant of the synaptic current; that of the target should equal it.
    tau_psc: f64 = 3.0, "ms", POSITIVE;
    /// Time constant of recovery.
    tau_rec: f64 = 800.0, "ms", POSITIVE;
    /// Time constant of facilitation, 0 for none.
    tau_fac: f64 = 0.0, "ms", NON_NEGATIVE;
}

mod state {
    ovenbird_core::numbers! {
        /// Resources in the recovered state.
        x: f64 = 1.0, "";
        /// Resources in the active state.
        y: f64 = 0.0, "";
        /// Probability of release.
        u: f64 = 0.0, "", UNIT_INTERVAL;
    }
}
pub use state::Params as State;

/// Refuses more resources than there are.
pub(super) fn check(s: &State) -> Result<()> {
    if s.x + s.y <= 1.0 {
        return Ok(());
    }
    Err(Error::bad_property(format!(
        "x + y must be <= 1.0, got {} + {}",
        s.x, s.y
    )))
}

/// Lets `h` ms pass and releases: returns the resources that become active.
pub(super) fn release(p: &Params, s: &mut State, h: f64) -> f64 {
    let decay = if p.tau_fac == 0.0 {
        0.0
    } else {
        exp(-h / p.tau_fac)
    };
    let active = exp(-h / p.tau_psc);
    let recovered = expm1(-h / p.tau_rec);
    let lost = 1.0 - s.x - s.y;
    // resources that were active and have recovered; the limit where both time constants agree
    let returned = if p.tau_psc == p.tau_rec {
        1.0 - active * (1.0 + h / p.tau_psc)
    } else {
        (recovered * p.tau_rec - (active - 1.0) * p.tau_psc) / (p.tau_psc - p.tau_rec)
    };
    s.u *= decay;
    s.x += returned * s.y - recovered * lost;
    s.y *= active;
    s.u += p.U * (1.0 - s.u);
    let released = s.u * s.x;
    s.x -= released;
    s.y += released;
    released
}
