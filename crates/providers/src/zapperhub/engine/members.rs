//! The members of WhatsApp's own message: Go writes `selectedID` for `selectedId`, and puts the members of a *oneof* under
//! one more name. So keys are compared without case.

use serde_json::Value;

/// The member `key` of an object, in any case; null counts as absent.
pub(crate) fn own<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let mut members = value.as_object()?.iter();
    let (_, member) =
        members.find(|(name, member)| name.eq_ignore_ascii_case(key) && !member.is_null())?;
    Some(member)
}

/// `key` of the value itself, or of what it holds, except what it quotes.
pub(crate) fn within<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    own(value, key).or_else(|| {
        let mut members = value.as_object()?.iter();
        members.find_map(|(name, member)| {
            let quotes = name.eq_ignore_ascii_case("contextInfo");
            if quotes { None } else { within(member, key) }
        })
    })
}
