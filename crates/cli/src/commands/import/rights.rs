//! What the key has to be allowed for an import.

use super::checked::Checked;
use super::checking::Plan;
use crate::api::client::Client;
use crate::api::refusal::Refusal;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Checks that the key may create what is planned, so that a run for show fails where the real one would.
///
/// # Errors
///
/// Names the scope that the key does not have.
pub(super) async fn check(plan: &Plan, client: &Client) -> Result<(), Failure> {
    let needed = [
        ("manage", "agents", plan.agents.iter().any(Checked::is_new)),
        (
            "send",
            "conversations",
            plan.conversations.iter().any(Checked::is_new),
        ),
    ];
    if needed.iter().all(|(.., is_needed)| !is_needed) {
        return Ok(());
    }
    let key = client.get(&["api-keys", "current"], &[]).await?.value;
    let scopes = key["scopes"].as_array();
    let has = |scope: &str| scopes.is_some_and(|scopes| scopes.iter().any(|own| own == scope));
    for (scope, what, is_needed) in needed {
        if is_needed && !has(scope) {
            let error = format!(
                "nothing was created: the key needs the scope {scope} to create {what}; use another key"
            );
            return Err(Refusal::direct(ExitCode::Refused, "forbidden", None, error).into());
        }
    }
    Ok(())
}
