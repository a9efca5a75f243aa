//! Rows out of CSV or JSON, each with the line on which it begins.

use std::{collections::HashMap, fmt, sync::Arc};

use csv::StringRecord;
use serde_json::{Deserializer, Value};

use crate::table::{self, line_feeds};

/// The columns of a table; `name` is for the reader alone.
const COLUMNS: &str = "agentId agentName conversationId channel phone isGroup name";

/// Most digits of a phone number, with its country code.
const MAX_PHONE_DIGITS: usize = 15;

pub(super) struct Row {
    pub(super) place: Place,
    /// What it says, or what is wrong with it.
    pub(super) said: Result<Said, String>,
}

#[derive(Clone)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    pub(super) line: u64,
    /// Its number in a list of JSON, from 0: an API answers in one line.
    pub(super) entry: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.file, self.line)?;
        match self.entry {
            Some(entry) => write!(f, ", entry [{entry}]"),
            None => Ok(()),
        }
    }
}

impl Row {
    fn new(file: &Arc<str>, line: u64, entry: Option<usize>, said: Result<Said, String>) -> Self {
        let file = Arc::clone(file);
        let place = Place { file, line, entry };
        Self { place, said }
    }
}

/// What a row says. A row without a conversation is about its agent alone.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) agent_id: Option<String>,
    pub(super) agent_name: Option<String>,
    pub(super) conversation: Option<SaidConversation>,
}

/// A conversation as ChatVolt names its parts.
#[derive(Default, PartialEq, Eq)]
pub(super) struct SaidConversation {
    pub(super) id: String,
    /// ChatVolt's word for the channel.
    pub(super) channel: Option<String>,
    /// ChatVolt's id of the connected number.
    pub(super) credentials: Option<String>,
    /// ChatVolt says that it is with a group.
    pub(super) is_group: bool,
    /// The addresses of the customer or of the group, the surest first.
    pub(super) addresses: Vec<String>,
}

/// Reads the rows of a file. A fault of the file itself is a row that says so, and the last one.
pub(super) fn rows(file: &str, text: &str, into: &mut Vec<Row>) {
    let file: Arc<str> = file.into();
    let before = into.len();
    if text.trim_start().starts_with(['[', '{']) {
        json(&file, text, into);
    } else {
        of_table(&file, text, into);
    }
    if into.len() == before {
        let fault = "the file has no rows: fetch it again, or leave it out";
        into.push(Row::new(&file, 1, None, Err(fault.to_owned())));
    }
}

/// Reads objects one after another, in lists or not: several answers of an API may be in one file.
fn json(file: &Arc<str>, text: &str, into: &mut Vec<Row>) {
    let (mut rest, mut line) = (text, 1);
    // How many entries of each open list were read.
    let mut lists = Vec::<usize>::new();
    let mut row = |line, entry, said| into.push(Row::new(file, line, entry, said));
    while let Some(sign) = rest.chars().next() {
        let entry = lists.last().copied();
        let taken = match sign {
            '{' => {
                let mut values = Deserializer::from_str(rest).into_iter::<Value>();
                match values.next() {
                    Some(Ok(value)) => row(line, entry, of_json(&value)),
                    _ => return row(line, entry, Err(NOT_JSON.to_owned())),
                }
                if let Some(entries) = lists.last_mut() {
                    *entries += 1;
                }
                values.byte_offset()
            }
            '[' => {
                lists.push(0);
                1
            }
            ']' if lists.pop().is_some() => 1,
            ',' => 1,
            sign if sign.is_whitespace() => sign.len_utf8(),
            _ => return row(line, entry, Err(NOT_JSON.to_owned())),
        };
        let (read, after) = rest.split_at(taken);
        line += line_feeds(read);
        rest = after;
    }
    if let Some(entry) = lists.pop() {
        let fault = "the file ends within a list: fetch it again";
        row(line, Some(entry), Err(fault.to_owned()));
    }
}

const NOT_JSON: &str =
    "this is not JSON, and nothing behind it was read: correct it, or fetch the file again";

/// What ChatVolt tells of conversations alone.
const OF_CONVERSATIONS: &str = "channel agentId channelExternalId participantsContacts";

fn of_json(value: &Value) -> Result<Said, String> {
    let text = |key: &str| match value.pointer(key)? {
        Value::String(text) => given(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    if text("/conversationId").is_some() || (text("/id").is_none() && text("/agentId").is_some()) {
        return of_columns(|name| text(&format!("/{name}")), is_group(value)?);
    }
    let id = text("/id");
    if let (None, Some(error)) = (&id, text("/error")) {
        return Err(format!(
            "this is an error of ChatVolt, not data ({error}): fetch it again"
        ));
    }
    let id = id.ok_or("it has no id: give the answer of `GET /agents` or `GET /conversation`")?;
    let mut of_conversations = OF_CONVERSATIONS.split(' ');
    if !of_conversations.any(|key| value.get(key).is_some()) {
        return Ok(Said {
            agent_id: Some(id),
            agent_name: text("/name"),
            conversation: None,
        });
    }
    // WhatsApp's own word for the customer comes first; it is an international number without its `+`.
    let whatsapp = ["/channelExternalId", "/participantsContacts/0/externalId"];
    let addresses = whatsapp.map(|key| text(key).map(international));
    let written = ["/participantsContacts/0/phoneNumber", "/whatsappChatLid"].map(text);
    Ok(Said {
        agent_id: text("/agentId").or_else(|| text("/agent/id")),
        agent_name: text("/agent/name"),
        conversation: Some(SaidConversation {
            id,
            channel: text("/channel"),
            credentials: text("/channelCredentialsId"),
            is_group: is_group(value)?
                || text("/channelExternalId")
                    .is_some_and(|to| to.ends_with("@g.us") || to.ends_with("-group")),
            addresses: addresses.into_iter().chain(written).flatten().collect(),
        }),
    })
}

fn is_group(value: &Value) -> Result<bool, String> {
    match &value["isGroup"] {
        Value::Null => Ok(false),
        Value::Bool(is_group) => Ok(*is_group),
        // Taken as no group, it would become a conversation with one member.
        _ => Err(
            "isGroup is neither true nor false: write it without quotation marks, or leave it out"
                .to_owned(),
        ),
    }
}

fn international(address: String) -> String {
    // A group has more digits than a phone number.
    if address.len() <= MAX_PHONE_DIGITS && address.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("+{address}")
    } else {
        address
    }
}

fn of_table(file: &Arc<str>, text: &str, into: &mut Vec<Row>) {
    let mut places = None;
    for record in table::records(text) {
        let said = match (&record.cells, &places) {
            (None, _) => Err("this cannot be read as CSV".to_owned()),
            // A quotation mark that is not closed takes the following lines into its cell.
            _ if record.has_several_lines() => Err(SEVERAL_LINES.to_owned()),
            (Some(cells), Some(places)) => of_record(cells, places),
            (Some(cells), None) => match columns(cells) {
                Ok(found) => {
                    places = Some(found);
                    continue;
                }
                Err(error) => Err(error),
            },
        };
        into.push(Row::new(file, record.line, None, said));
        // Without columns no other row can be read.
        if places.is_none() {
            return;
        }
    }
}

const SEVERAL_LINES: &str =
    "a cell has more than one line: close its quotation mark, or take the line breaks out";

/// The place of each column that a table has.
type Places = HashMap<&'static str, usize>;

/// The place of each column in the records, by the first one.
fn columns(head: &StringRecord) -> Result<Places, String> {
    let place = |name: &str| {
        let mut titles = head.iter();
        titles.position(|title| title.trim().eq_ignore_ascii_case(name))
    };
    let names = COLUMNS.split(' ');
    let places: Places = names
        .filter_map(|name| Some((name, place(name)?)))
        .collect();
    if places.contains_key("agentId") || places.contains_key("conversationId") {
        return Ok(places);
    }
    Err(format!(
        "the first line has to name the columns, agentId or conversationId among them: {}",
        COLUMNS.replace(' ', ", ")
    ))
}

fn of_record(record: &StringRecord, places: &Places) -> Result<Said, String> {
    let cell = |name: &str| given(record.get(*places.get(name)?)?);
    let is_group = match cell("isGroup") {
        // Spreadsheets write `TRUE` and `FALSE`.
        Some(text) => text.to_ascii_lowercase().parse().map_err(
            |_| "isGroup is neither true nor false: write one of the two, or leave the cell empty",
        )?,
        None => false,
    };
    of_columns(cell, is_group)
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn of_columns(value: impl Fn(&str) -> Option<String>, is_group: bool) -> Result<Said, String> {
    let said = Said {
        agent_id: value("agentId"),
        agent_name: value("agentName"),
        conversation: value("conversationId").map(|id| SaidConversation {
            id,
            channel: value("channel"),
            credentials: None,
            is_group,
            addresses: value("phone").into_iter().collect(),
        }),
    };
    let fault = if said.conversation.is_some() {
        return Ok(said);
    } else if said.agent_id.is_none() {
        "it has neither agentId nor conversationId: fill one in, or delete the row"
    } else if value("channel").is_some() || value("phone").is_some() {
        "it has a channel or a phone, but no conversationId: fill it in, or delete the row"
    } else {
        return Ok(said);
    };
    Err(fault.to_owned())
}
