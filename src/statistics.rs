//! Statistics of plain numbers: what can be said of a system from what some runs of it gave.

pub mod precision;
pub mod warm_up;
