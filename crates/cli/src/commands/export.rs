//! `recado export`: everything that the API shows of an organization, as JSON lines.

use std::io::ErrorKind;

use serde_json::{Value, json};

use crate::api::client::Client;
use crate::failure::Failure;
use crate::render::output::Output;
use crate::render::printer::Printer;
use crate::render::terminal;

/// Fields that are secret, and not exported.
const SECRETS: [&str; 2] = ["webhookSecret", "webhookUrl"];

/// The type and the name of the list that each entry of a list has.
type OfEach = Option<(&'static str, &'static str)>;

/// The type and the name of each list.
const LISTS: [(&str, &str, OfEach); 9] = [
    ("agent", "agents", None),
    ("channel", "channels", None),
    (
        "conversation",
        "conversations",
        Some(("message", "messages")),
    ),
    ("event", "events", None),
    (
        "webhook_endpoint",
        "webhook-endpoints",
        Some(("delivery", "deliveries")),
    ),
    ("webhook_call", "webhook-calls", None),
    ("user", "users", Some(("session", "sessions"))),
    ("api_key", API_KEYS, None),
    ("audit_entry", "audit", None),
];

/// The list that is found by the id of the organization alone.
const API_KEYS: &str = "api-keys";

/// Prints one line for each object, and a last one with their number: an export without it is incomplete.
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
        for (kind, name, of_each) in LISTS {
            let path = match name {
                API_KEYS => vec!["organizations", organization, name],
                name => vec![name],
            };
            self.list(kind, &path, of_each).await?;
        }
        let lines = self.lines;
        self.print("end", json!({ "lines": lines }))
    }

    /// Prints the entries of a list, each with the list that it has.
    async fn list(
        &mut self,
        kind: &'static str,
        path: &[&str],
        of_each: OfEach,
    ) -> Result<(), Failure> {
        let mut cursor = None;
        loop {
            for entry in self.client.part(path, &[], &mut cursor).await? {
                let id = entry["id"].as_str().unwrap_or_default().to_owned();
                self.print(kind, entry)?;
                if let Some((kind, name)) = of_each {
                    let path = [path, &[&id, name]].concat();
                    Box::pin(self.list(kind, &path, None)).await?;
                }
            }
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    fn print(&mut self, kind: &'static str, mut data: Value) -> Result<(), Failure> {
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
