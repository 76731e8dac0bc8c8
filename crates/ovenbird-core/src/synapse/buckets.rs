//! Where new connections are kept by block of sources.

use super::entry::Entry;
use super::pending::BLOCK_BITS;
use super::turns::Turns;
use std::ops::Range;

/// Bytes of the first full chunks. Chunks neither move nor leave slack, and what one block gave
/// back serves the rows of the next.
const CHUNK_BYTES: usize = 1 << 16;
/// Later chunks of a bucket are a quarter of what it holds, up to so many times as large: what a
/// large block gives back must not be in pieces much smaller than its rows, which could not use
/// them.
const LARGEST_CHUNK: usize = 32;

/// Connections of one kind from the sources of one block.
#[derive(Debug)]
pub(super) struct Bucket<T> {
    full: Vec<Chunk<T>>,
    last: Chunk<T>,
}

/// Up to so many blocks each has a bucket, connections or not, which is faster.
pub(super) const FEW_BLOCKS: usize = 1 << 10;

/// The buckets of a batch by block of sources.
#[derive(Debug)]
pub(super) enum Buckets<T> {
    Few(Vec<Bucket<T>>),
    Many(Spread<T>),
}

/// Buckets of those blocks that have connections.
#[derive(Debug)]
pub(super) struct Spread<T> {
    /// For each block one more than the place of its bucket, or 0.
    places: Vec<u32>,
    list: Vec<Bucket<T>>,
}

/// Where the bucket of a block is found or made.
pub(super) trait Make<T> {
    /// The bucket of a block for which there is room.
    fn make(&mut self, block: usize) -> &mut Bucket<T>;
}

impl<T> Make<T> for Vec<Bucket<T>> {
    #[inline(always)]
    fn make(&mut self, block: usize) -> &mut Bucket<T> {
        &mut self[block]
    }
}

impl<T> Make<T> for Spread<T> {
    #[inline(always)]
    fn make(&mut self, block: usize) -> &mut Bucket<T> {
        if self.places[block] == 0 {
            self.add(block);
        }
        &mut self.list[self.places[block] as usize - 1]
    }
}

impl<T> Spread<T> {
    #[cold]
    fn add(&mut self, block: usize) {
        self.list.push(Bucket::default());
        self.places[block] = self.list.len() as u32;
    }

    fn place(&self, block: usize) -> Option<usize> {
        let place = *self.places.get(block)?;
        (place as usize).checked_sub(1)
    }
}

impl<T> Default for Buckets<T> {
    fn default() -> Self {
        Buckets::Few(Vec::new())
    }
}

impl<T: Entry> Buckets<T> {
    /// The number of blocks for which there is room.
    pub(super) fn len(&self) -> usize {
        match self {
            Buckets::Few(list) => list.len(),
            Buckets::Many(spread) => spread.places.len(),
        }
    }

    pub(super) fn list(&self) -> &Vec<Bucket<T>> {
        match self {
            Buckets::Few(list) | Buckets::Many(Spread { list, .. }) => list,
        }
    }

    /// Makes room for so many blocks.
    pub(super) fn reach(&mut self, blocks: usize) {
        if self.len() >= blocks {
            return;
        }
        match self {
            Buckets::Few(list) if blocks <= FEW_BLOCKS => {
                list.resize_with(blocks, Bucket::default);
            }
            Buckets::Few(list) => {
                let mut places: Vec<u32> = (1..=list.len() as u32).collect();
                places.resize(blocks, 0);
                let list = std::mem::take(list);
                *self = Buckets::Many(Spread { places, list });
            }
            Buckets::Many(spread) => spread.places.resize(blocks, 0),
        }
    }

    pub(super) fn get(&self, block: usize) -> Option<&Bucket<T>> {
        match self {
            Buckets::Few(list) => list.get(block),
            Buckets::Many(spread) => spread.list.get(spread.place(block)?),
        }
    }

    pub(super) fn get_mut(&mut self, block: usize) -> Option<&mut Bucket<T>> {
        match self {
            Buckets::Few(list) => list.get_mut(block),
            Buckets::Many(spread) => {
                let place = spread.place(block)?;
                spread.list.get_mut(place)
            }
        }
    }

    /// The bucket of a block for which there is room.
    fn make(&mut self, block: usize) -> &mut Bucket<T> {
        match self {
            Buckets::Few(list) => list.make(block),
            Buckets::Many(spread) => spread.make(block),
        }
    }

    /// Adds a connection to the target at a place.
    pub(super) fn push(&mut self, block: usize, entry: T, target: u32, by: &mut By<'_>) {
        by.block = block as u32;
        self.make(block).push(entry, target, by);
    }

    /// Adds connections from the sources of a block, as `Pending::add_sorted`.
    pub(super) fn append(
        &mut self,
        block: u32,
        counts: &mut [u32],
        place: impl Fn(usize) -> u32,
        connections: impl ExactSizeIterator<Item = (u32, (u8, u32, f64))>,
        by: &mut By<'_>,
    ) {
        by.block = block;
        let entries =
            connections.map(|(to, (row, delay, weight))| (to, T::new(row, delay, weight)));
        let bucket = self.make(block as usize);
        bucket.append(counts, place, entries, by);
    }

    /// Drops all but the first `blocks` blocks and `buckets` buckets; the blocks of those that go
    /// are among `of`.
    pub(super) fn truncate(&mut self, blocks: usize, buckets: usize, of: &[u32]) {
        match self {
            Buckets::Few(list) => list.truncate(blocks),
            Buckets::Many(Spread { places, list }) => {
                places.truncate(blocks);
                list.truncate(buckets);
                for &block in of {
                    match places.get_mut(block as usize) {
                        Some(place) if *place as usize > buckets => *place = 0,
                        _ => {}
                    }
                }
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let places = match self {
            Buckets::Few(_) => 0,
            Buckets::Many(spread) => spread.places.capacity() * size_of::<u32>(),
        };
        let list = self.list();
        let room = (list.capacity() - list.len()) * size_of::<Bucket<T>>();
        places + room + list.iter().map(Bucket::bytes).sum::<usize>()
    }
}

/// Entries that a bucket has room for at first.
const FIRST: usize = 8;

/// So many entries into a chunk it is known whether most targets have one entry or several.
const KNOWN: usize = 16;

/// No target, in no turn.
const NOWHERE: u64 = u32::MAX as u64;

#[derive(Debug)]
struct Chunk<T> {
    /// The places of the targets, in the order of the entries.
    targets: Vec<u32>,
    /// The first entry of each target; nothing as long as each entry has a target.
    firsts: Vec<u32>,
    /// In the low half the target of the last entry where targets have several, else a number that
    /// is no target; in the high half the turn of the last entry.
    aimed: u64,
    entries: Vec<T>,
}

impl<T> Default for Chunk<T> {
    fn default() -> Self {
        Chunk {
            targets: Vec::new(),
            firsts: Vec::new(),
            aimed: NOWHERE,
            entries: Vec::new(),
        }
    }
}

impl<T> Default for Bucket<T> {
    fn default() -> Self {
        Bucket {
            full: Vec::new(),
            last: Chunk::default(),
        }
    }
}

impl<T: Entry> Chunk<T> {
    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<T>()
            + (self.targets.capacity() + self.firsts.capacity()) * size_of::<u32>()
    }

    pub(super) fn truncate(&mut self, n: usize) {
        self.entries.truncate(n);
        let targets = match self.firsts.is_empty() {
            true => n,
            false => self.firsts.partition_point(|&first| (first as usize) < n),
        };
        self.targets.truncate(targets);
        self.firsts.truncate(targets);
        self.aimed = NOWHERE;
    }

    /// Notes the target of the entry that is added next.
    #[inline]
    fn aim(&mut self, target: u32) {
        let n = self.entries.len();
        let turn = self.aimed & !NOWHERE;
        if !self.firsts.is_empty() {
            self.firsts.push(n as u32);
            self.aimed = turn | u64::from(target);
        } else if n < KNOWN && self.targets.last() == Some(&target) {
            // the first target that has two entries
            self.firsts.extend(0..self.targets.len() as u32);
            self.aimed = turn | u64::from(target);
            return;
        }
        self.targets.push(target);
    }

    #[inline(always)]
    fn for_each(&self, visit: &mut impl FnMut(T, u32)) {
        if self.firsts.is_empty() {
            for (&entry, &target) in self.entries.iter().zip(&self.targets) {
                visit(entry, target);
            }
            return;
        }
        let ends = self.firsts.iter().skip(1).map(|&first| first as usize);
        let ends = ends.chain([self.entries.len()]);
        let firsts = self.firsts.iter().map(|&first| first as usize);
        for ((&target, first), end) in self.targets.iter().zip(firsts).zip(ends) {
            for &entry in &self.entries[first..end] {
                visit(entry, target);
            }
        }
    }
}

impl<T: Entry> Bucket<T> {
    const CHUNK: usize = CHUNK_BYTES / size_of::<T>();

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.chunks().map(Chunk::bytes).sum::<usize>()
    }

    fn chunks(&self) -> impl Iterator<Item = &Chunk<T>> {
        self.full.iter().chain([&self.last])
    }

    /// Visits the rows of the connections.
    pub(super) fn for_each_row(&self, mut visit: impl FnMut(usize)) {
        for chunk in self.chunks() {
            chunk.entries.iter().for_each(|e| visit(e.row()));
        }
    }

    /// Visits the connections: what is stored, and the place of the target.
    #[inline(always)]
    pub(super) fn for_each(&self, mut visit: impl FnMut(T, u32)) {
        self.chunks().for_each(|c| c.for_each(&mut visit));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.chunks().map(|c| c.entries.len()).sum()
    }

    /// Notes the target and the turn of the entry that is added next.
    #[inline(always)]
    fn aim(&mut self, target: u32, by: &mut By<'_>) {
        if self.last.aimed != by.turn | u64::from(target) {
            self.take_turn(by);
            self.last.aim(target);
        }
    }

    /// Notes the turn of the entry that is added next.
    #[inline(always)]
    fn take_turn(&mut self, by: &mut By<'_>) {
        if self.last.aimed & !NOWHERE != by.turn {
            self.last.aimed = by.turn | NOWHERE;
            by.turns.take(by.block, by.batch, self.len());
        }
    }

    #[inline(always)]
    pub(super) fn push(&mut self, entry: T, target: u32, by: &mut By<'_>) {
        if self.last.entries.len() == self.last.entries.capacity() {
            self.make_room(1);
        }
        self.aim(target, by);
        self.last.entries.push(entry);
    }

    /// Makes room for an entry, of `n` that come: twice what there is or for all of them, up to the
    /// size of a chunk, then another one.
    #[cold]
    fn make_room(&mut self, n: usize) {
        let held = self.last.entries.len();
        if held < Self::CHUNK {
            let more = held.max(FIRST).max(n).min(Self::CHUNK - held);
            self.last.entries.reserve_exact(more);
            if held >= KNOWN && self.last.firsts.is_empty() {
                self.last.targets.reserve_exact(more);
            }
            return;
        }
        let room = (self.len() / 4).clamp(Self::CHUNK, LARGEST_CHUNK * Self::CHUNK);
        let mut next = Chunk {
            aimed: self.last.aimed | NOWHERE,
            ..Chunk::default()
        };
        next.entries.reserve_exact(room);
        if self.last.firsts.is_empty() {
            next.targets.reserve_exact(room);
        }
        self.full.push(std::mem::replace(&mut self.last, next));
    }

    /// Adds the entries that `entry` gives for some places, each to the target that `target` gives.
    #[inline(always)]
    fn extend(
        &mut self,
        mut places: Range<usize>,
        entry: impl Fn(usize) -> T,
        target: impl Fn(usize) -> u32,
        by: &mut By<'_>,
    ) {
        self.take_turn(by);
        while !places.is_empty() {
            let held = self.last.entries.len();
            let room = self.last.entries.capacity() - held;
            let single = self.last.firsts.is_empty();
            if room == 0 {
                self.make_room(places.len());
                continue;
            }
            if single && held < KNOWN {
                self.push(entry(places.start), target(places.start), by);
                places.start += 1;
                continue;
            }
            let last = &mut self.last;
            let end = places.end.min(places.start + room);
            let here = places.start..end;
            places.start = end;
            let first = target(here.start);
            if single {
                last.targets.extend(here.clone().map(&target));
                last.entries.extend(here.map(&entry));
            } else if here.clone().all(|place| target(place) == first) {
                if last.aimed & NOWHERE != u64::from(first) {
                    last.aim(first);
                }
                last.entries.extend(here.map(&entry));
            } else {
                for place in here {
                    let target = target(place);
                    if last.aimed & NOWHERE != u64::from(target) {
                        last.aim(target);
                    }
                    last.entries.push(entry(place));
                }
            }
        }
    }

    /// Adds entries, each for the target with a number, in the order of these numbers. `counts` has
    /// how many there are for each, `place` gives where it is.
    fn append(
        &mut self,
        counts: &mut [u32],
        place: impl Fn(usize) -> u32,
        entries: impl ExactSizeIterator<Item = (u32, T)>,
        by: &mut By<'_>,
    ) {
        self.take_turn(by);
        let n = entries.len();
        let targets = counts.iter().filter(|&&count| count > 0).count();
        // eight bytes for a target with several entries, or four for each entry
        let several = 2 * targets <= n;
        self.make_room_for(n, several);
        let last = &mut self.last;
        let held = last.entries.len();
        let mut next = held as u32;
        last.targets
            .reserve_exact(if several { targets } else { n });
        last.firsts.reserve_exact(if several { targets } else { 0 });
        for (target, count) in counts
            .iter_mut()
            .enumerate()
            .filter(|(_, count)| **count > 0)
        {
            let n = std::mem::replace(count, next);
            if several {
                last.targets.push(place(target));
                last.firsts.push(next);
            } else {
                last.targets
                    .extend(std::iter::repeat_n(place(target), n as usize));
            }
            next += n;
        }
        last.entries.resize(held + n, T::new(0, 0, 0.0));
        let list = &mut last.entries[..];
        for (target, entry) in entries {
            let at = &mut counts[target as usize];
            list[*at as usize] = entry;
            *at += 1;
        }
        if several && let Some(&target) = last.targets.last() {
            last.aimed = by.turn | u64::from(target);
        }
    }

    /// Makes room for so many entries, of targets that have several each or not.
    fn make_room_for(&mut self, n: usize, several: bool) {
        let last = &self.last;
        let fits = last.entries.capacity() - last.entries.len() >= n;
        if fits && (last.entries.is_empty() || last.firsts.is_empty() != several) {
            return;
        }
        let mut next = Chunk {
            aimed: last.aimed | NOWHERE,
            ..Chunk::default()
        };
        next.entries.reserve_exact(n);
        let full = std::mem::replace(&mut self.last, next);
        if !full.entries.is_empty() {
            self.full.push(full);
        }
    }

    pub(super) fn truncate(&mut self, n: usize) {
        let mut before = self.len() - self.last.entries.len();
        while n <= before
            && let Some(chunk) = self.full.pop()
        {
            before -= chunk.entries.len();
            self.last = chunk;
        }
        self.last.truncate(n - before);
    }
}

/// The turns, and the batch and block whose turn it is.
pub(super) struct By<'a> {
    turns: &'a mut Turns,
    /// The number of the present turn, in the high half.
    turn: u64,
    batch: usize,
    block: u32,
}

impl<'a> By<'a> {
    pub fn new(turns: &'a mut Turns, batch: usize) -> Self {
        By {
            turn: u64::from(turns.now()) << 32,
            turns,
            batch,
            block: 0,
        }
    }
}

pub(super) fn extend<T: Entry>(
    buckets: &mut impl Make<T>,
    connections: impl Iterator<Item = (u32, u32, f64)>,
    target: u32,
    mut by: By<'_>,
) -> usize {
    let mut n = 0;
    for (source, delay, weight) in connections {
        by.block = source >> BLOCK_BITS;
        let bucket = buckets.make(by.block as usize);
        bucket.push(T::new(source as u8, delay, weight), target, &mut by);
        n += 1;
    }
    n
}

/// Adds `n` connections of which those that follow each other have sources of one block, as a rule.
pub(super) fn extend_runs<T: Entry>(
    buckets: &mut impl Make<T>,
    n: usize,
    connection: impl Fn(usize) -> (u32, u32, f64),
    target: impl Fn(usize) -> u32,
    mut by: By<'_>,
) {
    let block = |i: usize| connection(i).0 >> BLOCK_BITS;
    let entry = |i: usize| {
        let (source, delay, weight) = connection(i);
        T::new(source as u8, delay, weight)
    };
    let mut from = 0;
    while from < n {
        let here = block(from);
        let mut to = from + 1;
        while to < n && block(to) == here {
            to += 1;
        }
        by.block = here;
        let bucket = buckets.make(here as usize);
        if to == from + 1 {
            bucket.push(entry(from), target(from), &mut by);
        } else {
            bucket.extend(from..to, &entry, &target, &mut by);
        }
        from = to;
    }
}
