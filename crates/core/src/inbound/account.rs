//! What a provider says about an account, and not about one message.

use serde_json::Value;

words! {
    /// How much what a provider says about an account matters.
    #[non_exhaustive]
    pub enum AlertSeverity {
        /// Needs no action.
        Info = "info",
        /// A person should act soon.
        Warning = "warning",
        /// Messages are not sent any more, or soon will not be.
        Critical = "critical",
    }
}

schema_of_words!(AlertSeverity as "AlertSeverity":
    "How much an alert matters: `info` needs no action, `warning` needs a person soon, `critical` means that messages are not \
     sent any more, or soon will not be.");

/// What a provider says about an account, and not about one message.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountAlert {
    /// The provider's word for what it is about, such as `account_update`.
    pub field: String,
    /// How much it matters.
    pub severity: AlertSeverity,
    /// The provider's id of the account.
    pub account: Option<String>,
    /// What is said, in the provider's words.
    pub detail: Option<String>,
    /// The provider's number of an error.
    pub code: Option<i64>,
    /// All that is said, in the provider's JSON; `None` if that is too long, or may name customers.
    pub value: Option<Value>,
    /// A hash of the report, by which a repeat is recognized: the provider gives it no id.
    pub digest: String,
}

impl AccountAlert {
    /// Creates an alert of which nothing else is known.
    pub fn new(
        field: impl Into<String>,
        severity: AlertSeverity,
        digest: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            severity,
            account: None,
            detail: None,
            code: None,
            value: None,
            digest: digest.into(),
        }
    }
}

shows_only!(AccountAlert {
    field,
    severity,
    code
});
