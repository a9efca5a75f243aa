//! The published documents say what the code does.

mod benchmarks;
mod generated;
mod library;
