//! Server-sent events, read from the pieces in which they arrive (WHATWG HTML, "Server-sent events").

/// More than any event has, less than hurts.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// What was read of one connection so far.
#[derive(Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    /// Whether the next line feed belongs to the carriage return before it.
    after_return: bool,
    data: Option<String>,
    id: Option<String>,
    last_event_id: Option<String>,
}

impl Parser {
    /// Takes the next piece, and returns the data of the events that it ends.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<Vec<String>, TooLarge> {
        let mut events = Vec::new();
        for &byte in piece {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ if self.size() == MAX_EVENT_BYTES => return Err(TooLarge),
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    /// Returns the id after which the next connection begins.
    pub(crate) fn last_event_id(&self) -> Option<&str> {
        self.last_event_id.as_deref()
    }

    fn size(&self) -> usize {
        self.line.len() + self.data.as_ref().map_or(0, String::len)
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            self.last_event_id.clone_from(&self.id);
            return self.data.take();
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (field, &mut self.data) {
            ("data", Some(data)) => {
                data.push('\n');
                data.push_str(value);
            }
            ("data", data) => *data = Some(value.to_owned()),
            ("id", _) if !value.contains('\0') => self.id = Some(value.to_owned()),
            // A comment has no name; the type of an event is in its data as well.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one("id: evt_1\nevent: a\ndata: {}\n\n", &["{}"], Some("evt_1"))]
    #[case::two("id: 1\ndata: a\n\nid: 2\ndata: b\n\n", &["a", "b"], Some("2"))]
    #[case::carriage_returns_and_line_feeds("id: 1\r\ndata: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"], Some("1"))]
    #[case::carriage_returns("id: 1\rdata: a\r\rdata: b\r\r", &["a", "b"], Some("1"))]
    #[case::comments(": hello\n\n:\n\ndata: a\n: in between\n\n", &["a"], None)]
    #[case::several_lines("data: a\ndata:\ndata: b\n\n", &["a\n\nb"], None)]
    #[case::no_blank_after_the_colon("data:a\n\ndata:  b\n\n", &["a", " b"], None)]
    #[case::no_colon("data\n\n", &[""], None)]
    #[case::a_colon_in_the_value("data: a: b\n\n", &["a: b"], None)]
    #[case::other_fields("retry: 1\nfoo: bar\nDATA: x\ndata: a\n\n", &["a"], None)]
    #[case::an_id_alone("id: 7\n\n", &[], Some("7"))]
    #[case::an_id_that_has_not_ended("id: 1\ndata: a\n\nid: 2\ndata: b\n", &["a"], Some("1"))]
    #[case::more_than_ascii("data: Olá 👍🏽\n\n", &["Olá 👍🏽"], None)]
    fn a_stream_is_read_however_it_is_cut(
        #[case] stream: &str,
        #[case] events: &[&str],
        #[case] last_event_id: Option<&str>,
    ) {
        for size in 1..=stream.len() {
            let mut parser = Parser::default();
            let pieces = stream.as_bytes().chunks(size);
            let read: Vec<String> = pieces
                .flat_map(|piece| parser.push(piece).unwrap())
                .collect();
            assert_eq!(read, events, "in pieces of {size}");
            assert_eq!(parser.last_event_id(), last_event_id, "in pieces of {size}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_replaced() {
        let read = Parser::default().push(b"data: a\xffb\n\n");
        assert_eq!(read, Ok(vec!["a\u{fffd}b".to_owned()]));
    }

    #[test]
    fn an_endless_event_is_refused() {
        let line = format!("data: {}\n", "x".repeat(MAX_EVENT_BYTES - 7));
        let mut parser = Parser::default();
        assert_eq!(parser.push(line.as_bytes()), Ok(Vec::new()));
        assert_eq!(parser.push(b"data: yyyyyyyy"), Err(TooLarge));
        let mut parser = Parser::default();
        assert_eq!(parser.push(&vec![b'x'; MAX_EVENT_BYTES + 1]), Err(TooLarge));
    }
}
