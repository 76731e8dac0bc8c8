//! Connections as a run uses them: compressed rows of spike connections, and gap junctions.

mod gap;
mod index;
mod rows;

pub use gap::{GapEntry, GapPart, GapTable, Interpolation};
pub use index::SourceIndex;
pub use rows::{Connection, Pending, Position, Rows, Transmission};
