//! Events go to the organizations' own servers.

mod chatvolt;
mod crash;
mod deliveries;
mod documented;
mod lost_claims;
mod retries;
mod routes;
mod whole_way;
