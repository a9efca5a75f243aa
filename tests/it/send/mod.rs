//! How a message is sent: the request, the answer, and what a failure or a crash leaves.

mod any_kind;
mod compatibility;
mod concurrency;
mod crash;
mod cta_url;
mod dry_run;
mod failures;
mod fair_share;
mod idempotency;
mod limits;
mod list;
mod location;
mod published_example;
mod queue;
mod recipients;
mod text;
mod window;
mod wuzapi;
