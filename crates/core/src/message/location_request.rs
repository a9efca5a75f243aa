//! A text with a button by which the customer sends a place.

use serde::{Deserialize, Serialize};

use super::field_path::FieldPath;
use crate::capabilities::limit::{Limit, LimitTable};
use crate::capabilities::violation::{Caution, Violation, check_length};
use crate::recipient::RecipientKind;
use crate::text::is_blank;

/// A text with a button by which the customer sends a place; the text is not blank.
///
/// The place comes back as a message of the customer. How much of it a provider carries is another question: see
/// [`Capabilities`](crate::Capabilities). Its `Debug` shows no text.
///
/// ```
/// use recado_core::LocationRequest;
///
/// let message = LocationRequest::new("Where may we deliver?")?;
/// assert_eq!(message.body(), "Where may we deliver?");
/// # Ok::<(), recado_core::message::LocationRequestError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = LocationRequestContent, description = "A text with a button by which the customer sends a place."))]
pub struct LocationRequest {
    /// The text.
    body: String,
}

/// Why a text does not ask for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationRequestError {
    /// The body has no visible character.
    #[error("the body is blank")]
    BlankBody,
}

impl LocationRequest {
    /// Creates a message.
    pub fn new(body: impl Into<String>) -> Result<Self, LocationRequestError> {
        let body = body.into();
        if is_blank(&body) {
            return Err(LocationRequestError::BlankBody);
        }
        Ok(Self { body })
    }

    /// The text.
    pub fn body(&self) -> &str {
        &self.body
    }
}

shows_only!(LocationRequest {});

/// How much of a request for a place a provider carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocationRequestLimits {
    /// The name of the API that carries the message.
    pub api: &'static str,
    /// The forms of address that it goes to.
    pub recipients: &'static [RecipientKind],
    /// Code points of the body.
    pub body: Limit,
}

impl LocationRequestLimits {
    /// Creates the limits of a provider.
    pub const fn new(api: &'static str, recipients: &'static [RecipientKind], body: Limit) -> Self {
        Self {
            api,
            recipients,
            body,
        }
    }

    pub(crate) fn table(&self) -> LimitTable {
        LimitTable::new(self.api, [("body", Some(self.body))], [])
    }

    /// Checks a message.
    pub(crate) fn check(&self, message: &LocationRequest) -> Result<Vec<Caution>, Violation> {
        let caution = check_length(FieldPath::new("body"), &message.body, self.body)?;
        Ok(caution.into_iter().collect())
    }
}
