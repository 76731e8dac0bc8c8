//! Connections whose weights have either sign: they wait in batches of their own.

use super::maker::survey;

/// The places of positive and of negative weights.
#[derive(Default)]
pub(super) struct PlacesBySign {
    lists: [Vec<u32>; 2],
    /// A bit for each place that is left out.
    without: Vec<u64>,
}

impl PlacesBySign {
    /// Those of some weights without the places in `both`.
    pub fn of(&mut self, weights: &[f64], both: &[usize]) -> &[Vec<u32>; 2] {
        self.without.clear();
        self.without.resize(weights.len().div_ceil(64), 0);
        for place in both {
            self.without[place / 64] |= 1 << (place % 64);
        }
        let [positive, negative] = &mut self.lists;
        positive.resize(weights.len(), 0);
        negative.resize(weights.len(), 0);
        let (mut above, mut below) = (0, 0);
        let groups = weights.chunks(64).zip(&self.without);
        for (first, (weights, without)) in (0..).step_by(64).zip(groups) {
            for (place, w) in (0..).zip(weights) {
                positive[above] = first + place;
                negative[below] = first + place;
                let counts = usize::from(without >> place & 1 == 0);
                let is_below = usize::from(*w < 0.0);
                above += counts & (1 - is_below);
                below += counts & is_below;
            }
        }
        positive.truncate(above);
        negative.truncate(below);
        &self.lists
    }
}

/// Finds partners that occur with weights of both signs, and so may have connections of one call in
/// several batches.
#[derive(Default)]
pub(super) struct Signs {
    /// A bit for each node with a positive weight, and for each with a negative one.
    seen: Vec<[u64; 2]>,
}

impl Signs {
    /// The places of the partners, with the given ids, that occur with weights of both signs.
    pub fn both(&mut self, ids: impl Iterator<Item = u32> + Clone, weights: &[f64]) -> Vec<usize> {
        let (_, _, below) = survey(&[], weights);
        if below == 0 || below == weights.len() {
            return Vec::new();
        }
        let words = ids.clone().max().map_or(0, |id| id as usize / 64 + 1);
        if self.seen.len() < words {
            self.seen.resize(words, [0; 2]);
        }
        for (id, &w) in ids.clone().zip(weights) {
            self.seen[id as usize / 64][usize::from(w < 0.0)] |= 1 << (id % 64);
        }
        let is_both = |id: u32| {
            let [positive, negative] = self.seen[id as usize / 64];
            (positive & negative) >> (id % 64) & 1 == 1
        };
        let places = ids.clone().enumerate().filter(|&(_, id)| is_both(id));
        let places = places.map(|(i, _)| i).collect();
        ids.for_each(|id| self.seen[id as usize / 64] = [0; 2]);
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_is_in_one_list(
            weights in prop::collection::vec(-1.0f64..1.0, 0..200),
            ids in prop::collection::vec(0u32..50, 200),
        ) {
            let ids = &ids[..weights.len()];
            let both = Signs::default().both(ids.iter().copied(), &weights);
            let mut by_sign = PlacesBySign::default();
            by_sign.of(&[1.0; 7], &[3]);
            let [positive, negative] = by_sign.of(&weights, &both);
            prop_assert!(positive.iter().all(|&i| weights[i as usize] >= 0.0));
            prop_assert!(negative.iter().all(|&i| weights[i as usize] < 0.0));
            let mut all: Vec<usize> = positive.iter().chain(negative).map(|&i| i as usize).collect();
            let sign = |i: usize| weights[i] < 0.0;
            let agrees = |i: usize| (0..ids.len()).all(|j| ids[i] != ids[j] || sign(i) == sign(j));
            prop_assert!(all.iter().all(|&i| agrees(i)));
            all.extend(both);
            all.sort_unstable();
            prop_assert_eq!(all, (0..weights.len()).collect::<Vec<_>>());
        }
    }
}
