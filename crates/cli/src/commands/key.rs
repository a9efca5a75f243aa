//! `recado key`: the API keys of an organization.

use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use recado_core::{ApiKeyId, OrganizationId, Scope};
use serde_json::{Value, json};

use super::{confirmation::Confirmation, once::Once, resource, resource::ListArgs};
use crate::{Answer, Client, Columns, Failure, Output, Result};

const COLUMNS: Columns = "\
    ID /id, NAME /name, BEGINS WITH /prefix, SCOPES /scopes, LAST USED /lastUsedAt, \
    EXPIRES /expiresAt";
const CREATED: Columns = "ID /id, NAME /name, SCOPES /scopes, EXPIRES /expiresAt, KEY /key";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create an API key; it is shown once and never again
    #[command(
        after_help = "Example:\n  recado key create --org acme website --scope send --quiet > recado.key"
    )]
    Create(CreateArgs),
    /// List the API keys, without their secrets
    List {
        /// The organization
        #[arg(long, value_name = "ID")]
        org: OrganizationId,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show the API key that this command uses
    Current,
    /// Delete an API key: it is refused from now on
    Delete {
        /// The organization
        #[arg(long, value_name = "ID")]
        org: OrganizationId,
        /// The key's id, not its secret
        #[arg(value_name = "KEY_ID")]
        id: ApiKeyId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(clap::Args)]
pub(crate) struct CreateArgs {
    /// The organization
    #[arg(long, value_name = "ID")]
    org: OrganizationId,
    /// Name of the key, such as the program that uses it
    name: String,
    /// A scope: read, send or manage; repeat it for more [default: all scopes]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<Scope>,
    /// Days until the key expires, at the end of the day in UTC [default: it does not expire]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: Option<u16>,
    /// Most messages that the key may send in a minute [default: no such limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    messages_per_minute: Option<u32>,
    /// Print the key alone, for scripts
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    once: Once,
}

/// A day in seconds.
const DAY: i64 = 24 * 60 * 60;

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    match command {
        Command::Create(args) => {
            let scopes = (!args.scopes.is_empty()).then_some(args.scopes);
            let expiry = args.days.map(in_days).map(end_of_day);
            let key = json!({
                "name": args.name, "scopes": scopes, "messagesPerMinute": args.messages_per_minute,
                "expiresAt": expiry,
            });
            let (path, key) = (keys(&args.org), resource::filled(key));
            let answer = client.once(&path, &[], &key, &args.once.key()).await?;
            if args.quiet {
                return alone(&answer);
            }
            let output = Output::record(answer, CREATED);
            Ok(output.with_text("keep the key now: it is not shown again"))
        }
        Command::List { org, list } => resource::list(client, &keys(&org), list, COLUMNS).await,
        Command::Current => resource::show(client, &["api-keys", "current"], COLUMNS).await,
        Command::Delete {
            org,
            id,
            confirmation,
        } => {
            let path = [&keys(&org)[..], &[id.as_str()]].concat();
            let end = "? Programs that use it are refused from then on.";
            resource::delete(client, &path, "API key", &confirmation, end).await
        }
    }
}

fn keys(organization: &OrganizationId) -> [&str; 3] {
    ["organizations", organization.as_str(), "api-keys"]
}

/// Returns the time in that many days.
pub(super) fn in_days(days: u16) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(24 * i64::from(days))
}

/// Returns the end of the day in UTC, so that a command that is repeated on the same day asks for the same.
fn end_of_day(time: Timestamp) -> Timestamp {
    let days = time.as_second().div_euclid(DAY) + 1;
    Timestamp::from_second(days * DAY).unwrap_or(time)
}

/// Returns the key alone, in either format.
fn alone(answer: &Answer) -> Result<Output> {
    let key = answer.value.get("key").and_then(Value::as_str);
    let key = key.ok_or_else(|| Failure::Own("the server's answer has no key".to_owned()))?;
    Ok(Output::said(key, key))
}
