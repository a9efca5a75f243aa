//! Reads JSON that its writer got slightly wrong, so that no webhook call and no answer is lost for one character.
//!
//! JavaScript writes half of a cut emoji as `\ud83d`, Python writes `NaN`, PHP passes bytes on that are not UTF-8.
//! `serde_json` refuses all of them, and with them the whole batch. No kept library reads all of these forms.

use serde_json::Value;

/// Deepest nesting that is read, below the 128 that `serde_json` refuses; deeper values become null.
const MAX_DEPTH: usize = 100;

/// Returns the value of a JSON text; `None` if it is not JSON even when its slips are mended.
///
/// What cannot be a character becomes U+FFFD; a number too large for any type becomes its own text.
pub(crate) fn parse(json: &[u8]) -> Option<Value> {
    let strict = serde_json::from_slice(json).ok();
    strict.or_else(|| serde_json::from_str(&mended(json)).ok())
}

/// Returns the text at `path` of a JSON value, if it is there and not empty.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    let text = value.pointer(path)?.as_str()?;
    Some(text).filter(|text| !text.is_empty())
}

fn mended(json: &[u8]) -> String {
    let text = String::from_utf8_lossy(json);
    let mut mending = Mending {
        rest: text.trim_start_matches('\u{feff}'),
        json: String::with_capacity(text.len()),
        depth: 0,
    };
    while let Some(first) = mending.rest.chars().next() {
        match first {
            '"' => mending.string(),
            '{' | '[' => mending.open(),
            '}' | ']' => mending.close(),
            '-' | '0'..='9' | 'N' | 'I' => mending.number(),
            _ => mending.copy(first.len_utf8()),
        }
    }
    mending.json
}

/// A text on its way into JSON that `serde_json` takes.
struct Mending<'a> {
    rest: &'a str,
    json: String,
    depth: usize,
}

impl<'a> Mending<'a> {
    /// Takes the next bytes off the text.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn push(&mut self, text: &str) {
        if self.depth <= MAX_DEPTH {
            self.json.push_str(text);
        }
    }

    fn copy(&mut self, bytes: usize) {
        let taken = self.take(bytes);
        self.push(taken);
    }

    fn open(&mut self) {
        if self.depth == MAX_DEPTH {
            self.push("null");
        }
        self.depth += 1;
        self.copy(1);
    }

    fn close(&mut self) {
        self.copy(1);
        self.depth = self.depth.saturating_sub(1);
    }

    fn number(&mut self) {
        let is_part = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '+' | '-' | '.');
        let length = self
            .rest
            .find(|sign| !is_part(sign))
            .unwrap_or(self.rest.len());
        let number = self.take(length);
        match number {
            "NaN" | "Infinity" | "-Infinity" => self.push("null"),
            _ if number.parse().is_ok_and(f64::is_infinite) => {
                self.push("\"");
                self.push(number);
                self.push("\"");
            }
            _ => self.push(number),
        }
    }

    fn string(&mut self) {
        self.copy(1);
        while let Some(first) = self.rest.chars().next() {
            match first {
                '"' => return self.copy(1),
                '\\' => self.escape(),
                '\0'..' ' => {
                    self.take(1);
                    self.push(&format!("\\u{:04x}", u32::from(first)));
                }
                _ => {
                    let is_special = |sign| matches!(sign, '"' | '\\' | '\0'..' ');
                    let length = self.rest.find(is_special).unwrap_or(self.rest.len());
                    self.copy(length);
                }
            }
        }
    }

    fn escape(&mut self) {
        match (self.rest.as_bytes().get(1), code_unit(self.rest)) {
            (_, Some(0xd800..=0xdbff)) => {
                let next = self.rest.get(6..).and_then(code_unit);
                if let Some(0xdc00..=0xdfff) = next {
                    self.copy(12);
                } else {
                    self.replace(6);
                }
            }
            (_, Some(0xdc00..=0xdfff)) => self.replace(6),
            (_, Some(_)) => self.copy(6),
            (Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'), None) => self.copy(2),
            // An escape that does not exist: what follows the backslash stays.
            _ => self.replace(1),
        }
    }

    fn replace(&mut self, bytes: usize) {
        self.take(bytes);
        self.push("\u{fffd}");
    }
}

/// The UTF-16 code unit of an escape `\uXXXX` at the beginning of `text`.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    // A sign before the digits would be taken, too.
    let digits = Some(digits).filter(|it| it.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::half_an_emoji(br#""Bob \ud83d""#, json!("Bob \u{fffd}"))]
    #[case::the_other_half(br#""\uDE00!""#, json!("\u{fffd}!"))]
    #[case::halves_in_the_wrong_order(br#""\ude00\ud83d""#, json!("\u{fffd}\u{fffd}"))]
    #[case::half_before_a_whole(br#""\ud83d\ud83d\ude00""#, json!("\u{fffd}😀"))]
    #[case::half_before_a_letter(br#""\ud83d\u0041""#, json!("\u{fffd}A"))]
    #[case::not_utf_8(b"{\"a\":\"caf\xe9\"}", json!({"a": "caf\u{fffd}"}))]
    #[case::byte_order_mark(b"\xef\xbb\xbf{\"a\":1}", json!({"a": 1}))]
    #[case::too_large(br#"{"a":1e999,"b":-1E+999}"#, json!({"a": "1e999", "b": "-1E+999"}))]
    #[case::not_a_number(br#"[NaN,Infinity,-Infinity,"NaN"]"#, json!([null, null, null, "NaN"]))]
    #[case::raw_controls(b"\"a\nb\tc\x01\"", json!("a\nb\tc\u{1}"))]
    #[case::unknown_escape(br#""a\x41\'\u12""#, json!("a\u{fffd}x41\u{fffd}'\u{fffd}u12"))]
    #[case::signed_escape(br#""\u+041""#, json!("\u{fffd}u+041"))]
    fn a_slip_costs_no_more_than_its_own_character(#[case] text: &[u8], #[case] value: Value) {
        assert_eq!(parse(text), Some(value));
    }

    #[rstest]
    #[case::empty(b"")]
    #[case::cut_off(br#"{"a":"b"#)]
    #[case::cut_off_in_an_escape(br#"{"a":"\ud83d"#)]
    #[case::a_page(b"<html>")]
    #[case::two(b"{} {}")]
    #[case::unbalanced(b"]")]
    fn what_is_not_json_is_not_read(#[case] text: &[u8]) {
        assert_eq!(parse(text), None);
    }

    #[test]
    fn what_is_nested_too_deeply_becomes_null_and_the_rest_is_read() {
        let deep = format!("{}\"]}}\"{}", "[".repeat(50_000), "]".repeat(50_000));
        let text = format!("{{\"a\":{deep},\"b\":\"kept\"}}");
        let value = parse(text.as_bytes()).expect("JSON");
        assert_eq!(value["b"], "kept");
        let mut inner = &value["a"];
        let mut depth = 1;
        while let Some([next]) = inner.as_array().map(Vec::as_slice) {
            (inner, depth) = (next, depth + 1);
        }
        assert_eq!((inner, depth), (&Value::Null, MAX_DEPTH));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_right_stays_as_it_is(value in value()) {
            let text = value.to_string();
            prop_assert_eq!(mended(text.as_bytes()), text);
        }

        #[test]
        fn any_utf_16_is_read_as_the_standard_library_reads_it(units: Vec<u16>) {
            let escapes = units.iter().fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}"));
            let read = parse(format!("\"{escapes}\"").as_bytes());
            prop_assert_eq!(read, Some(String::from_utf16_lossy(&units).into()));
        }

        #[test]
        fn any_bytes_in_a_text_are_read_as_the_standard_library_reads_them(bytes: Vec<u8>) {
            let bytes: Vec<u8> = bytes.into_iter().filter(|byte| !b"\"\\".contains(byte)).collect();
            let read = parse(&[b"\"", &*bytes, b"\""].concat());
            prop_assert_eq!(read, Some(String::from_utf8_lossy(&bytes).into()));
        }

        #[test]
        fn no_bytes_make_it_fail(bytes: Vec<u8>) {
            parse(&bytes);
        }

        #[test]
        fn no_signs_of_json_make_it_fail(text in r#"[\[\]{}",:\\u0-9deNaI+. -]{0,60}"#) {
            parse(text.as_bytes());
        }
    }
}
