//! `recado export`: everything that the API shows of an organization, as JSON lines.

use std::io::ErrorKind;

use serde_json::{Value, json};

use crate::{Client, Failure, Output, Printer, Result, render::terminal};

/// Fields that are secret, and not exported.
const SECRETS: [&str; 2] = ["webhookSecret", "webhookUrl"];

/// The lists, one on each line: the type of an entry and the path of the list; then, for a list inside each entry, its
/// type and its path.
const LISTS: &str = "\
agent agents
channel channels
conversation conversations message messages
event events
webhook_endpoint webhook-endpoints delivery deliveries
webhook_call webhook-calls
user users session sessions
api_key api-keys
audit_entry audit";

/// The list that is found by the id of the organization alone.
const API_KEYS: &str = "api-keys";

/// Prints one line for each object, and a last one with their number: an export without it is incomplete.
pub(crate) async fn run(client: &Client, printer: Printer) -> Result<Output> {
    let export = Export {
        client,
        printer,
        lines: 0,
    };
    tokio::select! {
        ended = export.run() => ended?,
        () = terminal::interrupted() => return Err(Failure::Own("interrupted; the export is not complete".to_owned())),
    }
    Ok(Output::none())
}

struct Export<'a> {
    client: &'a Client,
    printer: Printer,
    lines: u64,
}

impl Export<'_> {
    async fn run(mut self) -> Result<()> {
        let key = self.client.get(&["api-keys", "current"], &[]).await?.value;
        let organization = key["organizationId"].as_str().ok_or_else(|| {
            Failure::Usage(
                "an export is of one organization: use one of its API keys, with the scopes read and manage".to_owned(),
            )
        })?;
        self.print("organization", json!({ "id": organization }))?;
        for words in LISTS
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>())
        {
            match words[..] {
                [kind, API_KEYS] => {
                    let path = ["organizations", organization, API_KEYS];
                    self.list(kind, &path, &[]).await?;
                }
                [kind, name, ref of_each @ ..] => self.list(kind, &[name], of_each).await?,
                _ => {}
            }
        }
        let lines = self.lines;
        self.print("end", json!({ "lines": lines }))
    }

    /// Prints the entries of a list, each with the list that it has.
    async fn list(&mut self, kind: &str, path: &[&str], of_each: &[&str]) -> Result<()> {
        let mut cursor = None;
        loop {
            for entry in self.client.part(path, &[], &mut cursor).await? {
                let id = entry["id"].as_str().unwrap_or_default().to_owned();
                self.print(kind, entry)?;
                if let [kind, name] = of_each {
                    let path = [path, &[&id, *name]].concat();
                    Box::pin(self.list(kind, &path, &[])).await?;
                }
            }
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    fn print(&mut self, kind: &str, mut data: Value) -> Result<()> {
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
