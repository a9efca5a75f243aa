//! How long rows are kept, and their removal in bounded steps.

pub(crate) mod applied_calls;
pub(crate) mod old_rows;
pub(crate) mod partitions;
pub(crate) mod prune;

use std::time::Duration;

/// How long rows are kept; `None` keeps them for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Messages, by their age.
    pub messages: Option<Duration>,
    /// Events, by their age; an event stays as long as one of its deliveries.
    pub events: Option<Duration>,
    /// Deliveries and their attempts, after their end; not longer than events.
    pub deliveries: Option<Duration>,
    /// Provider webhooks, after they were applied; on PostgreSQL up to a seventh longer.
    pub webhook_calls: Option<Duration>,
    /// Provider webhooks that are set aside, by their age.
    pub set_aside_calls: Option<Duration>,
    /// Entries of the audit log, by their age.
    pub audit_log: Option<Duration>,
}

/// What a step of a [`Pruning`](prune::Pruning) removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// The sort of rows, as metrics name it.
    pub what: &'static str,
    /// How many rows; those of a dropped partition as PostgreSQL counted them last.
    pub rows: u64,
}

impl Pruned {
    /// Every sort of rows.
    pub const ALL: [&str; 15] = [
        CALLS,
        "webhook_calls_set_aside",
        "pending_statuses",
        "channel_alerts",
        "deliveries",
        "sessions",
        "links",
        "sign_in_attempts",
        "idempotency_keys",
        "audit_log",
        "message_costs",
        "channel_budgets",
        LIMITS,
        EVENTS,
        MESSAGES,
    ];
}

pub(crate) const CALLS: &str = "webhook_calls";
pub(crate) const LIMITS: &str = "send_limits";
pub(crate) const EVENTS: &str = "events";
pub(crate) const MESSAGES: &str = "messages";

/// Rows of one step. A step takes milliseconds on either database, so that sends do not notice it.
pub(crate) const MAX_STEP_ROWS: i64 = 500;

/// Webhook calls of one step: each may have a body of 4 MiB, whose pages SQLite frees one by one.
pub(crate) const MAX_STEP_CALLS: i64 = 50;
