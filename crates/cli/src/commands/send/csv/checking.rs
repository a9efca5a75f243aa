//! What a row has to be before any is sent.

use std::collections::HashMap;

use recado_core::FieldErrors;
use serde_json::{Map, Value};

use super::sheet::{Fault, Row};
use crate::commands::send::kind::Kind;

/// A row whose message can be sent, as far as is known without a server.
pub(super) struct Message {
    pub(super) line: u64,
    pub(super) conversation: String,
    pub(super) body: Value,
}

/// A row that has to be corrected.
pub(super) struct Wrong {
    pub(super) line: u64,
    pub(super) faults: Vec<Fault>,
}

/// Checks all rows without a server.
pub(super) fn locally(
    rows: Vec<Row>,
    kind: &Kind,
    allow_duplicates: bool,
) -> (Vec<Message>, Vec<Wrong>) {
    let (mut messages, mut wrong) = (Vec::new(), Vec::new());
    // What was said in which conversation, and on which line.
    let mut said = HashMap::new();
    for Row { line, body } in rows {
        let checked = body.and_then(|body| {
            (kind.read)(body.clone()).map_err(|errors| faults(kind, &errors))?;
            if allow_duplicates {
                return Ok(body);
            }
            match said.insert(content(&body), line) {
                Some(first) => Err(vec![Fault::new("", same_as(first))]),
                None => Ok(body),
            }
        });
        match checked {
            Ok(body) => {
                let conversation = body.get("conversationId").and_then(Value::as_str);
                messages.push(Message {
                    line,
                    conversation: conversation.unwrap_or_default().to_owned(),
                    body: body.into(),
                });
            }
            Err(faults) => wrong.push(Wrong { line, faults }),
        }
    }
    (messages, wrong)
}

fn same_as(line: u64) -> String {
    format!(
        "says the same in the same conversation as line {line}: delete one of them, or add --allow-duplicates"
    )
}

/// Returns what a customer gets: the same of two agents is a duplicate too.
fn content(body: &Map<String, Value>) -> String {
    let mut content = body.clone();
    content.shift_remove("agentId");
    Value::Object(content).to_string()
}

fn faults(kind: &Kind, errors: &FieldErrors) -> Vec<Fault> {
    let root = errors.root.iter().map(|sentence| Fault::new("", sentence));
    let fields = errors.fields.iter().map(|(field, sentences)| {
        let column = kind.column_of(field);
        Fault::new(column, sentences.join(", "))
    });
    let mut faults: Vec<_> = root.chain(fields).collect();
    // The two halves of a button may have the same fault.
    faults.dedup();
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::commands::send::buttons::KIND;

    fn row(line: u64, agent: &str, conversation: &str, text: &str) -> Row {
        let body = json!({"agentId": agent, "conversationId": conversation, "body_text": text,
            "button_1_id": "a", "button_1_title": "A"});
        let body = body.as_object().cloned().ok_or_else(Vec::new);
        Row { line, body }
    }

    fn wrong(rows: Vec<Row>, allow_duplicates: bool) -> Vec<(u64, String)> {
        let (_, wrong) = locally(rows, &KIND, allow_duplicates);
        let wrong = wrong.into_iter();
        wrong
            .map(|wrong| (wrong.line, wrong.faults[0].to_string()))
            .collect()
    }

    #[test]
    fn what_is_said_twice_in_a_conversation_is_wrong_unless_it_is_allowed() {
        let rows = || {
            vec![
                row(2, "a1", "c1", "Hi"),
                row(3, "a1", "c2", "Hi"),
                row(4, "a1", "c1", "Bye"),
                row(5, "a2", "c1", "Hi"),
            ]
        };
        assert_eq!(wrong(rows(), false), [(5, same_as(2))]);
        assert_eq!(wrong(rows(), true), []);
    }

    #[test]
    fn a_field_that_is_missing_has_the_name_of_its_column() {
        let rows = vec![row(2, "a1", "", "Hi"), row(3, "a1", "c1", " ")];
        let expected = [
            (2, "conversation: Required"),
            (3, "body: Must not be blank"),
        ];
        assert_eq!(
            wrong(rows, false),
            expected.map(|(line, fault)| (line, fault.to_owned()))
        );
    }
}
