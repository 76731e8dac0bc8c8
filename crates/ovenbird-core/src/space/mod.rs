//! Space: where nodes are, which regions around them count, and how they are found.
//!
//! A [`Layer`] holds the positions of the nodes of one call of Create. A [`Mask`] is a region
//! relative to a node. An [`Index`] finds the nodes of a layer inside a mask at a cost in
//! proportion to those near it.

mod index;
mod layer;
mod mask;
mod mask_spec;
mod places;
#[cfg(test)]
mod tests;
mod tree;

pub use index::{Found, Index, Search};
pub use layer::{Layer, Point};
pub use mask::{Bounds, Mask};
pub use places::{Draws, Reader};
pub use tree::{Tree, Visit};
