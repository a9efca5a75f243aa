//! How the store behaves, on SQLite or on the PostgreSQL that `RECADO_TEST_DATABASE` names.
#![cfg(test)]

mod agents;
mod api_keys;
mod channels;
mod contacts;
mod conversations;
mod deliveries;
mod delivery_places;
mod echoes;
mod events;
mod far_away;
mod groups;
mod key_rotation;
mod locks;
mod master_key;
mod messages;
mod moves;
mod numbers;
mod opening;
mod organizations;
mod paging;
mod quotations;
mod received;
mod removal;
mod replays;
mod send_target;
mod senders;
mod servers;
mod statuses;
mod suspension;
mod taps;
mod tenancy;
mod webhook_calls;
mod webhook_endpoints;
mod world;
mod writing;
