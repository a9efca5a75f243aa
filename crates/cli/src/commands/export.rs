//! `recado export`: everything that the API shows of an organization, as JSON lines.

use std::io::ErrorKind;

use serde_json::{Value, json};

use crate::api::client::Client;
use crate::failure::Failure;
use crate::render::output::Output;
use crate::render::printer::Printer;
use crate::render::terminal;

/// Fields that prove calls, and are not exported.
const SECRETS: [&str; 2] = ["webhookSecret", "webhookUrl"];

/// The lists of an organization, by the type of their entries. The identity of an entry leads to what belongs to it.
const LISTS: [List; 9] = [
    List::new("agent", &["agents"]),
    List::new("channel", &["channels"]),
    List {
        of_each: Some(("message", "messages")),
        ..List::new("conversation", &["conversations"])
    },
    List::new("event", &["events"]),
    List {
        of_each: Some(("delivery", "deliveries")),
        ..List::new("webhook_endpoint", &["webhook-endpoints"])
    },
    List::new("webhook_call", &["webhook-calls"]),
    List {
        of_each: Some(("session", "sessions")),
        ..List::new("user", &["users"])
    },
    List::new("api_key", &["organizations", ORGANIZATION, "api-keys"]),
    List::new("audit_entry", &["audit"]),
];

/// Stands for the id of the organization.
const ORGANIZATION: &str = "{id}";

struct List {
    kind: &'static str,
    path: &'static [&'static str],
    /// The type and the name of the list that each entry has.
    of_each: Option<(&'static str, &'static str)>,
}

impl List {
    const fn new(kind: &'static str, path: &'static [&'static str]) -> Self {
        Self {
            kind,
            path,
            of_each: None,
        }
    }
}

/// Prints one line for each object, and a last one that counts them: without it the export is not complete.
pub(crate) async fn run(client: &Client, printer: Printer) -> Result<Output, Failure> {
    let export = Export {
        client,
        printer,
        lines: 0,
    };
    tokio::select! {
        ended = export.run() => ended?,
        () = terminal::interrupted() => return Err(Failure::Own("interrupted; the export is not complete".to_owned())),
    }
    Ok(Output::new(String::new(), Vec::new()))
}

struct Export<'a> {
    client: &'a Client,
    printer: Printer,
    lines: u64,
}

impl Export<'_> {
    async fn run(mut self) -> Result<(), Failure> {
        let key = self.client.get(&["api-keys", "current"], &[]).await?.value;
        let organization = key["organizationId"].as_str().ok_or_else(|| {
            Failure::Usage(
                "an export is of one organization: use one of its API keys, with the scopes read and manage".to_owned(),
            )
        })?;
        self.print("organization", json!({ "id": organization }))?;
        for list in &LISTS {
            let path: Vec<_> = (list.path.iter())
                .map(|segment| {
                    if *segment == ORGANIZATION {
                        organization
                    } else {
                        segment
                    }
                })
                .collect();
            self.list(list, &path).await?;
        }
        let lines = self.lines;
        self.print("end", json!({ "lines": lines }))
    }

    /// Prints the entries of a list, each with what belongs to it.
    async fn list(&mut self, list: &List, path: &[&str]) -> Result<(), Failure> {
        let mut cursor = None;
        loop {
            let entries = self.client.part(path, &[], &mut cursor).await?;
            for entry in entries {
                let id = entry["id"].as_str().unwrap_or_default().to_owned();
                self.print(list.kind, entry)?;
                if let Some((kind, name)) = list.of_each {
                    let path = [path, &[&id, name]].concat();
                    self.all(kind, &path).await?;
                }
            }
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn all(&mut self, kind: &'static str, path: &[&str]) -> Result<(), Failure> {
        let mut cursor = None;
        loop {
            for entry in self.client.part(path, &[], &mut cursor).await? {
                self.print(kind, entry)?;
            }
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    fn print(&mut self, kind: &'static str, data: Value) -> Result<(), Failure> {
        let mut data = data;
        if let Some(fields) = data.as_object_mut() {
            fields.retain(|name, _| !SECRETS.contains(&name.as_str()));
        }
        let line = json!({ "type": kind, "data": data }).to_string();
        self.lines += 1;
        self.printer
            .line(&line, |_, _| line.clone())
            .map_err(|error| match error.kind() {
                ErrorKind::BrokenPipe => {
                    Failure::Own("the export is not complete: its reader has gone".to_owned())
                }
                _ => Failure::Own(format!(
                    "the export is not complete: cannot write to standard output: {error}"
                )),
            })
    }
}
