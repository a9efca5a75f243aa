//! Connections: that never read, that say nothing, that say odd things.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::time::Instant;

use super::{again, every_second};
use crate::abuse::dial::{dial, exchange};
use crate::abuse::scene::Scene;

/// Clients that never read.
const SILENT: usize = 1000;

/// Connections that say nothing: more than a service has descriptors.
const IDLE: usize = 1100;

/// Connections with odd methods at once.
const ODD: usize = 16;

/// The largest file of the documentation, asked for several times on each connection.
const ASK: &str = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: recado\r\n\r\n";

/// Asks for a large file on many connections, and reads nothing.
pub(in crate::abuse) async fn never_read(scene: &Scene, end: Instant) {
    let address = scene.address;
    every_second(SILENT, end, move || async move {
        if let Some(mut stream) = dial(address).await
            && stream.write_all(ASK.repeat(4).as_bytes()).await.is_ok()
        {
            // A closed connection is opened again.
            let _ = stream.ready(Interest::ERROR).await;
        }
    })
    .await;
}

/// Opens many connections and says nothing; one that is closed is opened again.
pub(in crate::abuse) async fn idle(scene: &Scene, end: Instant) {
    let address = scene.address;
    every_second(IDLE, end, move || async move {
        if let Some(mut stream) = dial(address).await {
            let _ = stream.read(&mut [0; 1]).await;
        }
    })
    .await;
}

/// Makes requests whose methods are the client's own words, each another one.
pub(in crate::abuse) async fn odd_methods(scene: &Scene, end: Instant) {
    let address = scene.address;
    again(ODD, end, move |number| async move {
        let request =
            format!("ODD{number} /healthz HTTP/1.1\r\nhost: recado\r\nconnection: close\r\n\r\n");
        exchange(address, request.as_bytes()).await;
    })
    .await;
}
