//! One file per noun: the shapes of its requests and answers, and its handlers.

#![expect(
    unused_qualifications,
    reason = "utoipa's macro names the query by its whole path"
)]

pub(crate) mod agents;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod channels;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod health;
mod listing;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod organizations;
mod prelude;
pub(crate) mod provider_webhooks;
pub(crate) mod send;
pub(crate) mod sessions;
mod shapes;
pub(crate) mod users;
pub(crate) mod webhook_endpoints;
