//! What most nouns can do: be listed, shown, created, changed and deleted.

use clap::builder::NonEmptyStringValueParser;
use serde_json::Value;

use super::confirmation::Confirmation;
use crate::api::client::Client;
use crate::failure::Failure;
use crate::render::output::{Columns, Output};

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
    let parameters = parameters.into_iter();
    let given = parameters.filter_map(|(key, value)| Some((key, value?)));
    given.collect()
}

/// Returns a JSON object of the fields that have a value.
pub(crate) fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let fields = fields.into_iter();
    let given = fields.filter_map(|(key, value)| Some((key.to_owned(), value?)));
    given.collect()
}

pub(super) async fn list(
    client: &Client,
    path: &[&str],
    args: ListArgs,
    columns: Columns,
) -> Result<Output, Failure> {
    let answer = client.get(path, &args.query()).await?;
    Ok(Output::list(answer, columns))
}

pub(super) async fn show(
    client: &Client,
    path: &[&str],
    fields: Columns,
) -> Result<Output, Failure> {
    let answer = client.get(path, &[]).await?;
    Ok(Output::record(answer, fields))
}

/// Posts a body, and shows what the server made of it.
pub(super) async fn create(
    client: &Client,
    path: &[&str],
    body: &Value,
    fields: Columns,
) -> Result<Output, Failure> {
    let answer = client.post(path, body).await?;
    Ok(Output::record(answer, fields))
}

pub(super) async fn change(
    client: &Client,
    path: &[&str],
    body: &Value,
    fields: Columns,
) -> Result<Output, Failure> {
    let answer = client.patch(path, body).await?;
    Ok(Output::record(answer, fields))
}

/// Asks whether to delete, deletes, and says so: `deleted agent agent-123`.
pub(super) async fn delete(
    client: &Client,
    path: &[&str],
    what: &str,
    confirmation: &Confirmation,
    question: &str,
) -> Result<Output, Failure> {
    confirmation.ask(question)?;
    let answer = client.delete(path, &[]).await?;
    Ok(Output::done(answer, format!("deleted {what}")))
}
