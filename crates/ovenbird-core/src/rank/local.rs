//! A single rank, for which every exchange is a copy.

use super::{Communicator, Gathered, Head, Lost};

/// The communicator of a rank that is alone.
#[derive(Clone, Debug, Default)]
pub struct Local {
    begun: (Head, Vec<u64>),
}

impl Communicator for Local {
    fn rank(&self) -> usize {
        0
    }

    fn ranks(&self) -> usize {
        1
    }

    fn begin(&mut self, head: Head, words: &[u64], _: Option<&[usize]>) -> Result<(), Lost> {
        self.begun = (head, words.to_vec());
        Ok(())
    }

    fn complete(&mut self, all: &mut Gathered) -> Result<(), Lost> {
        all.clear();
        all.heads.push(self.begun.0);
        all.words.append(&mut self.begun.1);
        all.ends.push(all.words.len());
        Ok(())
    }

    fn abandon(&mut self, _: &str) {}
}
