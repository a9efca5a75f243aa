//! The Recado gateway: `POST /messages/interactive/send-buttons`, and what it needs around it.
//!
//! Start reading at [`run`], then [`router`] for the routes, and `send/mod.rs` for the one thing that matters.
//!
//! Functions of the API fail with [`ApiError`](api::error::ApiError), those that start or stop a server with one sentence
//! that says what to change, and those of the database with [`StoreError`](recado_store::StoreError).

// The HTTP interface, and the pages for people.
pub mod api;
mod console;

// The work: sends, webhooks of the providers, deliveries to webhook endpoints.
pub mod delivery;
pub mod inbound;
mod queue;
mod send;

// What the work needs.
pub mod app;
mod channels;
pub mod costs;
pub mod memory;
pub mod sign_in;

// Running a server.
pub mod config;
pub mod database;
pub mod lifecycle;
pub mod master_key;
pub mod retention;
pub mod serve;
pub mod startup;
pub mod telemetry;

pub mod demo;

pub use api::{openapi, router};
pub use app::{App, AppParts, Clock};
pub use lifecycle::{Joined, Stop, join, run, serve_joined, serve_once_joined};
pub use serve::ConnectionLimits;
