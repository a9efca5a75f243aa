//! The published documents say what the code does.

mod generated;
mod library;
