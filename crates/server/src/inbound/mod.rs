//! Webhook calls of providers, from their bytes to what the store applies.

mod applying;
mod claims;
mod left_behind;
pub(crate) mod queue;
mod routing;
pub(crate) mod worker;

pub use claims::claimed_until;
pub use worker::{apply_left_behind, run};
