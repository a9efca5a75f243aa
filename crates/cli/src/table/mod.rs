//! Tables as spreadsheets write them: the text of a file, and its records, each with the line on which it begins.

mod decoding;

use csv::{Position, ReaderBuilder, StringRecord};

pub(crate) use decoding::decode;

/// A record with a cell that is not blank.
pub(crate) struct Record {
    pub(crate) line: u64,
    /// `None` if the record cannot be read.
    pub(crate) cells: Option<StringRecord>,
    /// Whether each quotation mark that opens a cell is closed where the cell ends: one that is not takes following cells
    /// and lines into its cell.
    pub(crate) is_closed: bool,
}

/// Reads the records of a table, its head first. A line `sep=;` is the separator, and no record.
pub(crate) fn records(text: &str) -> impl Iterator<Item = Record> {
    let (delimiter, body) = separator(text).unwrap_or_else(|| (likely_separator(text), text));
    let lines_before = line_feeds(&text[..text.len() - body.len()]);
    let reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(body.as_bytes());
    let mut records = reader.into_records();
    let next = move || {
        let record = records.next()?;
        let position = match &record {
            Ok(record) => record.position(),
            Err(error) => error.position(),
        };
        let line = lines_before + line_of(body, position);
        let (begin, end) = (
            position.map(Position::byte),
            records.reader().position().byte(),
        );
        let range = begin.and_then(|begin| Some(begin.try_into().ok()?..end.try_into().ok()?));
        let source: &str = range
            .and_then(|range| body.get::<std::ops::Range<usize>>(range))
            .unwrap_or_default();
        Some(Record {
            line,
            cells: record.ok(),
            is_closed: is_closed(source.trim_start_matches(['\r', '\n']), delimiter),
        })
    };
    // Spreadsheets write empty rows behind their last one.
    std::iter::from_fn(next).filter(|record| !record.is_blank())
}

impl Record {
    fn is_blank(&self) -> bool {
        let mut cells = self.cells.iter().flatten();
        self.cells.is_some() && cells.all(|cell| cell.trim().is_empty())
    }

    /// Returns whether a cell goes on behind the end of its line.
    pub(crate) fn has_several_lines(&self) -> bool {
        let mut cells = self.cells.iter().flatten();
        cells.any(|cell| cell.contains(['\n', '\r']))
    }
}

fn is_closed(record: &str, delimiter: u8) -> bool {
    let ends_cell = |byte: &u8| *byte == delimiter || matches!(byte, b'\r' | b'\n');
    let mut bytes = record.bytes().peekable();
    let (mut is_quoted, mut is_begin) = (false, true);
    while let Some(byte) = bytes.next() {
        if !is_quoted {
            is_quoted = is_begin && byte == b'"';
            is_begin = ends_cell(&byte);
        } else if byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
            if bytes.peek().is_some_and(|next| !ends_cell(next)) {
                return false;
            }
            is_quoted = false;
        }
    }
    !is_quoted
}

/// Counts the line feeds of a text.
pub(crate) fn line_feeds(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

/// Returns the line of a record. Its position is where the record before ended: line breaks may stand between.
fn line_of(text: &str, position: Option<&Position>) -> u64 {
    position.map_or(1, |position| {
        let rest = usize::try_from(position.byte()).ok();
        let rest = rest.and_then(|byte| text.get(byte..)).unwrap_or_default();
        let breaks = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        position.line() + line_feeds(&rest[..breaks])
    })
}

/// Reads the line `sep=;`, with which spreadsheets tell the separator, and returns what is behind it.
fn separator(text: &str) -> Option<(u8, &str)> {
    let (first, rest) = text.split_once('\n')?;
    let first = first.trim_end_matches('\r').trim_matches('"');
    match first.as_bytes() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] => Some((*separator, rest)),
        _ => None,
    }
}

/// The sign that separates the columns in the first line. Spreadsheets take `;` where the comma is the decimal sign.
fn likely_separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |sign: &u8| first.bytes().filter(|byte| byte == sign).count();
    let found = [b'\t', b';', b','].into_iter().max_by_key(count);
    found.unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(text: &str) -> Vec<(u64, Vec<String>)> {
        let read = |record: Record| {
            let cells = record.cells.expect("a readable record");
            (record.line, cells.iter().map(str::to_owned).collect())
        };
        records(text).map(read).collect()
    }

    #[rstest]
    #[case::comma("a,b\n1,2\n")]
    #[case::semicolon("a;b\r\n1;2\r\n")]
    #[case::tab("a\tb\n1\t2")]
    fn the_separator_is_that_of_the_first_line(#[case] text: &str) {
        let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(read(text), [(1, cells(["a", "b"])), (2, cells(["1", "2"]))]);
    }

    #[test]
    fn a_record_has_the_line_on_which_it_begins() {
        let lines = read("sep=;\na;b\n\n1;\"x\ny\"\n;\n2;z\n");
        let lines: Vec<_> = lines.into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [2, 4, 7]);
    }

    #[rstest]
    #[case::closed("a,b\n1,\"x\ny\"\n2,z\n", &[true, true, true])]
    #[case::open_to_the_end("a,b\n1,\"x\n2,z\n", &[true, false])]
    #[case::closed_by_the_next_row("a,b\n1,\"x\n2,\"z\"\n3,w\n", &[true, false, true])]
    #[case::two_that_are_open("a,b\n1,\"x\n2,\"z\n", &[true, false])]
    #[case::around_a_part("a,b\n1,\"x\" y\n", &[true, false])]
    #[case::within_a_cell("a,b\n1,5\" x\n", &[true, true])]
    #[case::doubled("a,b\n\"1 \"\"x\"\"\",y\n", &[true, true])]
    fn a_quotation_mark_that_is_not_closed_is_seen(#[case] text: &str, #[case] expected: &[bool]) {
        let closed: Vec<_> = records(text).map(|record| record.is_closed).collect();
        assert_eq!(closed, expected);
    }
}
