//! What the end-to-end tests, the benchmark and the generated documents share.

#![expect(
    clippy::missing_panics_doc,
    reason = "a helper of tests panics, and a program of tests ends, when anything is not as it should be"
)]
#![expect(
    clippy::return_self_not_must_use,
    reason = "the crate has no callers but its own tests and programs"
)]

pub mod abuse;
pub mod access;
pub mod bench;
pub mod binaries;
pub mod browser;
pub mod callbacks;
mod calls;
pub mod client;
pub mod cluster;
pub mod events;
pub mod folder;
pub mod generated;
pub mod held;
pub mod json;
pub mod measured;
pub mod owned;
pub mod people;
pub mod prelude;
pub mod receiver;
pub mod rig;
pub mod sent;
pub mod soon;
pub mod torture;
pub mod wire;
pub mod world;

pub use client::{Answer, Client};
pub use world::World;
