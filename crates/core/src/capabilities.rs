//! What each provider carries: its published limits, as data, checked in one place.

use std::collections::HashMap;

use serde::Serialize;

use crate::buttons::{Button, ButtonsMessage};
use crate::provider::Provider;
use crate::recipient::{Recipient, RecipientKind};
use crate::text::seen;

/// Meta's code for a parameter whose value is not valid; the code of every refusal made here.
pub const INVALID_PARAMETER_VALUE: i64 = 131_009;

/// How sure a limit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The provider's documentation says so.
    Documented,
    /// Seen in the provider's answers.
    Observed,
    /// The provider is silent: our best guess, kept so that the channels behave alike.
    Inferred,
}

/// Where a limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// How sure it is.
    pub basis: Basis,
    /// Who says so.
    pub text: &'static str,
}

/// How many there may be: buttons, or code points of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The least.
    pub min: usize,
    /// The most.
    pub max: usize,
    /// Where it comes from.
    pub source: Source,
}

/// What one dialect of a provider carries.
#[derive(Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whose limits these are.
    pub provider: Provider,
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
pub struct Warning {
    /// The field, by its name in the request.
    pub field: String,
    /// What may go wrong.
    pub message: String,
}

/// A published limit is broken; nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("(#131009) Parameter value is not valid: {details}")]
pub struct Refusal {
    /// The limit, so that a caller can tell the count of buttons from the rest.
    pub limit: BrokenLimit,
    /// What to change: the field, its limit and what it has.
    pub details: String,
}

/// Which limit a [`Refusal`] speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokenLimit {
    /// Too many buttons.
    ButtonCount,
    /// The length or form of a text.
    Text,
    /// The kind of recipient.
    Recipient,
}

const META: Source = documented("Meta, interactive reply buttons");
const META_REFERENCE: Source = documented("Meta, messages reference");
const Z_API: Source = inferred("Z-API is silent; compatible vendors document it");
const ZAPPER: Source = inferred("ZapperAPI is silent; kept like WhatsApp");
const WUZAPI: Source = inferred("wuzapi does not check; kept like WhatsApp");

/// Meta's WhatsApp Cloud API.
pub const WHATSAPP: Capabilities = Capabilities {
    provider: Provider::WhatsApp,
    api: "POST /{version}/{phone-number-id}/messages",
    buttons: limit(1, 3, observed("Meta, answer to four buttons")),
    button_id: limit(1, 256, META),
    button_title: limit(1, 20, observed("Meta, answer to 21 characters")),
    body: limit(1, 1024, observed("Meta, answer to 1,025 characters")),
    header: limit(1, 60, META),
    footer: limit(0, 60, observed("Meta, answer to 61 characters")),
    distinct_ids: Some(META),
    distinct_titles: Some(observed("Meta, answer to equal titles")),
    trimmed_ids: Some(META_REFERENCE),
    single_line: Some(inferred("Meta documents it for template parameters only")),
    recipients: &[RecipientKind::Phone, RecipientKind::UserId],
};

/// Z-API, `send-button-list` and `send-button-actions`.
pub const ZAPI: Capabilities = Capabilities {
    provider: Provider::Zapi,
    api: "POST /send-button-list, /send-button-actions",
    buttons: limit(1, 3, Z_API),
    button_id: limit(1, 256, Z_API),
    button_title: limit(1, 20, Z_API),
    body: limit(1, 1024, Z_API),
    header: limit(1, 60, Z_API),
    footer: limit(1, 60, Z_API),
    distinct_ids: Some(inferred("a tap on equal ids could not be told apart")),
    distinct_titles: None,
    trimmed_ids: None,
    single_line: None,
    recipients: &[
        RecipientKind::Phone,
        RecipientKind::Lid,
        RecipientKind::Group,
    ],
};

/// ZapperHUB, dialect `zapperapi_v2`.
pub const ZAPPERAPI_V2: Capabilities = Capabilities {
    provider: Provider::ZapperHub,
    api: "POST /messages/buttons",
    buttons: limit(
        1,
        3,
        documented("ZapperAPI's engine, buttons cannot be more than 3"),
    ),
    button_id: limit(1, 256, ZAPPER),
    button_title: limit(1, 20, ZAPPER),
    body: limit(1, 1024, ZAPPER),
    header: limit(1, 60, ZAPPER),
    footer: limit(1, 60, ZAPPER),
    distinct_ids: Some(inferred("a tap on equal ids could not be told apart")),
    distinct_titles: None,
    trimmed_ids: None,
    single_line: None,
    // ZapperAPI, POST /messages/buttons: reply buttons cannot be sent to groups.
    recipients: &[RecipientKind::Phone, RecipientKind::Lid],
};

/// ZapperHUB, dialect `wuzapi`.
pub const WUZAPI_FORK: Capabilities = Capabilities {
    api: "POST /chat/send/buttons",
    buttons: limit(1, 3, documented("wuzapi, buttons cannot be more than 3")),
    button_id: limit(1, 256, WUZAPI),
    button_title: limit(1, 20, WUZAPI),
    body: limit(1, 1024, WUZAPI),
    header: limit(1, 60, WUZAPI),
    footer: limit(1, 60, WUZAPI),
    recipients: &[
        RecipientKind::Phone,
        RecipientKind::Lid,
        RecipientKind::Group,
    ],
    ..ZAPPERAPI_V2
};

const fn limit(min: usize, max: usize, source: Source) -> Limit {
    Limit { min, max, source }
}

const fn documented(text: &'static str) -> Source {
    Source {
        basis: Basis::Documented,
        text,
    }
}

const fn observed(text: &'static str) -> Source {
    Source {
        basis: Basis::Observed,
        text,
    }
}

const fn inferred(text: &'static str) -> Source {
    Source {
        basis: Basis::Inferred,
        text,
    }
}

impl Capabilities {
    /// Checks a message against the limits, in the order in which Meta checks, and stops at the first.
    ///
    /// # Errors
    ///
    /// The first limit that is broken.
    pub fn check(&self, message: &ButtonsMessage, to: &Recipient) -> Result<Vec<Warning>, Refusal> {
        self.check_recipient(to)?;
        self.check_count(message.buttons())?;
        let mut warnings = Vec::new();
        for (name, text, limit) in self.texts(message) {
            warnings.extend(self.check_length(&name, text, limit)?);
        }
        self.check_lines(message)?;
        self.check_ids(message.buttons())?;
        if self.distinct_titles.is_some() {
            let titles = message.buttons().iter().map(|button| seen(&button.title));
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
        Err(Refusal {
            limit: BrokenLimit::Recipient,
            details: format!(
                "{} does not carry reply buttons to a {}, only to: {}",
                self.provider.title(),
                to.kind().title(),
                kinds.join(", ")
            ),
        })
    }

    fn check_count(&self, buttons: &[Button]) -> Result<(), Refusal> {
        let Limit { min, max, .. } = self.buttons;
        if (min..=max).contains(&buttons.len()) {
            return Ok(());
        }
        Err(Refusal {
            limit: BrokenLimit::ButtonCount,
            details: format!(
                "the message has {} buttons; {} allows {max}",
                buttons.len(),
                self.provider.title()
            ),
        })
    }

    fn texts<'a>(&'a self, message: &'a ButtonsMessage) -> Vec<(Text, &'a str, &'a Limit)> {
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
        for (index, button) in message.buttons().iter().enumerate() {
            texts.push((Text::ButtonId(index), &button.id, &self.button_id));
            texts.push((Text::ButtonTitle(index), &button.title, &self.button_title));
        }
        texts
    }

    fn check_lines(&self, message: &ButtonsMessage) -> Result<(), Refusal> {
        let breaks = |text: &str| text.contains(['\n', '\r', '\t']);
        if self.single_line.is_none() {
            return Ok(());
        }
        if message.header().is_some_and(breaks) {
            return Err(not_one_line(&Text::Header));
        }
        let mut titles = message.buttons().iter();
        match titles.position(|button| breaks(&button.title)) {
            Some(index) => Err(not_one_line(&Text::ButtonTitle(index))),
            None => Ok(()),
        }
    }

    fn check_ids(&self, buttons: &[Button]) -> Result<(), Refusal> {
        let untrimmed = |button: &Button| button.id.trim() != button.id;
        if self.trimmed_ids.is_some()
            && let Some(index) = buttons.iter().position(untrimmed)
        {
            let field = Text::ButtonId(index).field();
            return Err(text_refused(format!(
                "{field} must not begin or end with white space"
            )));
        }
        if self.distinct_ids.is_some() {
            let ids = buttons.iter().map(|button| button.id.trim().to_owned());
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
        let (field, length, max) = (text.field(), value.chars().count(), limit.max);
        if length > max {
            let provider = self.provider.title();
            return Err(text_refused(format!(
                "{field} has {length} characters; {provider} allows {max}"
            )));
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

/// One text of a message; buttons by their position.
enum Text {
    Header,
    Body,
    Footer,
    ButtonId(usize),
    ButtonTitle(usize),
}

impl Text {
    fn field(&self) -> String {
        match self {
            Self::Header => "header_text".to_owned(),
            Self::Body => "body_text".to_owned(),
            Self::Footer => "footer_text".to_owned(),
            Self::ButtonId(index) => format!("button_{}_id", index + 1),
            Self::ButtonTitle(index) => format!("button_{}_title", index + 1),
        }
    }
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
    field: fn(usize) -> Text,
    values: impl Iterator<Item = String>,
) -> Result<(), Refusal> {
    let mut first = HashMap::new();
    for (index, value) in values.enumerate() {
        if let Some(earlier) = first.insert(value, index) {
            let (again, earlier) = (field(index).field(), field(earlier).field());
            return Err(text_refused(format!(
                "{again} is the same as {earlier}; they must be unique in a message"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
