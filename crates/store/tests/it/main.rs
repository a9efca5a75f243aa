//! How the store behaves, on SQLite or on the PostgreSQL that `RECADO_TEST_DATABASE` names.
#![cfg(test)]

mod agents;
mod api_keys;
mod channels;
mod conversations;
mod messages;
mod opening;
mod organizations;
mod paging;
mod send_target;
mod tenancy;
mod world;
mod writing;
