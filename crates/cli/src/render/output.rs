//! What a command has to say: tables and drawings for people, the server's JSON for programs.

use comfy_table::{Row, Table, presets};
use recado_sandbox::drawing::{Bubble, Paint, Style};
use recado_sandbox::terminal::one_line;
use serde_json::Value;

use crate::render::event_line::line;
use crate::render::fitting::{Shrinks, fit};
use crate::{Answer, ExitCode, render::chat::Chat, render::instant::instant};

const SHORTENED: &str = "shortened to fit the terminal; `--output wide` shows all";

pub(crate) struct Output {
    /// For programs.
    pub(crate) json: String,
    pub(crate) views: Vec<View>,
    /// For scripts, which may read nothing else.
    pub(crate) exit_code: ExitCode,
}

pub(crate) enum View {
    Rows {
        /// The title of each column, and when it gives way.
        columns: Vec<(&'static str, Shrinks)>,
        rows: Vec<Vec<String>>,
    },
    Fields(Vec<(String, String)>),
    Message(Bubble),
    Chat(Chat),
    /// Events, one on a line.
    Events(Vec<Value>),
    /// Lines as they are.
    Text(String),
}

/// Columns or fields, separated by `, `: the title of each, and where its value is (JSON pointer).
pub(crate) type Columns = &'static str;

/// Returns each title with its place.
fn titled(columns: Columns) -> impl Iterator<Item = (&'static str, &'static str)> {
    let columns = columns.split(", ");
    columns.filter_map(|column| {
        let titled = column.rsplit_once(' ');
        let has_place = titled.is_some_and(|(_, place)| place.starts_with('/'));
        debug_assert!(has_place, "{column} has no place");
        titled
    })
}

impl Output {
    pub(crate) fn new(json: String, views: Vec<View>) -> Self {
        let exit_code = ExitCode::Ok;
        Self {
            json,
            views,
            exit_code,
        }
    }

    /// Shows a list `{"data": […], "nextCursor": …}` as a table.
    pub(crate) fn list(answer: Answer, columns: Columns) -> Self {
        let mut views = vec![View::rows(&answer.value, "data", columns)];
        views.extend(View::more(&answer.value));
        Self::new(answer.text, views)
    }

    /// Shows one resource, field by field; what is absent is left out.
    pub(crate) fn record(answer: Answer, fields: Columns) -> Self {
        let views = vec![View::fields(&answer.value, fields)];
        Self::new(answer.text, views)
    }

    /// Shows a sentence to people, and the answer to programs.
    pub(crate) fn done(answer: Answer, sentence: String) -> Self {
        Self::said(answer.text, sentence)
    }

    /// Shows one text to programs, and another to people.
    pub(crate) fn said(json: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(json.into(), vec![View::Text(text.into())])
    }

    /// Shows nothing: everything was printed before.
    pub(crate) fn none() -> Self {
        Self::new(String::new(), Vec::new())
    }

    pub(crate) fn with_text(mut self, text: &str) -> Self {
        self.views.push(View::Text(text.to_owned()));
        self
    }

    pub(crate) fn people(&self, columns: usize, style: Style) -> String {
        let views = self.views.iter().map(|view| view.render(columns, style));
        views.collect::<Vec<_>>().join("\n")
    }
}

impl View {
    /// Says how to read the next page; `None` at the end of the list.
    pub(crate) fn more(list: &Value) -> Option<Self> {
        let cursor = one_line(list.get("nextCursor")?.as_str()?);
        Some(Self::Text(format!("there is more: add --after {cursor}")))
    }

    /// Returns the list under `key` as a table.
    pub(crate) fn rows(value: &Value, key: &str, columns: Columns) -> Self {
        let items = value.get(key).and_then(Value::as_array);
        let row = |item: &Value| {
            let cells = titled(columns).map(|(_, place)| shown(item, place));
            cells.collect()
        };
        let rows: Vec<Vec<String>> = items.into_iter().flatten().map(row).collect();
        if rows.is_empty() {
            return Self::Text("nothing there yet".to_owned());
        }
        let columns = titled(columns).map(|(title, place)| match place {
            "/action" => (title, Shrinks::Last),
            place if is_instant(place) => (title, Shrinks::Never),
            _ => (title, Shrinks::Freely),
        });
        let columns = columns.collect();
        Self::Rows { columns, rows }
    }

    /// Returns the fields of `value` that are present.
    pub(crate) fn fields(value: &Value, fields: Columns) -> Self {
        let present = titled(fields).filter_map(|(title, pointer)| {
            value.pointer(pointer).filter(|value| !value.is_null())?;
            Some((title.to_owned(), shown(value, pointer)))
        });
        Self::Fields(present.collect())
    }

    /// Returns `{"warnings": [{field, message}]}` as lines; `None` if there are none.
    pub(crate) fn warnings(value: &Value) -> Option<Self> {
        let warnings = value.get("warnings")?.as_array()?;
        let lines: Vec<String> = (warnings.iter())
            .map(|warning| match warning {
                Value::Object(parts) => {
                    let (field, message) = (parts.get("field"), parts.get("message"));
                    format!("warning: {}: {}", cell(field), cell(message))
                }
                other => format!("warning: {}", cell(Some(other))),
            })
            .collect();
        (!lines.is_empty()).then(|| Self::Text(lines.join("\n")))
    }

    fn render(&self, columns: usize, style: Style) -> String {
        match self {
            Self::Rows {
                columns: titles,
                rows,
            } => {
                let mut rows = rows.clone();
                let is_shortened = fit(titles, &mut rows, columns);
                let mut table = plain_table(rows);
                table.set_header(titles.iter().map(|(title, _)| title));
                let table = table.trim_fmt();
                if is_shortened {
                    format!("{table}\n{}", style.paint(SHORTENED, Paint::Dim))
                } else {
                    table
                }
            }
            Self::Fields(fields) => {
                let rows = fields.iter().map(|(title, value)| [title, value]);
                plain_table(rows).trim_fmt()
            }
            Self::Message(bubble) => bubble.draw(columns, style),
            Self::Chat(chat) => chat.draw(columns, style),
            Self::Events(events) => {
                let line = |event| line(event, instant, columns, style);
                events.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            Self::Text(text) => text.clone(),
        }
    }
}

/// The table has no lines, so that a double click selects an id.
fn plain_table(rows: impl IntoIterator<Item = impl Into<Row>>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_rows(rows);
    table
}

/// Returns the value at a place on one line; an instant with its zone.
fn shown(value: &Value, place: &str) -> String {
    match value.pointer(place) {
        Some(Value::String(at)) if is_instant(place) => instant(at),
        other => cell(other),
    }
}

/// Returns whether the field at a place holds an instant, by its name.
fn is_instant(place: &str) -> bool {
    let ends = ["/at", "At", "Until", "Since"];
    ends.iter().any(|end| place.ends_with(end))
}

pub(crate) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => one_line(text),
        Some(Value::Array(list)) => {
            let cells: Vec<_> = list.iter().map(|one| cell(Some(one))).collect();
            cells.join(", ")
        }
        Some(other) => one_line(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: Columns = "ID /id, NAME /name, COUNT /meta/count";

    fn shown(output: &Output) -> String {
        output.people(80, Style::Plain)
    }

    #[test]
    fn a_list_is_a_table_without_lines_and_names_the_next_page() {
        let list = json!({"nextCursor": "agt_22", "data": [
            {"id": "agt_1", "name": "Ana\u{1b}[2J\nB", "meta": {"count": 3}},
            {"id": "agt_22", "name": null}
        ]});
        let output = Output::list(list.into(), COLUMNS);
        let shown = shown(&output);
        let lines: Vec<_> = shown.lines().map(str::trim).collect();
        let table = [
            "ID      NAME       COUNT",
            "agt_1   Ana\u{fffd}[2J B  3",
            "agt_22  -          -",
            "there is more: add --after agt_22",
        ];
        assert_eq!(lines, table);
    }

    #[test]
    fn an_empty_list_says_so() {
        let output = Output::list(json!({"data": [], "nextCursor": null}).into(), COLUMNS);
        assert_eq!(shown(&output), "nothing there yet");
    }

    #[test]
    fn programs_get_the_answer_as_it_is() {
        let text = r#"{"z":1,  "a":2}"#;
        let answer = Answer {
            text: text.to_owned(),
            value: serde_json::from_str(text).unwrap(),
        };
        assert_eq!(Output::record(answer, COLUMNS).json, text);
    }

    #[test]
    fn a_record_leaves_out_what_is_absent() {
        let output = Output::record(json!({"id": "x", "name": null}).into(), COLUMNS);
        assert_eq!(shown(&output).trim(), "ID  x");
    }

    #[test]
    fn warnings_are_lines() {
        let value = json!({"warnings": [{"field": "body_text", "message": "long"}, "odd"]});
        let Some(View::Text(text)) = View::warnings(&value) else {
            panic!("no warnings");
        };
        assert_eq!(text, "warning: body_text: long\nwarning: odd");
        assert!(View::warnings(&json!({"warnings": []})).is_none());
    }
}
