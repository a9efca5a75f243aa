//! Events go to the organizations' own servers.

mod chatvolt;
mod crash;
mod deliveries;
mod documented;
mod lost_claims;
pub(crate) mod receiver;
mod retries;
pub(crate) mod rig;
mod routes;
mod whole_way;
