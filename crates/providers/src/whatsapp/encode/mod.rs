//! The JSON of messages, a file for each kind.

pub(super) mod buttons;
