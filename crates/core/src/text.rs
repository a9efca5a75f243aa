//! What a person sees of a text: which characters are invisible, and which texts look the same.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The pattern without dots of braille, which is drawn as a blank.
const BRAILLE_BLANK: char = '\u{2800}';

/// Tells whether a text shows nothing: it has only white space and invisible characters.
pub fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || c == BRAILLE_BLANK || is_invisible(c))
}

/// Tells whether a character has no width: a direction mark, a joiner, a variation selector, a filler, a control.
pub(crate) fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && !c.is_whitespace();
    }
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || matches!(
            category(c),
            GeneralCategory::Format | GeneralCategory::Control
        ) && !c.is_whitespace()
}

/// Returns the text by which two titles are compared: without invisible characters and white space at the
/// ends, and with one spelling for each letter.
///
/// The spelling is NFC, by which an accent is the same whether or not it is a character of its own. NFKC would
/// also make `x²` and `x2` equal, which a customer can tell apart.
pub fn seen(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    if visible.is_ascii() {
        return visible.trim().to_owned();
    }
    let normalizer = ComposingNormalizerBorrowed::new_nfc();
    normalizer.normalize(visible.trim()).into_owned()
}

/// Returns the value of a decimal digit of any script: 3 for `3`, `٣` and `３`.
pub(crate) fn digit(c: char) -> Option<u8> {
    let is_digit = |code: u32| {
        char::from_u32(code).is_some_and(|c| category(c) == GeneralCategory::DecimalNumber)
    };
    let code = u32::from(c);
    if !is_digit(code) {
        return None;
    }
    // Unicode encodes the digits of a script as a run from 0 to 9, so a run, or several without a gap between
    // them, begins with a zero.
    let before = (0..code).rev().take_while(|code| is_digit(*code)).count();
    u8::try_from(before % 10).ok()
}

/// Tells whether a character is a hyphen or a dash of any kind.
pub(crate) fn is_dash(c: char) -> bool {
    c == '\u{2212}' || category(c) == GeneralCategory::DashPunctuation
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing("")]
    #[case::spaces(" \t\r\n\u{a0}\u{2003}\u{3000}\u{1680}")]
    #[case::zero_width("\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}")]
    #[case::soft_hyphen("\u{ad}")]
    #[case::directions("\u{200e}\u{200f}\u{61c}\u{202a}\u{202e}\u{2066}\u{2069}")]
    #[case::fillers("\u{3164}\u{115f}\u{1160}\u{ffa0}\u{17b4}\u{17b5}")]
    #[case::braille("\u{2800}")]
    #[case::joiner("\u{34f}\u{180b}\u{180e}\u{180f}")]
    #[case::selectors("\u{fe00}\u{fe0f}\u{e0100}")]
    #[case::tags("\u{e0001}\u{e0041}\u{e007f}")]
    #[case::controls("\u{1}\u{7f}\u{9f}")]
    #[case::musical("\u{1d173}")]
    #[case::unassigned("\u{2065}\u{fff0}\u{e0fff}")]
    fn what_shows_nothing_is_blank(#[case] text: &str) {
        assert!(is_blank(text));
    }

    #[rstest]
    #[case("a\u{200b}")]
    #[case(".")]
    #[case("👨\u{200d}👩")]
    #[case("0\u{fe0f}\u{20e3}")]
    #[case("\u{301}")]
    #[case("م")]
    #[case("ㅤa")]
    fn what_shows_something_is_not(#[case] text: &str) {
        assert!(!is_blank(text));
    }

    #[rstest]
    #[case("Caf\u{e9}", "Cafe\u{301}")]
    #[case("Yes", "Y\u{200b}es\u{feff}")]
    #[case("Yes", "\u{202a}Yes\u{202c} ")]
    #[case("\u{212b}", "\u{c5}")]
    #[case("☎", "☎\u{fe0f}")]
    #[case("한", "\u{1112}\u{1161}\u{11ab}")]
    fn texts_that_look_the_same_are_equal(#[case] one: &str, #[case] other: &str) {
        assert_eq!(seen(one), seen(other));
    }

    #[rstest]
    #[case("x²", "x2")]
    #[case("Yes", "yes")]
    #[case("Yes!", "Yes")]
    #[case("é", "e")]
    fn texts_that_look_different_are_not(#[case] one: &str, #[case] other: &str) {
        assert_ne!(seen(one), seen(other));
    }

    #[test]
    fn digits_of_every_script_have_their_values() {
        for run in [
            "0123456789",
            "٠١٢٣٤٥٦٧٨٩",
            "۰۱۲۳۴۵۶۷۸۹",
            "०१२३४५६७८९",
            "０１２３４５６７８９",
            "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
            "𝟶𝟷𝟸𝟹𝟺𝟻𝟼𝟽𝟾𝟿",
        ] {
            let values: Vec<_> = run.chars().filter_map(digit).collect();
            assert_eq!(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "{run}");
        }
        for c in ['x', '²', '½', 'Ⅷ', '一'] {
            assert_eq!(digit(c), None, "{c}");
        }
    }
}
