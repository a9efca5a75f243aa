//! The addresses of a sandbox.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Serialize;

use crate::Provider;

/// Where a sandbox listens, and where the commands of its phones look for it.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);

/// The base URLs of the four providers of one sandbox, without a final slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Urls {
    /// WhatsApp Cloud API, in place of `https://graph.facebook.com`.
    pub whatsapp: String,
    /// Z-API, in place of `https://api.z-api.io`.
    pub zapi: String,
    /// ZapperHUB v2, in place of `https://api.zapperapi.com`.
    pub zapperhub: String,
    /// A wuzapi server, the dialect of ZapperHUB's engine.
    pub wuzapi: String,
}

/// Returns the base URLs of the sandbox that listens on `addr`.
pub fn base_urls(addr: SocketAddr) -> Urls {
    let url = |provider: Provider| format!("http://{addr}/{}", provider.as_str());
    Urls {
        whatsapp: url(Provider::Whatsapp),
        zapi: url(Provider::Zapi),
        zapperhub: url(Provider::Zapperhub),
        wuzapi: url(Provider::Wuzapi),
    }
}
