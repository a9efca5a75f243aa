//! Whom Recado is measured beside.

pub const NGINX: &str = "nginx";
pub const HYPER_PROXY: &str = "hyper proxy";
pub const LIBRARY: &str = "whatsapp-api-js, Node";

/// Tells whether a subject is a program of others, which does not get better or worse by our doing.
pub fn is_other(subject: &str) -> bool {
    [NGINX, HYPER_PROXY, LIBRARY].contains(&subject)
}
