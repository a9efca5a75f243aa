//! What an organization owns: channels, contacts, and its own life.

mod channel_credentials;
mod channels;
mod erasure;
mod export;
mod numbers;
mod removal;
mod suspension;
