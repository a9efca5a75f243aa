//! The HTTP API as a whole: its forms, its errors and its description.

mod consistency;
mod errors;
mod names;
mod openapi;
mod protocol;
