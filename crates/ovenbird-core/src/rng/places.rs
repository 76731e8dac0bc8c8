//! Random numbers for many places of a list, each with numbers of its own.

use super::{Key, NORMALS, Stream, normals, philox4x32, uniforms};
use crate::math::vectorize;

/// Where random numbers for many elements come from.
pub trait Draw {
    /// A normal number for each element.
    fn fill_normal(&mut self, mean: f64, std: f64, out: &mut [f64]);

    /// A number uniform in [0, 1) for each element.
    fn fill_uniform(&mut self, out: &mut [f64]);

    /// Calls `f` for some elements, each at most once until [`Draw::advance`] is called, with the
    /// stream that gives it any number of draws.
    ///
    /// # Errors
    /// The first error of `f`.
    fn each<E>(
        &mut self,
        elements: impl Iterator<Item = usize>,
        f: impl FnMut(&mut Stream, usize) -> Result<(), E>,
    ) -> Result<(), E>;

    /// Ends the draws of [`Draw::each`].
    fn advance(&mut self);

    /// The one stream for all elements, if there is one.
    fn single(&mut self) -> Option<&mut Stream>;
}

/// One element after the other draws from the stream.
impl Draw for Stream {
    fn fill_normal(&mut self, mean: f64, std: f64, out: &mut [f64]) {
        Stream::fill_normal(self, mean, std, out);
    }

    fn fill_uniform(&mut self, out: &mut [f64]) {
        Stream::fill_uniform(self, out);
    }

    fn each<E>(
        &mut self,
        mut elements: impl Iterator<Item = usize>,
        mut f: impl FnMut(&mut Stream, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        elements.try_for_each(|i| f(self, i))
    }

    fn advance(&mut self) {}

    fn single(&mut self) -> Option<&mut Stream> {
        Some(self)
    }
}

/// Separates streams of single places from the words that places share blocks for.
const SINGLE: u32 = 3;

/// Draws for some places, in any order. What a place gets depends on how much was drawn before, but
/// not on which other places there are. All that is filled has one number for each place.
pub struct PlaceStreams<'a> {
    key: Key,
    identity: [u32; 2],
    places: &'a [u32],
    /// Whether the places follow each other from an even one on.
    consecutive: bool,
    /// How often numbers were drawn.
    drawn: u32,
}

#[inline(always)]
fn block(key: Key, counter: [u32; 4]) -> [u64; 2] {
    let [w0, w1, w2, w3] = philox4x32(counter, key.words()).map(u64::from);
    [w0 | w1 << 32, w2 | w3 << 32]
}

impl<'a> PlaceStreams<'a> {
    /// The draws of places under `(key, identity)`.
    pub fn new(key: Key, identity: [u32; 2], places: &'a [u32]) -> Self {
        let first = places.first().copied().unwrap_or(0);
        let follow = (first..).zip(places).fold(0, |odd, (a, &b)| odd | (a ^ b));
        PlaceStreams {
            key,
            identity,
            places,
            consecutive: follow == 0 && first.is_multiple_of(2),
            drawn: 0,
        }
    }

    /// 64 uniform bits for each place of a part: a block has those of an even place and the next.
    fn fill_u64(&self, start: usize, out: &mut [u64]) {
        let places = &self.places[start..][..out.len()];
        let ([a, c], drawn, key) = (self.identity, self.drawn, self.key);
        let (pairs, rest) = match self.consecutive {
            true => out.as_chunks_mut::<2>(),
            false => (&mut [][..], out),
        };
        let (even, others) = places.split_at(2 * pairs.len());
        vectorize(
            #[inline(always)]
            || {
                let half = even.first().map_or(0, |first| first / 2);
                for (words, half) in pairs.iter_mut().zip(half..) {
                    *words = block(key, [a, half, c, drawn]);
                }
                for (word, place) in rest.iter_mut().zip(others) {
                    let [even, odd] = block(key, [a, place / 2, c, drawn]);
                    *word = if place % 2 == 0 { even } else { odd };
                }
            },
        );
    }
}

impl Draw for PlaceStreams<'_> {
    fn fill_normal(&mut self, mean: f64, std: f64, out: &mut [f64]) {
        let mut words = [0u64; NORMALS];
        for (k, part) in out.chunks_mut(NORMALS).enumerate() {
            self.fill_u64(k * NORMALS, &mut words[..part.len()]);
            vectorize(
                #[inline(always)]
                || normals(&words, (mean, std), part),
            );
        }
        self.drawn += 1;
    }

    fn fill_uniform(&mut self, out: &mut [f64]) {
        let mut words = [0u64; NORMALS];
        for (k, part) in out.chunks_mut(NORMALS).enumerate() {
            let words = &mut words[..part.len()];
            self.fill_u64(k * NORMALS, words);
            uniforms(words, part);
        }
        self.drawn += 1;
    }

    fn each<E>(
        &mut self,
        mut elements: impl Iterator<Item = usize>,
        mut f: impl FnMut(&mut Stream, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let ([a, c], key) = (self.identity, self.key.derive(SINGLE, self.drawn));
        elements.try_for_each(|i| f(&mut Stream::new(key, a, self.places[i], c), i))
    }

    fn advance(&mut self) {
        self.drawn += 1;
    }

    fn single(&mut self) -> Option<&mut Stream> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use std::convert::Infallible;

    /// Three draws of each kind, place by place.
    fn draws(places: &[u32]) -> Vec<[u64; 3]> {
        let key = Key::new(5, Purpose::SynapseParameter);
        let mut streams = PlaceStreams::new(key, [3, 4], places);
        let mut out = vec![[0; 3]; places.len()];
        let mut values = vec![0.0; places.len()];
        streams.fill_normal(0.0, 1.0, &mut values);
        (0..places.len()).for_each(|i| out[i][0] = values[i].to_bits());
        let done = streams.each(0..places.len(), |stream, i| {
            out[i][1] = stream.next_u64();
            Ok::<(), Infallible>(())
        });
        assert_eq!(done, Ok(()));
        streams.advance();
        streams.fill_uniform(&mut values);
        (0..places.len()).for_each(|i| out[i][2] = values[i].to_bits());
        out
    }

    #[test]
    fn what_a_place_gets_depends_on_no_other_place() {
        let all: Vec<u32> = (0..1001).collect();
        let expected = draws(&all);
        let strewn: Vec<u32> = (0..1001).map(|i| i * 37 % 1001).collect();
        let swapped = [0, 2, 1, 3];
        for places in [&all[1..], &all[2..300], &all[7..8], &strewn, &swapped] {
            let found = draws(places);
            assert!(
                places
                    .iter()
                    .zip(&found)
                    .all(|(&place, x)| *x == expected[place as usize])
            );
        }
    }

    #[test]
    fn places_share_no_draws() {
        let places: Vec<u32> = (0..1000).collect();
        let words: std::collections::BTreeSet<u64> = draws(&places).into_iter().flatten().collect();
        assert_eq!(words.len(), 3000);
    }
}
