//! Events are read as a list and as a stream.

mod pages;
mod retention;
mod stream;
