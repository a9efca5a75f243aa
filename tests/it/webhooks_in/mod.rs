//! Provider webhooks: what customers and providers say becomes events, once each.

mod anonymous;
mod connection;
pub(crate) mod crash;
mod flood;
mod identity;
mod kinds;
mod large;
mod late;
mod once;
mod outage;
mod quotations;
mod refused;
mod taps;
mod unreadable;
mod zapperhub_registration;
