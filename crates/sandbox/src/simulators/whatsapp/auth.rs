//! Whether a token may use a number.

use super::errors::GraphError;
use crate::accounts::TokenState;
use crate::call::Call;
use crate::state::State;

pub(super) fn check(state: &State, call: &Call, number: &str) -> Result<(), GraphError> {
    let header = call.credential().ok_or_else(GraphError::no_token)?;
    let (token_state, knows_number) = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| state.accounts.token(token.trim(), number))
        .ok_or_else(GraphError::garbage_token)?;
    match token_state {
        TokenState::Expired => Err(GraphError::expired_token(state.clock.timestamp())),
        TokenState::NoPermission => Err(GraphError::no_permission()),
        TokenState::Valid if knows_number => Ok(()),
        TokenState::Valid => Err(GraphError::unsupported(call.method(), number)),
    }
}
