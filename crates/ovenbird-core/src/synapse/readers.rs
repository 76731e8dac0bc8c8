//! The connections of a chunk whose targets have spikes to read, sorted so that spikes of many of
//! them are applied together.

use super::ahead::Ahead;
use super::delivery::{CHUNK, Locals, PairRule, Window};
use crate::math::{LANES, Lanes, LookUp, Memory, Registers, WORDS, Width};
use crate::model::{HISTORY_RECENT as RECENT, History, SpikeTimes as Times, Unread};

/// Most targets have fewer new spikes than these.
const FEW: usize = 4;

/// In how many parts readers are counted.
const APART: usize = 4;

/// Readers by column, with room for a whole register behind the last.
struct List {
    /// The connection, and from bit 16 on what it has to read.
    words: [u32; CHUNK + WORDS],
    locals: [u32; CHUNK + WORDS],
}

impl Default for List {
    fn default() -> Self {
        List {
            words: [0; CHUNK + WORDS],
            locals: [0; CHUNK + WORDS],
        }
    }
}

impl List {
    /// Puts some of a register of readers at a place, and says how many.
    #[inline(always)]
    fn put(
        &mut self,
        at: usize,
        registers: Registers,
        (words, locals): ([u32; WORDS], [u32; WORDS]),
        which: u16,
    ) -> usize {
        self.words[at..at + WORDS].copy_from_slice(&registers.pack(words, which));
        self.locals[at..at + WORDS].copy_from_slice(&registers.pack(locals, which));
        which.count_ones() as usize
    }
}

/// What is in a register that is loaded from a place.
#[inline(always)]
fn register(list: &[u32], at: usize) -> [u32; WORDS] {
    *list[at..].first_chunk().expect("whole registers")
}

#[inline(always)]
fn word(connection: usize, unread: Unread) -> u32 {
    connection as u32 | u32::from(unread.bits()) << 16
}

#[inline(always)]
fn connection(word: u32) -> usize {
    (word & 0xffff) as usize
}

#[inline(always)]
fn unread(word: u32) -> Unread {
    Unread::from_bits((word >> 16) as u8)
}

/// The connections of a chunk whose targets have spikes to read.
pub(super) struct Readers {
    /// What each connection has to read; nothing behind the last one, up to a whole register.
    unread: [Unread; CHUNK],
    /// Those that have something to read, those with the fewest spikes first.
    sorted: List,
    /// How many have at most so many spikes to read.
    most: [usize; RECENT],
    /// Those that are not sorted yet.
    left: List,
    /// In the order in which they are sorted; whole vectors are calculated. The place of the newest
    /// spike to read, and the time of the one that is read.
    places: [usize; CHUNK],
    times: [f64; CHUNK + LANES],
    weights: [f64; CHUNK + LANES],
}

impl Default for Readers {
    fn default() -> Self {
        Readers {
            unread: [Unread::default(); CHUNK],
            sorted: List::default(),
            most: [0; RECENT],
            left: List::default(),
            places: [0; CHUNK],
            times: [0.0; CHUNK + LANES],
            weights: [0.0; CHUNK + LANES],
        }
    }
}

/// How many of a target's newest spikes are not before `time`.
#[inline(always)]
fn count_from(times: &[f64], time: f64) -> u8 {
    times.iter().map(|t| u8::from(*t >= time)).sum()
}

impl Readers {
    /// Takes what is unread and the traces from what is for all targets. One loop, which looks at
    /// cells and bounds once.
    #[inline(never)]
    pub fn pick<P: PairRule>(
        &mut self,
        locals: &Locals<'_>,
        history: &mut History,
        traces: &mut [f64],
        ahead: &mut Ahead,
    ) {
        let (values, unread, read) = history.at_hand();
        let targets = values.len();
        let (unread, read) = (&unread[..targets], &mut read[..targets]);
        let picked = self.unread.chunks_mut(Ahead::STRETCH);
        let out = traces.chunks_mut(Ahead::STRETCH).zip(picked);
        for (cells, (traces, picked)) in locals.cells.chunks(Ahead::STRETCH).zip(out) {
            ahead.fetch(Ahead::LINES);
            for ((&cell, trace), picked) in cells.iter().zip(traces).zip(picked) {
                let i = locals.of(cell) as usize;
                let value = values[i];
                (*trace, *picked) = (value, unread[i]);
                if !P::NEAREST {
                    read[i] = value;
                }
            }
        }
        self.end(locals);
    }

    /// Connections behind the last, up to a whole register, have nothing to read.
    fn end(&mut self, locals: &Locals<'_>) {
        let connections = locals.cells.len();
        let end = connections.next_multiple_of(WORDS);
        self.unread[connections..end].fill(Unread::default());
    }

    /// Finds what is unread. Returns whether there are any spikes not at hand.
    pub fn find(
        &mut self,
        window: &Window,
        locals: &Locals<'_>,
        history: &History,
        ahead: &mut Ahead,
    ) -> bool {
        let mut active = 0;
        for (connection, &cell) in locals.cells.iter().enumerate() {
            if connection % Ahead::STRETCH == 0 {
                ahead.fetch(Ahead::LINES);
            }
            let local = locals.of(cell);
            self.left.words[active] = word(connection, Unread::default());
            self.left.locals[active] = local;
            active += usize::from(history.newest()[local as usize] >= window.from);
        }
        self.unread[..locals.cells.len()].fill(Unread::default());
        self.end(locals);
        let active = self.left.words.iter().zip(&self.left.locals).take(active);
        let mut odd = false;
        for (word, local) in active {
            let times = &history.heads[*local as usize];
            let mut known = count_from(&times[..FEW], window.from);
            if usize::from(known) == FEW {
                known = count_from(times, window.from);
            }
            let late = match times[0] >= window.to {
                true => count_from(times, window.to),
                false => 0,
            };
            let unread = Unread::new(known, late);
            odd |= unread.is_odd();
            self.unread[connection(*word)] = unread;
        }
        odd
    }

    /// Facilitates by the spikes that are not at hand, and notes those that are, for the
    /// connections of which this was not known.
    #[cold]
    #[inline(never)]
    pub fn read_histories<P: PairRule>(
        &mut self,
        rule: &P,
        window: &Window,
        locals: &Locals<'_>,
        weights: &mut [f64],
        history: &History,
    ) {
        let connections = self.unread.iter_mut().zip(locals.cells).zip(weights);
        for ((unread, &cell), w) in connections.filter(|c| c.0.0.is_odd()) {
            let local = locals.of(cell) as usize;
            let posts = history.window(local, window.from, window.to);
            let late = count_from(&history.heads[local], window.to);
            let at_hand = match usize::from(late) < RECENT / 2 {
                true => posts.len().min(RECENT - 1 - usize::from(late)),
                false => 0,
            };
            for post in &posts[..posts.len() - at_hand] {
                *w = rule.facilitate(Memory, *w, window.interval(post.time));
            }
            *unread = match at_hand {
                0 => Unread::default(),
                n => Unread::new(n as u8 + late, late),
            };
        }
    }

    /// Sorts by the number of spikes to read, in registers where the machine has them.
    pub fn sort(&mut self, locals: &Locals<'_>, width: Width) {
        match width.registers() {
            Some(registers) => width.run(
                #[inline(always)]
                || self.sort_in(registers, locals),
            ),
            None => self.sort_by_counting(locals),
        }
    }

    /// Neighbours are counted apart, so that the next need not wait for a sum that was just stored.
    fn sort_by_counting(&mut self, locals: &Locals<'_>) {
        let left = &mut self.left;
        let mut readers = 0;
        for (i, (unread, &cell)) in self.unread.iter().zip(locals.cells).enumerate() {
            left.words[readers] = word(i, *unread);
            left.locals[readers] = locals.of(cell);
            readers += usize::from(unread.len() > 0);
        }
        let words = &left.words[..readers];
        let mut next = [[0; APART]; RECENT];
        for (i, word) in words.iter().enumerate() {
            next[unread(*word).len() % RECENT][i % APART] += 1;
        }
        let mut len = 0;
        for (next, most) in next.iter_mut().zip(&mut self.most) {
            for next in next {
                len += std::mem::replace(next, len);
            }
            *most = len;
        }
        for (i, (word, local)) in words.iter().zip(&left.locals).enumerate() {
            let place = &mut next[unread(*word).len() % RECENT][i % APART];
            self.sorted.words[*place] = *word;
            self.sorted.locals[*place] = *local;
            *place += 1;
        }
    }

    /// Those with one spike to read are parted from those with more, then those with two, and so on.
    #[inline(always)]
    fn sort_in(&mut self, registers: Registers, locals: &Locals<'_>) {
        let Readers {
            unread,
            sorted,
            most,
            left,
            ..
        } = self;
        let mut parts = Parts {
            registers,
            sorted: 0,
            left: 0,
        };
        let unread = (0..).step_by(WORDS).zip(unread.as_chunks::<WORDS>().0);
        for ((start, unread), cells) in unread.zip(locals.cells.chunks(WORDS)) {
            let (mut words, mut here) = ([0; WORDS], [0; WORDS]);
            match cells.first_chunk() {
                Some(cells) => here = *cells,
                None => here[..cells.len()].copy_from_slice(cells),
            }
            for i in 0..WORDS {
                words[i] = word(i, unread[i]) + start;
                here[i] = here[i].wrapping_sub(locals.first);
            }
            parts.add(1, (words, here), sorted, left);
        }
        most[1] = parts.sorted;
        for (number, most) in (2..).zip(&mut most[2..]) {
            let unsorted = std::mem::take(&mut parts.left);
            // what is behind them has nothing to read; else readers would be sorted twice
            left.words[unsorted..unsorted + WORDS].fill(0);
            for start in (0..unsorted).step_by(WORDS) {
                let readers = (register(&left.words, start), register(&left.locals, start));
                parts.add(number, readers, sorted, left);
            }
            *most = parts.sorted;
        }
    }

    /// Facilitates the weights, by the oldest spikes first.
    pub fn facilitate<P: PairRule>(
        &mut self,
        rule: &P,
        window: &Window,
        weights: &mut [f64],
        times: Times<'_>,
        width: Width,
    ) {
        match width.registers() {
            Some(registers) if P::LOOKS_UP => width.run(
                #[inline(always)]
                || self.look_up_in(registers, rule, window, weights, times),
            ),
            None if P::LOOKS_UP => width.run(
                #[inline(always)]
                || self.look_up_in(Memory, rule, window, weights, times),
            ),
            _ => width.run(
                #[inline(always)]
                || {
                    self.in_stages(
                        weights,
                        times,
                        #[inline(always)]
                        |weights, times| {
                            for (w, time) in weights.iter_mut().zip(times) {
                                *w = rule.facilitate(Memory, *w, window.interval(*time));
                            }
                        },
                    );
                },
            ),
        }
    }

    /// Facilitates by a rule that looks something up, which keeps the compiler from making vectors
    /// of a loop over numbers.
    #[inline(always)]
    fn look_up_in<P: PairRule>(
        &mut self,
        look_up: impl LookUp,
        rule: &P,
        window: &Window,
        weights: &mut [f64],
        times: Times<'_>,
    ) {
        self.in_stages(
            weights,
            times,
            #[inline(always)]
            |weights, times| {
                let times = times.as_chunks::<LANES>().0;
                for (w, time) in weights.as_chunks_mut().0.iter_mut().zip(times) {
                    let interval = window.interval(Lanes(*time));
                    *w = rule.facilitate(look_up, Lanes(*w), interval).0;
                }
            },
        );
    }

    /// Lets `step` act on the weights and times of those that read a spike, spike by spike.
    #[inline(always)]
    fn in_stages(
        &mut self,
        weights: &mut [f64],
        times: Times<'_>,
        step: impl Fn(&mut [f64], &[f64]),
    ) {
        let len = self.most[RECENT - 1].min(CHUNK);
        let (words, locals) = (&self.sorted.words[..len], &self.sorted.locals[..len]);
        for ((place, word), local) in self.places.iter_mut().zip(words).zip(locals) {
            *place = *local as usize * times.target + unread(*word).late() * times.older;
        }
        for (own, word) in self.weights.iter_mut().zip(words) {
            *own = weights[connection(*word)];
        }
        for nth in (0..RECENT - 1).rev() {
            let from = self.most[nth].min(len);
            if from == len {
                continue;
            }
            let places = &self.places[from..len];
            for (time, place) in self.times[from..].iter_mut().zip(places) {
                *time = times.list[place + nth * times.older];
            }
            // what is behind the last is of no use and does no harm
            let end = from + (len - from).next_multiple_of(LANES);
            step(&mut self.weights[from..end], &self.times[from..end]);
        }
        for (own, word) in self.weights.iter().zip(words) {
            weights[connection(*word)] = *own;
        }
    }
}

/// How many readers are sorted so far, and how many are left.
struct Parts {
    registers: Registers,
    sorted: usize,
    left: usize,
}

impl Parts {
    /// Of a register of readers, appends those with `number` spikes to read to those that are
    /// sorted, and those with more to those that are left.
    #[inline(always)]
    fn add(
        &mut self,
        number: u32,
        (words, locals): ([u32; WORDS], [u32; WORDS]),
        sorted: &mut List,
        left: &mut List,
    ) {
        let registers = self.registers;
        let mut numbers = [0; WORDS];
        for (number, word) in numbers.iter_mut().zip(words) {
            *number = unread(word).len() as u32;
        }
        let now = registers.equal(numbers, [number; WORDS]);
        self.sorted += sorted.put(self.sorted, registers, (words, locals), now);
        let more = registers.greater(numbers, [number; WORDS]);
        self.left += left.put(self.left, registers, (words, locals), more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{DecayingPower, Real};
    use proptest::prelude::*;

    /// A rule of which each spike counts, and their order.
    struct Rule(DecayingPower);

    impl PairRule for Rule {
        const LOOKS_UP: bool = true;

        #[inline(always)]
        fn facilitate<R: Real>(&self, look_up: impl LookUp, weight: R, interval: R) -> R {
            weight + self.0.at(look_up, weight, interval)
        }

        fn depress<R: Real>(&self, weight: R, _: R) -> R {
            weight
        }
    }

    const TARGETS: u32 = 40;

    /// The cells of connections in order, and what each has to read.
    fn connections() -> impl Strategy<Value = Vec<(u32, Unread)>> {
        let connection = (0..TARGETS, 0usize..9, 0u8..8).prop_map(|(target, n, late)| {
            let unread = [0, 0, 1, 1, 1, 2, 2, 3, 8][n];
            (7 + target, Unread::new(unread + late, late))
        });
        prop::collection::vec(connection, 1..CHUNK + 1).prop_map(|mut list| {
            list.sort_by_key(|c| c.0);
            list
        })
    }

    proptest! {
        #[test]
        fn spikes_are_applied_from_the_oldest_on_at_every_width(
            lists in prop::collection::vec(connections(), 1..4),
        ) {
            // a chunk makes use of what one before has left
            let mut readers = Readers::default();
            for list in lists {
                check(&mut readers, &list)?;
            }
        }
    }

    /// Sorts and facilitates at every width and with times in either order.
    fn check(readers: &mut Readers, list: &[(u32, Unread)]) -> Result<(), TestCaseError> {
        let cells: Vec<u32> = list.iter().map(|c| c.0).collect();
        let locals = Locals {
            cells: &cells,
            first: 7,
        };
        let time = |target: u32, nth: usize| 90.0 - 2.5 * nth as f64 - 0.1 * f64::from(target);
        let columns = (0..RECENT).flat_map(|nth| (0..TARGETS).map(move |i| time(i, nth)));
        let columns: Vec<f64> = columns.collect();
        let heads = (0..TARGETS).flat_map(|i| (0..RECENT).map(move |nth| time(i, nth)));
        let heads: Vec<f64> = heads.collect();
        let layouts = [
            Times {
                list: &columns,
                target: 1,
                older: TARGETS as usize,
            },
            Times {
                list: &heads,
                target: RECENT,
                older: 1,
            },
        ];
        let window = Window::new(100.0, 40.0, 1.5);
        let rule = Rule(DecayingPower::new(0.4, 0.05));
        let weight = |i: usize| 0.5 + i as f64;
        let mut expected = Vec::new();
        for (i, (cell, unread)) in list.iter().enumerate() {
            let nth = unread.late()..unread.late() + unread.len();
            let times = nth.rev().map(|nth| time(locals.of(*cell), nth));
            let w = times.fold(weight(i), |w, t| {
                rule.facilitate(Memory, w, window.interval(t))
            });
            expected.push(w.to_bits());
        }
        for (width, times) in Width::available()
            .into_iter()
            .flat_map(|w| layouts.map(|t| (w, t)))
        {
            for (unread, connection) in readers.unread.iter_mut().zip(list) {
                *unread = connection.1;
            }
            readers.end(&locals);
            let mut weights: Vec<f64> = (0..list.len()).map(weight).collect();
            readers.sort(&locals, width);
            readers.facilitate(&rule, &window, &mut weights, times, width);
            let bits: Vec<u64> = weights.iter().map(|w| w.to_bits()).collect();
            prop_assert_eq!(&bits, &expected);
        }
        Ok(())
    }
}
