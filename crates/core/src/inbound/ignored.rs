//! Items of provider webhooks that make no event.

words! {
    /// Why an item of a webhook makes no event.
    #[non_exhaustive]
    pub enum Ignored {
        /// A call that the business made.
        Call = "call",
        /// The number is being connected.
        Connecting = "connecting",
        /// A message of ours came back, and has no buttons to tell it by.
        OwnMessage = "echo",
        /// A message that says nothing.
        Empty = "empty",
        /// A field of Meta's webhooks that Recado does not use.
        Field = "field",
        /// What members of a group write to one another.
        Group = "group",
        /// A message of a channel that people follow.
        Newsletter = "newsletter",
        /// A notice about a chat.
        Notification = "notification",
        /// An item of another instance than the channel's.
        OtherInstance = "other_instance",
        /// The number is being paired.
        Pairing = "pairing",
        /// Whether a customer is online.
        Presence = "presence",
        /// The business read a message on its phone.
        ReadByMe = "read_by_me",
        /// A status that tells nothing of the customer.
        Status = "status",
        /// A post for all contacts.
        Story = "story",
        /// An item of a kind that Recado does not know.
        Unknown = "unknown",
        /// An item without the id of its message.
        WithoutId = "without_id",
        /// An item without an address of its sender.
        WithoutSender = "without_sender",
    }
}
