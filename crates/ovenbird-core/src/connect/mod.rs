//! Who is connected to whom, and with what: rules and the specification of synapses.

mod parse;
mod rules;
mod space;
mod spec;
mod split;
mod thinning;
mod third;

pub use rules::{Draws, Grouping, RULES, Rule, RuleContext};
pub use space::{PairBuffers, Side, Space, SpaceSpec};
pub use spec::{Amount, AmountRef, ConnSpec, SynSpec, SynSpecRef};
pub use third::{NAME as THIRD_FACTOR_RULE, ThirdRule, Triple};
