//! One file per noun: the shapes of its requests and answers, and its handlers.

#![expect(
    unused_qualifications,
    reason = "utoipa's macro names the query by its whole path"
)]

pub(crate) mod agents;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod channels;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod listing;
mod lookup;
pub(crate) mod messages;
pub(crate) mod organizations;
pub(crate) mod provider_webhooks;
pub(crate) mod send;
pub(crate) mod sessions;
pub(crate) mod users;
pub(crate) mod webhook_endpoints;

use recado_core::fields::name;
use recado_core::{FieldErrors, TextField};
use validator::{Validate, ValidationError};

use super::auth::{Caller, need};

/// Turns a request shape with broken rules into a 400 that names them all.
fn checked<T: Validate>(shape: T) -> Result<T, FieldErrors> {
    shape
        .validate()
        .map_err(|errors| FieldErrors::from_validation(&errors, camel_case))?;
    Ok(shape)
}

/// Rule for a name that may stay as it is, but cannot be taken away.
fn not_blank(field: &TextField) -> Result<(), ValidationError> {
    match field {
        TextField::Absent => Ok(()),
        _ => name(field),
    }
}

/// The name of a field on the wire: `agent_id` is `agentId` there.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        text + &head.to_ascii_uppercase() + tail
    })
}

/// A text that `checked` has found to be there.
fn text(field: TextField) -> String {
    field.into_text().unwrap_or_default()
}

/// An id that the client may choose, or a fresh one.
fn id_or<T: std::str::FromStr>(
    field: TextField,
    fresh: impl FnOnce() -> T,
) -> Result<T, FieldErrors>
where
    T::Err: std::fmt::Display,
{
    field.into_text().map_or_else(
        || Ok(fresh()),
        |text| {
            text.parse()
                .map_err(|error: T::Err| FieldErrors::field("id", &error.to_string()))
        },
    )
}

/// Whether an answer shows what is secret of a webhook: who has it can call in the name of the provider, or of
/// this server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrets {
    Shown,
    Hidden,
}

impl From<Option<Caller<need::Manage>>> for Secrets {
    fn from(manager: Option<Caller<need::Manage>>) -> Self {
        manager.map_or(Self::Hidden, |_| Self::Shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_are_camel_case_on_the_wire() {
        assert_eq!(camel_case("agent_id"), "agentId");
        assert_eq!(camel_case("to"), "to");
    }
}
