//! The other organization: it sends, its customers tap, and its deliveries arrive, all measured.

use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::Seen;
use super::arrivals::{self, Arrivals};
use super::scene::Scene;
use crate::callbacks::{Callbacks, NUMBER, change, whatsapp};
use crate::client::Client;
use crate::world::smallest_body;

/// Pause between two sends, and between two taps.
const PACE: Duration = Duration::from_millis(100);

/// Longest wait for an answer or an arrival.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Customers, each with a conversation; they take turns, because the deliveries of one conversation are
/// made one after the other.
const CUSTOMERS: u32 = 50;

/// The other organization with its receivers.
struct Bystander {
    client: Client,
    calls: Callbacks,
    streamed: Arrivals,
    delivered: Arrivals,
}

/// How long a thing took, or why it failed.
type Timed = Result<Duration, String>;

impl Bystander {
    /// Opens its conversations, its stream and its endpoint.
    async fn start(mut client: Client, mut calls: Callbacks) -> anyhow::Result<Self> {
        // Connections belong to the runtime that opened them.
        client.http = reqwest::Client::builder().no_proxy().build()?;
        calls.call_with(&client.http);
        for number in 0..CUSTOMERS {
            let conversation = json!({"id": conversation(number), "agentId": "agent-123",
                "channelId": "whatsapp", "to": customer(number)});
            client.create("/conversations", conversation).await;
        }
        let streamed = arrivals::in_stream(&client, "?type=button.pressed").await;
        let (url, delivered) = arrivals::at_endpoint().await?;
        let endpoint = json!({"url": url, "eventTypes": ["button.pressed"]});
        client.create("/webhook-endpoints", endpoint).await;
        Ok(Self {
            client,
            calls,
            streamed,
            delivered,
        })
    }

    /// Does its work until that time; returns its sends, taps and deliveries.
    async fn watch(self, end: Instant) -> anyhow::Result<[Seen; 3]> {
        let sending = pace(end, |number| send(self.client.clone(), number));
        let tapping = pace(end, |number| {
            let places = [self.streamed.clone(), self.delivered.clone()];
            tap(self.calls.clone(), places, number)
        });
        let (sent, tapped) = tokio::join!(sending, tapping);
        let [mut sends, mut taps, mut deliveries] = [Seen::new()?, Seen::new()?, Seen::new()?];
        for result in sent {
            sends.note(result)?;
        }
        for [streamed, delivered] in tapped {
            taps.note(streamed)?;
            deliveries.note(delivered)?;
        }
        Ok([sends, taps, deliveries])
    }
}

/// Runs the other organization for that time, in a thread of its own: the attacker's own work must not delay
/// what is measured. The receiver hears when it begins.
pub(super) fn run(
    scene: &Scene,
    time: Duration,
) -> (oneshot::Receiver<()>, JoinHandle<anyhow::Result<[Seen; 3]>>) {
    let (client, calls) = (scene.bystander.clone(), scene.bystander_calls.clone());
    let (ready, begun) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let bystander = Bystander::start(client, calls).await?;
            // The other end is gone only if the attack was given up.
            let _ = ready.send(());
            bystander.watch(Instant::now() + time).await
        })
    });
    (begun, thread)
}

fn conversation(number: u32) -> String {
    format!("conversation-{}", number % CUSTOMERS)
}

fn customer(number: u32) -> String {
    format!("55119550{:05}", number % CUSTOMERS)
}

/// Begins one task after the other at its pace, and waits for all of them.
async fn pace<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    end: Instant,
    begin: impl Fn(u32) -> F,
) -> Vec<T> {
    let mut tasks = JoinSet::new();
    let mut ticks = tokio::time::interval(PACE);
    for number in 0.. {
        ticks.tick().await;
        if Instant::now() >= end {
            break;
        }
        tasks.spawn(begin(number));
    }
    tasks.join_all().await
}

async fn send(client: Client, number: u32) -> Timed {
    let mut body = smallest_body(&conversation(number));
    body["body_text"] = json!(format!("Send {number}"));
    let request = client.request(Method::POST, "/messages/interactive/send-buttons");
    ask(request.json(&body)).await
}

/// Makes the request; anything but 200 in time is a failure.
async fn ask(request: reqwest::RequestBuilder) -> Timed {
    let begun = Instant::now();
    let response = request.timeout(ANSWER_TIMEOUT).send().await;
    let response = response.map_err(|error| format!("{error:?}"))?;
    let status = response.status();
    let text = response.text().await.map_err(|error| error.to_string())?;
    if status == 200 {
        return Ok(begun.elapsed());
    }
    Err(format!("{status}: {text}"))
}

/// The provider tells a tap and must get its 200; returns the time until the event is in the stream, and
/// until it is at the endpoint.
async fn tap(calls: Callbacks, places: [Arrivals; 2], number: u32) -> [Timed; 2] {
    let id = format!("wamid.tap-{number}");
    let now = Timestamp::now().as_second().to_string();
    let message = json!({"from": customer(number), "id": id, "timestamp": now, "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": "a", "title": "A"}}});
    let body = whatsapp(&[vec![change(NUMBER, &json!({"messages": [message]}))]]);
    let begun = Instant::now();
    let request = calls.call("whatsapp", body.to_string());
    let answered = match ask(request.header("content-type", "application/json")).await {
        Ok(answered) => answered,
        Err(failure) => return [Err(failure.clone()), Err(failure)],
    };
    let [streamed, delivered] = &places;
    let deadline = begun + ANSWER_TIMEOUT;
    let (streamed, delivered) = tokio::join!(
        timeout_at(deadline, streamed.of(&id)),
        timeout_at(deadline, delivered.of(&id)),
    );
    let streamed = streamed.map(|at| (at - begun).max(answered));
    [
        streamed.map_err(|_| format!("tap {number} did not come back")),
        delivered
            .map(|at| at - begun)
            .map_err(|_| format!("tap {number} was not delivered")),
    ]
}
