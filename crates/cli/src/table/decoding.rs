//! The text of a file, in the encodings that spreadsheets write.

use crate::{Failure, Result};

/// The byte order mark that spreadsheets write.
const MARK: char = '\u{feff}';

/// Reads the bytes of a file as UTF-8, or as UTF-16 with its mark. Another encoding is not guessed: it would spoil names.
pub(crate) fn decode(file: &str, bytes: Vec<u8>) -> Result<String> {
    let text = match &bytes[..] {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            last_line(&String::from_utf8_lossy(valid))
        }),
    };
    let mut text = text.map_err(|line| refused(file, "is not UTF-8", line))?;
    // UTF-16 without its mark is UTF-8 with a zero byte at each letter.
    if let Some((before, _)) = text.split_once('\0') {
        return Err(refused(file, "has a zero byte", last_line(before)));
    }
    if text.starts_with(MARK) {
        text.drain(..MARK.len_utf8());
    }
    Ok(with_line_feeds(text))
}

/// Returns the text with a line feed at the end of each line: some programs write a carriage return alone.
fn with_line_feeds(text: String) -> String {
    let is_alone = |(at, _): (usize, &str)| !text[at + 1..].starts_with('\n');
    if text.match_indices('\r').any(is_alone) {
        return text.replace("\r\n", "\n").replace('\r', "\n");
    }
    text
}

/// Reads UTF-16, or returns the line of the fault.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, usize> {
    let (pairs, rest) = bytes.as_chunks();
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut text = String::new();
    for letter in char::decode_utf16(units) {
        match letter {
            Ok(letter) => text.push(letter),
            Err(_) => return Err(last_line(&text)),
        }
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(last_line(&text))
    }
}

fn last_line(text: &str) -> usize {
    1 + text.matches('\n').count()
}

fn refused(file: &str, fault: &str, line: usize) -> Failure {
    Failure::Usage(format!(
        "{file} {fault} (line {line}): in a spreadsheet, save it as \"CSV UTF-8\"; a text in the old encoding \
         of Western Windows becomes UTF-8 with `iconv -f WINDOWS-1252 -t UTF-8`"
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TEXT: &str = "agentId;agentName\na2;João\n";

    fn units(text: &str) -> impl Iterator<Item = u16> {
        text.encode_utf16()
    }

    fn little(text: &str) -> Vec<u8> {
        units(text).flat_map(u16::to_le_bytes).collect()
    }

    fn big(text: &str) -> Vec<u8> {
        units(text).flat_map(u16::to_be_bytes).collect()
    }

    #[rstest]
    #[case::utf8(TEXT.into())]
    #[case::utf8_with_its_mark(format!("\u{feff}{TEXT}").into())]
    #[case::unicode_text_of_a_spreadsheet(little(&format!("\u{feff}{TEXT}")))]
    #[case::big_endian(big(&format!("\u{feff}{TEXT}")))]
    fn what_a_spreadsheet_writes_is_read(#[case] bytes: Vec<u8>) {
        assert_eq!(decode("f", bytes).unwrap(), TEXT);
    }

    #[rstest]
    #[case::latin_1(b"agentId;agentName\na1;Ana\na2;Jo\xe3o\n".to_vec(), "is not UTF-8 (line 3)")]
    #[case::utf16_without_its_mark(little(TEXT), "is not UTF-8 (line 2)")]
    #[case::utf16_of_ascii_without_its_mark(little("agentId\na2\n"), "has a zero byte (line 1)")]
    #[case::a_zero_byte(b"agentId\na1\na\x002\n".to_vec(), "has a zero byte (line 3)")]
    #[case::half_a_letter(vec![0xFF, 0xFE, b'a'], "is not UTF-8 (line 1)")]
    #[case::half_a_pair(vec![0xFF, 0xFE, 0x00, 0xD8], "is not UTF-8 (line 1)")]
    fn another_encoding_is_refused_with_what_to_save_as(
        #[case] bytes: Vec<u8>,
        #[case] fault: &str,
    ) {
        let text = decode("f", bytes).unwrap_err().to_string();
        let begin = format!("f {fault}: in a spreadsheet, save it as \"CSV UTF-8\"");
        assert!(text.starts_with(&begin), "{text}");
    }
}
