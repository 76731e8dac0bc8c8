//! Distinct sets of parameters, stored once each.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

/// Interned values: equal ones share an index.
#[derive(Clone, Debug)]
pub struct Classes<T> {
    values: Vec<T>,
    by_hash: HashMap<u64, Vec<u32>>,
}

impl<T> Default for Classes<T> {
    fn default() -> Self {
        Classes {
            values: Vec::new(),
            by_hash: HashMap::new(),
        }
    }
}

impl<T: PartialEq> Classes<T> {
    /// The index of `value`, which is stored if it is new. `feed` hashes it.
    pub fn intern(&mut self, value: T, feed: impl Fn(&T, &mut dyn Hasher)) -> u32 {
        let mut hasher = DefaultHasher::new();
        feed(&value, &mut hasher);
        let bucket = self.by_hash.entry(hasher.finish()).or_default();
        if let Some(&i) = bucket.iter().find(|&&i| self.values[i as usize] == value) {
            return i;
        }
        let i = self.values.len() as u32;
        self.values.push(value);
        bucket.push(i);
        i
    }

    /// The value with index `i`.
    pub fn get(&self, i: u32) -> &T {
        &self.values[i as usize]
    }

    /// All values by index.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Keeps the values whose index is marked in `used`; returns the new index of each old one.
    pub fn retain(&mut self, used: &[bool], feed: impl Fn(&T, &mut dyn Hasher)) -> Vec<u32> {
        let old = std::mem::take(&mut self.values);
        self.by_hash.clear();
        old.into_iter()
            .zip(used)
            .map(|(v, &keep)| {
                if keep {
                    self.intern(v, &feed)
                } else {
                    u32::MAX
                }
            })
            .collect()
    }
}
