//! A TCP forwarder between two sides: it can refuse connections, cut them, and lead to another server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Pause after a failed accept, or until the address can be used again.
const PAUSE: Duration = Duration::from_millis(10);

/// A forwarder on an address of its own; ends with the value.
pub struct Gate {
    pub address: SocketAddr,
    targets: Arc<Mutex<Vec<SocketAddr>>>,
    open: watch::Sender<bool>,
}

impl Gate {
    /// Listens on a free port.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let gate = Self {
            address,
            targets: Arc::default(),
            open: watch::Sender::new(true),
        };
        let (targets, open) = (Arc::clone(&gate.targets), gate.open.subscribe());
        tokio::spawn(serve(listener, targets, open));
        Ok(gate)
    }

    /// Leads connections to these addresses, the first one that accepts, from now on.
    pub fn lead_to(&self, targets: Vec<SocketAddr>) {
        *self.targets.lock().unwrap_or_else(PoisonError::into_inner) = targets;
    }

    /// Cuts every connection, and refuses new ones until it is opened again.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    /// Accepts connections again.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

async fn serve(
    listener: TcpListener,
    targets: Arc<Mutex<Vec<SocketAddr>>>,
    mut open: watch::Receiver<bool>,
) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let mut listener = Some(listener);
    let mut turn = 0;
    loop {
        if open.wait_for(|open| *open).await.is_err() {
            return;
        }
        let accepting = match listener.take() {
            Some(listener) => listener,
            None => listen(address).await,
        };
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                closed = open.wait_for(|open| !*open) => match closed {
                    Ok(_) => break,
                    Err(_) => return,
                },
                Some(_) = connections.join_next() => continue,
                accepted = accepting.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let mut targets = targets
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            if !targets.is_empty() {
                turn = (turn + 1) % targets.len();
                targets.rotate_left(turn);
            }
            connections.spawn(forward(stream, targets));
        }
        // The connections are cut with their set.
    }
}

async fn listen(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Forwards to the first target that accepts; without one the connection is closed.
async fn forward(mut stream: TcpStream, targets: Vec<SocketAddr>) {
    for target in targets {
        if let Ok(mut other) = TcpStream::connect(target).await {
            // Small answers must not wait for more.
            let _ = (stream.set_nodelay(true), other.set_nodelay(true));
            let _ = copy_bidirectional(&mut stream, &mut other).await;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::soon::until;
    use crate::world::free_port;

    #[tokio::test]
    async fn a_closed_gate_cuts_and_refuses_and_an_open_one_leads_to_who_accepts() {
        let (target, closed) = (free_port().await.0, free_port().await.0);
        let gone = closed.local_addr().expect("an address");
        drop(closed);
        let gate = Gate::start().await.expect("a gate");
        gate.lead_to(vec![gone, target.local_addr().expect("an address")]);
        for _ in 0..2 {
            let client = TcpStream::connect(gate.address).await;
            let mut client = client.expect("a connection");
            let (mut server, _) = target.accept().await.expect("a connection");
            client.write_all(b"hello").await.expect("it is open");
            let mut bytes = [0; 5];
            server.read_exact(&mut bytes).await.expect("it is open");
            assert_eq!(&bytes, b"hello");

            gate.close();
            let left = client.read(&mut bytes).await;
            assert!(matches!(left, Ok(0) | Err(_)), "{left:?}");
            let connect = || TcpStream::connect(gate.address);
            until("it refuses", async || connect().await.err()).await;
            gate.open();
            until("it accepts", async || connect().await.ok()).await;
            target.accept().await.expect("the probe");
        }
    }
}
