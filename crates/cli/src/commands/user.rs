//! `recado user`: the people of an organization.

use clap::Subcommand;
use recado_core::{OrganizationId, Role, UserId};
use serde::Serialize;
use serde_json::json;

use super::{confirmation::Confirmation, once::Once, resource, resource::ListArgs};
use crate::{Client, Columns, Output, Result};

const COLUMNS: Columns = "\
    ID /id, E-MAIL /email, NAME /name, ROLE /role, PASSWORD /hasPassword, \
    LAST SIGN-IN /lastSignInAt";
const LINK: Columns = "ID /id, E-MAIL /email, ROLE /role, LINK /link/url, EXPIRES /link/expiresAt";
const NEW_LINK: Columns = "LINK /url, EXPIRES /expiresAt";
const SESSIONS: Columns = "ID /id, BEGAN /createdAt, LAST SEEN /lastSeenAt, ENDS /endsAt";

/// What to do with a link.
const GIVE_IT: &str = "give the link to the user now: it is not shown again, and works once";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a user, and print the one-time link with which the user sets a password
    #[command(
        after_help = "Example:\n  recado user create --email ana@example.com --name Ana --role agent"
    )]
    Create(CreateArgs),
    /// List the users
    List(#[command(flatten)] ListArgs),
    /// Show a user
    Show { id: UserId },
    /// Change a user's name or role; a new role ends the user's sessions
    Update {
        id: UserId,
        /// The new name
        #[arg(long, required_unless_present = "role")]
        name: Option<String>,
        /// owner, agent or viewer
        #[arg(long)]
        role: Option<Role>,
    },
    /// Delete a user, with the user's sessions and personal keys
    Delete {
        id: UserId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Print a new one-time link with which a user sets a password; the one before stops working
    Link {
        id: UserId,
        #[command(flatten)]
        once: Once,
    },
    /// List the sessions of a user
    Sessions {
        id: UserId,
        #[command(flatten)]
        list: ListArgs,
    },
    /// End all sessions of a user, and delete the user's personal keys
    EndSessions { id: UserId },
}

#[derive(clap::Args, Serialize)]
pub(crate) struct CreateArgs {
    /// The e-mail address with which the user signs in
    #[arg(long)]
    email: String,
    /// The name of the user
    #[arg(long)]
    name: String,
    /// owner (everything), agent (reads and sends) or viewer (reads)
    #[arg(long)]
    role: Role,
    /// The organization, with an operator key
    #[arg(long, value_name = "ID")]
    #[serde(skip)]
    org: Option<OrganizationId>,
    #[command(flatten)]
    #[serde(skip)]
    once: Once,
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    const ROOT: &str = "users";
    match command {
        Command::Create(args) => {
            let path = match &args.org {
                Some(org) => vec!["organizations", org.as_str(), ROOT],
                None => vec![ROOT],
            };
            let body = json!(args);
            let created = resource::create_once(client, &path, &body, args.once, LINK).await?;
            Ok(created.with_text(GIVE_IT))
        }
        Command::List(args) => resource::list(client, &[ROOT], args, COLUMNS).await,
        Command::Show { id } => resource::show(client, &[ROOT, id.as_str()], COLUMNS).await,
        Command::Update { id, name, role } => {
            let body = resource::filled(json!({"name": name, "role": role}));
            resource::change(client, &[ROOT, id.as_str()], &body, COLUMNS).await
        }
        Command::Delete { id, confirmation } => {
            let end = " with all sessions and keys?";
            resource::delete(client, &[ROOT, id.as_str()], "user", &confirmation, end).await
        }
        Command::Link { id, once } => {
            let path = [ROOT, id.as_str(), "link"];
            let body = json!({});
            let created = resource::create_once(client, &path, &body, once, NEW_LINK).await?;
            Ok(created.with_text(GIVE_IT))
        }
        Command::Sessions { id, list } => {
            let path = [ROOT, id.as_str(), "sessions"];
            resource::list(client, &path, list, SESSIONS).await
        }
        Command::EndSessions { id } => {
            let path = [ROOT, id.as_str(), "sessions"];
            let answer = client.delete(&path, &[]).await?;
            Ok(Output::done(
                answer,
                format!("ended the sessions of user {id}"),
            ))
        }
    }
}
