//! The resources of an organization.

pub(crate) mod agents;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod bearer_secrets;
pub(crate) mod channel_changes;
pub(crate) mod channel_pauses;
pub(crate) mod channels;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod idempotency_keys;
pub(crate) mod key_uses;
pub(crate) mod known_keys;
pub(crate) mod organizations;
pub(crate) mod people;
pub(crate) mod removal;
