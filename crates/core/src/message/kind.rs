//! The kinds of content, without the content.

words! {
    /// A kind of content.
    pub enum ContentKind {
        /// A text with reply buttons.
        Buttons = "buttons",
    }
}

impl ContentKind {
    /// Returns the name that people use.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Buttons => "reply buttons",
        }
    }
}
