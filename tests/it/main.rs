//! The gateway as its users meet it: over HTTP, and as real processes.

mod compatibility;
mod concurrency;
mod crash;
mod failures;
mod generated;
mod isolation;
mod keys;
mod openapi;
mod protocol;
mod published_example;
mod secrets;
