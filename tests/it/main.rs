//! The gateway as its users meet it: over HTTP, and as real processes.

mod channels;
mod cli;
mod compatibility;
mod concurrency;
mod crash;
mod demo;
mod failures;
mod generated;
mod hostile;
mod isolation;
mod keys;
mod openapi;
mod protocol;
mod published_example;
mod secrets;
