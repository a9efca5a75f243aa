//! Finds phone numbers in a provider's words, in the notations that people and programs use, and masks them.

/// Digits in a row from which on they may be a phone number.
const FEWEST: usize = 8;

/// The longest number of the numbering plan (ITU-T E.164).
const MOST: usize = 15;

/// Fewest digits, area code included, of a number whose groups stand apart and which has no plus.
const FEWEST_APART: usize = 10;

/// What may stand between two groups of one number, at most two of them.
const SEPARATORS: [char; 9] = [
    ' ', '-', '.', '/', '(', ')', '\u{2010}', '\u{2011}', '\u{2013}',
];

/// Most bytes of a character.
const MAX_CHAR_BYTES: usize = 4;

/// The character with which a text begins, which may be percent-encoded as in a URL, and how many bytes it takes.
fn first_char(text: &str) -> Option<(char, usize)> {
    let mut bytes = Vec::new();
    for encoded in text.as_bytes().chunks_exact(3).take(MAX_CHAR_BYTES) {
        let [b'%', high, low] = *encoded else { break };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (Some(high), Some(low)) = (digit(high), digit(low)) else {
            break;
        };
        bytes.extend(u8::try_from(high * 16 + low));
        if let Some(decoded) = str::from_utf8(&bytes).ok().and_then(|it| it.chars().next()) {
            return Some((decoded, bytes.len() * 3));
        }
    }
    text.chars().next().map(|first| (first, first.len_utf8()))
}

fn is_separator(sign: char) -> bool {
    SEPARATORS.contains(&sign) || sign.is_whitespace()
}

/// Keeps the two ends of every phone number, as [`recado_core::Recipient::masked`] does; codes, dates and
/// addresses stay.
pub(crate) fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let (mut rest, mut before) = (text, None);
    while let Some((next, length)) = first_char(rest) {
        let end = if let Some(end) = phone_number(rest, before) {
            push_masked(&mut masked, &rest[..end]);
            end
        } else {
            let end = digits(rest).max(length);
            masked.push_str(&rest[..end]);
            end
        };
        // Digits stand for themselves: what follows one or more of them follows a digit.
        before = Some(next);
        rest = &rest[end..];
    }
    masked
}

fn push_masked(masked: &mut String, number: &str) {
    let (mut digits, mut rest) = (String::new(), number);
    while let Some((next, length)) = first_char(rest) {
        digits.extend(Some(next).filter(char::is_ascii_digit));
        rest = &rest[length..];
    }
    masked.push_str(&digits[..2]);
    masked.push('…');
    masked.push_str(&digits[digits.len() - 2..]);
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Where the phone number ends with which `text` begins, if it does; `before` is the character before it.
fn phone_number(text: &str, before: Option<char>) -> Option<usize> {
    let groups = groups(text);
    let first = groups.first()?;
    if first.digits >= FEWEST {
        return Some(first.end);
    }
    match before {
        Some('+') if !text.starts_with('0') => international(&groups),
        Some(before) if before.is_alphanumeric() => None,
        _ => national(&groups),
    }
}

/// Digits in a row, and where they end.
struct Group {
    digits: usize,
    end: usize,
}

/// The groups of digits at the beginning of `text` that may be one number.
fn groups(text: &str) -> Vec<Group> {
    let (mut groups, mut start, mut total) = (Vec::new(), 0, 0);
    loop {
        let count = digits(&text[start..]);
        total += count;
        if count == 0 || (total > MOST && !groups.is_empty()) {
            return groups;
        }
        let end = start + count;
        groups.push(Group { digits: count, end });
        start = end;
        for _ in 0..2 {
            match first_char(&text[start..]) {
                Some((next, length)) if is_separator(next) => start += length,
                _ => break,
            }
        }
        if start == end {
            return groups;
        }
    }
}

/// After a plus: all groups up to the longest number.
fn international(groups: &[Group]) -> Option<usize> {
    let total: usize = groups.iter().map(|group| group.digits).sum();
    let last = groups.last()?;
    (total >= FEWEST).then_some(last.end)
}

/// Without a plus, the last two groups tell it from dates, codes and IP addresses (98888-7777, 555-0143).
fn national(groups: &[Group]) -> Option<usize> {
    let (mut total, mut before) = (0, 0);
    for group in groups {
        if group.digits > 5 {
            return None;
        }
        total += group.digits;
        if total >= FEWEST_APART && group.digits == 4 && (3..=5).contains(&before) {
            return Some(group.end);
        }
        before = group.digits;
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::in_one("5521988887777 is not on WhatsApp", "55…77 is not on WhatsApp")]
    #[case::jid("to 5521988887777@s.whatsapp.net", "to 55…77@s.whatsapp.net")]
    #[case::published_form("to +55 21 98888-7777 failed", "to +55…77 failed")]
    #[case::parentheses("+55 (21) 98888-7777", "+55…77")]
    #[case::dots("+55.21.98888.7777", "+55…77")]
    #[case::pairs("+33 6 12 34 56 78", "+33…78")]
    #[case::without_plus("55 21 98888-7777", "55…77")]
    #[case::area_code("call (21) 98888-7777 now", "call (21…77 now")]
    #[case::american("1-202-555-0143, 202 555 0143", "12…43, 20…43")]
    #[case::landline("11 3333-4444", "11…44")]
    #[case::british("0044 20 7946 0958", "00…58")]
    #[case::beside_a_code("(#131026) 55 21 98888-7777 470", "(#131026) 55…77 470")]
    #[case::other_hyphens("+1\u{2010}202\u{2011}555\u{2013}0143", "+12…43")]
    #[case::in_a_url("/v25.0/+55%2011%2090000-0001/messages", "/v25.0/+55…01/messages")]
    #[case::wholly_encoded("%2B55%20%2811%29%2090000%2D0001", "%2B55…01")]
    #[case::encoded_beyond_ascii("+1%E2%80%89202%E2%80%91555%C2%A00143", "+12…43")]
    #[case::encoded_without_plus("to=(11)%2090000-0001&x=1", "to=(11…01&x=1")]
    #[case::plus_beside_a_code("+55 21 98888-7777 131026", "+55…77 131026")]
    fn a_phone_number_is_masked_in_every_notation(#[case] text: &str, #[case] masked: &str) {
        assert_eq!(mask(text), masked);
    }

    #[rstest]
    #[case::code("(#131009) Parameter value is not valid")]
    #[case::two_codes("error 131026 470, status 500 1234")]
    #[case::date("2026-09-21 13:33:20 +0000")]
    #[case::instant("2026-09-21T13:33:20.123Z")]
    #[case::day_first("21/09/2026 08:30, 21.09.2026")]
    #[case::years("2025-2026")]
    #[case::time_zone("13:33:20 +0000 2026")]
    #[case::address("203.0.113.9:8080 not allowed")]
    #[case::version("v25.0, wuzapi 1.12.1234")]
    #[case::amount("R$ 1.234,56 of 10.000")]
    #[case::key("0199f3aa-4a1e-7c10-9d7b-a00000b00002")]
    #[case::url("https://h/a%20b%2F20%3F?x=100%25&y=%zz%4")]
    #[case::limit("At most 1024 of 4096 characters, 20 in a title")]
    fn other_numbers_stay(#[case] text: &str) {
        assert_eq!(mask(text), text);
    }
}
