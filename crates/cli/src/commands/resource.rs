//! What most nouns can do: be listed, shown, created, changed and deleted.

use clap::builder::NonEmptyStringValueParser;
use serde_json::Value;

use super::confirmation::Confirmation;
use super::once::Once;
use crate::{Client, Columns, Output, Result};

/// Options of every `list`.
#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// Maximum number of entries
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: Option<u8>,
    /// Continue after this cursor, the `nextCursor` of the previous page
    #[arg(long, value_name = "CURSOR", value_parser = NonEmptyStringValueParser::new())]
    after: Option<String>,
}

impl ListArgs {
    pub(crate) fn query(self) -> Vec<(&'static str, String)> {
        let limit = self.limit.map(|limit| limit.to_string());
        given([("limit", limit), ("cursor", self.after)])
    }

    pub(crate) fn query_with<const N: usize>(
        self,
        filters: [(&'static str, Option<String>); N],
    ) -> Vec<(&'static str, String)> {
        let mut query = self.query();
        query.extend(given(filters));
        query
    }
}

pub(crate) fn given<const N: usize>(
    parameters: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    let given = parameters.into_iter();
    given
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}

/// Returns the JSON object without the fields that have no value.
pub(crate) fn filled(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    object
}

pub(super) async fn list(
    client: &Client,
    path: &[&str],
    args: ListArgs,
    columns: Columns,
) -> Result<Output> {
    let answer = client.get(path, &args.query()).await?;
    Ok(Output::list(answer, columns))
}

pub(super) async fn show(client: &Client, path: &[&str], fields: Columns) -> Result<Output> {
    let answer = client.get(path, &[]).await?;
    Ok(Output::record(answer, fields))
}

/// Posts a body under a key, and shows what the server created.
pub(super) async fn create_once(
    client: &Client,
    path: &[&str],
    body: &Value,
    once: Once,
    fields: Columns,
) -> Result<Output> {
    let answer = client.once(path, &[], body, &once.key()).await?;
    Ok(Output::record(answer, fields))
}

/// Posts a body, and shows what the server made of it.
pub(super) async fn create(
    client: &Client,
    path: &[&str],
    body: &Value,
    fields: Columns,
) -> Result<Output> {
    let answer = client.post(path, body).await?;
    Ok(Output::record(answer, fields))
}

pub(super) async fn change(
    client: &Client,
    path: &[&str],
    body: &Value,
    fields: Columns,
) -> Result<Output> {
    let answer = client.patch(path, body).await?;
    Ok(Output::record(answer, fields))
}

/// Asks whether to delete, deletes, and says so: `deleted agent agent-123`.
///
/// `noun` is what a person calls the last part of the path; the question ends with `consequence`.
pub(super) async fn delete(
    client: &Client,
    path: &[&str],
    noun: &str,
    confirmation: &Confirmation,
    consequence: &str,
) -> Result<Output> {
    let what = format!("{noun} {}", path.last().unwrap_or(&""));
    confirmation.ask(&format!("Delete {what}{consequence}"))?;
    let answer = client.delete(path, &[]).await?;
    Ok(Output::done(answer, format!("deleted {what}")))
}
