//! Sending messages: one file for each kind.

pub(crate) mod buttons;
