//! The customer or the group of a conversation of ChatVolt.

use recado_core::{GivenRecipient, RecipientKind};

use super::{checked::Verdict, existing::Channel, parsing::SaidConversation};

pub(super) struct To {
    pub(super) given: String,
    /// As the server writes it.
    pub(super) canonical: String,
    pub(super) warning: Option<String>,
}

const DECIMAL: &str = "it is written as a decimal number, as a spreadsheet or a program does with a column of numbers: write its digits alone, as a text";

/// Fewest digits before a separator that are a phone number by themselves.
const MIN_WHOLE_DIGITS: usize = 10;

/// Most digits of a fraction that no phone number has as its last group.
const MAX_FRACTION_DIGITS: usize = 2;

/// Returns whether an address is a number with a fraction, such as `5511900000001.0`. A dot also separates the groups
/// of a phone number, and the fraction would become digits of another one.
fn is_decimal(address: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let parts = address.trim_start_matches('+').split_once(['.', ',']);
    parts.is_some_and(|(whole, fraction)| {
        is_digits(whole)
            && (fraction.is_empty() || is_digits(fraction))
            && (whole.len() >= MIN_WHOLE_DIGITS || fraction.len() <= MAX_FRACTION_DIGITS)
    })
}

/// The first address that can be read, and that the channel carries messages to.
///
/// A conversation with a group is with the group alone: its other addresses are those of a member.
pub(super) fn to(
    conversation: &SaidConversation,
    channel: Option<&Channel>,
) -> Result<To, Verdict> {
    let mut first_problem = None;
    for text in &conversation.addresses {
        let read = match text.parse::<GivenRecipient>() {
            _ if is_decimal(text) => Err(DECIMAL.to_owned()),
            read => read.map_err(|error| error.to_string()),
        };
        let kind = read.as_ref().ok().map(|read| read.recipient.kind());
        let is_group = kind == Some(RecipientKind::Group);
        if conversation.is_group && !is_group {
            continue;
        }
        let read = read.and_then(|read| {
            let Some(capabilities) = channel.map(|channel| channel.capabilities) else {
                return Ok(read);
            };
            let carried = capabilities.check_recipient(&read.recipient);
            carried.map(|()| read).map_err(|violation| {
                let refusal = violation.refuse(capabilities.title, ToString::to_string);
                refusal.details
            })
        });
        match read {
            Ok(read) => {
                let canonical = read.recipient.to_string();
                // The number was read here: a `+` keeps it from being read otherwise there.
                let given = match read.recipient.kind() {
                    RecipientKind::Phone => format!("+{canonical}"),
                    _ => canonical.clone(),
                };
                return Ok(To {
                    given,
                    canonical,
                    warning: read.warning,
                });
            }
            Err(problem) if is_group => {
                return Err(Verdict::LeftOut(format!("it is with a group: {problem}")));
            }
            Err(problem) => first_problem = first_problem.or(Some(problem)),
        }
    }
    Err(match first_problem {
        _ if conversation.is_group => Verdict::LeftOut(
            "it is with a group, and phone or channelExternalId is not the address of one"
                .to_owned(),
        ),
        Some(problem) => Verdict::Wrong(format!("phone: {problem}")),
        None => Verdict::Wrong("it has no phone: fill it in, or delete the row".to_owned()),
    })
}
