//! A provider that answers when the test says so.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::soon::soon;
use crate::world::free_port;

/// Takes requests, and keeps each of them waiting until it is answered.
pub struct HeldProvider {
    /// For `settings.baseUrl` of a channel.
    pub url: String,
    listener: TcpListener,
}

/// A request whose sender waits.
pub struct HeldRequest {
    pub body: Value,
    stream: BufReader<TcpStream>,
}

impl HeldProvider {
    /// Listens on a free port.
    pub async fn start() -> Self {
        let (listener, url) = free_port().await;
        Self { url, listener }
    }

    /// Waits for the next request and reads it to its end.
    #[track_caller]
    pub fn receive(&self) -> impl Future<Output = HeldRequest> {
        soon("a request to the provider", self.next())
    }

    async fn next(&self) -> HeldRequest {
        let (stream, _) = self.listener.accept().await.expect("a connection");
        let mut stream = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.expect("a header line");
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("a whole body");
        HeldRequest {
            body: serde_json::from_slice(&body).expect("JSON"),
            stream,
        }
    }
}

impl HeldRequest {
    /// Answers with 200 and that body, and closes the connection.
    pub async fn answer(mut self, body: &Value) {
        let body = body.to_string();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let written = self.stream.write_all(answer.as_bytes()).await;
        written.expect("the sender waits");
    }
}
