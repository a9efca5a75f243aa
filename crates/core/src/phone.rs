//! Phone numbers as people write them: what is accepted, how it is read, and why something is refused.

use phonenumber::metadata::{DATABASE, Metadata};
use phonenumber::{Mode, PhoneNumber, Type};
use serde::Serialize;

use crate::text::{digit, is_dash, is_invisible};

/// Fewest digits of a phone number with its country code.
pub(crate) const MIN_DIGITS: usize = 8;

/// Most digits of a phone number with its country code: ITU-T E.164.
pub(crate) const MAX_DIGITS: usize = 15;

/// What may stand before a number that was pasted.
const PREFIXES: [&str; 5] = [
    "tel:",
    "whatsapp:",
    "https://wa.me/",
    "http://wa.me/",
    "wa.me/",
];

const BRAZIL: u16 = 55;

/// The kinds of numbers whose lengths are looked at; numbers that are dialled within a country only are not among
/// them.
const KINDS: [Type; 10] = [
    Type::FixedLine,
    Type::Mobile,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::PersonalNumber,
    Type::Voip,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
];

/// A phone number as Recado understands it, to compare with what was meant.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReadPhone, example = json!({"country": "BR", "formatted": "+55 11 90000-0002"})))]
#[non_exhaustive]
pub struct Phone {
    /// The country by its two letters (ISO 3166-1); null if the number does not tell it.
    // Several countries share a code.
    pub country: Option<String>,
    /// The number in groups, as its country writes it.
    pub formatted: String,
}

impl Phone {
    /// Reads the digits of a number with its country code.
    pub fn of(digits: &str) -> Self {
        let e164 = format!("+{digits}");
        let Ok(number) = phonenumber::parse(None, &e164) else {
            return Self {
                country: None,
                formatted: e164,
            };
        };
        let formatted = number.format().mode(Mode::International).to_string();
        // Some digits that the library drops are part of an address on WhatsApp, such as the 1 after Mexico's 52.
        let same = formatted
            .bytes()
            .filter(u8::is_ascii_digit)
            .eq(digits.bytes());
        Self {
            country: country(&number),
            formatted: if same { formatted } else { e164 },
        }
    }
}

fn country(number: &PhoneNumber) -> Option<String> {
    number.country().id().map(|id| id.as_ref().to_owned())
}

/// Why a text is not a phone number that WhatsApp could have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhoneError {
    /// The text has other characters than a phone number.
    #[error("a phone number has digits, spaces, hyphens and parentheses only")]
    Characters,
    /// The number begins with a zero that is dialled within its country.
    #[error(
        "the number begins with 0, as it is dialled within its country: leave the 0 out and write + and the country code first, as in +55 11 90000-0001"
    )]
    National,
    /// The number has too few or too many digits.
    #[error(
        "a phone number has {MIN_DIGITS} to {MAX_DIGITS} digits with its country code, this one has {0}"
    )]
    Length(usize),
    /// No country has such a code.
    #[error(
        "the number does not begin with the code of a country: write + and the country code first, as in +55 11 90000-0001"
    )]
    CountryCode,
    /// A zero follows the country code.
    #[error(
        "the 0 after the country code +{0} is dialled within the country only: leave it out, as in +44 20 7946 0958 for +44 (0)20 7946 0958"
    )]
    TrunkZero(u16),
    /// The number was read with this country code, whose countries do not have such numbers. The second field is the
    /// country, such as ` (BR)`, or empty if several countries share the code.
    #[error(
        "the number has no + and was read with the country code +{0}{1}, which has no such numbers: write + and the country code first, as in +55 11 90000-0001"
    )]
    Foreign(u16, String),
    /// The number begins with an area code of Brazil in parentheses, which is also the code of a country.
    #[error(
        "the number begins with an area code in parentheses, and would be read with the country code +{0}{1}: write + and the country code first, as in +55 (51) 98888-7777"
    )]
    AreaCode(u16, String),
}

/// Reads a phone number that a person wrote or pasted, and that can be called from another country.
///
/// Returns its digits, and what may be misunderstood about them.
pub fn read(text: &str) -> Result<(String, Option<String>), PhoneError> {
    let (international, digits) = international(&plain(text)?)?;
    let Some((code, national, regions)) = split(&digits) else {
        return Err(PhoneError::CountryCode);
    };
    let is_known = has_numbers_like(code, national, &regions);
    let country = match &*regions {
        [only] => format!(" ({})", only.id()),
        _ => String::new(),
    };
    let warning = match (is_known, international) {
        // In some countries the 0 belongs to every number.
        (false, _) if is_dialled_within(code, national, &regions) => {
            return Err(PhoneError::TrunkZero(code));
        }
        // A new range that the library does not know, or a number that WhatsApp keeps under an older form: the
        // + says that the country code is meant.
        (false, true) => Some(format!(
            "The country code +{code}{country} is not known to have numbers of this form; check the number"
        )),
        (false, false) => return Err(PhoneError::Foreign(code, country)),
        (true, false) if begins_with_area_code(text) && is_brazilian(&digits) => {
            return Err(PhoneError::AreaCode(code, country));
        }
        (true, false) => Some(format!(
            "The number has no +: it was read with the country code +{code}{country}; write the + to be sure"
        )),
        (true, true) => None,
    };
    Ok((digits, warning))
}

/// Returns a number with ASCII digits, a leading `+` where one was written, and nothing else.
fn plain(text: &str) -> Result<String, PhoneError> {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let mut rest = visible.trim();
    for prefix in PREFIXES {
        if rest
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        {
            rest = rest[prefix.len()..].trim_start_matches('/');
            break;
        }
    }
    let mut plain = String::new();
    for c in rest.chars() {
        match c {
            '+' | '＋' | '﹢' if plain.is_empty() => plain.push('+'),
            '(' | ')' | '（' | '）' | '[' | ']' | '.' | '/' | '·' | '•' => {}
            _ if c.is_whitespace() || is_dash(c) => {}
            _ => plain.push(char::from(b'0' + digit(c).ok_or(PhoneError::Characters)?)),
        }
    }
    Ok(plain)
}

/// Tells whether a number begins with zeros that are dialled within its country only.
fn is_dialled_within(code: u16, national: &str, regions: &[&Metadata]) -> bool {
    let without = national.trim_start_matches('0');
    without != national && has_numbers_like(code, without, regions)
}

/// Tells whether two digits in parentheses come first, as in `(51) 98888-7777`.
fn begins_with_area_code(text: &str) -> bool {
    let visible = |c: &char| !is_invisible(*c) && !c.is_whitespace();
    let mut characters = text
        .chars()
        .filter(visible)
        .skip_while(|c| digit(*c).is_none() && !matches!(c, '(' | '（' | '['));
    let first = characters.next();
    let inside = characters.take_while(|c| digit(*c).is_some()).count();
    matches!(first, Some('(' | '（' | '[')) && inside == 2
}

/// Tells whether the digits are a number of Brazil with its area code.
fn is_brazilian(digits: &str) -> bool {
    let regions = DATABASE.by_code(&BRAZIL).unwrap_or_default();
    has_numbers_like(BRAZIL, digits, &regions)
}

/// Splits what marks a number as international from its digits: `+` or the `00` that is dialled in most countries.
fn international(plain: &str) -> Result<(bool, String), PhoneError> {
    let marked = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"));
    let digits = marked.unwrap_or(plain);
    if digits.starts_with('0') {
        return Err(marked.map_or(PhoneError::National, |_| PhoneError::CountryCode));
    }
    if !(MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) {
        return Err(PhoneError::Length(digits.len()));
    }
    Ok((marked.is_some(), digits.to_owned()))
}

/// Returns the country code of a number.
pub(crate) fn calling_code(digits: &str) -> Option<u16> {
    split(digits).map(|(code, ..)| code)
}

/// Splits a number into its country code and the rest, with what is known of the countries that have the code.
fn split(digits: &str) -> Option<(u16, &str, Vec<&'static Metadata>)> {
    // No code is the beginning of another one.
    (1..=3).find_map(|length| {
        let code = digits.get(..length)?.parse().ok()?;
        Some((code, &digits[length..], DATABASE.by_code(&code)?))
    })
}

/// Tells whether one of the countries has numbers that look like this one.
fn has_numbers_like(code: u16, national: &str, regions: &[&Metadata]) -> bool {
    let has = |national: &str| {
        let mut regions = regions.iter();
        regions.any(|region| {
            region.descriptors().general().is_match(national) && has_length(national.len(), region)
        })
    };
    // WhatsApp keeps the 1 of Mexico's mobile numbers, which is not dialled since 2019.
    let older = national.strip_prefix('1').filter(|_| code == 52);
    has(national) || older.is_some_and(has)
}

/// Tells whether a country has numbers of so many digits without its code: the general pattern only looks at how a
/// number begins.
fn has_length(length: usize, region: &Metadata) -> bool {
    let kinds = KINDS.iter();
    let mut kinds = kinds.filter_map(|kind| region.descriptors().get(*kind));
    kinds.any(|kind| {
        let mut lengths = kind.possible_length().iter();
        lengths.any(|known| usize::from(*known) == length)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("+5511900000001")]
    #[case::groups("+55 (11) 90000-0001")]
    #[case::no_break_spaces("+55\u{a0}11\u{202f}90000\u{2011}0001")]
    #[case::direction_marks("\u{202a}+55 11 90000-0001\u{202c}\u{200e}")]
    #[case::isolates("\u{2066}+55 11 90000-0001\u{2069}")]
    #[case::byte_order_mark("\u{feff}+5511900000001")]
    #[case::dashes("+55–11—90000−0001")]
    #[case::dots("+55.11.90000.0001")]
    #[case::slash("+55/11/90000-0001")]
    #[case::tel("tel:+55-11-90000-0001")]
    #[case::upper_tel("TEL:+5511900000001")]
    #[case::whatsapp("whatsapp:+5511900000001")]
    #[case::link("https://wa.me/+5511900000001")]
    #[case::double_zero("0055 11 90000-0001")]
    #[case::double_zero_apart("00 55 11 90000-0001")]
    #[case::code_in_parentheses("(+55) 11 90000-0001")]
    #[case::plus_before_parentheses("+(55) 11 90000-0001")]
    #[case::full_width("＋５５（１１）９００００－０００１")]
    #[case::arabic("+٥٥ ١١ ٩٠٠٠٠٠٠٠١")]
    #[case::persian("+۵۵ ۱۱ ۹۰۰۰۰۰۰۰۱")]
    #[case::devanagari("+५५ ११ ९००००-०००१")]
    fn a_pasted_number_is_read_without_a_warning(#[case] text: &str) {
        assert_eq!(read(text), Ok(("5511900000001".to_owned(), None)));
    }

    #[rstest]
    #[case("5511900000001", "+55 (BR)")]
    #[case("(55) 11 90000-0001", "+55 (BR)")]
    #[case("whatsapp:5511900000001", "+55 (BR)")]
    #[case("15550001234", "+1;")]
    #[case("5215512345678", "+52 (MX)")]
    fn a_number_without_a_plus_says_with_which_code_it_was_read(
        #[case] text: &str,
        #[case] code: &str,
    ) {
        let (_, warning) = read(text).expect(text);
        let warning = warning.expect("a warning");
        assert!(
            warning.contains("no +") && warning.contains(code),
            "{warning}"
        );
    }

    #[rstest]
    #[case::united_kingdom("+44 (0)20 7946 0958", PhoneError::TrunkZero(44))]
    #[case::brazil("+55 (011) 90000-0001", PhoneError::TrunkZero(55))]
    #[case::germany("+49 (0) 30 901820", PhoneError::TrunkZero(49))]
    #[case::germany_dialled("0049 (0) 30 901820", PhoneError::TrunkZero(49))]
    #[case::bare("4402079460958", PhoneError::TrunkZero(44))]
    #[case::without_code("011 90000-0001", PhoneError::National)]
    #[case::no_such_code("+999 123456789", PhoneError::CountryCode)]
    #[case::code_of_zero("+055 11 90000-0001", PhoneError::CountryCode)]
    #[case::area_code("21 98888-7777", PhoneError::CountryCode)]
    #[case::short("+55 1190", PhoneError::Length(6))]
    #[case::long("+55 11 90000-0001 00000", PhoneError::Length(18))]
    #[case::empty("", PhoneError::Length(0))]
    #[case::letters("+1 800 FLOWERS", PhoneError::Characters)]
    #[case::extension("+55 11 90000-0001 ext. 5", PhoneError::Characters)]
    #[case::two("+5511900000001, +5511900000002", PhoneError::Characters)]
    #[case::second_plus("+55+11900000001", PhoneError::Characters)]
    fn what_cannot_be_called_from_abroad_is_refused_with_the_reason(
        #[case] text: &str,
        #[case] error: PhoneError,
    ) {
        assert_eq!(read(text), Err(error));
    }

    #[rstest]
    #[case("11 90000-0001", "+1,")]
    #[case("(11) 90000-0001", "+1,")]
    fn a_number_that_would_be_read_as_foreign_is_refused(#[case] text: &str, #[case] code: &str) {
        let sentence = read(text).expect_err(text).to_string();
        assert!(
            sentence.contains("has no + and") && sentence.contains(code),
            "{sentence}"
        );
    }

    #[rstest]
    #[case::brazil("+55 11 90000-00011")]
    #[case::brazil_two_more("+55 11 90000-000112")]
    #[case::north_america("+1 415 555 26719")]
    #[case::norway("+47 988887777")]
    #[case::portugal("+351 912 345 6789")]
    #[case::too_short("+1 415 555 267")]
    #[case::ivory_coast("+225 07 00 00 00 00 1")]
    #[case::gabon("+241 06 00 00 00 11")]
    fn a_number_of_a_wrong_length_is_warned_of(#[case] text: &str) {
        let (_, warning) = read(text).expect(text);
        let warning = warning.expect("a warning");
        assert!(warning.contains("not known to have numbers"), "{warning}");
    }

    #[rstest]
    #[case("5511900000001")]
    #[case("55119000000011")]
    fn without_a_plus_a_number_of_a_wrong_length_is_refused(#[case] digits: &str) {
        let refused = read(digits).err();
        let expected = PhoneError::Foreign(55, " (BR)".to_owned());
        assert_eq!(refused, (digits.len() > 13).then_some(expected));
    }

    #[rstest]
    #[case("(51) 98888-7777", "+51 (PE)")]
    #[case("[31] 98888-7777", "+31 (NL)")]
    #[case("tel:(48)988887777", "+48 (PL)")]
    #[case("( 51 ) 98888-7777", "+51 (PE)")]
    #[case("(\u{200e}51) 98888-7777", "+51 (PE)")]
    fn an_area_code_in_parentheses_is_not_taken_for_a_country(
        #[case] text: &str,
        #[case] code: &str,
    ) {
        let sentence = read(text).expect_err(text).to_string();
        assert!(
            sentence.contains("area code") && sentence.contains(code),
            "{sentence}"
        );
    }

    #[rstest]
    #[case("51 988887777")]
    #[case("(+51) 988887777")]
    #[case("+51 (98) 8887777")]
    fn a_number_of_peru_is_taken(#[case] text: &str) {
        assert_eq!(read(text).expect(text).0, "51988887777");
    }

    #[test]
    fn what_the_plus_says_is_believed_with_a_warning() {
        // Benin's numbers had 8 digits until 2024, and WhatsApp may know them by those.
        let (digits, warning) = read("+229 97 00 00 00").expect("a number");
        assert_eq!(digits, "22997000000");
        assert!(warning.expect("a warning").contains("+229 (BJ)"));
    }

    #[test]
    fn a_zero_that_belongs_to_the_number_stays() {
        assert_eq!(read("+39 (06) 6982"), Ok(("39066982".to_owned(), None)));
    }

    #[rstest]
    #[case("5511900000001", Some("BR"), "+55 11 90000-0001")]
    #[case("442079460958", Some("GB"), "+44 20 7946 0958")]
    #[case("12015550123", Some("US"), "+1 201-555-0123")]
    #[case("16132224444", Some("CA"), "+1 613-222-4444")]
    #[case("15550001234", None, "+1 555-000-1234")]
    #[case("5215512345678", Some("MX"), "+52 15512345678")]
    #[case("393331234567", Some("IT"), "+39 333 123 4567")]
    #[case("39066982", None, "+39 06 6982")]
    #[case("553188887777", Some("BR"), "+55 3188887777")]
    #[case("9991234567890", None, "+9991234567890")]
    fn a_number_is_shown_as_its_country_writes_it(
        #[case] digits: &str,
        #[case] country: Option<&str>,
        #[case] formatted: &str,
    ) {
        let phone = Phone::of(digits);
        assert_eq!(
            (phone.country.as_deref(), &*phone.formatted),
            (country, formatted)
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[+0-9() -]{0,20}|.*") {
            if let Ok((digits, _)) = read(&text) {
                let shown = Phone::of(&digits).formatted;
                let kept: String = shown.chars().filter(char::is_ascii_digit).collect();
                prop_assert_eq!(kept, digits);
            }
        }
    }
}
