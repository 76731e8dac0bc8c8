//! Adaptive integration of ordinary differential equations, a lane group at a time.
//!
//! A model writes its right-hand side once, as [`System::derivatives`], generic over
//! [`Real`](crate::math::Real); [`Rkf45`] advances one neuron (`f64`) or eight
//! ([`Lanes`](crate::math::Lanes)) of them over a time step. Every lane has a time and a step size
//! of its own, and its result has the same bits as if it had been advanced alone.
//!
//! # Method
//!
//! The embedded Runge-Kutta-Fehlberg pair of orders 4 and 5, whose fifth-order solution is the one
//! that is kept, with the step-size control that the GNU Scientific Library calls "standard" and
//! the rules of its `gsl_odeiv` evolution:
//!
//! 1. A trial step has the length min(h, interval - t), where h is the suggested step size. A step
//!    that was shortened, or that has exactly the remaining length, ends at the interval's end.
//! 2. With the error estimate e_i and the scale
//!    D_i = eps_abs + eps_rel (a_y |y_i| + a_dydt h |y'_i|), taken at the end of the trial step,
//!    the error ratio is r = max_i |e_i| / D_i.
//! 3. r > 1.1: the step is repeated with a length max(0.2, 0.9 r^(-1/5)) times that of the trial.
//!    r < 0.5: the next step is suggested to be min(5, max(1, 0.9 r^(-1/6))) times as long.
//!    Otherwise the length of the trial is suggested again.
//! 4. The suggestion is carried over to the next interval, also where the trial had been shortened
//!    to reach the end of this one.
//!
//! Rule 4 makes the sequence of step sizes, and thereby the result within the tolerance, depend on
//! the history of h: a caller keeps one h per neuron, and starts it at the length of the interval.

mod block;
mod control;
mod groups;
mod rkf45;
#[cfg(test)]
mod tests;

pub use block::advance_nodes;
pub use control::Control;
pub use groups::{PerLane, Population, lane_groups, lanes_of, step_sizes, where_positive};
pub use rkf45::{Failures, MAX_ATTEMPTS, Rkf45, StateVector, System};
