//! Recado's HTTP API, as a client sees it.

pub(crate) mod client;
pub(crate) mod id_kinds;
pub(crate) mod sse;
