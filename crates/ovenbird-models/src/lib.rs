//! The models of Ovenbird.
