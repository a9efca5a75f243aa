//! What the server knows of connected WhatsApp numbers beyond their rows.

pub(crate) mod numbers;
