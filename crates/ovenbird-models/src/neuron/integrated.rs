//! What models that are integrated with adaptive steps tell the solver of their nodes.

use ovenbird_core::math::{Lanes, Real};
use ovenbird_core::model::Constants;
use ovenbird_core::ode::{PerLane, Population, lanes_of, where_positive};
use std::ops::Range;

/// A right-hand side with a current that is injected into a membrane.
pub(super) trait Membrane<R> {
    /// The current (pA).
    fn current(&self) -> R;
    fn current_mut(&mut self) -> &mut R;

    /// What the sum of all currents is multiplied with: one over the capacitance (1/pF), or zero
    /// where the potential is held.
    fn inverse_c_m(&self) -> R;
    fn inverse_c_m_mut(&mut self) -> &mut R;
}

/// Derived constants of which some are those of the right-hand side; their current is the constant
/// one.
pub(super) trait Integrated {
    /// The right-hand side for a group of lanes.
    type Dynamics: PerLane<One: Membrane<f64>> + Membrane<Lanes>;

    fn dynamics(&self) -> &<Self::Dynamics as PerLane>::One;
}

/// The nodes of a block.
pub(super) struct Nodes<'a, D> {
    pub constants: &'a Constants<'a, D>,
    /// Current from stimulators (pA).
    pub i_stim: &'a [f64],
    /// Where the potential is held during the refractory period, the steps left of it.
    pub held: Option<&'a [i32]>,
}

impl<D: Integrated> Population for Nodes<'_, D> {
    type System = D::Dynamics;

    #[inline(always)]
    fn first(&self) -> D::Dynamics {
        self.constants.first(D::dynamics)
    }

    #[inline(always)]
    fn set_group(&self, system: &mut D::Dynamics, nodes: Range<usize>) {
        self.constants.set_group(system, nodes.clone(), D::dynamics);
        let i_e = lanes_of(self.constants, &nodes, |d| d.dynamics().current());
        *system.current_mut() = i_e + Lanes::load(&self.i_stim[nodes.clone()]);
        if let Some(steps) = self.held {
            let held = where_positive(&steps[nodes.clone()]);
            let inverse_c_m = lanes_of(self.constants, &nodes, |d| d.dynamics().inverse_c_m());
            *system.inverse_c_m_mut() = Lanes::select(held, Lanes::splat(0.0), inverse_c_m);
        }
    }

    #[inline(always)]
    fn set_lane(&self, system: &mut D::Dynamics, lane: usize, node: usize) {
        let one = self.constants.place(system, lane, node, D::dynamics);
        let current = one.current() + self.i_stim[node];
        system.current_mut().set_lane(lane, current);
        if let Some(steps) = self.held {
            let held = steps[node] > 0;
            let inverse_c_m = if held { 0.0 } else { one.inverse_c_m() };
            system.inverse_c_m_mut().set_lane(lane, inverse_c_m);
        }
    }
}

/// Implements [`Membrane`] for `Dynamics`, which is generic over the type of its fields, and
/// [`Integrated`] for `Derived`.
macro_rules! integrated {
    () => {
        impl<R: Copy> $crate::neuron::integrated::Membrane<R> for Dynamics<R> {
            #[inline(always)]
            fn current(&self) -> R {
                self.current
            }

            #[inline(always)]
            fn current_mut(&mut self) -> &mut R {
                &mut self.current
            }

            #[inline(always)]
            fn inverse_c_m(&self) -> R {
                self.inverse_c_m
            }

            #[inline(always)]
            fn inverse_c_m_mut(&mut self) -> &mut R {
                &mut self.inverse_c_m
            }
        }

        impl $crate::neuron::integrated::Integrated for Derived {
            type Dynamics = Dynamics<ovenbird_core::math::Lanes>;

            #[inline(always)]
            fn dynamics(&self) -> &Dynamics<f64> {
                &self.dynamics
            }
        }
    };
}
pub(super) use integrated;
