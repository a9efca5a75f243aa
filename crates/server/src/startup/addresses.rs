//! Whether this process may listen at the addresses of its settings.

use std::io;
use std::net::SocketAddr;

use anyhow::Context as _;
use socket2::{Domain, Socket, Type};

use super::Settings;

impl Settings {
    /// Checks that the server may listen at its addresses. One that is in use passes: the server itself may be running.
    pub fn check_addresses(&self) -> anyhow::Result<()> {
        let metrics = self
            .metrics_listen
            .map(|address| (address, "metrics-listen"));
        for (address, option) in metrics.into_iter().chain([(self.listen, "listen")]) {
            match try_address(address) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                tried => tried.with_context(|| cannot_listen(address, option))?,
            }
        }
        Ok(())
    }
}

/// Says that nothing can listen at the address of an option, and what to change.
pub fn cannot_listen(address: SocketAddr, option: &str) -> String {
    let variable = option.to_ascii_uppercase().replace('-', "_");
    format!(
        "cannot listen on {address}; choose another address with --{option} or RECADO_{variable}"
    )
}

/// Binds an address and releases it. It never listens, so no client can connect meanwhile.
fn try_address(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // As a listener does it: connections that ended a moment ago do not count.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())
}
