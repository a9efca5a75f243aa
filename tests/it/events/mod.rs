//! Events are read as a list and as a stream.

mod pages;
mod retention;
pub(crate) mod stream;
