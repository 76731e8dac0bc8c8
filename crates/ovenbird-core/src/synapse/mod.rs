//! Connections as a run uses them: compressed rows of spike connections, and gap junctions.

mod ahead;
mod buckets;
mod build;
mod delivery;
mod directory;
mod entry;
mod gap;
mod index;
mod pending;
mod plastic;
mod readers;
mod rows;
mod siblings;
mod starts;
mod sums;
mod turns;
mod wanted;
mod weights;

pub use delivery::{Delivery, PairRule, Past};
pub use gap::{GapEntry, GapPart, GapTable, Interpolation, Sent};
pub use index::SourceIndex;
pub use pending::{BLOCK_BITS, BatchKind, Pending, PendingMark, blocks_of, is_short};
pub use plastic::{Full, PlasticContext, PlasticRows};
pub use rows::{Connection, Position, Rows, Transmission};
pub use wanted::Wanted;
