//! The load: hand-written HTTP/1.1 on kept connections, for it shares the machine with the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::gateway::Gateway;

/// Answers are far shorter.
pub(super) const LARGEST_ANSWER: usize = 16 * 1024;

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
            let (address, requests) = (gateway.address(), Arc::clone(gateway.requests()));
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
    address: std::net::SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    first: usize,
    end: Instant,
) -> anyhow::Result<Histogram<u64>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut latency = Histogram::new(3)?;
    let mut buffer = vec![0; LARGEST_ANSWER];
    let mut next = first;
    while Instant::now() < end {
        let begun = Instant::now();
        stream.write_all(&requests[next % requests.len()]).await?;
        let answer = read_answer(&mut stream, &mut buffer).await?;
        latency.record(u64::try_from(begun.elapsed().as_micros())?)?;
        ensure!(
            answer.starts_with(b"HTTP/1.1 200 "),
            "{}",
            String::from_utf8_lossy(answer)
        );
        next += 1;
    }
    Ok(latency)
}

pub(super) async fn read_answer<'a>(
    stream: &mut TcpStream,
    buffer: &'a mut [u8],
) -> anyhow::Result<&'a [u8]> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        ensure!(read > 0, "the server closed the connection");
        filled += read;
        if let Some(length) = length(&buffer[..filled])?
            && filled >= length
        {
            return Ok(&buffer[..filled]);
        }
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
