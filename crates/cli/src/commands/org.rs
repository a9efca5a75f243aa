//! `recado org`: the tenants of a server.

use std::str::FromStr;

use clap::Subcommand;
use recado_core::OrganizationId;
use serde_json::{Value, json};

use super::{once::Once, resource, resource::ListArgs};
use crate::{Client, Columns, Output, Result};

const COLUMNS: Columns = "ID /id, NAME /name, SUSPENDED /suspendedAt, CREATED /createdAt";
const FIELDS: Columns = "ID /id, NAME /name, SUSPENDED /suspendedAt, GUARDS REPEATS /guardRepeats, \
    MESSAGES A SECOND /messagesPerSecond, CREATED /createdAt";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create an organization
    #[command(after_help = "Example:\n  recado org create \"Acme Ltd\" --id acme")]
    Create {
        /// Name of the organization
        name: String,
        /// Id of the organization, to choose it yourself
        #[arg(long)]
        id: Option<OrganizationId>,
        #[command(flatten)]
        once: Once,
    },
    /// List the organizations
    List(#[command(flatten)] ListArgs),
    /// Show an organization
    Show { id: OrganizationId },
    /// Change settings of an organization
    #[command(after_help = "Example:\n  recado org update acme --messages-per-second 100")]
    Update {
        id: OrganizationId,
        #[command(flatten)]
        changes: Changes,
    },
    /// Suspend an organization: its API keys and sessions are refused and its deliveries wait, until it is resumed
    Suspend { id: OrganizationId },
    /// Resume a suspended organization
    Resume { id: OrganizationId },
    /// Delete an organization and everything that it owns, for good
    #[command(after_help = "Example:\n  recado org delete acme --confirm acme")]
    Delete {
        id: OrganizationId,
        /// The id or the name of the organization, once more
        #[arg(long, value_name = "ID_OR_NAME")]
        confirm: String,
    },
}

/// The settings to change.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// Whether a send without an idempotency key is answered and not sent if it repeats a message whose outcome became unknown within the last two minutes
    #[arg(long, value_name = "BOOL")]
    guard_repeats: Option<bool>,
    /// Most messages that the organization may send in a second, or `none`; for operators
    #[arg(long, value_name = "N")]
    messages_per_second: Option<MostMessages>,
}

#[derive(Clone)]
struct MostMessages(Option<u32>);

impl FromStr for MostMessages {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let number = Some(text).filter(|text| *text != "none").map(str::parse);
        let number = number.transpose();
        number.map(Self).map_err(|_| "a whole number, or none")
    }
}

impl Changes {
    fn body(&self) -> Value {
        let mut body = json!({});
        if let Some(guards) = self.guard_repeats {
            body["guardRepeats"] = guards.into();
        }
        if let Some(MostMessages(most)) = self.messages_per_second {
            body["messagesPerSecond"] = most.into();
        }
        body
    }
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    const ROOT: &str = "organizations";
    match command {
        Command::Create { name, id, once } => {
            let body = json!({"name": name, "id": id});
            resource::create_once(client, &[ROOT], &body, once, COLUMNS).await
        }
        Command::List(args) => resource::list(client, &[ROOT], args, COLUMNS).await,
        Command::Show { id } => resource::show(client, &[ROOT, id.as_str()], FIELDS).await,
        Command::Update { id, changes } => {
            let body = changes.body();
            resource::change(client, &[ROOT, id.as_str()], &body, FIELDS).await
        }
        Command::Suspend { id } => change(client, &[ROOT, id.as_str(), "suspend"]).await,
        Command::Resume { id } => change(client, &[ROOT, id.as_str(), "resume"]).await,
        Command::Delete { id, confirm } => {
            let query = [("confirm", confirm)];
            let answer = client.delete(&[ROOT, id.as_str()], &query).await?;
            let done = format!("deleted organization {id}; its data are removed in the background");
            Ok(Output::done(answer, done))
        }
    }
}

async fn change(client: &Client, path: &[&str]) -> Result<Output> {
    resource::create(client, path, &json!({}), COLUMNS).await
}
