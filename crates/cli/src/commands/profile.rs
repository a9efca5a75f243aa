//! `recado profile`: the servers that this person has signed in to.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::profiles::{Profiles, parse_name};
use crate::render::output::{Columns, Output};

const COLUMNS: Columns = &[
    ("NAME", "/name"),
    ("IN USE", "/inUse"),
    ("SERVER", "/server"),
    ("ORGANIZATION", "/organizationId"),
    ("E-MAIL", "/email"),
    ("EXPIRES", "/expiresAt"),
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the profiles, without their keys
    List,
    /// Put a profile in use: commands without --profile take it
    Use {
        #[arg(value_parser = parse_name)]
        name: String,
    },
}

pub(crate) fn run(command: &Command) -> Result<Output, Failure> {
    let mut profiles = Profiles::load()?;
    if let Command::Use { name } = command {
        profiles.choose(name)?;
        profiles.save()?;
    }
    let in_use = profiles.name(None);
    let rows: Vec<_> = profiles
        .iter()
        .map(|(name, profile)| {
            json!({"name": name, "inUse": name == in_use, "server": profile.server.as_str(),
                "organizationId": profile.organization_id, "email": profile.email,
                "expiresAt": profile.expires_at})
        })
        .collect();
    let value = json!({"data": rows, "nextCursor": Value::Null});
    Ok(Output::list(value.into(), COLUMNS))
}
