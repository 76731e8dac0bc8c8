//! Connection rules: which pairs of source and target a call of Connect makes.
//!
//! Draws are keyed by seed, call and target (or source, where a rule goes by source), so that every
//! worker finds the pairs that end on it without knowing what others draw, and the network is the
//! same on any number of workers. Rules that go by source are run by every worker in full.

use super::space::{Space, SpaceBuffers};
use super::split::split_distinct;
use crate::error::{Error, Kind, Result};
use crate::parameter::{Context, Parameter};
use crate::rng::{Key, Stream};

/// The names of the rules, sorted.
pub const RULES: [&str; 8] = [
    "all_to_all",
    "fixed_indegree",
    "fixed_outdegree",
    "fixed_total_number",
    "one_to_one",
    "pairwise_bernoulli",
    "pairwise_poisson",
    "symmetric_pairwise_bernoulli",
];

/// A connection rule with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Each source to the target with the same index.
    OneToOne,
    /// Each source to each target.
    AllToAll,
    /// To each target from so many random sources.
    FixedIndegree(Parameter),
    /// From each source to so many random targets.
    FixedOutdegree(Parameter),
    /// So many connections between random pairs.
    FixedTotalNumber(u64),
    /// Each pair with a probability.
    PairwiseBernoulli(Parameter),
    /// To and from each target a binomial number of distinct sources, two connections each.
    SymmetricPairwiseBernoulli(Parameter),
    /// Between each pair a Poisson distributed number of connections.
    PairwisePoisson(Parameter),
}

/// How the pairs of a rule are drawn: for one node after another, each the partner of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// The sources of each target.
    ByTarget,
    /// The targets of each source.
    BySource,
    /// The sources of each target, with connections in both directions.
    Mutual,
}

impl Grouping {
    /// The number of nodes for which partners are drawn, one after another.
    pub fn len(self, cx: &RuleContext<'_>) -> usize {
        match self {
            Grouping::BySource => cx.sources.len(),
            Grouping::ByTarget | Grouping::Mutual => cx.targets.len(),
        }
    }
}

/// The partners drawn for one node, and buffers for drawing them.
#[derive(Clone, Debug, Default)]
pub struct Draws {
    /// Indices of the partners.
    pub partners: Vec<u32>,
    places: (usize, bool),
    words: Vec<u64>,
    /// For each candidate the draw in which it was taken last.
    taken: Vec<u32>,
    draw: u32,
    /// Candidates that were drawn.
    drawn: Vec<u32>,
    /// Whether the candidates have ascending ids, once that is known.
    sorted: Option<bool>,
    space: SpaceBuffers,
}

impl Draws {
    /// The place of partner `i` in arrays of weights.
    pub fn place(&self, i: usize) -> usize {
        let (first, by_partner) = self.places;
        if by_partner {
            first + self.partners[i] as usize
        } else {
            first + i
        }
    }

    /// The partners, and buffers for rules in space.
    pub(super) fn for_space(&mut self) -> (&mut Vec<u32>, &mut SpaceBuffers) {
        (&mut self.partners, &mut self.space)
    }

    /// How often `id` is among the candidates, which are the same in all draws.
    fn occurrences(&mut self, candidates: &[u32], id: u32) -> usize {
        let is_sorted = || candidates.is_sorted_by(|a, b| a < b);
        if *self.sorted.get_or_insert_with(is_sorted) {
            usize::from(candidates.binary_search(&id).is_ok())
        } else {
            candidates.iter().filter(|&&c| c == id).count()
        }
    }

    /// Makes all of `n` candidates free to take.
    fn free(&mut self, n: usize) {
        if self.taken.len() != n || self.draw == u32::MAX {
            self.taken.clear();
            self.taken.resize(n, 0);
            self.draw = 0;
        }
        self.draw += 1;
    }

    /// Takes a candidate, unless it is taken.
    fn take(&mut self, i: usize) -> bool {
        let free = self.taken[i] != self.draw;
        self.taken[i] = self.draw;
        free
    }
}

/// What a rule works on.
#[derive(Clone, Copy, Debug)]
pub struct RuleContext<'a> {
    pub sources: &'a [u32],
    pub targets: &'a [u32],
    pub allow_autapses: bool,
    pub allow_multapses: bool,
    pub key: Key,
    /// The number of the call of Connect.
    pub call: u32,
    /// Where the nodes are, if that matters.
    pub space: Option<&'a Space>,
}

/// Sub-streams of a call, so that different draws for one target do not meet.
const PAIRS: u32 = 0;
const DEGREE: u32 = 1;
const SPLIT: u32 = 2;
const COUNTS: u32 = 3;

impl RuleContext<'_> {
    pub(super) fn stream(&self, index: usize, use_for: u32) -> Stream {
        Stream::new(self.key, self.call, index as u32, use_for)
    }

    /// The number of sources that each target may have.
    fn room(&self) -> Vec<u64> {
        let mut draws = Draws::default();
        let room = |at| self.sources_of(at, false).size(&mut draws) as u64;
        (0..self.targets.len()).map(room).collect()
    }

    /// The node itself, if it may not be its own partner.
    fn barred(&self, id: u32) -> Option<u32> {
        (!self.allow_autapses).then_some(id)
    }

    /// What the sources of the target with index `at` are drawn from.
    fn sources_of(&self, at: usize, repeat: bool) -> Urn<'_> {
        Urn {
            candidates: self.sources,
            barred: self.barred(self.targets[at]),
            repeat,
        }
    }

    fn degree(&self, p: &Parameter, at: usize, name: &str) -> Result<usize> {
        degree(p, &mut self.stream(at, DEGREE), &Context::default(), name)
    }

    fn is_autapse(&self, source: usize, target: usize) -> bool {
        self.sources[source] == self.targets[target]
    }
}

fn bad<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::bad_property(text))
}

/// The number of partners of one node.
pub(super) fn degree(
    p: &Parameter,
    stream: &mut Stream,
    context: &Context,
    name: &str,
) -> Result<usize> {
    let x = p.evaluate(stream, context)?;
    if !x.is_finite() || x < 0.0 {
        return bad(format!("{name} must be a number >= 0, got {x}"));
    }
    within_limit(x)?;
    Ok(x.round() as usize)
}

/// The greatest number of connections that a rule draws for one node.
const MAX_PARTNERS: f64 = (1u64 << 26) as f64;

fn within_limit(k: f64) -> Result<()> {
    if k <= MAX_PARTNERS {
        return Ok(());
    }
    Err(Error::new(
        Kind::Kernel,
        format!("Too many connections: {k:e} for one node, at most {MAX_PARTNERS:e} are possible"),
    ))
}

/// The number of connections of one pair.
pub(super) fn poisson(stream: &mut Stream, mean: f64) -> Result<usize> {
    within_limit(mean)?;
    Ok(stream.poisson(mean) as usize)
}

fn probability(p: &Parameter, stream: &mut Stream) -> Result<f64> {
    let x = p.evaluate(stream, &Context::default())?;
    if !(0.0..=1.0).contains(&x) {
        return bad(format!(
            "Connection probability 0 <= p <= 1 required, got {x}."
        ));
    }
    Ok(x)
}

/// The number of sources that one target is connected with in both directions: binomial, of `n`
/// candidates, and less than `n`, so that there are enough of them beside the target itself.
fn partners(p: &Parameter, stream: &mut Stream, n: usize) -> Result<usize> {
    let p = probability(p, stream)?;
    if p == 1.0 {
        return bad("Connection probability 0 <= p < 1 required.");
    }
    loop {
        let k = stream.binomial(n as u64, p) as usize;
        if k < n {
            return Ok(k);
        }
    }
}

impl Rule {
    /// The rule's name.
    pub fn name(&self) -> &'static str {
        match self {
            Rule::OneToOne => "one_to_one",
            Rule::AllToAll => "all_to_all",
            Rule::FixedIndegree(_) => "fixed_indegree",
            Rule::FixedOutdegree(_) => "fixed_outdegree",
            Rule::FixedTotalNumber(_) => "fixed_total_number",
            Rule::PairwiseBernoulli(_) => "pairwise_bernoulli",
            Rule::SymmetricPairwiseBernoulli(_) => "symmetric_pairwise_bernoulli",
            Rule::PairwisePoisson(_) => "pairwise_poisson",
        }
    }

    /// The Parameter or number of the rule.
    pub(super) fn parameter(&self) -> Option<&Parameter> {
        match self {
            Rule::FixedIndegree(p)
            | Rule::FixedOutdegree(p)
            | Rule::PairwiseBernoulli(p)
            | Rule::SymmetricPairwiseBernoulli(p)
            | Rule::PairwisePoisson(p) => Some(p),
            Rule::OneToOne | Rule::AllToAll | Rule::FixedTotalNumber(_) => None,
        }
    }

    /// Whether targets may be devices, which have no place of their own on any worker.
    pub fn allows_devices(&self) -> bool {
        matches!(self, Rule::OneToOne | Rule::AllToAll)
    }

    /// The number of connections to expect, as far as it is known beforehand.
    pub fn expected(&self, cx: &RuleContext<'_>) -> f64 {
        let (n, m) = (cx.sources.len() as f64, cx.targets.len() as f64);
        let known = |p: &Parameter| p.as_constant().unwrap_or(0.0);
        let masked = cx.space.is_some_and(Space::is_masked);
        match self {
            Rule::OneToOne => n,
            Rule::AllToAll => n * m,
            Rule::FixedIndegree(p) => known(p) * m,
            Rule::FixedOutdegree(p) => known(p) * n,
            Rule::FixedTotalNumber(k) => *k as f64,
            Rule::PairwiseBernoulli(p)
            | Rule::SymmetricPairwiseBernoulli(p)
            | Rule::PairwisePoisson(p) => {
                if masked {
                    0.0
                } else {
                    known(p) * n * m
                }
            }
        }
    }

    /// How the rule draws its pairs.
    pub fn grouping(&self) -> Grouping {
        match self {
            Rule::FixedOutdegree(_) => Grouping::BySource,
            Rule::SymmetricPairwiseBernoulli(_) => Grouping::Mutual,
            _ => Grouping::ByTarget,
        }
    }

    /// Whether it makes connections from targets to sources, too.
    pub fn reverses(&self) -> bool {
        matches!(self, Rule::SymmetricPairwiseBernoulli(_))
    }

    /// Checks what can be checked before any pair is made.
    ///
    /// # Errors
    /// When populations and parameters do not fit.
    pub fn check(&self, cx: &RuleContext<'_>, make_symmetric: bool) -> Result<()> {
        let (n, m) = (cx.sources.len(), cx.targets.len());
        if make_symmetric && !matches!(self, Rule::OneToOne | Rule::SymmetricPairwiseBernoulli(_)) {
            return Err(Error::new(
                Kind::NotImplemented,
                format!(
                    "This connection rule does not support symmetric connections: {}. Rules that do \
                     are one_to_one and symmetric_pairwise_bernoulli; all_to_all within one \
                     population is symmetric without make_symmetric.",
                    self.name()
                ),
            ));
        }
        match self {
            Rule::OneToOne if n != m => Err(Error::new(
                Kind::DimensionMismatch,
                format!(
                    "Source and Target population must be of the same size. ({n} sources, {m} targets)"
                ),
            )),
            Rule::FixedIndegree(p) | Rule::FixedOutdegree(p) if cx.space.is_some() => {
                not_negative(p)
            }
            Rule::FixedIndegree(p) => check_degree(p, "Indegree", n, "source", cx),
            Rule::FixedOutdegree(p) => check_degree(p, "Outdegree", m, "target", cx),
            Rule::FixedTotalNumber(k) => check_total(*k, cx),
            Rule::PairwiseBernoulli(p) => check_probability(p),
            Rule::SymmetricPairwiseBernoulli(p) => {
                check_probability(p)?;
                check_mutual(p, cx, make_symmetric)
            }
            Rule::PairwisePoisson(p) => {
                if !cx.allow_multapses {
                    return bad("Multapses must be allowed for this connection rule.");
                }
                match p.as_constant() {
                    Some(x) if x.is_nan() || x < 0.0 => {
                        bad(format!("pairwise_avg_num_conns must be >= 0, got {x}"))
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// How many values an array of weights must have, and in which order they are used.
    pub fn array_len(&self, cx: &RuleContext<'_>) -> Option<usize> {
        let (n, m) = (cx.sources.len(), cx.targets.len());
        let whole = |p: &Parameter| p.as_constant().map(|x| x.round().max(0.0) as usize);
        match self {
            Rule::OneToOne => Some(n),
            Rule::AllToAll => Some(n * m),
            Rule::FixedIndegree(p) => whole(p).map(|k| k * m),
            Rule::FixedOutdegree(p) => whole(p).map(|k| k * n),
            Rule::FixedTotalNumber(k) => Some(*k as usize),
            _ => None,
        }
    }

    /// Draws the partners of the node with index `at`, a source or a target by
    /// [`Rule::grouping`]. `split` is from [`Rule::split`].
    ///
    /// # Errors
    /// When a Parameter of the rule gives a value that the rule cannot use.
    pub fn draw(
        &self,
        cx: &RuleContext<'_>,
        at: usize,
        split: &[u64],
        draws: &mut Draws,
    ) -> Result<()> {
        let n = cx.sources.len();
        draws.partners.clear();
        draws.places = (0, false);
        if let Some(space) = cx.space {
            return space.draw(self, cx, at, draws);
        }
        let allowed = |s: usize| cx.allow_autapses || !cx.is_autapse(s, at);
        match self {
            Rule::OneToOne => {
                draws.places = (at, false);
                draws.partners.extend(allowed(at).then_some(at as u32));
                Ok(())
            }
            Rule::AllToAll => {
                draws.places = (at * n, true);
                let all = (0..n as u32).filter(|&s| allowed(s as usize));
                draws.partners.extend(all);
                Ok(())
            }
            Rule::FixedIndegree(p) => {
                let k = cx.degree(p, at, "indegree")?;
                draws.places = (at * k, false);
                let urn = cx.sources_of(at, cx.allow_multapses);
                urn.draw(k, "sources", &mut cx.stream(at, PAIRS), draws)
            }
            Rule::FixedOutdegree(p) => {
                let k = cx.degree(p, at, "outdegree")?;
                draws.places = (at * k, false);
                let urn = Urn {
                    candidates: cx.targets,
                    barred: cx.barred(cx.sources[at]),
                    repeat: cx.allow_multapses,
                };
                urn.draw(k, "targets", &mut cx.stream(at, PAIRS), draws)
            }
            Rule::FixedTotalNumber(_) => {
                let (first, next) = (split[at], split[at + 1]);
                draws.places = (first as usize, false);
                let urn = cx.sources_of(at, cx.allow_multapses);
                let k = (next - first) as usize;
                urn.draw(k, "sources", &mut cx.stream(at, PAIRS), draws)
            }
            Rule::PairwiseBernoulli(p) => bernoulli(cx, p, at, n, &mut |source| {
                draws
                    .partners
                    .extend(allowed(source).then_some(source as u32));
            }),
            Rule::SymmetricPairwiseBernoulli(p) => {
                let k = partners(p, &mut cx.stream(at, DEGREE), n)?;
                cx.sources_of(at, false)
                    .draw(k, "sources", &mut cx.stream(at, PAIRS), draws)
            }
            Rule::PairwisePoisson(p) => poisson_pairs(cx, p, at, draws),
        }
    }

    /// How a total number is split: the number of connections before each target, and in all.
    /// Halves the targets again and again, a binomial draw each, which gives a multinomial split.
    pub fn split(&self, cx: &RuleContext<'_>) -> Vec<u64> {
        let Rule::FixedTotalNumber(total) = self else {
            return Vec::new();
        };
        let m = cx.targets.len();
        let mut counts = vec![0u64; m];
        let mut work = vec![(0, m, *total)];
        // sources that each target may draw from decide its share
        let room = cx.room();
        let mut share = vec![0u64];
        for &r in &room {
            share.push(share[share.len() - 1] + r);
        }
        if !cx.allow_multapses {
            work.clear();
            let mut stream = Stream::new(cx.key.derive(cx.call, SPLIT), 0, 0, 0);
            counts = split_distinct(*total, &room, &mut stream);
        }
        while let Some((from, to, k)) = work.pop() {
            if to - from == 1 {
                counts[from] = k;
            } else if k > 0 && to > from {
                let middle = from + (to - from) / 2;
                let p = (share[middle] - share[from]) as f64 / (share[to] - share[from]) as f64;
                let mut stream =
                    Stream::new(cx.key.derive(cx.call, SPLIT), from as u32, to as u32, 0);
                let left = stream.binomial(k, p);
                work.push((from, middle, left));
                work.push((middle, to, k - left));
            }
        }
        let mut sum = 0;
        let mut before = vec![0];
        for c in counts {
            sum += c;
            before.push(sum);
        }
        before
    }
}

fn check_total(k: u64, cx: &RuleContext<'_>) -> Result<()> {
    let (n, m) = (cx.sources.len(), cx.targets.len());
    let room: u64 = if cx.allow_multapses {
        k
    } else {
        cx.room().iter().sum()
    };
    if k > room {
        return bad(format!(
            "There are not enough pairs: N is {k}, but without multapses {n} sources and {m} \
             targets give {room}."
        ));
    }
    let only_autapses = n == 1 && m == 1 && !cx.allow_autapses && cx.is_autapse(0, 0);
    if k > 0 && (n == 0 || m == 0 || only_autapses) {
        return bad("There are no pairs to connect.");
    }
    Ok(())
}

fn check_probability(p: &Parameter) -> Result<()> {
    match p.as_constant() {
        Some(x) if !(0.0..=1.0).contains(&x) => bad(format!(
            "Connection probability 0 <= p <= 1 required, got {x}."
        )),
        _ => Ok(()),
    }
}

/// Checks a rule that connects both ways.
fn check_mutual(p: &Parameter, cx: &RuleContext<'_>, make_symmetric: bool) -> Result<()> {
    if p.as_constant() == Some(1.0) {
        return bad("Connection probability 0 <= p < 1 required.");
    }
    if cx.allow_autapses {
        return bad("Symmetric connections cannot be created with autapses, \
                    set allow_autapses to False.");
    }
    if !make_symmetric {
        return bad("Symmetric connections require make_symmetric to be True.");
    }
    if !cx.allow_multapses {
        return bad(
            "Multapses must be allowed for this connection rule: both nodes of a pair may \
                    choose the other.",
        );
    }
    Ok(())
}

fn not_negative(degree: &Parameter) -> Result<()> {
    match degree.as_constant() {
        Some(k) if k < 0.0 => bad(format!(
            "Number of connections cannot be less than zero, got {k}."
        )),
        _ => Ok(()),
    }
}

fn check_degree(
    p: &Parameter,
    name: &str,
    n: usize,
    what: &str,
    cx: &RuleContext<'_>,
) -> Result<()> {
    let Some(k) = p.as_constant() else {
        return Ok(());
    };
    if k.is_nan() || k < 0.0 {
        return bad(format!("{name} cannot be less than zero, got {k}."));
    }
    if n == 0 && k > 0.0 {
        return bad(format!("The {what} population is empty."));
    }
    if !cx.allow_multapses && k > n as f64 {
        return bad(format!(
            "{name} must not be larger than the number of {what}s when multapses are not allowed: \
             {k} of {n}."
        ));
    }
    Ok(())
}

/// What the partners of one node are drawn from: all candidates but the node itself, unless it may
/// be connected to itself.
struct Urn<'a> {
    candidates: &'a [u32],
    /// The node, where it is not allowed.
    barred: Option<u32>,
    /// Whether a candidate may be drawn again.
    repeat: bool,
}

impl Urn<'_> {
    /// How many candidates there are to draw.
    fn size(&self, draws: &mut Draws) -> usize {
        let barred = self.barred.map(|id| draws.occurrences(self.candidates, id));
        self.candidates.len() - barred.unwrap_or(0)
    }

    /// Draws `k` partners.
    fn draw(&self, k: usize, what: &str, stream: &mut Stream, draws: &mut Draws) -> Result<()> {
        if k == 0 {
            return Ok(());
        }
        let (n, size) = (self.candidates.len(), self.size(draws));
        if size == 0 || (!self.repeat && k > size) {
            return bad(format!(
                "There are not enough {what}: {k} wanted, {size} of {n} allowed without \
                 repetition or self-connection."
            ));
        }
        if self.repeat && size == n {
            stream.fill_below(n as u32, k, &mut draws.words, &mut draws.partners);
            return Ok(());
        }
        if !self.repeat {
            draws.free(n);
        }
        while draws.partners.len() < k {
            let missing = k - draws.partners.len();
            let mut drawn = std::mem::take(&mut draws.drawn);
            drawn.clear();
            stream.fill_below(n as u32, missing, &mut draws.words, &mut drawn);
            for &i in &drawn {
                let allowed = Some(self.candidates[i as usize]) != self.barred;
                if allowed && (self.repeat || draws.take(i as usize)) {
                    draws.partners.push(i);
                }
            }
            draws.drawn = drawn;
        }
        Ok(())
    }
}

/// Draws the sources of a target, each a Poisson distributed number of times. Where all have the
/// same mean, their sum is drawn, and shared out.
fn poisson_pairs(
    cx: &RuleContext<'_>,
    mean: &Parameter,
    at: usize,
    draws: &mut Draws,
) -> Result<()> {
    let check = |mean: f64| {
        if mean.is_finite() && mean >= 0.0 {
            return Ok(mean);
        }
        bad(format!("pairwise_avg_num_conns must be >= 0, got {mean}"))
    };
    let mut stream = cx.stream(at, COUNTS);
    if let Some(mean) = mean.as_constant() {
        let urn = cx.sources_of(at, true);
        let sum = check(mean)? * urn.size(draws) as f64;
        let k = poisson(&mut stream, sum)?;
        return urn.draw(k, "sources", &mut stream, draws);
    }
    for source in 0..cx.sources.len() {
        if !cx.allow_autapses && cx.is_autapse(source, at) {
            continue;
        }
        let mean = check(mean.evaluate(&mut stream, &Context::default())?)?;
        let times = poisson(&mut stream, mean)?;
        draws
            .partners
            .extend(std::iter::repeat_n(source as u32, times));
    }
    Ok(())
}

/// Visits each of `n` sources with the probability `p`; jumps over gaps where `p` is constant.
fn bernoulli(
    cx: &RuleContext<'_>,
    p: &Parameter,
    target: usize,
    n: usize,
    emit: &mut dyn FnMut(usize),
) -> Result<()> {
    let mut stream = cx.stream(target, PAIRS);
    match p.as_constant() {
        Some(0.0) => Ok(()),
        Some(p) if p < 0.25 => {
            let scale = 1.0 / crate::rng::ln_1p(-p);
            let mut source = 0usize;
            loop {
                let gap = crate::rng::ln(stream.uniform_open()) * scale;
                if gap >= (n - source) as f64 {
                    return Ok(());
                }
                source += gap as usize;
                emit(source);
                source += 1;
                if source >= n {
                    return Ok(());
                }
            }
        }
        Some(p) => {
            (0..n).filter(|_| stream.uniform() < p).for_each(emit);
            Ok(())
        }
        None => (0..n).try_for_each(|s| {
            let p = probability(p, &mut stream)?;
            if stream.uniform() < p {
                emit(s);
            }
            Ok(())
        }),
    }
}
