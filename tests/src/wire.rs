//! HTTP by hand, for what a well-behaved client never does.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::soon::soon;

/// One connection to a server.
pub struct Wire(TcpStream);

impl Wire {
    /// Connects to the server at `url`.
    pub async fn connect(url: &str) -> Self {
        let address = url.strip_prefix("http://").expect("an http URL");
        Self(TcpStream::connect(address).await.expect("a connection"))
    }

    /// Writes; a server that has closed the connection already is none of its concern.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// Says that nothing more will be written.
    pub async fn finish(&mut self) {
        let _ = self.0.shutdown().await;
    }

    /// Reads until the text `end` has come.
    pub async fn read_until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains(end) {
            let read = soon("an answer", self.0.read_buf(&mut bytes)).await;
            let read = read.expect("an answer");
            assert!(read > 0, "ended early: {}", String::from_utf8_lossy(&bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads until the server closes the connection.
    pub async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is an end too.
        let _ = soon("the connection ends", self.0.read_to_end(&mut bytes)).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until something has come, and does not read it.
    pub async fn readable(&self) {
        let readable = soon("an answer", self.0.readable()).await;
        readable.expect("a connection");
    }

    /// Whether nothing has come that was not read.
    pub fn is_silent(&self) -> bool {
        self.0
            .try_read(&mut [0])
            .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }
}
