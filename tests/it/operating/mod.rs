//! The server as its operator runs it: settings, databases, several servers, stopping, and what it reports.

mod background;
pub(crate) mod backup;
mod database_away;
mod database_restart;
mod demo;
mod deployment;
mod healthcheck;
mod key_loss;
pub(crate) mod key_rotation;
mod logs;
pub(crate) mod metrics;
mod proxies;
mod restore;
mod servers;
mod service_manager;
mod settings;
mod sqlite_lock;
pub(crate) mod startup;
mod stopping;
mod unusable_database;
