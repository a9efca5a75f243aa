//! The spellings of a phone number on WhatsApp.

/// The spellings under which WhatsApp may know a phone number, the given one first.
///
/// Brazil's mobile numbers got a ninth digit that old accounts lack; Mexico's and Argentina's mobile
/// numbers have a digit after the country code that is not dialled (Meta, send messages; observed).
pub fn phone_variants(digits: &str) -> Vec<String> {
    let mut variants = vec![digits.to_owned()];
    variants.extend(
        brazil(digits)
            .or_else(|| inserted(digits, "52", '1'))
            .or_else(|| inserted(digits, "54", '9')),
    );
    variants
}

/// `55 aa 9nnnnnnnn` and `55 aa nnnnnnnn`; landlines begin with 2 to 5 and never had the digit.
fn brazil(digits: &str) -> Option<String> {
    let rest = digits.strip_prefix("55")?;
    let (area, number) = (rest.get(..2)?, rest.get(2..)?);
    match (number.len(), number.as_bytes().first()?) {
        (9, b'9') => Some(format!("55{area}{}", &number[1..])),
        (8, first) if !(b'2'..=b'5').contains(first) => Some(format!("55{area}9{number}")),
        _ => None,
    }
}

/// A digit that stands after the country code in one spelling and not in the other; ten digits follow.
fn inserted(digits: &str, country: &str, digit: char) -> Option<String> {
    let rest = digits.strip_prefix(country)?;
    match (rest.len(), rest.strip_prefix(digit)) {
        (11, Some(number)) => Some(format!("{country}{number}")),
        (10, _) => Some(format!("{country}{digit}{rest}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brazilian_mobile_number_is_known_with_and_without_its_ninth_digit() {
        assert_eq!(
            phone_variants("5511987654321"),
            ["5511987654321", "551187654321"]
        );
        assert_eq!(
            phone_variants("551187654321"),
            ["551187654321", "5511987654321"]
        );
        assert_eq!(
            phone_variants("551132654321"),
            ["551132654321"],
            "a landline"
        );
    }

    #[test]
    fn mexican_and_argentinian_numbers_are_known_in_both_forms() {
        assert_eq!(
            phone_variants("5215512345678"),
            ["5215512345678", "525512345678"]
        );
        assert_eq!(
            phone_variants("525512345678"),
            ["525512345678", "5215512345678"]
        );
        assert_eq!(
            phone_variants("5491123456789"),
            ["5491123456789", "541123456789"]
        );
    }

    #[test]
    fn other_numbers_have_one_form() {
        for digits in ["15550001111", "4915112345678", "55", "5", ""] {
            assert_eq!(phone_variants(digits), [digits]);
        }
    }

    #[test]
    fn a_variant_of_a_variant_is_the_number_itself() {
        for digits in ["5511987654321", "525512345678", "5491123456789"] {
            let variant = &phone_variants(digits)[1];
            assert_eq!(phone_variants(variant)[1], digits);
        }
    }
}
