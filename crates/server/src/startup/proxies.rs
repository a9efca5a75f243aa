//! Proxies for outgoing connections, which the server does not use.

use std::env;

/// Names the proxies that other programs use.
const PROXIES: [&str; 6] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

/// Says which proxies the environment names, since the server uses none: a proxy would look names up
/// itself, and the server could not check where its requests go.
pub(super) fn unused_proxies() -> Option<String> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let set: Vec<_> = PROXIES.into_iter().filter(is_set).collect();
    if set.is_empty() {
        return None;
    }
    Some(format!(
        "Recado does not use the proxies of the environment ({}): it connects to providers and webhook endpoints itself, so that it can check each address",
        set.join(", ")
    ))
}
