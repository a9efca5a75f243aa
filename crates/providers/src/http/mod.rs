//! HTTP to providers and to customers' servers: where it may go, how names are looked up, and one client.

pub(crate) mod client;
pub(crate) mod public_address;
mod resolver;
