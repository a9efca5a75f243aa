//! A backlog of queued messages over many channels: how fast it drains, and how long messages to idle channels take
//! meanwhile.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::bench::arrivals::{Arrival, Arrivals, Mark, faults};
use crate::bench::context::Bench;
use crate::bench::database::Postgres;
use crate::bench::gateway::{Gateway, post};
use crate::bench::load::{Connection, as_f64, milliseconds, per};
use crate::bench::process;
use crate::bench::report::metric::Metric;
use crate::client::SEND;
use crate::world::{self, PUBLISHED_EXAMPLE};

const AREA: &str = "backlog";

/// Channels of the backlog.
const CHANNELS: usize = 200;

/// Messages of one conversation.
const EACH: usize = 25;

/// Conversations of one batch, which has at most 1,000 messages.
const OF_BATCH: usize = 1000 / EACH;

/// What each channel may send in a second: little, so that the limits are what the backlog waits for, and what WhatsApp
/// allows.
const RATES: [usize; 2] = [5, 80];

/// Idle channels, which take turns. Each has a message every two seconds: less than a channel with a backlog is sent.
const IDLE: usize = 20;

/// From one message to an idle channel to the next.
const PAUSE: Duration = Duration::from_millis(100);

/// Time beyond twice that in which the limits allow the whole backlog.
const FURTHER_TIME: Duration = Duration::from_mins(5);

/// Measures once, however many rounds others take: a backlog drains for minutes.
pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let each = (bench.options.backlog / CHANNELS / EACH).max(1);
    for rate in RATES {
        let case = format!("{rate} a second on each channel");
        measure_one(bench, None, each, rate, &case).await?;
        if let Some(postgres) = bench.postgres.clone() {
            measure_one(bench, Some(&postgres), each, rate, &case).await?;
        }
    }
    Ok(())
}

async fn measure_one(
    bench: &mut Bench,
    postgres: Option<&Postgres>,
    each: usize,
    rate: usize,
    case: &str,
) -> anyhow::Result<()> {
    let mut gateway = Gateway::start(&bench.stub, postgres, &[0]).await?;
    let conversations = fill(&gateway, each, rate).await?;
    gateway.database.analyze().await?;
    let arrivals = Arc::clone(&bench.stub.arrivals);
    arrivals.clear();
    let drained = drain(&arrivals, &gateway, conversations, rate).await?;
    let mut values = drained.values(&arrivals.all())?;
    let allowed = as_f64(u64::try_from(CHANNELS * rate)?);
    values.push((Metric::AllowedThroughput, allowed));
    let subject = gateway.database.subject();
    bench.samples.add_all(AREA, case, subject, &values);
    // Then no attempt is under way, and none begins: what has come is all that comes.
    gateway.stop().await?;
    let unsettled = gateway
        .database
        .count("messages where status <> 'accepted'");
    let unsettled = unsettled.await? + gateway.database.count("outbox").await?;
    let unsettled = (unsettled > 0).then(|| format!("{unsettled} messages were not settled"));
    let faults = faults(&arrivals.all(), &drained.expected());
    for fault in faults.into_iter().chain(unsettled) {
        let fault = format!("{AREA}, {case}, {subject}: {fault}");
        bench.failures.push(fault);
    }
    Ok(())
}

/// Makes the channels, pauses those of the backlog, and queues messages of each conversation; returns how many
/// conversations the backlog has.
async fn fill(gateway: &Gateway, each: usize, rate: usize) -> anyhow::Result<usize> {
    let client = &gateway.organization().client;
    // A contact of the backlog gets more than WhatsApp allows, so that opening conversations does not take the most time.
    let settings = json!({"messagesPerSecond": rate, "pairRate": "ignored"});
    let mut credentials = world::credentials("whatsapp");
    for number in 0..CHANNELS + IDLE {
        let id = channel(number);
        credentials["phoneNumberId"] = format!("9{number:014}").into();
        let channel = json!({"id": id, "provider": "whatsapp", "name": id, "credentials": credentials, "settings": settings});
        client.create("/channels", channel).await;
        let is_idle = number >= CHANNELS;
        let opened = if is_idle {
            let conversation = CHANNELS * each + number - CHANNELS;
            conversation..conversation + 1
        } else {
            let path = format!("/channels/{id}/pause");
            client.act(&path, json!({})).await;
            number * each..(number + 1) * each
        };
        for conversation in opened {
            let to = format!("55119{:08}", 20_000_000 + conversation);
            let conversation = conversation.to_string();
            client.open(&conversation, "agent-123", &id, &to).await;
        }
    }
    let conversations: Vec<_> = (0..CHANNELS * each).collect();
    for of_batch in conversations.chunks(OF_BATCH) {
        let messages = of_batch.iter().flat_map(|&conversation| {
            let marks = (0..EACH).map(move |place| Mark {
                conversation,
                place,
            });
            marks.map(|mark| json!({"kind": "buttons", "message": message(&mark.conversation.to_string(), mark)}))
        });
        let batch = json!({"messages": messages.collect::<Vec<_>>()});
        let answer = client.act("/messages/batch", batch).await;
        ensure!(answer["refused"] == 0, "a message was refused: {answer}");
    }
    Ok(conversations.len())
}

/// What came of a backlog.
struct Drained {
    conversations: usize,
    begun: Instant,
    /// The messages to idle channels, and when each was queued.
    idle: Vec<(Mark, Instant)>,
    used: Vec<(Metric, f64)>,
}

/// Resumes the channels, and queues messages to idle channels until everything has come.
async fn drain(
    arrivals: &Arrivals,
    gateway: &Gateway,
    conversations: usize,
    rate: usize,
) -> anyhow::Result<Drained> {
    let client = &gateway.organization().client;
    let watched = gateway.watched()?;
    let earlier = watched.look().await?;
    let begun = Instant::now();
    let resuming = async {
        for number in 0..CHANNELS {
            let path = format!("/channels/{}/resume", channel(number));
            client.act(&path, json!({})).await;
        }
        Ok(())
    };
    let queueing = queue_until_drained(arrivals, gateway, conversations);
    let allowed = u64::try_from(conversations * EACH / (CHANNELS * rate))?;
    let timeout = Duration::from_secs(2 * allowed) + FURTHER_TIME;
    let drained = async { tokio::try_join!(resuming, queueing) };
    let ((), idle) = tokio::time::timeout(timeout, drained)
        .await
        .context("the backlog does not drain")??;
    let count = conversations * EACH + idle.len();
    let mut used = watched.since(earlier, u64::try_from(count)?).await?;
    let memory = process::peak_memory_mib(gateway.server_id()?)?;
    used.push((Metric::PeakMemory, memory));
    Ok(Drained {
        conversations,
        begun,
        idle,
        used,
    })
}

async fn queue_until_drained(
    arrivals: &Arrivals,
    gateway: &Gateway,
    conversations: usize,
) -> anyhow::Result<Vec<(Mark, Instant)>> {
    let (address, organization) = (gateway.address()?, gateway.organization());
    let mut connection = Connection::open(address).await?;
    let mut queued: Vec<(Mark, Instant)> = Vec::new();
    let mut ticks = tokio::time::interval(PAUSE);
    loop {
        ticks.tick().await;
        let (come, all) = (arrivals.count(), conversations * EACH + queued.len());
        if come >= all {
            return Ok(queued);
        }
        let mark = Mark {
            conversation: conversations + queued.len() % IDLE,
            place: queued.len() / IDLE,
        };
        let body = message(&mark.conversation.to_string(), mark).to_string();
        let prefer = "prefer: respond-async\r\n";
        let request = post(address, organization.client.key(), SEND, prefer, &body);
        queued.push((mark, Instant::now()));
        connection.ask(&request, 202).await?;
    }
}

impl Drained {
    fn values(&self, arrivals: &[Arrival]) -> anyhow::Result<Vec<(Metric, f64)>> {
        let of_backlog = arrivals.iter();
        let of_backlog = of_backlog.filter(|it| it.mark.conversation < self.conversations);
        let last = of_backlog.map(|it| it.at).max().unwrap_or(self.begun);
        let took = last.saturating_duration_since(self.begun).as_secs_f64();
        let total = as_f64(u64::try_from(self.conversations * EACH)?);
        let come: HashMap<_, _> = arrivals.iter().map(|it| (it.mark, it.at)).collect();
        let mut latency = Histogram::<u64>::new(3)?;
        for (mark, queued) in &self.idle {
            if let Some(at) = come.get(mark) {
                let waited = at.saturating_duration_since(*queued);
                latency.record(u64::try_from(waited.as_micros())?)?;
            }
        }
        let mut values = self.used.clone();
        values.extend([
            (Metric::Throughput, per(total, took)),
            (Metric::P50, milliseconds(&latency, 0.5)),
            (Metric::P99, milliseconds(&latency, 0.99)),
            (Metric::Most, milliseconds(&latency, 1.0)),
        ]);
        Ok(values)
    }

    /// Returns how many messages each conversation was sent.
    fn expected(&self) -> BTreeMap<usize, usize> {
        let backlog = (0..self.conversations).map(|conversation| (conversation, EACH));
        let mut expected: BTreeMap<_, _> = backlog.collect();
        for (mark, _) in &self.idle {
            *expected.entry(mark.conversation).or_default() += 1;
        }
        expected
    }
}

fn channel(number: usize) -> String {
    format!("backlog-{number}")
}

/// The documentation's example with a text that says which message it is.
fn message(conversation: &str, mark: Mark) -> Value {
    let mut message: Value = serde_json::from_str(PUBLISHED_EXAMPLE).unwrap_or_default();
    message["conversationId"] = conversation.into();
    message["body_text"] = mark.text().into();
    message
}
