//! Who is connected to whom, and with what: rules and the specification of synapses.

mod parse;
mod rules;
mod spec;
mod split;
mod third;

pub use rules::{Draws, Grouping, RULES, Rule, RuleContext};
pub use spec::{Amount, ConnSpec, SynSpec};
pub use third::{NAME as THIRD_FACTOR_RULE, ThirdRule, Triple};
