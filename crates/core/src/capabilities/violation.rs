//! What breaks a limit, and how it is said.

use crate::capabilities::limit::Limit;
use crate::message::ContentKind;
use crate::message::FieldPath;
use crate::recipient::RecipientKind;
use crate::text::is_blank;

/// Meta's code for a parameter whose value is not valid; the code of every refusal made here.
pub const INVALID_PARAMETER_VALUE: i64 = 131_009;

/// The first limit that a content breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The provider does not carry this kind of content.
    Unsupported {
        /// The kind.
        kind: ContentKind,
        /// The kinds that it carries.
        carried: Vec<ContentKind>,
    },
    /// The provider does not carry this kind of content to this form of address.
    Recipient {
        /// The kind of content.
        kind: ContentKind,
        /// The form of the address.
        to: RecipientKind,
        /// The forms that it is carried to.
        carried: &'static [RecipientKind],
    },
    /// A list has too many items, or too few.
    Count {
        /// The list.
        field: FieldPath,
        /// The name of one item, such as `button`.
        item: &'static str,
        /// Its number of items.
        count: usize,
        /// The limit.
        limit: Limit,
    },
    /// A text is too long, or too short.
    Length {
        /// The text.
        field: FieldPath,
        /// Its code points; 0 for a text that shows nothing.
        length: usize,
        /// The limit.
        limit: Limit,
    },
    /// Header, body and footer are too long together, where they are sent as one text with marks between them.
    Together {
        /// Their code points, with the marks.
        length: usize,
        /// The limit.
        limit: Limit,
    },
    /// A text has a form that the provider refuses.
    Format {
        /// The text.
        field: FieldPath,
        /// The form that it needs.
        format: Format,
    },
}

/// The form that a text needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// One line without tabs.
    OneLine,
    /// No white space at the ends.
    Trimmed,
    /// Another value than that of an earlier field.
    DiffersFrom(FieldPath),
    /// A URL that begins with `https`.
    HttpsUrl,
    /// Degrees from the negative of this number to it.
    Degrees(u8),
    /// A text at all, for this reason.
    Required(&'static str),
}

impl Format {
    /// Says what a field with another form has to do.
    fn needed(&self, name: impl Fn(&FieldPath) -> String) -> String {
        match self {
            Self::OneLine => "must be one line without tabs".to_owned(),
            Self::HttpsUrl => "must be an https URL, such as https://shop.example".to_owned(),
            Self::Degrees(most) => format!("must be from -{most} to {most} degrees"),
            Self::Required(reason) => format!("is required, because {reason}"),
            Self::Trimmed => "must not begin or end with white space".to_owned(),
            Self::DiffersFrom(earlier) => format!(
                "is the same as {}; they must be unique in a message",
                name(earlier)
            ),
        }
    }

    pub(crate) const fn broken_by(self, field: FieldPath) -> Violation {
        let format = self;
        Violation::Format { field, format }
    }
}

/// A text whose UTF-16 length exceeds its limit: the provider may count otherwise, though the message goes out.
///
/// Meta counts code points; whether it counts an emoji outside the BMP as one or two is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caution {
    /// The text.
    pub field: FieldPath,
    /// Its length in UTF-16 units.
    pub units: usize,
    /// The limit.
    pub max: usize,
}

/// A [`Violation`] in words: what Meta answers to a parameter that is not valid. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("(#131009) Parameter value is not valid: {details}")]
#[non_exhaustive]
pub struct Refusal {
    /// What is broken.
    pub violation: Violation,
    /// What to change: the field, its limit and what it has.
    pub details: String,
}

impl Violation {
    /// Returns the stable word for the error, as in the answers of the server.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "unsupported_channel",
            Self::Count { field, .. } if *field == FieldPath::new("buttons") => "too_many_buttons",
            Self::Count { .. }
            | Self::Recipient { .. }
            | Self::Length { .. }
            | Self::Together { .. }
            | Self::Format { .. } => "content_refused",
        }
    }

    /// Says the violation in words: `provider` is the provider's name for people, and `name` what the caller calls
    /// a field.
    pub fn refuse(self, provider: &str, name: impl Fn(&FieldPath) -> String) -> Refusal {
        let details = match &self {
            Self::Unsupported { kind, carried } => {
                let carried: Vec<_> = carried.iter().map(|kind| kind.title()).collect();
                let only = match &*carried {
                    [] => String::new(),
                    _ => format!("; it carries {}", carried.join(", ")),
                };
                format!("{provider} does not carry {}{only}", kind.title())
            }
            Self::Recipient { kind, to, carried } => {
                let kinds: Vec<_> = carried.iter().map(|kind| kind.title()).collect();
                let only = match &*kinds {
                    [] => "nor to any other recipient".to_owned(),
                    _ => format!("only to: {}", kinds.join(", ")),
                };
                let (kind, to) = (kind.title(), to.title());
                format!("{provider} does not carry {kind} to a {to}, {only}")
            }
            Self::Count {
                item, count, limit, ..
            } => {
                let (found, allowed) = (counted(*count, item), allowed(*count, limit));
                format!("the message has {found}; {provider} {allowed}")
            }
            Self::Length {
                field,
                length,
                limit,
            } => {
                let (field, found) = (name(field), counted(*length, "character"));
                if *length == 0 {
                    let needed = counted(limit.min, "character");
                    format!("{field} is blank; {provider} needs at least {needed}")
                } else {
                    format!(
                        "{field} has {found}; {provider} {}",
                        allowed(*length, limit)
                    )
                }
            }
            Self::Together { length, limit } => {
                let [header, body, footer] =
                    ["header", "body", "footer"].map(|field| name(&FieldPath::new(field)));
                let (found, allowed) = (counted(*length, "character"), allowed(*length, limit));
                format!(
                    "{header}, {body} and {footer} have {found} together, with their marks; {provider} {allowed}"
                )
            }
            Self::Format { field, format } => format!("{} {}", name(field), format.needed(name)),
        };
        Refusal {
            violation: self,
            details,
        }
    }
}

/// Returns what a limit allows in the direction in which it is broken.
fn allowed(found: usize, limit: &Limit) -> String {
    if found > limit.max {
        format!("allows {}", limit.max)
    } else {
        format!("needs at least {}", limit.min)
    }
}

/// Returns a count with its noun: `1 button`, `2 buttons`.
fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Checks the length of a text in code points; the least is about what the customer reads.
pub(crate) fn check_length(
    field: FieldPath,
    text: &str,
    limit: Limit,
) -> Result<Option<Caution>, Violation> {
    let whole = text.chars().count();
    let shown = if is_blank(text) { 0 } else { whole };
    let length = if whole > limit.max { whole } else { shown };
    if !(limit.min..=limit.max).contains(&length) {
        return Err(Violation::Length {
            field,
            length,
            limit,
        });
    }
    let (units, max) = (text.encode_utf16().count(), limit.max);
    Ok((units > max).then_some(Caution { field, units, max }))
}
