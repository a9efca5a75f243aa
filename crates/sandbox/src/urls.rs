//! The addresses of a sandbox.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Serialize;

use crate::Provider;

/// Where a sandbox listens, and where the commands of its phones look for it.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);

/// The base URL of each provider of one sandbox, without a final slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Urls(BTreeMap<Provider, String>);

impl Urls {
    /// Returns the URL that stands in place of the provider's own, such as `https://graph.facebook.com`.
    pub fn of(&self, provider: Provider) -> &str {
        &self.0[&provider]
    }
}

/// Returns the base URLs of the sandbox that listens on `addr`.
pub fn base_urls(addr: SocketAddr) -> Urls {
    let url = |provider: Provider| (provider, format!("http://{addr}/{}", provider.as_str()));
    Urls(Provider::ALL.map(url).into())
}
