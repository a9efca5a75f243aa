//! What the server does about its database: whether it takes writes, writes that must succeed, and backups.

pub mod backup;
pub(crate) mod kept;
pub(crate) mod readiness;
pub(crate) mod unstored;
