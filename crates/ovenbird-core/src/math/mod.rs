//! Elementary functions that give the same bits at every SIMD width.
