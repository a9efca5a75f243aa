//! The gateway as its users meet it: over HTTP, and as real processes.

mod channels;
mod cli;
mod compatibility;
mod concurrency;
mod crash;
mod deliveries;
mod delivery_crash;
mod demo;
mod failures;
mod generated;
mod hostile;
mod identity;
mod inbound;
mod intake;
mod intake_crash;
mod isolation;
mod keys;
mod openapi;
mod protocol;
mod published_example;
mod secrets;
mod stream;
mod taps;
mod whole_way;
mod wuzapi;
