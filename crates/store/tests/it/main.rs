//! How the store behaves, on SQLite or on the PostgreSQL that `RECADO_TEST_DATABASE` names.
#![cfg(test)]

mod db {
    mod lists;
    pub(super) mod locks;
    mod opening;
    mod paging;
    mod writing;
}
mod encryption {
    mod key_loss;
    pub(super) mod key_rotation;
    mod master_key;
}
mod erasure {
    pub(super) mod contacts;
    mod in_time;
}
mod inbound {
    mod contents;
    mod far_away;
    mod groups;
    pub(super) mod number_changes;
    mod own_messages;
    pub(super) mod quotations;
    pub(super) mod received;
    mod senders;
    pub(super) mod webhook_calls;
}
mod messages {
    mod accepted;
    mod once_unknown;
    mod outbound;
    mod send_target;
    mod statuses;
}
mod resources {
    mod agents;
    pub(super) mod api_keys;
    mod audit;
    mod channel_pauses;
    mod channel_trials;
    mod channels;
    mod contacts;
    mod conversations;
    mod idempotency_keys;
    mod numbers;
    mod organizations;
    mod removal;
    pub(super) mod suspension;
    mod tenancy;
}
mod users {
    pub(super) mod accounts;
    mod links;
    mod passwords;
    pub(super) mod sessions;
    mod sign_in_attempts;
}
mod webhooks {
    pub(super) mod deliveries;
    mod delivery_places;
    mod replays;
    pub(super) mod webhook_endpoints;
}
mod backlogs;
mod budgets;
mod costs;
mod events;
mod limits;
mod outbox;
mod outbox_limits;
mod outbox_model;
mod partitions;
mod prune;
mod retention;
mod scaling;
mod servers;
mod status_model;
mod taps;
mod upgrade;
mod world;
