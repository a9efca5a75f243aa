//! Compares a provider's text with the texts that its vendor documents.

/// Whether `text` is the documented one, word by word and without regard to case.
///
/// `*` stands for any one word, such as an address or a name. A text that merely contains the documented words
/// says something else: a page about an error that was "logged" does not mean "not logged in".
pub(crate) fn says(text: &str, documented: &str) -> bool {
    let mut given = words(text);
    let mut known = words(documented);
    loop {
        match (given.next(), known.next()) {
            (None, None) => return true,
            (Some(word), Some(expected))
                if expected == "*" || word.eq_ignore_ascii_case(expected) => {}
            _ => return false,
        }
    }
}

/// The words of a sentence, with or without its full stop.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.trim().trim_end_matches('.').split_whitespace()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("no session", "no session")]
    #[case("No session", "no session")]
    #[case(" You are not connected.\n", "you are not connected")]
    #[case("203.0.113.9 not allowed", "* not allowed")]
    #[case("The field 'message' is empty", "the field * is empty")]
    fn a_documented_text_is_recognised(#[case] text: &str, #[case] documented: &str) {
        assert!(says(text, documented));
    }

    #[rstest]
    #[case("", "no session")]
    #[case("no sessions", "no session")]
    #[case("no session store", "no session")]
    #[case("there is no session", "no session")]
    #[case("nosession", "no session")]
    #[case("not allowed", "* not allowed")]
    #[case("the address is not allowed", "* not allowed")]
    #[case("The error has been logged", "logged")]
    fn a_text_that_is_only_like_it_is_not(#[case] text: &str, #[case] documented: &str) {
        assert!(!says(text, documented));
    }
}
