//! The requests of ChatVolt's clients: each shape maps its fields to a content.

mod flat;
mod kinds;
mod misspelling;
mod send_buttons;
mod send_cta_url;
mod send_list;
mod send_location;
mod send_location_request;
mod send_text;

pub use kinds::read_kind;
pub use send_buttons::{ButtonFields, SendButtons};
pub use send_cta_url::SendCtaUrl;
pub use send_list::{SectionFields, SendList};
pub use send_location::SendLocation;
pub use send_location_request::SendLocationRequest;
pub use send_text::SendText;
