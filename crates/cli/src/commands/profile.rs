//! `recado profile`: the servers that this person has signed in to.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::profiles::{Profile, Profiles, parse_name};
use crate::{Columns, Output, Result};

const COLUMNS: Columns = "\
    NAME /name, IN USE /inUse, SERVER /server, ORGANIZATION /organizationId, E-MAIL /email, \
    EXPIRES /expiresAt";

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

pub(crate) fn run(command: &Command) -> Result<Output> {
    let mut profiles = Profiles::load()?;
    if let Command::Use { name } = command {
        profiles.choose(name)?;
        profiles.save()?;
    }
    let in_use = profiles.name(None);
    let row = |(name, profile): (&str, &Profile)| {
        json!({"name": name, "inUse": name == in_use, "server": profile.server.as_str(),
            "organizationId": profile.organization_id, "email": profile.email,
            "expiresAt": profile.expires_at})
    };
    let rows: Vec<_> = profiles.iter().map(row).collect();
    let value = json!({"data": rows, "nextCursor": Value::Null});
    Ok(Output::list(value.into(), COLUMNS))
}
