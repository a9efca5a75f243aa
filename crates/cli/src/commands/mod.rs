//! One file per noun: its arguments, and what it does.

pub(crate) mod agent;
pub(crate) mod audit;
pub(crate) mod channel;
pub(crate) mod completions;
mod confirmation;
pub(crate) mod contact;
pub(crate) mod conversation;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod login;
pub(crate) mod message;
mod once;
pub(crate) mod org;
mod pace;
pub(crate) mod profile;
mod resource;
pub(crate) mod sandbox;
pub(crate) mod send;
pub(crate) mod user;
pub(crate) mod webhook;
pub(crate) mod webhook_call;
