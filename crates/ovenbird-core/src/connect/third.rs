//! The rule for third factors, such as astrocytes: each connection that a primary rule makes brings
//! with a probability a third node into play, which receives from the source and sends to the
//! target.
//!
//! Third nodes of a target come from a pool of its own, drawn at random or cut from the population
//! in blocks. Draws are keyed by call and target.

use super::rules::{Grouping, Rule, RuleContext};
use super::{ConnSpec, Draws};
use crate::error::{Error, Kind, Result};
use crate::rng::{Key, Stream};
use crate::value::Dict;

/// The name of the rule.
pub const NAME: &str = "third_factor_bernoulli_with_pool";

/// How the pool of a target is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pool {
    Random,
    Block,
}

/// A third-factor rule with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ThirdRule {
    /// The probability that a primary connection gets a third factor.
    p: f64,
    /// The size of the pool; all third nodes if `None`.
    size: Option<i64>,
    pool: Pool,
}

/// A primary connection with a third factor, all as indices into their populations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triple {
    pub source: u32,
    pub third: u32,
    pub target: u32,
}

const POOL: u32 = 0;
const PICK: u32 = 1;

impl ThirdRule {
    /// The rule in a user's `third_factor_conn_spec`; unknown keys are ignored unless `strict`.
    ///
    /// # Errors
    /// When the rule is not known, a key is not known, or a value is not right.
    pub(super) fn from_dict(spec: &Dict, strict: bool) -> Result<Self> {
        let Some(name) = spec.get("rule") else {
            return Err(Error::bad_property(
                "The third-factor connection specification must contain a connection rule.",
            ));
        };
        let name = name.as_str("rule")?;
        if name != NAME {
            return Err(Error::illegal_connection(format!(
                "Unknown third-factor connection rule '{name}'; there is {NAME}"
            )));
        }
        let mut rule = ThirdRule {
            p: 1.0,
            size: None,
            pool: Pool::Random,
        };
        for (key, value) in spec.iter() {
            match key {
                "rule" => {}
                "p" => rule.p = value.as_float(key)?,
                "pool_size" => rule.size = Some(value.as_int(key)?),
                "pool_type" => {
                    rule.pool = match value.as_str(key)? {
                        "random" => Pool::Random,
                        "block" => Pool::Block,
                        other => {
                            return Err(Error::bad_property(format!(
                                "pool_type must be 'random' or 'block', got '{other}'"
                            )));
                        }
                    }
                }
                // a third node may serve any pair, whatever its ends
                "allow_autapses" | "allow_multapses" => drop(value.as_bool(key)?),
                "make_symmetric" if !value.as_bool(key)? => {}
                "make_symmetric" => {
                    return Err(Error::new(
                        Kind::NotImplemented,
                        "This connection rule does not support symmetric connections.",
                    ));
                }
                _ if !strict => {}
                _ => {
                    let known = ["p", "pool_size", "pool_type"];
                    let hint = crate::suggest::nearest(key, known);
                    let hint = hint.map_or(String::new(), |n| format!("; did you mean '{n}'?"));
                    return Err(Error::new(
                        Kind::UnaccessedEntry,
                        format!(
                            "Unaccessed elements in third_factor_conn_spec, in function \
                             TripartiteConnect: {key}{hint}"
                        ),
                    ));
                }
            }
        }
        if !(0.0..=1.0).contains(&rule.p) {
            return Err(Error::bad_property(format!(
                "Conditional probability of third-factor connection 0 <= p <= 1 required, got {}",
                rule.p
            )));
        }
        Ok(rule)
    }

    /// The size of a pool for populations of these sizes.
    ///
    /// # Errors
    /// When they do not fit.
    pub fn pool_size(&self, targets: usize, thirds: usize) -> Result<usize> {
        let size = self.size.unwrap_or(thirds as i64);
        if size < 1 || size > thirds as i64 {
            return Err(Error::bad_property(format!(
                "Pool size 1 <= pool_size <= size of third-factor population required, got {size} \
                 for {thirds} nodes"
            )));
        }
        let size = size as usize;
        let fits = targets * size == thirds || (size == 1 && targets.is_multiple_of(thirds));
        if self.pool == Pool::Block && !fits {
            return Err(Error::bad_property(format!(
                "The sizes of target and third-factor populations and the chosen pool size do not \
                 fit: {targets} targets, {thirds} third-factor nodes, pool size {size}. If \
                 pool_size is 1, the target population size must be a multiple of the third-factor \
                 population size; otherwise size(targets) * pool_size == size(third factor) is \
                 required. For all other cases use random pools."
            )));
        }
        Ok(size)
    }

    /// Draws the third factors of all connections that the primary rule makes in `cx`, target by
    /// target. `go_on` is called for each node with its index.
    ///
    /// # Errors
    /// When sizes do not fit, the primary rule fails, or `go_on` does.
    pub fn draw(
        &self,
        cx: &RuleContext<'_>,
        primary: &ConnSpec,
        thirds: usize,
        key: Key,
        go_on: &dyn Fn(usize) -> Result<()>,
    ) -> Result<Vec<Triple>> {
        let size = self.pool_size(cx.targets.len(), thirds)?;
        let by_target = pairs(cx, &primary.rule, go_on)?;
        let mut triples = Vec::new();
        let mut pool: Vec<u32> = Vec::new();
        for (target, sources) in by_target.iter().enumerate() {
            go_on(target)?;
            if sources.is_empty() {
                continue;
            }
            let stream = |which| Stream::new(key, cx.call, target as u32, which);
            self.fill_pool(
                &mut pool,
                (target, cx.targets.len()),
                (size, thirds),
                stream(POOL),
            );
            let mut stream = stream(PICK);
            for &source in sources {
                if stream.uniform() >= self.p {
                    continue;
                }
                let pick = if size == 1 {
                    0
                } else {
                    stream.below(size as u64)
                };
                triples.push(Triple {
                    source,
                    third: pool[pick as usize],
                    target: target as u32,
                });
            }
        }
        Ok(triples)
    }

    /// The third nodes that serve a target: `size` different ones of `thirds`.
    fn fill_pool(
        &self,
        pool: &mut Vec<u32>,
        (target, targets): (usize, usize),
        (size, thirds): (usize, usize),
        mut stream: Stream,
    ) {
        pool.clear();
        if self.pool == Pool::Block {
            let first = if size > 1 {
                target * size
            } else {
                target / (targets / thirds).max(1)
            };
            pool.extend((first..first + size).map(|i| i as u32));
            return;
        }
        // selection sampling: each node with the share that is still wanted of those left
        for i in 0..thirds {
            let (wanted, left) = (size - pool.len(), thirds - i);
            if stream.below(left as u64) < wanted as u64 {
                pool.push(i as u32);
            }
        }
    }
}

/// The sources that a rule draws for each target, as indices, in the order of the draws.
fn pairs(
    cx: &RuleContext<'_>,
    rule: &Rule,
    go_on: &dyn Fn(usize) -> Result<()>,
) -> Result<Vec<Vec<u32>>> {
    let mut by_target = vec![Vec::new(); cx.targets.len()];
    let split = rule.split(cx);
    let mut draws = Draws::default();
    let by_source = rule.grouping() == Grouping::BySource;
    for at in 0..rule.grouping().len(cx) {
        go_on(at)?;
        rule.draw(cx, at, &split, &mut draws)?;
        if by_source {
            for &target in &draws.partners {
                by_target[target as usize].push(at as u32);
            }
        } else {
            by_target[at].extend_from_slice(&draws.partners);
        }
    }
    Ok(by_target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use proptest::prelude::*;

    fn rule(p: f64, size: Option<i64>, pool: Pool) -> ThirdRule {
        ThirdRule { p, size, pool }
    }

    fn draw(rule: &ThirdRule, sources: u32, targets: u32, thirds: usize) -> Vec<Triple> {
        let (pre, post): (Vec<u32>, Vec<u32>) =
            ((1..=sources).collect(), (1000..1000 + targets).collect());
        let key = Key::new(5, Purpose::ConnectRule);
        let cx = RuleContext {
            sources: &pre,
            targets: &post,
            allow_autapses: true,
            allow_multapses: true,
            key,
            call: 3,
            space: None,
        };
        let primary = ConnSpec::new(Rule::AllToAll);
        rule.draw(&cx, &primary, thirds, key.derive(7, 7), &|_| Ok(()))
            .unwrap()
    }

    proptest! {
        #[test]
        fn pools_have_their_size(targets in 1u32..20, thirds in 1usize..30, share in 0.0f64..1.0) {
            let size = 1 + (share * (thirds - 1) as f64) as usize;
            let triples = draw(&rule(1.0, Some(size as i64), Pool::Random), 300, targets, thirds);
            prop_assert_eq!(triples.len(), 300 * targets as usize);
            for t in 0..targets {
                let of_target = triples.iter().filter(|x| x.target == t).map(|x| x.third);
                let mut seen: Vec<u32> = of_target.collect();
                seen.sort_unstable();
                seen.dedup();
                prop_assert!(seen.len() <= size && seen.iter().all(|&x| (x as usize) < thirds));
                if size <= 10 {
                    // 300 picks miss one of ten with a probability of 2e-13
                    prop_assert_eq!(seen.len(), size);
                }
            }
        }
    }

    #[test]
    fn blocks_follow_each_other() {
        for triple in draw(&rule(1.0, Some(4), Pool::Block), 50, 3, 12) {
            assert_eq!(triple.third / 4, triple.target);
        }
        for triple in draw(&rule(1.0, Some(1), Pool::Block), 5, 12, 3) {
            assert_eq!(triple.third, triple.target / 4);
        }
    }

    #[test]
    fn the_share_of_third_factors_is_p() {
        let n = draw(&rule(0.3, None, Pool::Random), 200, 100, 10).len() as f64;
        let sd = (20_000.0f64 * 0.3 * 0.7).sqrt();
        assert!((n - 6000.0).abs() < 4.0 * sd, "{n}");
    }

    #[test]
    fn every_node_is_as_likely_in_a_pool() {
        let mut counts = [0u32; 10];
        for triple in draw(&rule(1.0, Some(3), Pool::Random), 20, 2000, 10) {
            counts[triple.third as usize] += 1;
        }
        // 40,000 picks in 2000 pools of 3: the variance is that of the pools, 9 times 2000 * 0.21
        // times (20/3)^2, and of the picks within them
        let sd = (2000.0f64 * 0.21 * (20.0f64 / 3.0).powi(2) + 4000.0).sqrt();
        for n in counts {
            assert!((f64::from(n) - 4000.0).abs() < 4.5 * sd, "{counts:?}");
        }
    }

    #[test]
    fn misfits_are_refused() {
        assert!(rule(1.0, Some(0), Pool::Random).pool_size(4, 2).is_err());
        assert!(rule(1.0, Some(3), Pool::Random).pool_size(4, 2).is_err());
        assert!(rule(1.0, Some(2), Pool::Block).pool_size(4, 6).is_err());
        assert!(rule(1.0, Some(1), Pool::Block).pool_size(3, 2).is_err());
        assert_eq!(rule(1.0, None, Pool::Random).pool_size(4, 7).unwrap(), 7);
    }
}
