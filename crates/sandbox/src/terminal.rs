//! Text for a terminal: its width, its lines, without control characters.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr;

/// Returns the text without what could steer a terminal; line breaks stay.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push('\n'),
            '\r' => {}
            '\t' => shown.push_str("    "),
            c if c.is_control() || turns_direction(c) => shown.push('\u{fffd}'),
            c => shown.push(c),
        }
    }
    shown
}

/// Returns the text on one line.
pub fn one_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}

/// Returns the columns that a text takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Breaks a text into lines of at most `columns`, between words where it can.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let lines = text.split('\n');
    lines.flat_map(|line| wrap_line(line, columns)).collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current: Option<String> = None;
    for word in line.split(' ') {
        match current.as_mut() {
            Some(current) if width(current) + 1 + width(word) <= columns => {
                current.push(' ');
                current.push_str(word);
            }
            _ => {
                lines.extend(current.take());
                let mut pieces = split_word(word, columns);
                current = pieces.pop();
                lines.extend(pieces);
            }
        }
    }
    lines.extend(current);
    lines
}

/// Cuts a word into pieces of at most `columns`, never inside a character as a person sees it.
fn split_word(word: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for grapheme in word.graphemes(true) {
        if used > 0 && used + grapheme.width() > columns {
            pieces.push(String::new());
            used = 0;
        }
        used += grapheme.width();
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(grapheme);
        }
    }
    pieces
}

/// Returns whether a character turns the direction of the text around it.
pub fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("one two three", 7, &["one two", "three"])]
    #[case("one two three", 80, &["one two three"])]
    #[case("abcdefghij", 4, &["abcd", "efgh", "ij"])]
    #[case("a bcdefghij k", 4, &["a", "bcde", "fghi", "j k"])]
    #[case("a\n\nb", 4, &["a", "", "b"])]
    #[case("  indented", 80, &["  indented"])]
    #[case("", 4, &[""])]
    #[case("日本語日本", 4, &["日本", "語日", "本"])]
    #[case("👍🏽👍🏽👍🏽", 4, &["👍🏽👍🏽", "👍🏽"])]
    #[case("👩‍👩‍👧x", 1, &["👩‍👩‍👧", "x"])]
    fn a_text_is_wrapped_between_words_and_never_inside_a_character(
        #[case] text: &str,
        #[case] columns: usize,
        #[case] lines: &[&str],
    ) {
        assert_eq!(wrap(text, columns), lines);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(
            visible("a\u{1b}[2Jb\r\n\tc\u{202e}"),
            "a\u{fffd}[2Jb\n    c\u{fffd}"
        );
        assert_eq!(one_line("a\nb"), "a b");
    }
}
