//! The recipient of a message, in the forms of address that the providers use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::phone::{self, MAX_DIGITS, MIN_DIGITS, Phone, PhoneError};
use crate::text::{self, is_invisible};

/// Which form of address a [`Recipient`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecipientKind {
    /// A phone number.
    Phone,
    /// Meta's business-scoped user id.
    UserId,
    /// WhatsApp's linked id, which hides the phone number.
    Lid,
    /// A group.
    Group,
}

impl RecipientKind {
    /// The name in messages to people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Phone => "phone number",
            Self::UserId => "business-scoped user id",
            Self::Lid => "LID",
            Self::Group => "group",
        }
    }
}

/// One address. Its text form is canonical: what was parsed prints as one spelling.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient {
    kind: RecipientKind,
    text: String,
}

/// A text is not a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a recipient is a phone number with country code (8 to 15 digits), a business-scoped user id \
     (BR.1234), a LID (1234@lid) or a group (1234@g.us, 1234-group)"
)]
pub struct RecipientError;

/// Why a text that a person gave is not a recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GivenRecipientError {
    /// The text has none of the forms.
    #[error(transparent)]
    Form(#[from] RecipientError),
    /// The text is meant to be a phone number, but cannot be one.
    #[error(transparent)]
    Phone(#[from] PhoneError),
}

/// A recipient that a person wrote or pasted.
///
/// Providers and the database know each address by one spelling, which [`Recipient`] reads. What people give has
/// many, and may lack its country code: it is read with more patience, and checked more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GivenRecipient {
    /// The address.
    pub recipient: Recipient,
    /// What may be misunderstood about it.
    pub warning: Option<String>,
}

impl FromStr for GivenRecipient {
    type Err = GivenRecipientError;

    fn from_str(text: &str) -> Result<Self, GivenRecipientError> {
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        // A phone number without an `@` is the only form that people spell in different ways.
        let plain: Result<Recipient, _> = visible.parse();
        match plain {
            Ok(recipient) if recipient.kind() != RecipientKind::Phone || visible.contains('@') => {
                let warning = None;
                Ok(Self { recipient, warning })
            }
            Err(error) if !looks_like_a_phone_number(&visible) => Err(error.into()),
            _ => {
                let (digits, warning) = phone::read(&visible)?;
                let recipient = Recipient::new(RecipientKind::Phone, digits);
                Ok(Self { recipient, warning })
            }
        }
    }
}

/// Tells whether a text that is not a recipient was meant to be a phone number, so that the error speaks of that.
fn looks_like_a_phone_number(text: &str) -> bool {
    let digits = text.chars().filter(|c| text::digit(*c).is_some()).count();
    digits >= 4 && !text.contains('@')
}

impl Recipient {
    /// The form of this address.
    pub const fn kind(&self) -> RecipientKind {
        self.kind
    }

    /// The part that names the recipient: digits of a phone, a LID or a group, or the whole user id.
    pub fn id(&self) -> &str {
        self.text.split('@').next().unwrap_or(&self.text)
    }

    /// The canonical text: `5511900000001`, `BR.1234`, `1234@lid` or `1234@g.us`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address with all but its ends hidden, fit for logs.
    pub fn masked(&self) -> String {
        let id = self.id();
        let suffix = &self.text[id.len()..];
        let shown = if id.len() >= 8 { 2 } else { 0 };
        format!("{}…{}{suffix}", &id[..shown], &id[id.len() - shown..])
    }

    /// How the number is understood, if this is a phone number.
    pub fn phone(&self) -> Option<Phone> {
        (self.kind == RecipientKind::Phone).then(|| Phone::of(&self.text))
    }

    /// The calling code of the country, if this is a phone number of which it is known.
    pub fn calling_code(&self) -> Option<u16> {
        let is_phone = self.kind == RecipientKind::Phone;
        phone::calling_code(&self.text).filter(|_| is_phone)
    }

    fn new(kind: RecipientKind, text: String) -> Self {
        Self { kind, text }
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;

    /// Reads every form that the providers use; phone numbers keep their digits as they were given.
    ///
    /// Sources: Meta, send messages and business-scoped user ids; Z-API, send-button-list and LID
    /// pages; ZapperAPI, message addressing.
    fn from_str(text: &str) -> Result<Self, RecipientError> {
        let text = text.trim();
        if let Some((user, server)) = text.split_once('@') {
            return addressed(user, server);
        }
        if let Some(id) = text.strip_suffix("-group") {
            return group(id);
        }
        if is_user_id(text) {
            return Ok(Self::new(RecipientKind::UserId, text.to_owned()));
        }
        phone(text).or_else(|_| group(text))
    }
}

fn addressed(user: &str, server: &str) -> Result<Recipient, RecipientError> {
    // `5521988887777:7@…` names one device of the user; the user is meant.
    let account = user.split(':').next().unwrap_or(user);
    match server {
        "s.whatsapp.net" | "c.us" => phone(account),
        "lid" if is_digits(account, 1, 20) => {
            Ok(Recipient::new(RecipientKind::Lid, format!("{account}@lid")))
        }
        "g.us" => group(user),
        _ => Err(RecipientError),
    }
}

fn phone(text: &str) -> Result<Recipient, RecipientError> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if !text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '.' | '\u{a0}'))
    {
        return Err(RecipientError);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_known = is_digits(&digits, MIN_DIGITS, MAX_DIGITS) && !digits.starts_with('0');
    let recipient = is_known.then(|| Recipient::new(RecipientKind::Phone, digits));
    recipient.ok_or(RecipientError)
}

/// New groups are one number, old ones the creator's phone and a time: `5521988887777-1600000000`.
fn group(id: &str) -> Result<Recipient, RecipientError> {
    let known = match id.split_once('-') {
        Some((creator, created)) => is_digits(creator, 8, 15) && is_digits(created, 9, 11),
        None => is_digits(id, 16, 20),
    };
    let recipient = known.then(|| Recipient::new(RecipientKind::Group, format!("{id}@g.us")));
    recipient.ok_or(RecipientError)
}

fn is_digits(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `^[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}$`: Meta, business-scoped user ids.
fn is_user_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else {
        return false;
    };
    let id = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl TryFrom<String> for Recipient {
    type Error = RecipientError;

    fn try_from(text: String) -> Result<Self, RecipientError> {
        text.parse()
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.text
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({})", self.kind, self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn parsed(text: &str) -> (RecipientKind, String) {
        let recipient: Recipient = text.parse().expect(text);
        (recipient.kind(), recipient.to_string())
    }

    #[test]
    fn a_phone_number_is_its_digits_however_it_was_typed() {
        for text in [
            "5521988887777",
            "+55 (21) 98888-7777",
            "+55 21 98888-7777",
            "5521988887777@s.whatsapp.net",
            "5521988887777:7@s.whatsapp.net",
        ] {
            assert_eq!(
                parsed(text),
                (RecipientKind::Phone, "5521988887777".into()),
                "{text}"
            );
        }
    }

    #[test]
    fn business_scoped_user_ids_are_recognised_with_and_without_a_parent() {
        for text in ["BR.0000000000000001", "US.ENT.13491208655302741918"] {
            assert_eq!(parsed(text), (RecipientKind::UserId, text.into()));
        }
    }

    #[test]
    fn lids_and_both_kinds_of_groups_are_recognised() {
        assert_eq!(
            parsed("190000000000001@lid"),
            (RecipientKind::Lid, "190000000000001@lid".into())
        );
        assert_eq!(
            parsed("190000000000001:3@lid"),
            (RecipientKind::Lid, "190000000000001@lid".into())
        );
        for text in ["120363000000000001-group", "120363000000000001@g.us"] {
            assert_eq!(
                parsed(text),
                (RecipientKind::Group, "120363000000000001@g.us".into())
            );
        }
        for text in ["5521988887777-1600000000", "5521988887777-1600000000@g.us"] {
            assert_eq!(
                parsed(text),
                (RecipientKind::Group, "5521988887777-1600000000@g.us".into())
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "1234567",
            "0521988887777",
            "1234567890123456x",
            "Ana",
            "br.123",
            "BR.",
            "BR.a-b",
            "x@lid",
            "a@b",
            "55219888877771600000-",
            "٣٤٥٦٧٨٩٠١",
        ] {
            assert_eq!(text.parse::<Recipient>(), Err(RecipientError), "{text}");
        }
    }

    #[rstest]
    #[case("BR.1234", RecipientKind::UserId, "BR.1234")]
    #[case("\u{200e}1234@lid ", RecipientKind::Lid, "1234@lid")]
    #[case(
        "120363000000000001-group",
        RecipientKind::Group,
        "120363000000000001@g.us"
    )]
    #[case(
        "5521988887777-1600000000",
        RecipientKind::Group,
        "5521988887777-1600000000@g.us"
    )]
    // Digits that WhatsApp itself gave out are not questioned.
    #[case("22997000000@s.whatsapp.net", RecipientKind::Phone, "22997000000")]
    fn other_addresses_are_given_without_a_warning(
        #[case] text: &str,
        #[case] kind: RecipientKind,
        #[case] canonical: &str,
    ) {
        let given: GivenRecipient = text.parse().expect(text);
        assert_eq!(
            (given.recipient.kind(), given.recipient.as_str()),
            (kind, canonical)
        );
        assert_eq!(given.warning, None);
    }

    #[rstest]
    #[case("", "a recipient is")]
    #[case("Ana", "a recipient is")]
    #[case("x@lid", "a recipient is")]
    #[case("+44 (0)20 7946 0958", "the 0 after the country code +44")]
    #[case("+55 11 90000-0001 ext. 5", "digits, spaces, hyphens")]
    fn the_error_speaks_of_the_form_that_was_meant(#[case] text: &str, #[case] says: &str) {
        let error = text.parse::<GivenRecipient>().expect_err(text).to_string();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn debug_never_shows_the_whole_number() {
        let recipient: Recipient = "5521988887777".parse().expect("a phone number");
        assert_eq!(format!("{recipient:?}"), "Phone(55…77)");
    }

    proptest! {
        #[test]
        fn the_text_form_reads_back_as_the_same_recipient(text in "[1-9][0-9]{7,14}|[A-Z]{2}\\.[0-9A-Za-z]{1,20}|[0-9]{1,20}@lid|[0-9]{16,20}-group") {
            let recipient: Recipient = text.parse().expect("a recipient");
            prop_assert_eq!(recipient.to_string().parse::<Recipient>(), Ok(recipient));
        }

        #[test]
        fn no_text_at_all_makes_the_parser_panic(text in ".*") {
            if let Ok(recipient) = text.parse::<Recipient>() {
                prop_assert!(!recipient.masked().is_empty());
            }
        }
    }
}
