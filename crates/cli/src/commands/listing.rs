//! Which part of a list is wanted.

use std::collections::VecDeque;

use clap::builder::NonEmptyStringValueParser;
use serde_json::{Value, json};

use crate::api::client::{Answer, Client};
use crate::failure::Failure;

/// The most that every list gives at once.
const PAGE: &str = "100";

/// The newest entries of a list, oldest first.
pub(crate) struct Newest {
    pub(crate) entries: Vec<Value>,
    /// How many entries the list has before them.
    pub(crate) earlier: usize,
}

impl From<Newest> for Answer {
    /// The same as a part of a list, which is its last.
    fn from(newest: Newest) -> Self {
        let value = json!({"data": newest.entries, "nextCursor": null});
        let text = value.to_string();
        Self { text, value }
    }
}

/// Returns the newest entries of a list; the server lists from the oldest on.
pub(crate) async fn newest(
    path: &[&str],
    filter: Vec<(&str, String)>,
    last: usize,
    client: &Client,
) -> Result<Newest, Failure> {
    let (mut newest, mut earlier) = (VecDeque::new(), 0);
    each(path, filter, client, |entry| {
        newest.push_back(entry);
        if newest.len() > last {
            newest.pop_front();
            earlier += 1;
        }
    })
    .await?;
    let entries = newest.into();
    Ok(Newest { entries, earlier })
}

/// Reads all entries of a list, one part at a time.
pub(crate) async fn each(
    path: &[&str],
    filter: Vec<(&str, String)>,
    client: &Client,
    mut take: impl FnMut(Value),
) -> Result<(), Failure> {
    let mut cursor = None;
    loop {
        let entries = part(path, &filter, &mut cursor, client).await?;
        entries.into_iter().for_each(&mut take);
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// Reads the part of a list behind the cursor, and sets it to the next one.
pub(crate) async fn part(
    path: &[&str],
    filter: &[(&str, String)],
    cursor: &mut Option<String>,
    client: &Client,
) -> Result<Vec<Value>, Failure> {
    let mut query = filter.to_vec();
    query.push(("limit", PAGE.to_owned()));
    query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
    let mut part = client.get(path, &query).await?.value;
    *cursor = part["nextCursor"].as_str().map(str::to_owned);
    match part["data"].take() {
        Value::Array(entries) => Ok(entries),
        _ => Err(Failure::Own(format!(
            "the server's answer is not a list of {}",
            path.join("/")
        ))),
    }
}

/// Options of every `list`.
#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// How many at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: Option<u8>,
    /// Begin behind this cursor, the `nextCursor` of the part before
    #[arg(long, value_name = "CURSOR", value_parser = NonEmptyStringValueParser::new())]
    after: Option<String>,
}

impl ListArgs {
    pub(crate) fn query(self) -> Vec<(&'static str, String)> {
        let limit = self.limit.map(|limit| ("limit", limit.to_string()));
        let after = self.after.map(|cursor| ("cursor", cursor));
        limit.into_iter().chain(after).collect()
    }
}
