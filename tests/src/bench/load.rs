//! The load: hand-written HTTP/1.1 on kept connections, because it shares the machine with the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Whole requests, each as the bytes of its head and body.
pub type Requests = Arc<Vec<Vec<u8>>>;

/// Room for an answer at first.
const USUAL_ANSWER: usize = 16 * 1024;

/// How many connections ask, each one request after the other, for how long.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub connections: usize,
    pub time: Duration,
}

/// What became of it: microseconds of every request.
pub struct Done {
    pub latency: Histogram<u64>,
    pub took: Duration,
}

impl Load {
    /// Returns what a report calls it.
    pub fn name(&self) -> String {
        match self.connections {
            1 => "1 connection".to_owned(),
            connections => format!("{connections} connections"),
        }
    }

    /// Asks until the time is over. The connections are spread over the addresses, and go through the requests, each
    /// from another one on.
    pub async fn run(&self, addresses: &[SocketAddr], requests: &Requests) -> anyhow::Result<Done> {
        let mut clients = JoinSet::new();
        let begun = Instant::now();
        for first in 0..self.connections {
            let address = addresses[first % addresses.len()];
            let requests = Arc::clone(requests);
            let end = begun + self.time;
            let more = move |_| Instant::now() < end;
            clients.spawn(ask_all(address, requests, first, 1, more));
        }
        Done::of(clients, begun).await
    }
}

/// Makes so many requests in turn over a few connections, as fast as they are answered.
pub async fn make(
    address: SocketAddr,
    requests: &Requests,
    count: usize,
    connections: usize,
) -> anyhow::Result<Done> {
    let mut clients = JoinSet::new();
    let begun = Instant::now();
    for first in 0..connections {
        let more = move |made| first + made * connections < count;
        let requests = Arc::clone(requests);
        clients.spawn(ask_all(address, requests, first, connections, more));
    }
    Done::of(clients, begun).await
}

impl Done {
    async fn of(
        mut clients: JoinSet<anyhow::Result<Histogram<u64>>>,
        begun: Instant,
    ) -> anyhow::Result<Self> {
        let mut latency = Histogram::new(3)?;
        while let Some(client) = clients.join_next().await {
            latency.add(client??)?;
        }
        Ok(Self {
            latency,
            took: begun.elapsed(),
        })
    }

    /// Returns how many requests were answered.
    pub fn count(&self) -> u64 {
        self.latency.len()
    }

    pub fn per_second(&self) -> f64 {
        per(as_f64(self.count()), self.took.as_secs_f64())
    }

    /// Returns that quantile in milliseconds.
    pub fn milliseconds(&self, quantile: f64) -> f64 {
        milliseconds(&self.latency, quantile)
    }
}

/// Returns that quantile of microseconds in milliseconds.
pub fn milliseconds(latency: &Histogram<u64>, quantile: f64) -> f64 {
    as_f64(latency.value_at_quantile(quantile)) / 1000.0
}

/// Returns a count as a number to divide.
pub fn as_f64(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Divides; nothing was done if the divisor is 0.
pub fn per(amount: f64, count: f64) -> f64 {
    if count > 0.0 { amount / count } else { 0.0 }
}

async fn ask_all(
    address: SocketAddr,
    requests: Requests,
    first: usize,
    step: usize,
    more: impl Fn(usize) -> bool,
) -> anyhow::Result<Histogram<u64>> {
    let mut connection = Connection::open(address).await?;
    let mut latency = Histogram::new(3)?;
    let mut made = 0;
    while more(made) {
        let request = &requests[(first + made * step) % requests.len()];
        latency.record(connection.ask(request, 200).await?)?;
        made += 1;
    }
    Ok(latency)
}

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = vec![0; USUAL_ANSWER];
        Ok(Self { stream, buffer })
    }

    /// Makes a request, which is answered with that status; returns the microseconds until its whole answer.
    pub async fn ask(&mut self, request: &[u8], status: u16) -> anyhow::Result<u64> {
        let begun = Instant::now();
        self.stream.write_all(request).await?;
        let (mut filled, mut whole) = (0, None);
        while whole.is_none_or(|whole| filled < whole) {
            if filled == self.buffer.len() {
                self.buffer.resize(2 * filled, 0);
            }
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            ensure!(read > 0, "the server closed the connection");
            filled += read;
            if whole.is_none() {
                whole = length(&self.buffer[..filled])?;
            }
        }
        let took = begun.elapsed();
        let answer = &self.buffer[..filled];
        ensure!(
            answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()),
            "{}",
            String::from_utf8_lossy(answer)
        );
        Ok(u64::try_from(took.as_micros())?)
    }
}

/// The length of the answer that begins here, once its head is whole.
fn length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    const NAME: &str = "content-length:";
    let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&answer[..head])?;
    let body = text.lines().find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then(|| value.trim())
    });
    let body: usize = body.context("the answer has a content-length")?.parse()?;
    Ok(Some(head + 4 + body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_length_has_come_in_any_spelling() {
        for name in ["content-length", "Content-Length"] {
            let answer = format!("HTTP/1.1 200 OK\r\n{name}: 2\r\n\r\n");
            let found = length(answer.as_bytes()).expect("a length");
            assert_eq!(found, Some(answer.len() + 2));
        }
        let half = length(b"HTTP/1.1 200 OK\r\ncontent-").expect("no error");
        assert_eq!(half, None);
    }
}
