//! The benchmark: release binaries as a user runs them, beside others, under a load that costs little itself.

pub mod areas;
pub mod arrivals;
pub mod contenders;
pub mod context;
pub mod database;
pub mod gateway;
pub mod load;
pub mod process;
pub mod report;
pub mod simulation;
pub mod stub;
pub mod watched;
