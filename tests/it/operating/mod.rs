//! The server as its operator runs it: settings, databases, several servers, stopping, and what it reports.

mod background;
mod backup;
mod database_away;
mod database_restart;
mod demo;
mod deployment;
mod healthcheck;
mod key_loss;
mod key_rotation;
mod logs;
mod metrics;
mod proxies;
mod restore;
mod servers;
mod service_manager;
mod settings;
mod sqlite_lock;
mod startup;
mod stopping;
mod unusable_database;
