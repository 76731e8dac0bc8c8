//! Adaptive integration of ordinary differential equations, a lane group at a time.
