//! Rules between nodes in space: candidates inside a mask, chosen by a kernel.
//!
//! A rule goes by target or by source (see [`Grouping`]); that node is the *driver*, and the nodes
//! of the other population are the *pool* in which its partners are looked for.

use super::rules::{Draws, Grouping, RuleContext};
use super::{Rule, SynSpecRef, thinning};
use crate::error::{Error, Kind, Result};
use crate::parameter::{Context, MAX_DIMENSIONS, Needs, Parameter, ParameterError, Points};
use crate::rng::{Stream, ln};
use crate::space::{Found, Layer, Mask, Point, Search, Tree};
use std::sync::Arc;

/// What Connect is told about space.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpaceSpec {
    /// Where partners are looked for, relative to the driver; everywhere if there is none.
    pub mask: Option<Mask>,
    /// For pairwise rules: whether the mask is laid around targets to find sources.
    pub on_source: bool,
    /// Whether a mask may be larger than a layer with periodic boundaries.
    pub oversized: bool,
    /// For rules with a given degree: how likely candidates are chosen, relative to each other.
    pub kernel: Option<Parameter>,
}

/// A population in space.
#[derive(Clone, Debug)]
pub struct Side {
    pub layer: Arc<Layer>,
    /// Coordinates of its nodes, a column for each dimension.
    pub columns: Arc<Vec<Vec<f64>>>,
    /// Which nodes the columns have, where the others are never asked for: the first, and the
    /// distance to the next.
    pub every: (usize, usize),
}

impl Side {
    /// The number of nodes.
    fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// The position of the node with index `at` in the population.
    pub(super) fn position(&self, at: usize) -> Point {
        let mut point = [0.0; MAX_DIMENSIONS];
        let (first, step) = self.every;
        let at = if step == 1 { at } else { (at - first) / step };
        for (x, column) in point.iter_mut().zip(&*self.columns) {
            *x = column[at];
        }
        point
    }
}

/// Two populations in space that are being connected.
#[derive(Clone, Debug)]
pub struct Space {
    pub(super) source: Side,
    pub(super) target: Side,
    /// Where displacements are measured: the layer that the mask applies to.
    pub(super) geometry: Arc<Layer>,
    pub(super) grouping: Grouping,
    search: Option<Search>,
    /// Whether the search gives the shortest vectors.
    finds_relative: bool,
    /// For kernels over the whole pool.
    pub(super) tree: Option<Tree>,
    kernel: Option<Parameter>,
    /// Where the amounts of the synapses depend on positions.
    needs: Needs,
}

/// Buffers for the positions of pairs.
#[derive(Clone, Debug, Default)]
pub struct PairBuffers {
    partners: [Vec<f64>; MAX_DIMENSIONS],
    driver: [f64; MAX_DIMENSIONS],
    displacement: [Vec<f64>; MAX_DIMENSIONS],
}

/// Buffers for one driver's draws.
#[derive(Clone, Debug, Default)]
pub struct SpaceBuffers {
    pairs: PairBuffers,
    /// The candidates, and where they are relative to the driver if they were searched for.
    pub(super) found: Found,
    pub(super) values: Vec<f64>,
    pub(super) uniform: Vec<f64>,
    /// How likely each candidate was made one.
    pub(super) proposed: Vec<f64>,
    words: Vec<u64>,
}

impl SpaceBuffers {
    /// One uniform number for each candidate of the driver `at`.
    pub(super) fn draw_choices(&mut self, cx: &RuleContext<'_>, at: usize) {
        self.uniform.resize(self.found.nodes.len(), 0.0);
        cx.stream(at, CHOICE).fill_uniform(&mut self.uniform);
    }
}

/// Sub-streams of a call, beside those of the rules without space.
const CHOICE: u32 = 16;
const KERNEL: u32 = 17;
const DEGREE: u32 = 18;
pub(super) const PROPOSAL: u32 = 19;

fn bad<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::bad_property(text))
}

/// Whether the mask is laid around targets, to find sources.
fn lays_mask_on_targets(spec: &SpaceSpec, rule: &Rule) -> Result<bool> {
    match rule {
        Rule::PairwiseBernoulli(_) => Ok(spec.on_source),
        Rule::PairwisePoisson(_) | Rule::FixedIndegree(_) => Ok(true),
        Rule::FixedOutdegree(_) => Ok(false),
        _ => Err(Error::new(
            Kind::Value,
            format!(
                "When using kernel or mask, the only possible connection rules are \
                 'pairwise_bernoulli', 'pairwise_poisson', 'fixed_indegree', or \
                 'fixed_outdegree', not '{}'",
                rule.name()
            ),
        )),
    }
}

impl Space {
    /// Makes ready what the draws for all drivers share.
    ///
    /// # Errors
    /// When the rule cannot be used in space, or layers and mask do not fit.
    pub fn new(
        spec: &SpaceSpec,
        rule: &Rule,
        source: Side,
        target: Side,
        synapses: &[SynSpecRef<'_>],
    ) -> Result<Self> {
        if source.layer.dimensions() != target.layer.dimensions() {
            return bad(format!(
                "Target layer must have same number of dimensions as source layer: they have {} \
                 and {}.",
                target.layer.dimensions(),
                source.layer.dimensions()
            ));
        }
        let by_target = lays_mask_on_targets(spec, rule)?;
        let grouping = rule.grouping();
        let pool_layer = if by_target {
            source.layer.clone()
        } else {
            target.layer.clone()
        };
        let mut space = Space {
            source,
            target,
            geometry: pool_layer,
            grouping,
            search: None,
            finds_relative: false,
            tree: None,
            kernel: spec.kernel.clone(),
            needs: Needs::default(),
        };
        if let Some(mask) = &spec.mask {
            let mask = mask.for_layer(&space.geometry, spec.oversized)?;
            // a mask around sources, looked through from the targets
            let turned = !by_target && grouping == Grouping::ByTarget;
            let mask = if turned { mask.mirrored() } else { mask };
            let mut search = Search::new(space.pool().columns.to_vec(), mask, &space.geometry);
            let kernel = space.kernel.as_ref().or(rule.parameter());
            space.finds_relative =
                search.gives_relative() && kernel.is_some_and(|p| p.needs().displacement);
            search.keeps_relative(space.finds_relative);
            space.search = Some(search);
        }
        if let (Rule::PairwiseBernoulli(p), None) = (rule, &spec.mask)
            && !p.is_constant()
            && space.pool().len() >= thinning::LEAST
        {
            space.tree = Some(Tree::new(&space.pool().columns));
        }
        for parameter in synapses.iter().flat_map(SynSpecRef::parameters) {
            space.needs = space.needs.or(parameter.needs());
        }
        space.refuse_node_position(rule)?;
        Ok(space)
    }

    /// The position of "the node" is only known where a degree is drawn for one.
    fn refuse_node_position(&self, rule: &Rule) -> Result<()> {
        let degree = matches!(rule, Rule::FixedIndegree(_) | Rule::FixedOutdegree(_));
        let rule = rule.parameter().filter(|_| !degree);
        let mut kernels = [rule, self.kernel.as_ref()].into_iter().flatten();
        if self.needs.node || kernels.any(|p| p.needs().node) {
            return Err(ParameterError::OneOfTwo.into());
        }
        Ok(())
    }

    /// Whether partners are looked for inside a mask only.
    pub fn is_masked(&self) -> bool {
        self.search.is_some()
    }

    pub(super) fn pool(&self) -> &Side {
        match self.grouping {
            Grouping::BySource => &self.target,
            Grouping::ByTarget | Grouping::Mutual => &self.source,
        }
    }

    pub(super) fn drivers(&self) -> &Side {
        match self.grouping {
            Grouping::BySource => &self.source,
            Grouping::ByTarget | Grouping::Mutual => &self.target,
        }
    }

    /// What the amounts of the synapses of one driver depend on.
    pub fn amounts_context<'a>(
        &self,
        at: usize,
        partners: &[u32],
        buffers: &'a mut PairBuffers,
    ) -> Context<'a> {
        self.context(self.needs, at, partners, buffers)
    }

    /// The positions of the driver `at` and of partners, as far as they are needed.
    fn context<'a>(
        &self,
        needs: Needs,
        at: usize,
        partners: &[u32],
        buffers: &'a mut PairBuffers,
    ) -> Context<'a> {
        if !needs.any() {
            return Context::default();
        }
        let dimensions = self.geometry.dimensions();
        buffers.driver = self.drivers().position(at);
        for (d, column) in self.pool().columns.iter().enumerate() {
            let partners = partners.iter().map(|&p| column[p as usize]);
            let here = buffers.driver[d];
            if needs.source || needs.target {
                buffers.partners[d].clear();
                buffers.partners[d].extend(partners.clone());
            }
            if needs.displacement {
                let differences = &mut buffers.displacement[d];
                differences.clear();
                match self.grouping {
                    Grouping::BySource => differences.extend(partners.map(|x| x - here)),
                    _ => differences.extend(partners.map(|x| here - x)),
                }
                self.geometry.shorten(d, differences);
            }
        }
        let columns = |columns: &'a [Vec<f64>; MAX_DIMENSIONS]| {
            Points::from_columns(columns[..dimensions].iter().map(Vec::as_slice))
        };
        let partners = columns(&buffers.partners);
        let driver = Points::same(&buffers.driver[..dimensions]);
        let (source, target) = match self.grouping {
            Grouping::BySource => (driver, partners),
            _ => (partners, driver),
        };
        Context {
            node: None,
            source: Some(source),
            target: Some(target),
            displacement: needs.displacement.then(|| columns(&buffers.displacement)),
        }
    }

    /// Draws the partners of the driver `at`.
    ///
    /// # Errors
    /// When there are too few candidates, or a Parameter gives a value that cannot be used.
    pub fn draw(
        &self,
        rule: &Rule,
        cx: &RuleContext<'_>,
        at: usize,
        draws: &mut Draws,
    ) -> Result<()> {
        let (partners, buffers) = draws.for_space();
        match rule {
            Rule::PairwiseBernoulli(p) if self.tree.is_some() => {
                self.thin(p, cx, at, buffers, partners)
            }
            Rule::PairwiseBernoulli(p) => {
                self.candidates(cx, at, buffers);
                self.bernoulli(p, cx, at, buffers, partners)
            }
            Rule::PairwisePoisson(p) => {
                self.candidates(cx, at, buffers);
                self.poisson(p, cx, at, buffers, partners)
            }
            Rule::FixedIndegree(p) | Rule::FixedOutdegree(p) => {
                let k = self.degree(p, cx, at, &mut buffers.pairs)?;
                self.candidates(cx, at, buffers);
                self.choose(k, cx, at, buffers, partners)
            }
            _ => bad(format!("the rule {} does not work in space", rule.name())),
        }
    }

    /// The nodes of the pool that the driver may be connected with.
    fn candidates(&self, cx: &RuleContext<'_>, at: usize, buffers: &mut SpaceBuffers) {
        let found = &mut buffers.found;
        match &self.search {
            None => {
                found.nodes.clear();
                found.nodes.extend(0..self.pool().len() as u32);
            }
            Some(search) => {
                let anchor = self.drivers().position(at);
                search.find(&anchor, found);
            }
        }
        if !cx.allow_autapses {
            let (pool, id) = match self.grouping {
                Grouping::BySource => (cx.targets, cx.sources[at]),
                _ => (cx.sources, cx.targets[at]),
            };
            let itself = |c: &u32| pool[*c as usize] == id;
            while let Some(place) = found.nodes.iter().position(itself) {
                found.remove(place);
            }
        }
    }

    /// The values of `p` for the candidates.
    pub(super) fn kernel_values(
        &self,
        p: &Parameter,
        cx: &RuleContext<'_>,
        at: usize,
        buffers: &mut SpaceBuffers,
    ) -> Result<()> {
        let SpaceBuffers {
            pairs,
            found,
            values,
            ..
        } = buffers;
        values.resize(found.nodes.len(), 0.0);
        let distances_only = Needs {
            displacement: true,
            ..Needs::default()
        };
        let context = if p.needs() == distances_only && self.finds_relative {
            let columns = &found.relative[..self.geometry.dimensions()];
            Context {
                displacement: Some(Points::from_columns(columns.iter().map(Vec::as_slice))),
                ..Context::default()
            }
        } else {
            self.context(p.needs(), at, &found.nodes, pairs)
        };
        p.fill(&mut cx.stream(at, KERNEL), &context, values)?;
        match values.iter().find(|x| x.is_nan()) {
            Some(_) => bad("the connection kernel is not a number for some pair of nodes"),
            None => Ok(()),
        }
    }

    fn bernoulli(
        &self,
        p: &Parameter,
        cx: &RuleContext<'_>,
        at: usize,
        buffers: &mut SpaceBuffers,
        partners: &mut Vec<u32>,
    ) -> Result<()> {
        let constant = p.as_constant();
        if constant.is_some_and(|p| p >= 1.0) {
            partners.extend_from_slice(&buffers.found.nodes);
            return Ok(());
        }
        match constant {
            Some(p) => {
                buffers.values.clear();
                buffers.values.resize(buffers.found.nodes.len(), p);
            }
            None => self.kernel_values(p, cx, at, buffers)?,
        }
        buffers.draw_choices(cx, at);
        let n = buffers.found.nodes.len();
        // writes all, keeps those that are chosen
        let start = partners.len();
        partners.resize(start + n, 0);
        let mut kept = start;
        let chances = buffers.uniform.iter().zip(&buffers.values);
        for (&candidate, (u, p)) in buffers.found.nodes.iter().zip(chances) {
            partners[kept] = candidate;
            kept += usize::from(u < p);
        }
        partners.truncate(kept);
        Ok(())
    }

    fn poisson(
        &self,
        p: &Parameter,
        cx: &RuleContext<'_>,
        at: usize,
        buffers: &mut SpaceBuffers,
        partners: &mut Vec<u32>,
    ) -> Result<()> {
        self.kernel_values(p, cx, at, buffers)?;
        let mut stream = cx.stream(at, CHOICE);
        for (&candidate, &mean) in buffers.found.nodes.iter().zip(&buffers.values) {
            if !mean.is_finite() || mean < 0.0 {
                return bad(format!("pairwise_avg_num_conns must be >= 0, got {mean}"));
            }
            let times = super::rules::poisson(&mut stream, mean)?;
            partners.extend(std::iter::repeat_n(candidate, times));
        }
        Ok(())
    }

    /// How many partners the driver shall have.
    fn degree(
        &self,
        p: &Parameter,
        cx: &RuleContext<'_>,
        at: usize,
        buffers: &mut PairBuffers,
    ) -> Result<usize> {
        buffers.driver = self.drivers().position(at);
        let here = Points::same(&buffers.driver[..self.geometry.dimensions()]);
        let context = match self.grouping {
            Grouping::BySource => Context {
                node: Some(here),
                source: Some(here),
                ..Context::default()
            },
            _ => Context {
                node: Some(here),
                target: Some(here),
                ..Context::default()
            },
        };
        let name = match self.grouping {
            Grouping::BySource => "outdegree",
            _ => "indegree",
        };
        super::rules::degree(p, &mut cx.stream(at, DEGREE), &context, name)
    }

    /// Chooses `k` of the candidates, with or without repetition, with the kernel as weights.
    fn choose(
        &self,
        k: usize,
        cx: &RuleContext<'_>,
        at: usize,
        buffers: &mut SpaceBuffers,
        partners: &mut Vec<u32>,
    ) -> Result<()> {
        if k == 0 {
            return Ok(());
        }
        let repeat = cx.allow_multapses;
        let enough = |n: usize| n > 0 && (repeat || n >= k);
        if !enough(buffers.found.nodes.len()) {
            return Err(self.too_few(cx, at, k, buffers.found.nodes.len()));
        }
        let kernel = self.kernel.as_ref().filter(|p| !p.is_constant());
        let mut stream = cx.stream(at, CHOICE);
        let Some(p) = kernel else {
            let (nodes, words) = (&mut buffers.found.nodes, &mut buffers.words);
            choose_evenly(k, repeat, &mut stream, nodes, words, partners);
            return Ok(());
        };
        self.kernel_values(p, cx, at, buffers)?;
        if let Some(x) = buffers.values.iter().find(|x| !x.is_finite() || **x < 0.0) {
            return bad(format!(
                "the kernel p must be finite and >= 0 for all pairs inside the mask, got {x}"
            ));
        }
        let possible = buffers.values.iter().filter(|x| **x > 0.0).count();
        if !enough(possible) {
            return Err(self.too_few(cx, at, k, possible));
        }
        if repeat {
            choose_weighted(k, &mut stream, buffers, partners);
        } else {
            choose_distinct(k, &mut stream, buffers, partners);
        }
        Ok(())
    }

    fn too_few(&self, cx: &RuleContext<'_>, at: usize, k: usize, n: usize) -> Error {
        let place = if self.search.is_some() {
            " inside mask"
        } else {
            ""
        };
        let (driver, id, pool) = match self.grouping {
            Grouping::BySource => ("source", cx.sources[at], "targets"),
            _ => ("target", cx.targets[at], "sources"),
        };
        Error::new(
            Kind::Kernel,
            format!(
                "Global {driver} ID {id}: Not enough {pool} found{place}: {k} wanted, {n} possible \
                 without self-connections, repetitions and zero probabilities where they are \
                 excluded"
            ),
        )
    }
}

fn choose_evenly(
    k: usize,
    repeat: bool,
    stream: &mut Stream,
    candidates: &mut [u32],
    words: &mut Vec<u64>,
    partners: &mut Vec<u32>,
) {
    let n = candidates.len();
    if repeat {
        let start = partners.len();
        stream.fill_below(n as u32, k, words, partners);
        for x in &mut partners[start..] {
            *x = candidates[*x as usize];
        }
        return;
    }
    for i in 0..k {
        let j = i + stream.below((n - i) as u64) as usize;
        candidates.swap(i, j);
        partners.push(candidates[i]);
    }
}

/// Each time in proportion to the values.
fn choose_weighted(
    k: usize,
    stream: &mut Stream,
    buffers: &mut SpaceBuffers,
    partners: &mut Vec<u32>,
) {
    let (mut sum, mut greatest) = (0.0, 0.0f64);
    for &x in &buffers.values {
        sum += x;
        greatest = greatest.max(x);
    }
    if sum >= EVEN * greatest * buffers.values.len() as f64 {
        choose_by_rejection(k, greatest, stream, buffers, partners);
    } else {
        choose_by_sums(k, stream, buffers, partners);
    }
}

/// From this ratio of the mean and the greatest value on, rejection is faster.
const EVEN: f64 = 0.1;

/// Proposes candidates evenly and takes each in proportion to its value.
fn choose_by_rejection(
    k: usize,
    greatest: f64,
    stream: &mut Stream,
    buffers: &mut SpaceBuffers,
    partners: &mut Vec<u32>,
) {
    let SpaceBuffers {
        found,
        values,
        words,
        ..
    } = buffers;
    let n = values.len() as u128;
    let scale = greatest / 2f64.powi(64);
    let end = partners.len() + k;
    while partners.len() < end {
        let start = partners.len();
        let trials = (2 * (end - start)).clamp(16, 512);
        words.resize(trials, 0);
        stream.fill_u64(words);
        partners.resize(start + trials, 0);
        let mut kept = start;
        for &word in &*words {
            // the high part is the candidate, the low part a uniform number of its own
            let product = u128::from(word) * n;
            let i = (product >> 64) as usize;
            partners[kept] = found.nodes[i];
            kept += usize::from((product as u64) as f64 * scale < values[i]);
        }
        partners.truncate(kept.min(end));
    }
}

/// Looks each draw up in the sums of the values up to each candidate.
fn choose_by_sums(
    k: usize,
    stream: &mut Stream,
    buffers: &mut SpaceBuffers,
    partners: &mut Vec<u32>,
) {
    let mut sum = 0.0;
    for x in &mut buffers.values {
        sum += *x;
        *x = sum;
    }
    let sums = &buffers.values;
    // the last one that adds to the sum: rounding must not lead beyond it
    let last = sums.partition_point(|x| *x < sum);
    for _ in 0..k {
        let x = stream.uniform() * sum;
        let i = sums.partition_point(|s| *s <= x).min(last);
        partners.push(buffers.found.nodes[i]);
    }
}

/// One after another in proportion to the values, without those taken before: the order of
/// exponential waiting times with these rates (Efraimidis and Spirakis 2006).
fn choose_distinct(
    k: usize,
    stream: &mut Stream,
    buffers: &mut SpaceBuffers,
    partners: &mut Vec<u32>,
) {
    let mut order: Vec<(f64, u32)> = Vec::with_capacity(buffers.values.len());
    for (&candidate, &rate) in buffers.found.nodes.iter().zip(&buffers.values) {
        let wait = -ln(stream.uniform_open()) / rate;
        if rate > 0.0 {
            order.push((wait, candidate));
        }
    }
    let by_time = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if k < order.len() {
        order.select_nth_unstable_by(k - 1, by_time);
        order.truncate(k);
    }
    order.sort_unstable_by(by_time);
    partners.extend(order.iter().map(|(_, candidate)| *candidate));
}
