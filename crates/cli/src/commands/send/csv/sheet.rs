//! The rows of a CSV file, and the message of each.

use std::collections::HashSet;
use std::fmt;

use csv::StringRecord;
use serde_json::{Map, Value};

use super::variables::{Piece, name, pieces};
use crate::commands::send::kind::{Column, Kind};
use crate::table::{self, Record};
use crate::{Failure, Result};

/// What is wrong with a row.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Fault {
    /// The name of a column, or of a field that no column fills; empty if the row as a whole is wrong.
    pub(super) field: String,
    pub(super) sentence: String,
}

impl Fault {
    pub(super) fn new(field: &str, sentence: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            sentence: sentence.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.sentence)
    }
}

/// The columns of a file, and what all its rows have in common.
struct Head<'a> {
    kind: &'static Kind,
    defaults: &'a Map<String, Value>,
    /// The names of the columns, in the order of the file.
    names: Vec<String>,
    /// Whether a column is a field of the message, or a text uses it.
    is_used: Vec<bool>,
}

/// A row, and the body of its message or what is wrong with it.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) body: Result<Map<String, Value>, Vec<Fault>>,
}

/// Reads the rows of a file, and fills the texts of each.
///
/// Errors: something is wrong with the file as a whole, such as a column that is not known.
pub(super) fn rows(
    file: &str,
    text: &str,
    kind: &'static Kind,
    defaults: &Map<String, Value>,
) -> Result<Vec<Row>> {
    let wrong = |sentence: String| Failure::Usage(format!("{file}: {sentence}"));
    let mut records = table::records(text);
    let first = records.next().and_then(|record| record.cells);
    let titles = first.ok_or_else(|| wrong("the file has no rows".to_owned()))?;
    let mut head = Head::new(&titles, kind, defaults).map_err(wrong)?;
    let rows: Vec<_> = records.map(|record| head.row(&record)).collect();
    head.check_used().map_err(wrong)?;
    if rows.is_empty() {
        return Err(wrong("the file has no rows below its columns".to_owned()));
    }
    Ok(rows)
}

impl<'a> Head<'a> {
    fn new(
        titles: &StringRecord,
        kind: &'static Kind,
        defaults: &'a Map<String, Value>,
    ) -> Result<Self, String> {
        let names: Vec<_> = titles.iter().map(name).collect();
        let mut seen = HashSet::new();
        let twice = names
            .iter()
            .find(|name| !name.is_empty() && !seen.insert(*name));
        if let Some(twice) = twice {
            return Err(format!("the column `{twice}` is there twice: rename one"));
        }
        let is_field = |name: &String| kind.columns.iter().any(|column| column.name == name);
        let is_used = names.iter().map(is_field).collect();
        let mut head = Self {
            kind,
            defaults,
            names,
            is_used,
        };
        for (field, text) in defaults {
            let option = format!("--{}", option_of(kind.column_of(field)));
            let names = head.use_variables(text.as_str().unwrap_or_default());
            names.map_err(|fault| format!("{option} {fault}"))?;
        }
        Ok(head)
    }

    /// Notes that a text uses its variables.
    fn use_variables(&mut self, text: &str) -> Result<(), String> {
        for piece in pieces(text)? {
            if let Piece::Variable(name) = piece {
                let place = self.place(&name).ok_or_else(|| self.missing(&name))?;
                self.is_used[place] = true;
            }
        }
        Ok(())
    }

    fn place(&self, name: &str) -> Option<usize> {
        let mut names = self.names.iter();
        names.position(|own| own == name && !own.is_empty())
    }

    fn missing(&self, name: &str) -> String {
        format!(
            "uses {{{{{name}}}}}, and the file has no column of that name: it has {}",
            self.names.join(", ")
        )
    }

    /// Fills the texts of a row.
    fn row(&mut self, record: &Record) -> Row {
        let body = match &record.cells {
            None => Err(vec![Fault::new("", "this cannot be read as CSV")]),
            Some(cells) => self
                .check_shape(record, cells)
                .and_then(|()| self.body(cells)),
        };
        let line = record.line;
        Row { line, body }
    }

    fn check_shape(&self, record: &Record, cells: &StringRecord) -> Result<(), Vec<Fault>> {
        let (has, columns) = (cells.len(), self.names.len());
        let sentence = if record.has_several_lines() && !record.is_closed {
            "a quotation mark is not closed: close it, or take it out".to_owned()
        } else if has != columns {
            format!(
                "it has {has} cells, and the first line names {columns} columns: a text with a separator or a line break stands in quotation marks"
            )
        } else {
            return Ok(());
        };
        Err(vec![Fault::new("", sentence)])
    }

    fn body(&mut self, cells: &StringRecord) -> Result<Map<String, Value>, Vec<Fault>> {
        let (mut texts, mut faults) = (self.defaults.clone(), Vec::new());
        let cells_with_text = cells.iter().map(str::trim).enumerate();
        for (place, cell) in cells_with_text.filter(|(_, cell)| !cell.is_empty()) {
            if self.names.get(place).is_some_and(String::is_empty) {
                let number = place + 1;
                faults.push(Fault::new(
                    "",
                    format!(
                        "cell {number} is in a column without a name: name it, or empty the cell"
                    ),
                ));
            }
            let Some(column) = self.column(place) else {
                continue;
            };
            match column.split(cell) {
                Ok(fields) => {
                    let fields = fields.into_iter();
                    texts.extend(fields.map(|(field, text)| (field.to_owned(), text.into())));
                }
                Err(sentence) => faults.push(Fault::new(column.name, sentence)),
            }
        }
        let mut body = Map::new();
        for (field, value) in &texts {
            // A switch or a number has no variables.
            let Some(text) = value.as_str() else {
                body.insert(field.clone(), value.clone());
                continue;
            };
            match self.filled(text, cells) {
                Ok(filled) => drop(body.insert(field.clone(), filled.into())),
                Err(sentence) => faults.push(Fault::new(self.kind.column_of(field), sentence)),
            }
        }
        // The two halves of a button may have the same fault.
        faults.dedup();
        if faults.is_empty() {
            Ok(body)
        } else {
            Err(faults)
        }
    }

    fn column(&self, place: usize) -> Option<&'static Column> {
        let name = self.names.get(place)?;
        let mut columns = self.kind.columns.iter();
        columns.find(|column| column.name == name)
    }

    /// Puts the cells of a row into a text. What a cell says is not filled a second time: a customer's name may look
    /// like a variable.
    fn filled(&mut self, text: &str, cells: &StringRecord) -> Result<String, String> {
        self.use_variables(text)?;
        let mut filled = String::new();
        for piece in pieces(text)? {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Variable(name) => {
                    let cell = self.place(&name).and_then(|place| cells.get(place));
                    let cell = cell.map(str::trim).filter(|cell| !cell.is_empty());
                    filled.push_str(cell.ok_or_else(|| {
                        format!("uses {{{{{name}}}}}, which is empty in this row: fill it in")
                    })?);
                }
            }
        }
        Ok(filled)
    }

    /// Refuses a column without a purpose: a misspelled one would be ignored.
    fn check_used(&self) -> Result<(), String> {
        let mut columns = self.names.iter().zip(&self.is_used);
        let unused = columns.find(|(name, is_used)| !**is_used && !name.is_empty());
        let Some((unused, _)) = unused else {
            return Ok(());
        };
        let known: Vec<_> = self.kind.columns.iter().map(|column| column.name).collect();
        Err(format!(
            "the column `{unused}` is not known, and no text uses {{{{{unused}}}}}: correct its name, or delete it; the columns are {}",
            known.join(", ")
        ))
    }
}

/// Returns the option that says the same as a column.
fn option_of(column: &str) -> &str {
    column.trim_end_matches(|sign: char| sign.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::commands::send::buttons::KIND;

    /// The rows of a file, with `--body` and `--button` as they are given.
    fn read(text: &str, body: &str) -> Result<Vec<Row>> {
        let mut defaults = Map::new();
        for (field, text) in [
            ("body_text", body),
            ("button_1_id", "yes"),
            ("button_1_title", "Yes"),
        ] {
            defaults.insert(field.to_owned(), text.into());
        }
        rows("f.csv", text, &KIND, &defaults)
    }

    fn bodies(text: &str, body: &str) -> Vec<Value> {
        let rows = read(text, body).unwrap().into_iter();
        rows.map(|row| row.body.unwrap().into()).collect()
    }

    #[track_caller]
    fn only_fault(text: &str, body: &str) -> (u64, String) {
        let rows = read(text, body).unwrap().into_iter();
        let mut wrong = rows.filter_map(|row| Some((row.line, row.body.err()?)));
        let (line, faults) = wrong.next().unwrap();
        assert!(wrong.next().is_none());
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        (line, faults.join("; "))
    }

    #[test]
    fn a_cell_counts_more_than_the_option_and_an_empty_one_does_not() {
        let text = "Conversation;body;button1\nc1;Own;no=No=1\n c2 ;;\n";
        let expected = [
            json!({"body_text": "Own", "button_1_id": "no", "button_1_title": "No=1", "conversationId": "c1"}),
            json!({"body_text": "Hi", "button_1_id": "yes", "button_1_title": "Yes", "conversationId": "c2"}),
        ];
        assert_eq!(bodies(text, "Hi"), expected);
    }

    #[test]
    fn variables_are_filled_in_options_and_cells_and_what_they_say_is_not_filled_again() {
        let text = "conversation,body,Nome,data\nc1,,\"Ana {{data}}\",3/12\nc2,{{ nome }}!,Rita,\n";
        let texts: Vec<_> = bodies(text, "Olá {{NOME}}, dia {{data}}?")
            .into_iter()
            .map(|body| body["body_text"].clone())
            .collect();
        assert_eq!(texts, ["Olá Ana {{data}}, dia 3/12?", "Rita!"]);
    }

    #[test]
    fn a_text_of_several_lines_stays_as_it_is() {
        let text = "conversation,body\nc1,\"One\n\nTwo\"\nc2,x\n";
        let rows = read(text, "Hi").unwrap();
        let lines: Vec<_> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 5]);
        assert_eq!(bodies(text, "Hi")[0]["body_text"], "One\n\nTwo");
    }

    #[rstest]
    #[case::an_empty_variable(
        "conversation,nome\nc1,Ana\nc2,\n",
        "Oi {{nome}}",
        3,
        "body: uses {{nome}}, which is empty in this row: fill it in"
    )]
    #[case::a_variable_of_a_cell_without_a_column(
        "conversation,body\nc1,Oi {{nome}}\n",
        "Hi",
        2,
        "body: uses {{nome}}, and the file has no column of that name: it has conversation, body"
    )]
    #[case::braces_that_stay_open(
        "conversation,body\nc1,Oi {{nome\n",
        "Hi",
        2,
        "body: has {{ without }}: close it, or take it out"
    )]
    #[case::half_a_button(
        "conversation,button1\nc1,yes\n",
        "Hi",
        2,
        "button1: write ID=TITLE, such as btn_sales=Sales"
    )]
    #[case::too_few_cells(
        "conversation,body\nc1\nc2,x\n",
        "Hi",
        2,
        "it has 1 cells, and the first line names 2 columns: a text with a separator or a line break stands in quotation marks"
    )]
    #[case::too_many_cells(
        "conversation,body\nc1,Hi, Ana\n",
        "Hi",
        2,
        "it has 3 cells, and the first line names 2 columns: a text with a separator or a line break stands in quotation marks"
    )]
    #[case::an_open_quotation_mark(
        "conversation,body\nc1,\"Hi\nc2,x\n",
        "Hi",
        2,
        "a quotation mark is not closed: close it, or take it out"
    )]
    #[case::a_cell_without_a_column(
        "conversation,\nc1,\nc2,x\n",
        "Hi",
        3,
        "cell 2 is in a column without a name: name it, or empty the cell"
    )]
    fn a_row_that_is_wrong_is_named_with_its_line_and_what_to_change(
        #[case] text: &str,
        #[case] body: &str,
        #[case] line: u64,
        #[case] fault: &str,
    ) {
        assert_eq!(only_fault(text, body), (line, fault.to_owned()));
    }

    #[rstest]
    #[case::a_misspelled_column(
        "conversation,boddy\nc1,Hi\n",
        "Hi",
        "the column `boddy` is not known, and no text uses {{boddy}}: correct its name, or delete it; the columns are agent, conversation, header, body, footer, button1, button2, button3"
    )]
    #[case::a_variable_of_an_option_without_a_column(
        "conversation\nc1\n",
        "Oi {{nome}}",
        "--body uses {{nome}}, and the file has no column of that name: it has conversation"
    )]
    #[case::a_column_twice(
        "conversation,nome,Nome\nc1,a,b\n",
        "Oi {{nome}}",
        "the column `nome` is there twice: rename one"
    )]
    #[case::no_rows("conversation\n\n", "Hi", "the file has no rows below its columns")]
    #[case::nothing("", "Hi", "the file has no rows")]
    fn a_file_that_is_wrong_as_a_whole_is_refused(
        #[case] text: &str,
        #[case] body: &str,
        #[case] reason: &str,
    ) {
        let refused = read(text, body).err().unwrap();
        assert_eq!(refused.to_string(), format!("f.csv: {reason}"));
    }
}
