//! The message with reply buttons, as it can only be when it is valid.

use std::fmt;

use crate::text::is_blank;

/// One reply button; its `Debug` shows no text.
#[derive(Clone, PartialEq, Eq)]
pub struct Button {
    /// What comes back when the customer taps the button; never shown.
    pub id: String,
    /// What the customer reads on the button.
    pub title: String,
}

impl Button {
    /// Creates a button.
    #[must_use]
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
        }
    }
}

/// A text with reply buttons: the body is not blank, and there is at least one whole button.
///
/// How much of it a provider carries is another question: see [`Capabilities`](crate::Capabilities).
/// Its `Debug` shows no text.
///
/// ```
/// use recado_core::{Button, ButtonsMessage};
///
/// let buttons = [Button::new("btn_sales", "Sales"), Button::new("btn_support", "Support")];
/// let message = ButtonsMessage::new("How can we help you today?", buttons)?
///     .with_header("Select an option")
///     .with_footer("We answer until 18:00");
/// assert_eq!(message.buttons()[1].title, "Support");
/// # Ok::<(), recado_core::message::ButtonsError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ButtonsMessage {
    header: Option<String>,
    body: String,
    footer: Option<String>,
    buttons: Vec<Button>,
}

/// Why parts do not make a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ButtonsError {
    /// The body has no visible character.
    #[error("the body is blank")]
    BlankBody,
    /// There is no button.
    #[error("there is no button")]
    NoButton,
    /// A button lacks its id or its title.
    #[error("a button lacks its id or its title")]
    BlankButton,
}

impl ButtonsMessage {
    /// Creates a message without header and footer.
    ///
    /// # Errors
    ///
    /// The body is blank, there is no button, or a button lacks its id or title.
    pub fn new(
        body: impl Into<String>,
        buttons: impl IntoIterator<Item = Button>,
    ) -> Result<Self, ButtonsError> {
        let (body, buttons) = (body.into(), Vec::from_iter(buttons));
        if is_blank(&body) {
            return Err(ButtonsError::BlankBody);
        }
        if buttons.is_empty() {
            return Err(ButtonsError::NoButton);
        }
        if buttons
            .iter()
            .any(|button| is_blank(&button.id) || is_blank(&button.title))
        {
            return Err(ButtonsError::BlankButton);
        }
        Ok(Self {
            header: None,
            body,
            footer: None,
            buttons,
        })
    }

    /// Sets the header. A blank header is left out.
    #[must_use]
    pub fn with_header(self, header: impl Into<String>) -> Self {
        let header = Some(header.into()).filter(|text| !is_blank(text));
        Self { header, ..self }
    }

    /// Sets the footer. A blank footer is left out.
    #[must_use]
    pub fn with_footer(self, footer: impl Into<String>) -> Self {
        let footer = Some(footer.into()).filter(|text| !is_blank(text));
        Self { footer, ..self }
    }

    /// Restores a message that was valid when it was stored: the rules may have become stricter since.
    #[must_use]
    pub const fn restored(
        header: Option<String>,
        body: String,
        footer: Option<String>,
        buttons: Vec<Button>,
    ) -> Self {
        Self {
            header,
            body,
            footer,
            buttons,
        }
    }

    /// The bold line above the body.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        self.header.as_deref()
    }

    /// The text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The small line below the body.
    #[must_use]
    pub fn footer(&self) -> Option<&str> {
        self.footer.as_deref()
    }

    /// The buttons, in their order.
    #[must_use]
    pub fn buttons(&self) -> &[Button] {
        &self.buttons
    }
}

impl fmt::Debug for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Button").finish_non_exhaustive()
    }
}

impl fmt::Debug for ButtonsMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ButtonsMessage")
            .field("buttons", &self.buttons)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn button(id: &str, title: &str) -> Button {
        Button::new(id, title)
    }

    #[test]
    fn a_message_needs_a_body_and_a_whole_button() {
        let message = |body: &str, buttons: Vec<Button>| ButtonsMessage::new(body, buttons);
        assert_eq!(
            message(" \n", vec![button("a", "A")]),
            Err(ButtonsError::BlankBody)
        );
        assert_eq!(message("Hi", vec![]), Err(ButtonsError::NoButton));
        assert_eq!(
            message("Hi", vec![button("a", " ")]),
            Err(ButtonsError::BlankButton)
        );
        let invisible = "\u{200b}\u{3164}\u{2800}";
        assert_eq!(
            message(invisible, vec![button("a", "A")]),
            Err(ButtonsError::BlankBody)
        );
        for half in [button("a", invisible), button(invisible, "A")] {
            assert_eq!(message("Hi", vec![half]), Err(ButtonsError::BlankButton));
        }
        assert!(message("Hi", vec![button("a", "A")]).is_ok());
    }

    #[test]
    fn debug_shows_no_text() {
        let message = ButtonsMessage::new("Oi", [button("a", "A")])
            .expect("a valid message")
            .with_header("Olá")
            .with_footer("Tchau");
        assert_eq!(
            format!("{message:?}"),
            "ButtonsMessage { buttons: [Button { .. }], .. }"
        );
    }

    #[test]
    fn texts_are_kept_to_the_byte() {
        let message = ButtonsMessage::new(" b\n✅ ", [button(" a ", " A ")])
            .expect("a valid message")
            .with_header(" H ")
            .with_footer("\u{200b}");
        assert_eq!(message.header(), Some(" H "));
        assert_eq!(message.body(), " b\n✅ ");
        assert_eq!(message.footer(), None);
        assert_eq!(message.buttons(), [button(" a ", " A ")]);
    }
}
