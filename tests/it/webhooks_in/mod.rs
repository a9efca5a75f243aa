//! Provider webhooks: what customers and providers say becomes events, once each.

mod anonymous;
mod connection;
mod crash;
mod files;
mod flood;
mod groups;
mod identity;
mod kinds;
mod large;
mod late;
mod long_texts;
mod outage;
mod refused;
mod shared_app;
mod taps;
mod unreadable;
mod zapperhub_registration;
