//! Webhook endpoints, and the deliveries of events to them.

pub(crate) mod attempts;
pub(crate) mod claim;
pub(crate) mod deliveries;
pub(crate) mod endpoint_changes;
pub(crate) mod endpoints;
pub(crate) mod ordering_keys;
pub(crate) mod replays;
pub(crate) mod secrets;
pub(crate) mod skips;
