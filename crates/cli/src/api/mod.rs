//! Recado's HTTP API, as a client sees it.

pub(crate) mod address;
pub(crate) mod client;
pub(crate) mod exchange;
pub(crate) mod id_kinds;
mod once;
mod pages;
pub(crate) mod refusal;
pub(crate) mod sse;

pub use exchange::{Proof, RawAnswer, Unread, exchange};
