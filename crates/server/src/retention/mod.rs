//! What is removed in time: old rows, and what organizations have deleted.

pub mod pruning;
pub mod removal;
