//! Webhook calls of providers, from their bytes to what the store applies.

pub(crate) mod applying;
pub(crate) mod left_behind;
pub(crate) mod lost;
mod routing;
pub mod worker;

pub use worker::{apply_left_behind, claimed_until, run};
