//! Connect with third factors.

use super::Simulation;
use crate::connect::{ConnSpec, Rule, RuleContext, SynSpec, SynSpecRef, ThirdRule};
use crate::error::{Error, Result};
use crate::rng::{Key, Purpose};

/// The synapses of the three projections of a tripartite connection.
pub struct TripartiteSynapses {
    pub primary: Vec<SynSpec>,
    /// From sources to third nodes.
    pub third_in: Vec<SynSpec>,
    /// From third nodes to targets.
    pub third_out: Vec<SynSpec>,
}

/// Tells the draws of third factors from those of the primary rule of the same call.
const THIRD: u32 = 1;

impl Simulation {
    /// Makes connections between sources and targets by a rule, and for some of them connections
    /// to and from third nodes.
    ///
    /// # Errors
    /// As [`Simulation::connect`], and when the third-factor rule does not fit the populations.
    /// Then no connection is made.
    pub fn connect_tripartite(
        &mut self,
        [sources, targets, thirds]: [&[u32]; 3],
        primary: &ConnSpec,
        third: &ThirdRule,
        synapses: &TripartiteSynapses,
    ) -> Result<()> {
        if primary.make_symmetric || primary.rule.reverses() {
            return Err(Error::bad_property(
                "Third-factor connectivity cannot be used with 'make_symmetric == True'.",
            ));
        }
        if thirds.is_empty() {
            return Err(Error::illegal_connection(
                "Third-factor nodes cannot be an empty NodeCollection",
            ));
        }
        for ids in [sources, targets, thirds] {
            self.nodes.families(ids)?;
        }
        let [senders, between, receivers] = self.ending_early(|sim| {
            sim.draw_triples(sources, targets, thirds, primary, third, synapses)
        })?;
        let pairs = ConnSpec::new(Rule::OneToOne);
        let mark = self.mark(&[sources, &between].concat());
        let calls = self.connect_calls;
        let result = self
            .connect(sources, targets, primary, &synapses.primary)
            .and_then(|()| self.connect_some(&senders, &between, &pairs, &synapses.third_in))
            .and_then(|()| self.connect_some(&between, &receivers, &pairs, &synapses.third_out));
        if result.is_err() {
            self.roll_back(&mark);
            self.connect_calls = calls;
        }
        result
    }

    /// The sources, third factors and targets that belong together.
    fn draw_triples(
        &mut self,
        sources: &[u32],
        targets: &[u32],
        thirds: &[u32],
        primary: &ConnSpec,
        third: &ThirdRule,
        synapses: &TripartiteSynapses,
    ) -> Result<[Vec<u32>; 3]> {
        third.pool_size(targets.len(), thirds.len())?;
        let key = Key::new(self.settings.seed(), Purpose::ConnectRule);
        let space = self.space(sources, targets, primary, &synapses.primary, false)?;
        let cx = RuleContext {
            sources,
            targets,
            allow_autapses: primary.allow_autapses,
            allow_multapses: primary.allow_multapses,
            key,
            call: self.connect_calls,
            space: space.as_ref(),
        };
        primary.rule.check(&cx, false)?;
        let go_on = |at| self.watch.pass(at);
        let third_key = key.derive(THIRD, 0);
        let triples = third.draw(&cx, primary, thirds.len(), third_key, &go_on)?;
        let of = |ids: &[u32], index: u32| ids[index as usize];
        Ok([
            triples.iter().map(|t| of(sources, t.source)).collect(),
            triples.iter().map(|t| of(thirds, t.third)).collect(),
            triples.iter().map(|t| of(targets, t.target)).collect(),
        ])
    }

    /// Connects pairs of nodes, of which there may be none.
    fn connect_some(
        &mut self,
        sources: &[u32],
        targets: &[u32],
        pairs: &ConnSpec,
        synapses: &[SynSpecRef<'_>],
    ) -> Result<()> {
        if sources.is_empty() {
            return Ok(());
        }
        self.connect(sources, targets, pairs, synapses)
    }
}
