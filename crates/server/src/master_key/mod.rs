//! The master key: its file beside a SQLite database, and its rotation.

pub(crate) mod key_file;
pub mod rotation;
