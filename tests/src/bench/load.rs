//! The load: hand-written HTTP/1.1 on kept connections, for it shares the machine with the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::gateway::Gateway;

/// Answers are far shorter.
const LARGEST_ANSWER: usize = 16 * 1024;

/// How many connections send, each one message after the other, for how long.
pub struct Load {
    pub connections: usize,
    pub time: Duration,
}

/// What became of it: microseconds of every send.
pub struct Done {
    pub latency: Histogram<u64>,
    pub took: Duration,
}

impl Load {
    /// Sends until the time is over.
    pub async fn run(&self, gateway: &Gateway) -> anyhow::Result<Done> {
        let mut clients = JoinSet::new();
        let begun = Instant::now();
        for first in 0..self.connections {
            let (address, requests) = (gateway.address, Arc::clone(&gateway.requests));
            clients.spawn(send(address, requests, first, begun + self.time));
        }
        let mut latency = Histogram::new(3)?;
        while let Some(client) = clients.join_next().await {
            latency.add(client??)?;
        }
        Ok(Done {
            latency,
            took: begun.elapsed(),
        })
    }
}

async fn send(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    first: usize,
    end: Instant,
) -> anyhow::Result<Histogram<u64>> {
    let mut connection = Connection::open(address).await?;
    let mut latency = Histogram::new(3)?;
    let mut next = first;
    while Instant::now() < end {
        latency.record(
            connection
                .ask(&requests[next % requests.len()], 200)
                .await?,
        )?;
        next += 1;
    }
    Ok(latency)
}

/// A connection that is kept.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = vec![0; LARGEST_ANSWER];
        Ok(Self { stream, buffer })
    }

    /// Makes a request, which is answered with that status; returns the microseconds until its whole answer.
    pub(super) async fn ask(&mut self, request: &[u8], status: u16) -> anyhow::Result<u64> {
        let begun = Instant::now();
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            ensure!(read > 0, "the server closed the connection");
            filled += read;
            if length(&self.buffer[..filled])?.is_some_and(|length| filled >= length) {
                break;
            }
        }
        let took = begun.elapsed();
        let text = String::from_utf8_lossy(&self.buffer[..filled]);
        ensure!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        Ok(u64::try_from(took.as_micros())?)
    }
}

/// The length of the answer that begins here, once its head is whole.
fn length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&answer[..head])?;
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let body: usize = body.context("the answer has a content-length")?.parse()?;
    Ok(Some(head + 4 + body))
}
