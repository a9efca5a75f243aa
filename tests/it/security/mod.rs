//! What keeps organizations apart, and secrets secret.

mod access;
mod descriptors;
mod hostile;
mod isolation;
mod keys;
mod operator_keys;
mod request_bodies;
mod secrets;
mod slow_clients;
