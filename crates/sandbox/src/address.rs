//! Recipients in the one form in which the sandbox compares and shows them.

/// Returns the digits of a phone number in any notation; LIDs, groups and business-scoped user ids stay as they are.
pub(crate) fn bare(recipient: &str) -> String {
    let local = recipient.strip_suffix("@s.whatsapp.net");
    let local = local.unwrap_or(recipient);
    if is_phone_notation(local) {
        local.chars().filter(char::is_ascii_digit).collect()
    } else {
        local.to_owned()
    }
}

/// Returns whether the text has only characters that Meta accepts in a phone number, and at least one digit.
pub(crate) fn is_phone_notation(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')');
    // `digits-digits` is Z-API's old form of a group.
    text.chars().all(allowed) && text.contains(|c: char| c.is_ascii_digit()) && !is_old_group(text)
}

/// Returns whether the text is a group in the old form: creator's number, hyphen, time.
pub(crate) fn is_old_group(text: &str) -> bool {
    text.split_once('-').is_some_and(|(creator, created)| {
        is_digits(creator, 10..=15) && is_digits(created, 10..=10)
    })
}

/// Returns whether the text is only ASCII digits, as many as `count` allows.
pub(crate) fn is_digits(text: &str, count: std::ops::RangeInclusive<usize>) -> bool {
    count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
