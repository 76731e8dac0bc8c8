//! Several connections of one source, target and model, and the order in which they were made.
//!
//! Rows are sorted by what delivery needs, which says nothing of that order. Where they show
//! another one, a block of rows keeps the place of each entry that stands elsewhere.

use crate::event::Ring;

/// Where entries of a block would stand among those of the same ends and model, if these stood in
/// the order in which they were made: the entry in whose stead each would be, by entry. Those that
/// stand where they would are not listed. The entry is in the high half, its place in the low one.
#[derive(Debug, Default)]
pub(super) struct Places(Box<[u64]>);

impl Places {
    /// The place of an entry.
    pub fn of(&self, entry: u32) -> u32 {
        let found = self.0.binary_search_by_key(&entry, |&p| entry_of(p));
        found.map_or(entry, |i| self.0[i] as u32)
    }

    /// Puts entries, sets of them with one source, target and model, into another order.
    pub fn put(&mut self, sets: &[Vec<u32>]) {
        let mut changed: Vec<u32> = sets.iter().flatten().copied().collect();
        changed.sort_unstable();
        let kept = self.0.iter().copied();
        let mut list: Vec<u64> = kept
            .filter(|&p| changed.binary_search(&entry_of(p)).is_err())
            .collect();
        for set in sets {
            let mut sorted = set.clone();
            sorted.sort_unstable();
            let pairs = set.iter().copied().zip(sorted);
            let moved = pairs.filter(|(entry, place)| entry != place);
            list.extend(moved.map(|(entry, place)| packed(entry, place)));
        }
        list.sort_unstable();
        self.0 = list.into();
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

impl From<&[u64]> for Places {
    fn from(list: &[u64]) -> Self {
        Places(list.into())
    }
}

/// Pairs of entries with one source, target and model of which the later one stands first, where
/// these are all that there are: the first entry of the group and the cell of both, in order. They
/// are listed without a look at where they stand, which is what most networks need.
#[derive(Debug, Default)]
pub(super) struct Swaps(Box<[u64]>);

impl Swaps {
    /// Adds a pair to those of the groups before, or of the same one with smaller cells.
    pub fn note(list: &mut Vec<u64>, group: u32, cell: u32) {
        list.push(packed(group, cell));
    }

    pub fn contain(&self, group: u32, cell: u32) -> bool {
        !self.0.is_empty() && self.0.binary_search(&packed(group, cell)).is_ok()
    }

    /// Follows cells that moved, in their order.
    pub fn rename(&mut self, renamed: impl Fn(usize) -> usize) {
        for swap in &mut self.0 {
            *swap = packed(entry_of(*swap), renamed(*swap as u32 as usize) as u32);
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

impl From<&[u64]> for Swaps {
    fn from(list: &[u64]) -> Self {
        Swaps(list.into())
    }
}

/// What a block of rows keeps of the order in which siblings were made; most keep nothing, and then
/// have none.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub places: Places,
    pub swaps: Swaps,
}

impl Order {
    pub fn new(places: &[u64], swaps: &[u64]) -> Option<Box<Self>> {
        let order = Order {
            places: places.into(),
            swaps: swaps.into(),
        };
        (!places.is_empty() || !swaps.is_empty()).then(|| Box::new(order))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of::<Order>() + self.places.bytes() + self.swaps.bytes()
    }
}

fn packed(entry: u32, place: u32) -> u64 {
    u64::from(entry) << 32 | u64::from(place)
}

fn entry_of(packed: u64) -> u32 {
    (packed >> 32) as u32
}

/// One of several connections of a row with the same target and model.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sibling {
    /// The target, as a number that no other of the row has.
    pub node: u32,
    /// Siblings are numbered in the order in which they were made.
    pub number: u32,
    /// What its group is called.
    pub group: u32,
    /// What entries of a group are sorted by: delay and cell, then weight.
    pub key: (u64, u64),
    /// The entry, or the first of those with the same key that it can be.
    pub entry: u32,
}

/// Drops sets of siblings that stand in their order in any case, and puts the others side by side,
/// each in the order in which it was made.
pub(super) fn keep_disordered(siblings: &mut Vec<Sibling>) {
    let order = |s: &Sibling| (s.node, s.number);
    if !siblings.is_sorted_by_key(order) {
        siblings.sort_unstable_by_key(order);
    }
    let mut kept = 0;
    let mut from = 0;
    while from < siblings.len() {
        let set = siblings[from..].partition_point(|s| s.node == siblings[from].node);
        let to = from + set;
        if !siblings[from..to].is_sorted_by_key(|s| (s.group, s.key)) {
            siblings.copy_within(from..to, kept);
            kept += set;
        }
        from = to;
    }
    siblings.truncate(kept);
}

/// Takes the sets of two with one cell, of the group that begins with the entry `group`, over to
/// the swaps of the groups before. Sets of siblings out of order lie side by side.
pub(super) fn take_swaps(group: u32, siblings: &mut Vec<Sibling>, swaps: &mut Vec<u64>) {
    let first = swaps.len();
    let (mut kept, mut from) = (0, 0);
    while from < siblings.len() {
        let same = |s: &&Sibling| s.node == siblings[from].node;
        let to = from + siblings[from..].iter().take_while(same).count();
        let cell = |i: usize| siblings[i].key.0 as u32;
        if to - from == 2 && cell(from) == cell(from + 1) {
            Swaps::note(swaps, group, cell(from));
        } else {
            siblings.copy_within(from..to, kept);
            kept += to - from;
        }
        from = to;
    }
    siblings.truncate(kept);
    swaps[first..].sort_unstable();
}

/// Adds the places of siblings whose entries are known to those of the rows before. The siblings
/// are sets that lie side by side, in the order in which they were made.
pub(super) fn place(siblings: &[Sibling], places: &mut Vec<u64>) {
    let first = places.len();
    let mut order: Vec<(u32, usize)> = Vec::new();
    for set in siblings.chunk_by(|a, b| a.node == b.node) {
        if let [a, b] = set
            && a.entry > b.entry
        {
            places.extend([packed(a.entry, b.entry), packed(b.entry, a.entry)]);
            continue;
        }
        order.clear();
        order.extend(set.iter().map(|s| s.entry).zip(0..));
        order.sort_unstable();
        // of those with the same key the one that was made first stands first
        for i in 1..order.len() {
            order[i].0 = order[i].0.max(order[i - 1].0 + 1);
        }
        let moved = order.iter().enumerate().filter(|(i, o)| *i != o.1);
        places.extend(moved.map(|(_, &(entry, nth))| packed(entry, order[nth].0)));
    }
    places[first..].sort_unstable();
}

/// Finds targets that occur several times in a row.
#[derive(Debug, Default)]
pub(super) struct Finder {
    /// For each channel its first cell, its number of cells, and the number of its first node.
    channels: Vec<(u32, u32, u32)>,
    /// The channel of the last cell.
    last: (u32, u32, u32),
    /// A bit for each node that was seen, and for each that was seen again.
    seen: Vec<u64>,
    again: Vec<u64>,
}

impl Finder {
    pub fn new(ring: &Ring) -> Self {
        let mut channels = Vec::new();
        // channels are sorted by family, whose nodes each of them has
        let mut next = 0;
        for same in ring.channels().chunk_by(|a, b| a.0.family == b.0.family) {
            let of_channel = |&(_, first, n): &(_, usize, usize)| (first as u32, n as u32, next);
            channels.extend(same.iter().map(of_channel));
            next += same.iter().map(|c| c.2 as u32).max().unwrap_or(0);
        }
        let words = (next as usize).div_ceil(64);
        Finder {
            last: channels.first().copied().unwrap_or_default(),
            channels,
            seen: vec![0; words],
            again: vec![0; words],
        }
    }

    /// Whether two cells are of the same channel.
    pub fn share_channel(&self, cells: [u32; 2]) -> bool {
        let [a, b] = cells.map(|cell| self.channels.partition_point(|c| c.0 <= cell));
        a == b
    }

    #[inline(always)]
    fn node(&mut self, cell: u32) -> u32 {
        if cell.wrapping_sub(self.last.0) >= self.last.1 {
            let after = self.channels.partition_point(|c| c.0 <= cell);
            self.last = self.channels[after - 1];
        }
        cell - self.last.0 + self.last.2
    }

    /// Visits those of some cells whose node occurs several times: the index, and the number of the
    /// node.
    pub fn several(
        &mut self,
        cells: impl Iterator<Item = u32> + Clone,
        mut visit: impl FnMut(usize, u32),
    ) {
        let mut any = false;
        for cell in cells.clone() {
            let node = self.node(cell);
            let (word, bit) = (node as usize / 64, 1 << (node % 64));
            if self.seen[word] & bit != 0 {
                self.again[word] |= bit;
                any = true;
            }
            self.seen[word] |= bit;
        }
        for (i, cell) in cells.clone().enumerate() {
            let node = self.node(cell);
            let (word, bit) = (node as usize / 64, 1 << (node % 64));
            if any && self.again[word] & bit != 0 {
                visit(i, node);
            }
            self.seen[word] = 0;
        }
        if any {
            for cell in cells {
                let node = self.node(cell);
                self.again[node as usize / 64] = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ChannelKey;
    use proptest::prelude::*;

    #[test]
    fn nodes_are_found_through_whatever_channel() {
        let key = |family, channel| ChannelKey { family, channel };
        let mut ring = Ring::default();
        ring.arrange(&[(key(0, 0), 70), (key(0, 1), 70), (key(2, 0), 5)], 2, 0);
        let cell = |family, channel, local| {
            (ring.first_cell(key(family, channel)).unwrap() + local) as u32
        };
        let mut finder = Finder::new(&ring);
        let cells = [
            cell(0, 0, 3),
            cell(2, 0, 3),
            cell(0, 1, 69),
            cell(0, 1, 3),
            cell(0, 0, 4),
            cell(0, 0, 69),
        ];
        for _ in 0..2 {
            let mut found = Vec::new();
            finder.several(cells.iter().copied(), |i, node| found.push((i, node)));
            assert_eq!(found, [(0, 3), (2, 69), (3, 3), (5, 69)]);
        }
        finder.several(cells[..3].iter().copied(), |_, _| {
            panic!("none is there twice")
        });
    }

    proptest! {
        #[test]
        fn places_give_the_order_in_which_siblings_were_made(
            made in prop::collection::vec((0u32..4, 0u32..3, 0u64..5), 1..30)
        ) {
            // entries stand by group and key; equal ones are the same to everybody
            let sibling = |(i, &(node, group, key)): (u32, &(u32, u32, u64))| Sibling {
                node,
                number: i,
                group,
                key: (key, 0),
                entry: 0,
            };
            let mut all: Vec<Sibling> = (0..).zip(&made).map(sibling).collect();
            let mut rows: Vec<(u32, u64, u32)> = made.iter().map(|m| (m.1, m.2, m.0)).collect();
            rows.sort_unstable();
            keep_disordered(&mut all);
            for s in &mut all {
                let stands = (s.group, s.key.0, s.node);
                s.entry = rows.partition_point(|r| *r < stands) as u32;
            }
            let mut list = Vec::new();
            place(&all, &mut list);
            prop_assert!(list.is_sorted());
            let places = Places::from(&*list);
            for node in 0..4 {
                let mut entries: Vec<u32> =
                    (0..rows.len() as u32).filter(|&e| rows[e as usize].2 == node).collect();
                entries.sort_by_key(|&e| places.of(e));
                let listed = entries.iter().map(|&e| (rows[e as usize].0, rows[e as usize].1));
                let expected = made.iter().filter(|m| m.0 == node).map(|m| (m.1, m.2));
                prop_assert!(listed.eq(expected));
            }
        }
    }
}
