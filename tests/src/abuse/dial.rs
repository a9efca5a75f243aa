//! The attacker's connections: by hand, and from an address of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// The attacker's address: a bound per peer must not hit everybody on this machine.
pub(super) const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// Connects; `None` if the server does not let the attacker in.
pub(super) async fn dial(server: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind((ATTACKER, 0).into()).ok()?;
    let connected = tokio::time::timeout(CONNECT, socket.connect(server)).await;
    connected.ok()?.ok()
}

/// Connects, writes, and reads the answer, which is thrown away; every step may fail.
pub(super) async fn exchange(server: SocketAddr, request: &[u8]) {
    let Some(mut stream) = dial(server).await else {
        return;
    };
    if stream.write_all(request).await.is_ok() {
        let mut answer = [0; 1024];
        let _ = tokio::time::timeout(CONNECT, stream.read(&mut answer)).await;
    }
}

/// An HTTP client of the attacker.
pub(super) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .local_address(IpAddr::V4(ATTACKER))
        .timeout(Duration::from_secs(30))
        .build()
}
