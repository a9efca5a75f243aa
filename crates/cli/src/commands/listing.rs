//! Which part of a list is wanted.

use std::collections::VecDeque;

use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;

/// The most that every list gives at once.
const PAGE: &str = "100";

/// Returns the newest entries of a list, oldest first, and how many came before; the server lists from the oldest on.
pub(crate) async fn newest(
    path: &[&str],
    filter: Vec<(&str, String)>,
    last: usize,
    client: &Client,
) -> Result<(Vec<Value>, usize), Failure> {
    let (mut newest, mut earlier) = (VecDeque::new(), 0);
    each(path, filter, client, |entry| {
        newest.push_back(entry);
        if newest.len() > last {
            newest.pop_front();
            earlier += 1;
        }
    })
    .await?;
    Ok((newest.into(), earlier))
}

/// Reads all entries of a list, one part at a time.
pub(crate) async fn each(
    path: &[&str],
    filter: Vec<(&str, String)>,
    client: &Client,
    mut take: impl FnMut(Value),
) -> Result<(), Failure> {
    let mut query = filter;
    query.push(("limit", PAGE.to_owned()));
    loop {
        let mut part = client.get(path, &query).await?.value;
        if let Some(Value::Array(entries)) = part.get_mut("data").map(Value::take) {
            entries.into_iter().for_each(&mut take);
        }
        let Some(cursor) = part.get("nextCursor").and_then(Value::as_str) else {
            return Ok(());
        };
        query.retain(|(key, _)| *key != "cursor");
        query.push(("cursor", cursor.to_owned()));
    }
}

/// Options of every `list`.
#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// How many at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: Option<u8>,
    /// Begin behind this cursor, the `nextCursor` of the part before
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl ListArgs {
    pub(crate) fn query(self) -> Vec<(&'static str, String)> {
        let limit = self.limit.map(|limit| ("limit", limit.to_string()));
        let after = self.after.map(|cursor| ("cursor", cursor));
        limit.into_iter().chain(after).collect()
    }
}
