//! What providers tell and Recado makes nothing of.

/// Why an item of a webhook makes no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ignored {
    /// A call that the business made.
    Call,
    /// The number is being connected.
    Connecting,
    /// A message of ours came back, and has no buttons to tell it by.
    Echo,
    /// A message that says nothing.
    Empty,
    /// A field of Meta's webhooks that Recado does not use.
    Field,
    /// What members of a group write to one another.
    Group,
    /// A message of a channel that people follow.
    Newsletter,
    /// A notice about a chat.
    Notification,
    /// An item of another instance than the channel's.
    OtherInstance,
    /// The number is being paired.
    Pairing,
    /// Whether a customer is online.
    Presence,
    /// A reaction to a message.
    Reaction,
    /// The business read a message on its phone.
    ReadByMe,
    /// A status that tells nothing of the customer.
    Status,
    /// A post for all contacts.
    Story,
    /// An item of a kind that Recado does not know.
    Unknown,
    /// A message that WhatsApp cannot decrypt yet.
    Waiting,
    /// An item without the id of its message.
    WithoutId,
    /// An item without an address of its sender.
    WithoutSender,
}

impl Ignored {
    /// Every reason, in the order of their words.
    pub const ALL: [Self; 19] = [
        Self::Call,
        Self::Connecting,
        Self::Echo,
        Self::Empty,
        Self::Field,
        Self::Group,
        Self::Newsletter,
        Self::Notification,
        Self::OtherInstance,
        Self::Pairing,
        Self::Presence,
        Self::Reaction,
        Self::ReadByMe,
        Self::Status,
        Self::Story,
        Self::Unknown,
        Self::Waiting,
        Self::WithoutId,
        Self::WithoutSender,
    ];

    /// Returns the word that a metric has for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Connecting => "connecting",
            Self::Echo => "echo",
            Self::Empty => "empty",
            Self::Field => "field",
            Self::Group => "group",
            Self::Newsletter => "newsletter",
            Self::Notification => "notification",
            Self::OtherInstance => "other_instance",
            Self::Pairing => "pairing",
            Self::Presence => "presence",
            Self::Reaction => "reaction",
            Self::ReadByMe => "read_by_me",
            Self::Status => "status",
            Self::Story => "story",
            Self::Unknown => "unknown",
            Self::Waiting => "waiting",
            Self::WithoutId => "without_id",
            Self::WithoutSender => "without_sender",
        }
    }
}
