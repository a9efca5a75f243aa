//! `recado user`: the people of an organization.

use clap::Subcommand;
use recado_core::{OrganizationId, Role, UserId};
use serde_json::json;

use super::listing::ListArgs;
use crate::api::client::Client;
use crate::commands::confirmation::Confirmation;
use crate::failure::Failure;
use crate::render::output::{Columns, Output, View};

const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("E-MAIL", "/email"),
    ("NAME", "/name"),
    ("ROLE", "/role"),
    ("PASSWORD", "/hasPassword"),
    ("LAST SIGN-IN", "/lastSignInAt"),
];
const LINK: Columns = &[
    ("ID", "/id"),
    ("E-MAIL", "/email"),
    ("ROLE", "/role"),
    ("LINK", "/link/url"),
    ("EXPIRES", "/link/expiresAt"),
];
const SESSIONS: Columns = &[
    ("ID", "/id"),
    ("BEGAN", "/createdAt"),
    ("LAST SEEN", "/lastSeenAt"),
    ("ENDS", "/endsAt"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a user, and print the one-time link with which the user sets a password
    #[command(
        after_help = "Example:\n  recado user create --email ana@example.com --name Ana --role agent"
    )]
    Create {
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
        org: Option<OrganizationId>,
    },
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
    Link { id: UserId },
    /// List the sessions of a user
    Sessions {
        id: UserId,
        #[command(flatten)]
        list: ListArgs,
    },
    /// End all sessions of a user, and delete the user's personal keys
    EndSessions { id: UserId },
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output, Failure> {
    match command {
        Command::Create {
            email,
            name,
            role,
            org,
        } => {
            let user = json!({"email": email, "name": name, "role": role});
            let answer = match &org {
                Some(org) => {
                    let path = ["organizations", org.as_str(), "users"];
                    client.post(&path, &user).await?
                }
                None => client.post(&["users"], &user).await?,
            };
            Ok(with_link(Output::record(answer, LINK)))
        }
        Command::List(list) => {
            let answer = client.get(&["users"], &list.query()).await?;
            Ok(Output::list(answer, COLUMNS))
        }
        Command::Show { id } => {
            let answer = client.get(&["users", id.as_str()], &[]).await?;
            Ok(Output::record(answer, COLUMNS))
        }
        Command::Update { id, name, role } => {
            let mut change = serde_json::Map::new();
            change.extend(name.map(|name| ("name".to_owned(), json!(name))));
            change.extend(role.map(|role| ("role".to_owned(), json!(role))));
            let path = ["users", id.as_str()];
            let answer = client.patch(&path, &change.into()).await?;
            Ok(Output::record(answer, COLUMNS))
        }
        Command::Delete { id, confirmation } => {
            confirmation.ask(&format!("Delete user {id} with all sessions and keys?"))?;
            let answer = client.delete(&["users", id.as_str()]).await?;
            Ok(Output::done(answer, format!("deleted user {id}")))
        }
        Command::Link { id } => {
            let path = ["users", id.as_str(), "link"];
            let answer = client.post(&path, &json!({})).await?;
            Ok(with_link(Output::record(answer, NEW_LINK)))
        }
        Command::Sessions { id, list } => {
            let path = ["users", id.as_str(), "sessions"];
            let answer = client.get(&path, &list.query()).await?;
            Ok(Output::list(answer, SESSIONS))
        }
        Command::EndSessions { id } => {
            let path = ["users", id.as_str(), "sessions"];
            let answer = client.delete(&path).await?;
            Ok(Output::done(
                answer,
                format!("ended the sessions of user {id}"),
            ))
        }
    }
}

const NEW_LINK: Columns = &[("LINK", "/url"), ("EXPIRES", "/expiresAt")];

/// Says what to do with the link.
fn with_link(mut output: Output) -> Output {
    let note = "give the link to the user now: it is not shown again, and works once".to_owned();
    output.views.push(View::Text(note));
    output
}
