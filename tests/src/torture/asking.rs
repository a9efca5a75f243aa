//! How clients ask for messages, and what they are told.

use std::time::Duration;

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::history::Answer;
use super::load::BUTTONS;
use super::side::{Side, Tenant};
use crate::client::SEND;

const BATCH: &str = "/messages/batch";

/// Calls of a hundred whose client hangs up.
const HANG_UP: u32 = 8;

/// How soon such a client hangs up, in milliseconds.
const IMANSWER_TIMEOUT: u64 = 60;

/// Longest that the others wait.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Most calls for the same messages.
const MAX_CALLS: u32 = 12;

/// Longest pause before a call is repeated, in milliseconds.
const LONGEST_PAUSE: u64 = 400;

/// A message that a client wants to have sent.
pub struct Wish {
    pub conversation: String,
    /// No other message has it; it is the `Idempotency-Key`, too.
    pub text: String,
}

impl Wish {
    fn body(&self) -> Value {
        let mut body = json!({"agentId": "agent-123", "conversationId": self.conversation,
            "body_text": self.text, "header_text": "Loja", "footer_text": "Até 18h"});
        for (number, (id, title)) in (1..).zip(BUTTONS) {
            body[format!("button_{number}_id")] = json!(id);
            body[format!("button_{number}_title")] = json!(title);
        }
        body
    }
}

/// One client with its servers.
pub struct Caller<'a> {
    pub side: &'a Side,
    pub tenant: &'a Tenant,
    pub random: &'a mut Rng,
}

impl Caller<'_> {
    /// Asks that server once, for the queue or for an answer; returns `None` if none runs there.
    pub async fn once(&mut self, slot: usize, wish: &Wish, is_queued: bool) -> Option<Answer> {
        let url = self.side.slots[slot].url()?;
        let client = self.tenant.client.at(&url);
        let mut request = client.request(Method::POST, SEND).json(&wish.body());
        if is_queued {
            request = request.header("prefer", "respond-async");
        }
        let told = self.call(request).await;
        Some(told.map_or(Answer::Nothing, |(status, body)| {
            answer(status, &body, &body["message"])
        }))
    }

    /// Asks any server with a key, again and again, until a repeat would say the same.
    pub async fn repeated(&mut self, wish: &Wish, end: Instant) -> Answer {
        let mut last = Answer::Nothing;
        for _ in 0..MAX_CALLS {
            if Instant::now() >= end || is_settled(&last) {
                break;
            }
            if let Some(url) = self.any_server() {
                let client = self.tenant.client.at(&url);
                let request = client.request(Method::POST, SEND).json(&wish.body());
                let told = self.call(request.header("idempotency-key", &wish.text));
                if let Some((status, body)) = told.await {
                    last = answer(status, &body, &body["message"]);
                }
            }
            self.pause().await;
        }
        what_is_known(last)
    }

    /// Has any server queue all messages of a batch, again and again, until a repeat would say the same of each.
    pub async fn batch(&mut self, wishes: &[Wish], end: Instant) -> Vec<Answer> {
        let items = wishes.iter().map(
            |wish| json!({"kind": "buttons", "idempotencyKey": wish.text, "message": wish.body()}),
        );
        let batch = json!({"messages": items.collect::<Vec<_>>()});
        let mut last = vec![Answer::Nothing; wishes.len()];
        for _ in 0..MAX_CALLS {
            if Instant::now() >= end || last.iter().all(is_settled) {
                break;
            }
            if let Some(url) = self.any_server() {
                let client = self.tenant.client.at(&url);
                let told = self.call(client.request(Method::POST, BATCH).json(&batch));
                if let Some(answers) = told.await.and_then(|(_, body)| answers(&body)) {
                    last = answers;
                }
            }
            self.pause().await;
        }
        last.into_iter().map(what_is_known).collect()
    }

    fn any_server(&mut self) -> Option<String> {
        self.random.choice(&self.side.slots)?.url()
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.random.u64(0..LONGEST_PAUSE))).await;
    }

    /// Makes the call; a client that hangs up and a broken connection get no answer.
    async fn call(&mut self, request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
        let hangs_up = self.random.u32(0..100) < HANG_UP;
        let patience = if hangs_up {
            Duration::from_millis(self.random.u64(0..IMANSWER_TIMEOUT))
        } else {
            ANSWER_TIMEOUT
        };
        let told = timeout(patience, async {
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            Some((status, response.json().await.ok()?))
        });
        told.await.ok()?
    }
}

/// Whether a repeat would say the same: not while the message is being sent, or could not be stored.
fn is_settled(answer: &Answer) -> bool {
    match answer {
        Answer::Nothing => false,
        Answer::Accepted { .. } | Answer::Queued { .. } => true,
        Answer::Refused { status, reason, .. } => {
            !matches!(status, 409 | 429 | 500..) || reason == "provider_rejected"
        }
    }
}

/// A client that gives up knows nothing, unless it was told that the outcome is unknown.
fn what_is_known(last: Answer) -> Answer {
    let is_unknown = matches!(&last, Answer::Refused { reason, .. } if reason == "outcome_unknown");
    if is_unknown || is_settled(&last) {
        last
    } else {
        Answer::Nothing
    }
}

/// Returns the answers of a batch.
fn answers(body: &Value) -> Option<Vec<Answer>> {
    let items = body["data"].as_array()?.iter().map(|item| {
        let status = u16::try_from(item["status"].as_u64()?).ok()?;
        Some(answer(status, &item["error"], &item["message"]))
    });
    items.collect()
}

fn answer(status: u16, error: &Value, message: &Value) -> Answer {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let id = || text(&message["id"]).unwrap_or_default();
    match status {
        200 => Answer::Accepted {
            message_id: id(),
            external_id: text(&message["externalId"]),
        },
        202 => Answer::Queued { message_id: id() },
        _ => Answer::Refused {
            status,
            reason: text(&error["reason"]).unwrap_or_default(),
            message_id: text(&error["messageId"]),
        },
    }
}
