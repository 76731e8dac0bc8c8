//! Connections as a run uses them: compressed rows of spike connections, and gap junctions.

mod build;
mod gap;
mod index;
mod pending;
mod rows;

pub use gap::{GapEntry, GapPart, GapTable, Interpolation};
pub use index::SourceIndex;
pub use pending::{BLOCK_BITS, Batch, BatchKind, Pending, PendingMark, blocks_of};
pub use rows::{Connection, Position, Rows, Transmission, Wanted};
