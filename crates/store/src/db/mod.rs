//! The database: connections, the one way in, rows, pages and locks.

pub(crate) mod batch;
pub(crate) mod connect;
pub(crate) mod fault;
pub(crate) mod lock;
pub(crate) mod migrations;
pub(crate) mod page;
pub(crate) mod pools;
pub(crate) mod read;
pub(crate) mod row;
pub(crate) mod turns;
pub(crate) mod writer;
