//! Event streams: what so many open ones cost, and how soon an event is in all of them.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use crate::bench::context::Bench;
use crate::bench::gateway::{Gateway, get};
use crate::bench::load::{Connection, milliseconds, per};
use crate::bench::process::memory_mib;
use crate::bench::report::metric::Metric;
use crate::soon::soon;

const AREA: &str = "streams";

/// Organizations, and the open streams of each: no more are let in.
const ORGANIZATIONS: usize = 10;
const EACH: usize = 100;
const STREAMS: u32 = 1000;

/// What the beginning of an event looks like in a stream; comments have none.
const FRAME: &[u8] = b"event:";

/// When an event came, and to a stream of which organization.
type Arrival = (usize, Instant);

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    for _ in 0..bench.options.rounds {
        // A server that has had streams keeps some of their memory.
        for gateway in bench.gateways(&[1; ORGANIZATIONS]).await? {
            let before = memory_mib(gateway.server_id()?)?;
            let (tell, arrivals) = mpsc::unbounded_channel();
            let streams = soon("all streams open", open(&gateway, &tell)).await?;
            let values = cycles(bench, &gateway, before, arrivals).await?;
            drop(streams);
            let (case, subject) = ("1000 open", gateway.database.subject());
            bench.samples.add_all(AREA, case, subject, &values);
        }
    }
    Ok(())
}

/// Opens all streams; they are read until the value is dropped.
async fn open(
    gateway: &Gateway,
    tell: &UnboundedSender<Arrival>,
) -> anyhow::Result<JoinSet<anyhow::Result<()>>> {
    let mut streams = JoinSet::new();
    let address = gateway.address()?;
    for (place, organization) in gateway.organizations.iter().enumerate() {
        let request = get(address, organization.client.key(), "/events/stream");
        for _ in 0..EACH {
            let stream = connect(address, &request).await?;
            streams.spawn(read(stream, place, tell.clone()));
        }
    }
    Ok(streams)
}

/// Opens a stream and reads its head.
async fn connect(address: SocketAddr, request: &[u8]) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)
        .await
        .context("a thousand streams need as many descriptors: see `ulimit -n`")?;
    stream.write_all(request).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    Ok(stream)
}

/// Tells of each event that comes.
async fn read(
    mut stream: TcpStream,
    organization: usize,
    tell: UnboundedSender<Arrival>,
) -> anyhow::Result<()> {
    let mut unread = Vec::new();
    loop {
        ensure!(stream.read_buf(&mut unread).await? > 0, "a stream ended");
        let frames = |bytes: &[u8]| {
            let windows = bytes.windows(FRAME.len());
            windows.filter(|window| *window == FRAME).count()
        };
        for _ in 0..frames(&unread) {
            tell.send((organization, Instant::now()))?;
        }
        // A frame may have come in part.
        let kept = unread.len().min(FRAME.len() - 1);
        unread.drain(..unread.len() - kept);
    }
}

/// Lets each organization send, waits until every stream has the event, and so on until the time is over.
async fn cycles(
    bench: &Bench,
    gateway: &Gateway,
    memory_before: f64,
    mut arrivals: UnboundedReceiver<Arrival>,
) -> anyhow::Result<Vec<(Metric, f64)>> {
    let watched = gateway.watched()?;
    let earlier = watched.look().await?;
    let mut delay = Histogram::<u64>::new(3)?;
    let mut connection = Connection::open(gateway.address()?).await?;
    let begun = Instant::now();
    while begun.elapsed() < bench.options.time || delay.is_empty() {
        let mut answered = Vec::new();
        for organization in &gateway.organizations {
            connection.ask(&organization.requests[0], 200).await?;
            answered.push(Instant::now());
        }
        for _ in 0..STREAMS {
            let arrival = soon("an event in a stream", arrivals.recv()).await;
            let (organization, come) = arrival.context("open streams")?;
            let waited = come.saturating_duration_since(answered[organization]);
            delay.record(u64::try_from(waited.as_micros())?)?;
        }
    }
    let memory = memory_mib(gateway.server_id()?)?;
    let mut values = watched.since(earlier, delay.len()).await?;
    values.retain(|(metric, _)| *metric != Metric::Disk);
    values.extend([
        (Metric::P50, milliseconds(&delay, 0.5)),
        (Metric::P99, milliseconds(&delay, 0.99)),
        (Metric::Memory, memory),
        (
            Metric::MemoryEach,
            per((memory - memory_before) * 1024.0, f64::from(STREAMS)),
        ),
    ]);
    Ok(values)
}
