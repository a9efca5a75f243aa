//! The least that a proxy in Rust can be: `tests/src/bin/hyper_proxy.rs`.

use super::Contender;
use crate::bench::report::subjects::HYPER_PROXY;
use crate::bench::stub::Stub;
use crate::binaries;

/// Starts it in front of the stub.
pub async fn start(stub: &Stub) -> anyhow::Result<Contender> {
    let mut command = binaries::command("hyper_proxy")?;
    command.arg(stub.address.to_string());
    Contender::printing(HYPER_PROXY, String::new(), command).await
}
