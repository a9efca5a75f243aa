//! Who calls and what they may do: the extractors that a handler names first in its signature.
//!
//! Each extractor is a [`Guard`]: it authenticates the caller, checks that the caller may use the route, and
//! states what it checks. The router takes only handlers whose first argument is a guard, and documents
//! what the guard states, so a route without a stated need does not compile.

mod callers;
mod cookie;
mod credential;
mod csrf;
mod identity;
mod need;

pub(crate) use callers::*;
pub(crate) use cookie::SessionCookie;
pub(crate) use credential::Credential;
pub(crate) use identity::{Identity, authenticate, ended_session};
pub(crate) use need::{Need, need_of};
