//! Names and describes the credentials and settings of each provider, for documents, forms and help texts.

/// One credential or setting.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AccountField {
    /// The key in JSON.
    pub name: &'static str,
    /// A sentence for people who connect a number.
    pub description: &'static str,
    /// Whether every channel needs it.
    pub required: bool,
    /// Whether it is a secret, which has at least [`MIN_SECRET_CHARS`] characters.
    pub secret: bool,
    /// The values that it may have; empty if it may have any.
    pub words: &'static [&'static str],
    /// The least and the most, if the value is a number and not a text.
    pub range: Option<[f64; 2]>,
    /// The part that it is of a URL of the provider, for those who paste a whole URL.
    pub(crate) in_url: &'static str,
    /// Whether a person chooses the value: it may look like a URL.
    pub(crate) is_own_choice: bool,
    /// Says what to write instead of what looks like another value.
    pub(crate) mistaken: fn(&str) -> Option<&'static str>,
}

/// Shortest secret that a channel gets. Shorter ones can be guessed, and cannot be hidden in texts without
/// hiding half of the text.
pub const MIN_SECRET_CHARS: usize = 8;

/// `settings.baseUrl`, which all providers have.
pub(crate) const BASE_URL: AccountField = AccountField::new(
    "baseUrl",
    "The URL at which the provider answers, if it is not the provider's own.",
);

/// `settings.messagesPerSecond`, which all providers have.
pub(crate) const MESSAGES_PER_SECOND: AccountField = AccountField {
    range: Some([0.001, 100_000.0]),
    ..AccountField::new(
        "messagesPerSecond",
        "The most messages that the server sends over the channel in a second, in place of the rate that the provider \
         publishes: a whole number up to 100,000, or a part of 1 from 0.001 on, such as 0.2 for one message in 5 seconds.",
    )
};

impl AccountField {
    /// Creates an optional field with any value.
    pub(crate) const fn new(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            required: false,
            secret: false,
            words: &[],
            range: None,
            in_url: "the value itself",
            is_own_choice: false,
            mistaken: |_| None,
        }
    }
}
