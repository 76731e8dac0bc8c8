//! Where the blocks of rows are: by their number, of which most may have none.
//!
//! Blocks are listed by pages of 64. A page or a block that does not exist costs nothing, unless
//! most of those before the last exist: then all have a place, and are found without a search.

/// Numbers of blocks in a page.
const PAGE_BITS: u32 = 6;
const PAGE: usize = 1 << PAGE_BITS;

/// Up to 64 neighbouring blocks.
#[derive(Debug)]
struct Page<B> {
    /// The blocks that have a place, a bit each; all of them where no place is left out.
    present: u64,
    blocks: Vec<Option<Box<B>>>,
}

impl<B> Default for Page<B> {
    fn default() -> Self {
        Page {
            present: !0,
            blocks: Vec::new(),
        }
    }
}

impl<B> Page<B> {
    /// Where a block is, if it has a place.
    #[inline(always)]
    fn place(&self, i: usize) -> Option<usize> {
        if self.present == !0 {
            return Some(i);
        }
        let below = self.present & ((1 << i) - 1);
        (self.present >> i & 1 == 1).then_some(below.count_ones() as usize)
    }

    fn numbers(&self) -> impl Iterator<Item = usize> {
        let present = self.present;
        (0..PAGE).filter(move |i| present >> i & 1 == 1)
    }

    /// The place of a block, which is made if there is none.
    fn make(&mut self, i: usize) -> &mut Option<Box<B>> {
        let has_place = self.place(i).is_some_and(|at| at < self.blocks.len());
        if !has_place {
            let old = std::mem::take(&mut self.blocks);
            let pairs = self.numbers().zip(old);
            let mut held: Vec<_> = pairs.filter(|(_, b)| b.is_some()).collect();
            held.push((i, None));
            held.sort_by_key(|(number, _)| *number);
            let last = held.last().map_or(0, |(number, _)| *number);
            if 2 * held.len() > last {
                self.present = !0;
                self.blocks.reserve_exact(last + 1);
                for (number, block) in held {
                    self.blocks.resize_with(number, || None);
                    self.blocks.push(block);
                }
            } else {
                self.present = held.iter().fold(0, |bits, (number, _)| bits | 1 << number);
                self.blocks = held.into_iter().map(|(_, block)| block).collect();
                self.blocks.shrink_to_fit();
            }
        }
        let at = self.place(i).unwrap_or(0);
        &mut self.blocks[at]
    }
}

/// Blocks by number.
#[derive(Debug)]
pub(super) struct Directory<B> {
    /// The numbers of the pages, sorted; nothing where no page is left out.
    keys: Vec<u32>,
    pages: Vec<Page<B>>,
}

impl<B> Default for Directory<B> {
    fn default() -> Self {
        Directory {
            keys: Vec::new(),
            pages: Vec::new(),
        }
    }
}

impl<B> Directory<B> {
    /// Where a page is, or would come to be.
    #[inline(always)]
    fn page(&self, number: usize) -> Result<usize, usize> {
        if self.keys.is_empty() {
            if number < self.pages.len() {
                Ok(number)
            } else {
                Err(number)
            }
        } else {
            self.keys.binary_search(&(number as u32))
        }
    }

    /// The block with a number.
    #[inline(always)]
    pub fn get(&self, block: usize) -> Option<&B> {
        let page = &self.pages[self.page(block >> PAGE_BITS).ok()?];
        page.blocks.get(page.place(block % PAGE)?)?.as_deref()
    }

    #[inline(always)]
    fn slot(&mut self, block: usize) -> Option<&mut Option<Box<B>>> {
        let at = self.page(block >> PAGE_BITS).ok()?;
        let page = &mut self.pages[at];
        let place = page.place(block % PAGE)?;
        page.blocks.get_mut(place)
    }

    /// The block with a number.
    #[inline(always)]
    pub fn get_mut(&mut self, block: usize) -> Option<&mut B> {
        self.slot(block)?.as_deref_mut()
    }

    /// Takes a block out.
    pub fn take(&mut self, block: usize) -> Option<Box<B>> {
        self.slot(block)?.take()
    }

    /// One more than the greatest number that a block may have.
    pub fn end(&self) -> usize {
        let pages = match self.keys.last() {
            Some(&last) => last as usize + 1,
            None => self.pages.len(),
        };
        pages << PAGE_BITS
    }

    /// The number of each page, in order.
    fn numbers(&self) -> impl Iterator<Item = usize> + '_ {
        let all = if self.keys.is_empty() {
            self.pages.len()
        } else {
            0
        };
        (0..all).chain(self.keys.iter().map(|&key| key as usize))
    }

    /// The blocks that exist, with their numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &B)> {
        self.numbers().zip(&self.pages).flat_map(|(number, page)| {
            let blocks = page.numbers().zip(&page.blocks);
            blocks.filter_map(move |(i, b)| Some((number << PAGE_BITS | i, b.as_deref()?)))
        })
    }

    /// The blocks that exist, in order.
    pub fn values(&self) -> impl Iterator<Item = &B> {
        self.pages
            .iter()
            .flat_map(|p| &p.blocks)
            .filter_map(Option::as_deref)
    }

    /// The blocks that exist, in order.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut B> {
        let blocks = self.pages.iter_mut().flat_map(|p| &mut p.blocks);
        blocks.filter_map(Option::as_deref_mut)
    }

    /// Bytes held beside the blocks themselves.
    pub fn bytes(&self) -> usize {
        let places = self.pages.iter().map(|p| p.blocks.capacity());
        self.keys.capacity() * size_of::<u32>()
            + self.pages.capacity() * size_of::<Page<B>>()
            + places.sum::<usize>() * size_of::<Option<Box<B>>>()
    }

    /// Makes room for a page.
    fn make_page(&mut self, number: usize) -> usize {
        match self.page(number) {
            Ok(at) => return at,
            Err(at) if !self.keys.is_empty() => {
                self.keys.insert(at, number as u32);
                self.pages.insert(at, Page::default());
                let end = self.end() >> PAGE_BITS;
                if 2 * self.pages.len() >= end {
                    let keys = std::mem::take(&mut self.keys);
                    for (key, page) in keys.into_iter().zip(std::mem::take(&mut self.pages)) {
                        self.pages.resize_with(key as usize, Page::default);
                        self.pages.push(page);
                    }
                }
            }
            Err(_) if number == self.pages.len() => self.pages.push(Page::default()),
            Err(_) => {
                let mut held: Vec<usize> = (0..self.pages.len()).collect();
                held.retain(|&i| !self.pages[i].blocks.is_empty());
                if 4 * (held.len() + 1) > number {
                    self.pages.resize_with(number + 1, Page::default);
                } else {
                    self.pages.retain(|page| !page.blocks.is_empty());
                    self.keys = held.into_iter().map(|i| i as u32).collect();
                    self.keys.push(number as u32);
                    self.pages.push(Page::default());
                }
            }
        }
        self.page(number).unwrap_or(0)
    }
}

impl<B: Default> Directory<B> {
    /// The block with a number, which is made if there is none.
    pub fn make(&mut self, block: usize) -> &mut B {
        let at = self.make_page(block >> PAGE_BITS);
        self.pages[at].make(block % PAGE).get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn blocks_are_found_by_number(
            numbers in proptest::collection::vec(
                prop_oneof![0usize..100, 0usize..3000, 0usize..1_000_000], 0..200,
            ),
            taken in proptest::collection::vec(0usize..200, 0..20),
        ) {
            let (mut directory, mut known) = (Directory::<u32>::default(), BTreeMap::new());
            for (value, &number) in (0..).zip(&numbers) {
                *directory.make(number) = value;
                known.insert(number, value);
            }
            for number in taken.iter().filter_map(|&i| numbers.get(i)) {
                prop_assert_eq!(directory.take(*number).map(|b| *b), known.remove(number));
            }
            let list: Vec<_> = known.iter().map(|(&n, &v)| (n, v)).collect();
            let held: Vec<_> = directory.iter().map(|(n, &v)| (n, v)).collect();
            prop_assert_eq!(&held, &list);
            prop_assert!(directory.values().eq(known.values()));
            for number in numbers.iter().flat_map(|&n| [n, n + 1, n + 64]) {
                prop_assert_eq!(directory.get(number), known.get(&number));
                prop_assert_eq!(directory.get_mut(number).copied(), known.get(&number).copied());
            }
            prop_assert!(list.iter().all(|(n, _)| *n < directory.end()));
            // what is held is in proportion to the blocks, whatever their numbers
            prop_assert!(directory.bytes() <= 400 * (numbers.len() + 1));
        }
    }
}
