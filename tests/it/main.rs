//! The gateway as its users meet it: over HTTP, and as real processes.

mod api;
mod cli;
mod console;
mod costs;
mod docs;
mod events;
mod operating;
mod organizations;
mod records;
mod security;
mod send;
mod webhooks_in;
mod webhooks_out;
