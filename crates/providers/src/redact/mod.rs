//! Takes secrets and phone numbers out of texts that came from a provider.

pub(crate) mod phone_numbers;

use secrecy::{ExposeSecret, SecretString};
use url::Url;
use url::form_urlencoded::byte_serialize;

use self::phone_numbers::mask;
use crate::base_url::join;

pub(crate) const BLANK: &str = "***";

/// Most characters of a provider's text that are kept.
const MAX_CHARS: usize = 300;

/// Knows the secrets of one channel, in the forms in which they may come back.
pub(crate) struct Redactor {
    secrets: Vec<SecretString>,
}

impl Redactor {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut forms: Vec<String> = secrets
            .into_iter()
            .map(ExposeSecret::expose_secret)
            .flat_map(|secret| [secret.to_owned(), in_path(secret), in_query(secret)])
            .filter(|form| !form.is_empty())
            .collect();
        // The longest first, for one secret may be part of another.
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self {
            secrets: forms.into_iter().map(SecretString::from).collect(),
        }
    }

    /// One that knows another secret too.
    pub(crate) fn and(&self, secret: &SecretString) -> Self {
        Self::new(self.secrets.iter().chain([secret]))
    }

    /// Returns the text without secrets.
    pub(crate) fn blank(&self, text: &str) -> String {
        let secrets = self.secrets.iter().map(ExposeSecret::expose_secret);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, BLANK))
    }

    /// Returns the text on one line, without secrets, whole phone numbers and control characters, and not too long.
    pub(crate) fn clean(&self, text: &str) -> String {
        let text = self.blank(text).replace(is_control, " ");
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        mask(&line).chars().take(MAX_CHARS).collect()
    }
}

/// Whether a character steers a terminal or turns the direction of a text, instead of showing something.
fn is_control(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn in_path(secret: &str) -> String {
    Url::parse("http://host")
        .ok()
        .and_then(|base| join(&base, &[secret]).ok())
        .map_or_else(String::new, |url| url.path()[1..].to_owned())
}

fn in_query(secret: &str) -> String {
    byte_serialize(secret.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let secrets: Vec<_> = secrets.iter().map(|s| SecretString::from(*s)).collect();
        Redactor::new(&secrets)
    }

    #[test]
    fn every_form_of_a_secret_is_blanked() {
        let redactor = redactor(&["a b/ç", "TOKEN", "TOKEN-2"]);
        assert_eq!(
            redactor.clean("TOKEN-2 TOKEN a%20b%2F%C3%A7 a+b%2F%C3%A7 a b/ç not allowed"),
            "*** *** *** *** *** not allowed"
        );
    }

    #[test]
    fn phone_numbers_are_masked_and_codes_stay() {
        assert_eq!(
            redactor(&[]).clean("(#131009) 5521988887777 at 203.0.113.9,\n12345678"),
            "(#131009) 55…77 at 203.0.113.9, 12…78"
        );
    }

    #[test]
    fn control_characters_leave_a_text() {
        assert_eq!(
            redactor(&[]).clean("a\u{1b}[31mb\0c\u{9b}2Jd\u{7f}e\u{202e}f\u{2066}g\th"),
            "a [31mb c 2Jd e f g h"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(redactor(&[]).clean(&"ç".repeat(1000)).chars().count(), 300);
    }

    proptest! {
        #[test]
        fn no_text_keeps_a_secret_or_eight_digits_in_a_row(text in "\\PC{0,40}", number in "[0-9]{8,15}", secret in "[!-~]{4,20}") {
            let cleaned = redactor(&[&secret]).clean(&format!("{text}{secret} {number}{text}"));
            prop_assert!(!cleaned.contains(&secret));
            prop_assert!(!cleaned.contains(&number));
        }
    }
}
