//! Tests of layers, masks and searches.
