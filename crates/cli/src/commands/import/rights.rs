//! What the key has to be allowed for an import.

use super::{checked::Checked, checking::Plan};
use crate::{Client, ExitCode, Refusal, Result};

/// Checks that the key has the scopes to create what is planned, so that a run for show fails where the real one would.
pub(super) async fn check(plan: &Plan, client: &Client) -> Result<()> {
    let all = [
        ("manage", "agents", &plan.agents),
        ("send", "conversations", &plan.conversations),
    ];
    let mut needed = all
        .iter()
        .filter(|(.., rows)| rows.iter().any(Checked::is_new));
    if needed.clone().next().is_none() {
        return Ok(());
    }
    let key = client.get(&["api-keys", "current"], &[]).await?.value;
    let scopes = key["scopes"].as_array();
    let has = |scope: &str| scopes.is_some_and(|scopes| scopes.iter().any(|own| own == scope));
    let Some((scope, what, _)) = needed.find(|(scope, ..)| !has(scope)) else {
        return Ok(());
    };
    let error = format!(
        "nothing was created: the key needs the scope {scope} to create {what}; use another key"
    );
    Err(Refusal::direct(ExitCode::Refused, "forbidden", None, error).into())
}
