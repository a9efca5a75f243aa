//! The HTTP interface: its routes, what every request passes, and its documentation.

pub(crate) mod address;
pub(crate) mod auth;
pub(crate) mod body;
pub mod error;
pub(crate) mod event;
pub(crate) mod extract;
pub(crate) mod idempotency;
pub(crate) mod layers;
pub(crate) mod names;
pub(crate) mod noun;
pub(crate) mod openapi;
mod router;
pub(crate) mod routes;
pub mod streams;
pub(crate) mod time;
pub(crate) mod timing;
pub(crate) mod waiting;

pub use router::{openapi, router};
