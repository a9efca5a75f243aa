//! Webhook calls of providers, from their bytes to what the store applies.

pub(crate) mod applying;
pub(crate) mod budget;
pub(crate) mod left_behind;
pub(crate) mod lost;
pub(crate) mod reading;
mod routing;
