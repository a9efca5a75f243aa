//! What the end-to-end tests, the benchmark and the generated documents share.

pub mod bench;
pub mod binaries;
pub mod generated;
pub mod world;

pub use world::{Answer, Client, World};
