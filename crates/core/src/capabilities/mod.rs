//! What each provider carries: its published limits, as data, checked in one place.

mod limit;
mod published;

use std::collections::HashMap;

use serde::Serialize;

pub use limit::{Basis, Limit, Source};
pub use published::{WHATSAPP, WUZAPI_FORK, ZAPI, ZAPPERAPI_V2};

use crate::message::{Button, ButtonsMessage};
use crate::recipient::{Recipient, RecipientKind};
use crate::text::{is_blank, seen};

/// Meta's code for a parameter whose value is not valid; the code of every refusal made here.
pub const INVALID_PARAMETER_VALUE: i64 = 131_009;

/// What one dialect of a provider carries.
///
/// A channel to a provider of your own begins with [`new`](Self::new), and changes what it knows better:
///
/// ```
/// use recado_core::capabilities::{Capabilities, Limit, Source};
///
/// static ACME: Capabilities = {
///     let mut acme = Capabilities::new("acme", "Acme Messaging");
///     acme.button_title = Limit::new(1, 24, Source::documented("Acme, buttons"));
///     acme
/// };
/// assert_eq!(ACME.button_title.max, 24);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The provider's name in errors, logs and metrics: lower case, such as `zapi`.
    pub provider: &'static str,
    /// The provider's name for people, such as `Z-API`.
    pub title: &'static str,
    /// The name of the API that carries the buttons.
    pub api: &'static str,
    /// Buttons in one message.
    pub buttons: Limit,
    /// Code points of a button's id.
    pub button_id: Limit,
    /// Code points of a button's title.
    pub button_title: Limit,
    /// Code points of the body.
    pub body: Limit,
    /// Code points of the header.
    pub header: Limit,
    /// Code points of the footer.
    pub footer: Limit,
    /// The ids of one message differ.
    pub distinct_ids: Option<Source>,
    /// The titles of one message differ.
    pub distinct_titles: Option<Source>,
    /// An id has no white space at its ends.
    pub trimmed_ids: Option<Source>,
    /// Header and titles have no line break and no tab.
    pub single_line: Option<Source>,
    /// The forms of address that reply buttons may go to.
    pub recipients: &'static [RecipientKind],
}

/// Something that may look wrong on the phone, though the message goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// The field, by its name in the request.
    pub field: String,
    /// What may go wrong.
    pub message: String,
}

impl Warning {
    /// Creates a warning about a field.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// A published limit is broken; nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("(#131009) Parameter value is not valid: {details}")]
#[non_exhaustive]
pub struct Refusal {
    /// The limit, so that a caller can tell the count of buttons from the rest.
    pub limit: BrokenLimit,
    /// What to change: the field, its limit and what it has.
    pub details: String,
}

/// Which limit a [`Refusal`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrokenLimit {
    /// The number of buttons: too many of them, or too few.
    ButtonCount,
    /// The length or form of a text; a blank text counts as empty.
    Text,
    /// The kind of recipient.
    Recipient,
}

impl Capabilities {
    /// Creates the capabilities of a provider that publishes no limits: those of WhatsApp itself, and phone numbers
    /// as the only recipients.
    #[must_use]
    pub const fn new(provider: &'static str, title: &'static str) -> Self {
        let silent = Source::inferred("the provider is silent; kept like WhatsApp");
        Self {
            provider,
            title,
            api: "",
            buttons: Limit::new(1, 3, silent),
            button_id: Limit::new(1, 256, silent),
            button_title: Limit::new(1, 20, silent),
            body: Limit::new(1, 1024, silent),
            header: Limit::new(1, 60, silent),
            footer: Limit::new(1, 60, silent),
            distinct_ids: Some(Source::inferred(
                "a tap on equal ids could not be told apart",
            )),
            distinct_titles: None,
            trimmed_ids: None,
            single_line: None,
            recipients: &[RecipientKind::Phone],
        }
    }

    /// Checks a message against the limits, in the order in which Meta checks, and stops at the first.
    ///
    /// # Errors
    ///
    /// The first limit that is broken; buttons are named by their position, from 1.
    pub fn check(&self, message: &ButtonsMessage, to: &Recipient) -> Result<Vec<Warning>, Refusal> {
        self.check_request(message, to, &[])
    }

    /// Checks a message as [`check`](Self::check) does, and names its buttons by the numbers that they have in the
    /// [request](crate::SendButtons::button_numbers).
    ///
    /// # Errors
    ///
    /// The first limit that is broken.
    pub fn check_request(
        &self,
        message: &ButtonsMessage,
        to: &Recipient,
        numbers: &[u64],
    ) -> Result<Vec<Warning>, Refusal> {
        self.check_recipient(to)?;
        self.check_count(message.buttons())?;
        // A number that was not given is the position.
        let positions = (1..).skip(numbers.len());
        let numbers = numbers.iter().copied().chain(positions);
        let buttons: Vec<_> = numbers.zip(message.buttons()).collect();
        let mut warnings = Vec::new();
        for (name, text, limit) in self.texts(message, &buttons) {
            warnings.extend(self.check_length(&name, text, limit)?);
        }
        self.check_lines(message, &buttons)?;
        self.check_ids(&buttons)?;
        if self.distinct_titles.is_some() {
            let titles = buttons
                .iter()
                .map(|(number, button)| (*number, seen(&button.title)));
            check_distinct(Text::ButtonTitle, titles)?;
        }
        Ok(warnings)
    }

    /// Checks that reply buttons may go to this kind of recipient.
    ///
    /// # Errors
    ///
    /// The provider does not carry reply buttons there.
    pub fn check_recipient(&self, to: &Recipient) -> Result<(), Refusal> {
        if self.recipients.contains(&to.kind()) {
            return Ok(());
        }
        let kinds: Vec<_> = self.recipients.iter().map(|kind| kind.title()).collect();
        let only = match kinds.join(", ") {
            kinds if kinds.is_empty() => "nor to any other recipient".to_owned(),
            kinds => format!("only to: {kinds}"),
        };
        let (provider, kind) = (self.title, to.kind().title());
        Err(Refusal {
            limit: BrokenLimit::Recipient,
            details: format!("{provider} does not carry reply buttons to a {kind}, {only}"),
        })
    }

    fn check_count(&self, buttons: &[Button]) -> Result<(), Refusal> {
        let (count, Limit { min, max, .. }) = (buttons.len(), self.buttons);
        let allowed = match count {
            _ if count > max => format!("allows {max}"),
            _ if count < min => format!("needs at least {min}"),
            _ => return Ok(()),
        };
        Err(Refusal {
            limit: BrokenLimit::ButtonCount,
            details: format!(
                "the message has {}; {} {allowed}",
                counted(count, "button"),
                self.title
            ),
        })
    }

    fn texts<'a>(
        &'a self,
        message: &'a ButtonsMessage,
        buttons: &[(u64, &'a Button)],
    ) -> Vec<(Text, &'a str, &'a Limit)> {
        let mut texts = vec![(Text::Body, message.body(), &self.body)];
        texts.extend(
            message
                .header()
                .map(|text| (Text::Header, text, &self.header)),
        );
        texts.extend(
            message
                .footer()
                .map(|text| (Text::Footer, text, &self.footer)),
        );
        for (number, button) in buttons {
            texts.push((Text::ButtonId(*number), &button.id, &self.button_id));
            texts.push((
                Text::ButtonTitle(*number),
                &button.title,
                &self.button_title,
            ));
        }
        texts
    }

    fn check_lines(
        &self,
        message: &ButtonsMessage,
        buttons: &[(u64, &Button)],
    ) -> Result<(), Refusal> {
        let breaks = |text: &str| text.contains(['\n', '\r', '\t']);
        if self.single_line.is_none() {
            return Ok(());
        }
        if message.header().is_some_and(breaks) {
            return Err(not_one_line(&Text::Header));
        }
        let broken = buttons.iter().find(|(_, button)| breaks(&button.title));
        broken.map_or(Ok(()), |(number, _)| {
            Err(not_one_line(&Text::ButtonTitle(*number)))
        })
    }

    fn check_ids(&self, buttons: &[(u64, &Button)]) -> Result<(), Refusal> {
        let mut untrimmed = buttons
            .iter()
            .filter(|(_, button)| button.id.trim() != button.id);
        if self.trimmed_ids.is_some()
            && let Some((number, _)) = untrimmed.next()
        {
            let field = Text::ButtonId(*number).field();
            return Err(text_refused(format!(
                "{field} must not begin or end with white space"
            )));
        }
        if self.distinct_ids.is_some() {
            let ids = buttons.iter();
            let ids = ids.map(|(number, button)| (*number, button.id.trim().to_owned()));
            check_distinct(Text::ButtonId, ids)?;
        }
        Ok(())
    }

    /// Meta counts code points; whether it counts an emoji outside the BMP as one or two is not known.
    fn check_length(
        &self,
        text: &Text,
        value: &str,
        limit: &Limit,
    ) -> Result<Option<Warning>, Refusal> {
        let (field, provider, max) = (text.field(), self.title, limit.max);
        // The least is about what the customer reads.
        let length = value.chars().count();
        let least = if is_blank(value) { 0 } else { length };
        if length > max {
            return Err(text_refused(format!(
                "{field} has {}; {provider} allows {max}",
                counted(length, "character")
            )));
        }
        if least < limit.min {
            let min = limit.min;
            return Err(text_refused(if least == 0 {
                let needed = counted(min, "character");
                format!("{field} is blank; {provider} needs at least {needed}")
            } else {
                let found = counted(length, "character");
                format!("{field} has {found}; {provider} needs at least {min}")
            }));
        }
        let units = value.encode_utf16().count();
        Ok((units > max).then(|| Warning {
            field,
            message: format!(
                "{units} UTF-16 units exceed {max}; the provider may refuse or cut it"
            ),
        }))
    }
}

/// One text of a message; buttons by their number.
enum Text {
    Header,
    Body,
    Footer,
    ButtonId(u64),
    ButtonTitle(u64),
}

impl Text {
    fn field(&self) -> String {
        match self {
            Self::Header => "header_text".to_owned(),
            Self::Body => "body_text".to_owned(),
            Self::Footer => "footer_text".to_owned(),
            Self::ButtonId(number) => format!("button_{number}_id"),
            Self::ButtonTitle(number) => format!("button_{number}_title"),
        }
    }
}

/// Returns a count with its noun: `1 button`, `2 buttons`.
fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn text_refused(details: String) -> Refusal {
    Refusal {
        limit: BrokenLimit::Text,
        details,
    }
}

fn not_one_line(text: &Text) -> Refusal {
    let field = text.field();
    text_refused(format!("{field} must be one line without tabs"))
}

/// Checks that the values of one field differ between the buttons.
fn check_distinct(
    field: fn(u64) -> Text,
    values: impl Iterator<Item = (u64, String)>,
) -> Result<(), Refusal> {
    let mut first = HashMap::new();
    for (number, value) in values {
        if let Some(earlier) = first.insert(value, number) {
            let (again, earlier) = (field(number).field(), field(earlier).field());
            return Err(text_refused(format!(
                "{again} is the same as {earlier}; they must be unique in a message"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
