//! Who may use a number.

use crate::accounts::TokenState;
use crate::call::Call;
use crate::state::State;

use super::errors::GraphError;

/// Checks the token, then that it knows the number.
pub(super) fn check(state: &State, call: &Call, number: &str) -> Result<(), GraphError> {
    let header = call.credential().ok_or_else(GraphError::no_token)?;
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or_else(GraphError::garbage_token)?;
    let token = state.accounts.tokens.get(token.trim());
    let token = token.ok_or_else(GraphError::garbage_token)?;
    match token.state {
        TokenState::Expired => return Err(GraphError::expired_token(state.clock.timestamp())),
        TokenState::NoPermission => return Err(GraphError::no_permission()),
        TokenState::Valid => {}
    }
    if token.numbers.contains(number) {
        return Ok(());
    }
    Err(GraphError::unsupported(call.method(), number))
}
