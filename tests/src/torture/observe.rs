//! Collects what each side saw into a history.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, ensure};
use recado_sandbox::{Answered, Delivery, Provider, ReceivedRequest};
use reqwest::Method;
use serde_json::Value;

use super::chaos::Damage;
use super::history::{Conversation, Event, Handled, History, Message, Organization, ToldStatus};
use super::load::Journal;
use super::side::{Side, Tenant};
use super::weather::loses_the_answer;
use crate::client::Client;
use crate::sent::text_of;

/// Asks every server, sandbox and receiver of these sides.
pub async fn history(
    sides: &[&Side],
    journal: &Journal,
    damage: &Damage,
) -> anyhow::Result<History> {
    let (sends, inbound) = journal.copy();
    let damage = damage.copy();
    let mut history = History {
        sends,
        inbound,
        losses: damage.losses,
        pauses: damage.pauses,
        outages: damage.outages,
        ..History::default()
    };
    for side in sides {
        history.handled.extend(handled(side));
        let deliveries = side.sandbox.deliveries();
        let taken: Vec<_> = deliveries.into_iter().filter(is_taken).collect();
        history.statuses.extend(taken.iter().flat_map(statuses));
        let mut ids = HashSet::new();
        for delivery in &taken {
            collect_texts(&delivery.body, &mut ids);
        }
        for inbound in &mut history.inbound {
            inbound.acknowledged |= ids.contains(&inbound.external_id);
        }
        for (place, tenant) in side.tenants.iter().enumerate() {
            // Every server gives the same answers.
            let slot = &side.slots[place % side.slots.len()];
            let url = slot.url().context("a server runs")?;
            history
                .organizations
                .push(organization(tenant, &url).await?);
        }
    }
    Ok(history)
}

/// Returns the sends that the sandbox handled.
fn handled(side: &Side) -> Vec<Handled> {
    let phones = side.sandbox.phone_messages();
    let phones: HashMap<_, _> = phones
        .iter()
        .map(|shown| (shown.message_id.as_str(), shown))
        .collect();
    let requests = side.sandbox.requests();
    requests
        .iter()
        .filter_map(|request| {
            let shown = request.message_id.as_deref().and_then(|id| phones.get(id));
            let (account, customer) = match shown {
                Some(shown) => (shown.from.clone(), shown.to.clone()),
                None => (account_of(side, request)?, recipient_of(request)?),
            };
            Some(Handled {
                text: text_of(request)?,
                account,
                customer,
                accepted: request.message_id.clone(),
                answer_lost: request.status == Answered::Reset
                    || request.fault.as_ref().is_some_and(loses_the_answer),
            })
        })
        .collect()
}

/// Returns the account in the path of a request; wuzapi's stands in a header, which the sandbox does not show.
fn account_of(side: &Side, request: &ReceivedRequest) -> Option<String> {
    let accounts = side.tenants.iter().flat_map(|tenant| &tenant.accounts);
    let mut accounts = accounts.filter(|account| account.provider == request.provider);
    if request.provider == Provider::Wuzapi {
        let organization = text_of(request)?;
        let organization = organization.split(' ').next()?;
        let channel = format!("{organization}-wuzapi");
        let account = accounts.find(|account| account.channel == channel)?;
        return Some(account.id.clone());
    }
    let segments = request.path.split('/');
    let account = accounts.find(|account| segments.clone().any(|part| part == account.id))?;
    Some(account.id.clone())
}

/// Returns the digits of the recipient.
fn recipient_of(request: &ReceivedRequest) -> Option<String> {
    let body = &request.body;
    let recipient = ["to", "phone", "jid", "Phone"]
        .iter()
        .find_map(|key| body[key].as_str())?;
    Some(recipient.split('@').next()?.to_owned())
}

fn is_taken(delivery: &Delivery) -> bool {
    delivery
        .status
        .is_some_and(|status| (200..300).contains(&status))
}

/// Returns the statuses in a webhook call, in the words of our own ladder.
fn statuses(delivery: &Delivery) -> Vec<ToldStatus> {
    let mut told = Vec::new();
    let mut tell = |id: &Value, own_id: &Value, status: &str| {
        if let Some(id) = id.as_str() {
            told.push(ToldStatus {
                external_id: id.to_owned(),
                own_id: own_id.as_str().map(str::to_owned),
                status: status.to_owned(),
            });
        }
    };
    let nothing = Value::Null;
    let calls = match &delivery.body {
        Value::Array(calls) => calls.iter().collect(),
        call => vec![call],
    };
    for call in calls {
        match delivery.provider {
            Provider::Whatsapp => {
                for status in items(call, "entry")
                    .flat_map(|entry| items(entry, "changes"))
                    .flat_map(|change| items(&change["value"], "statuses"))
                {
                    let word = status["status"].as_str().unwrap_or_default();
                    tell(&status["id"], &status["biz_opaque_callback_data"], word);
                }
            }
            Provider::Zapi => {
                let word = match call["status"].as_str() {
                    Some("SENT") => "sent",
                    Some("RECEIVED") => "delivered",
                    Some("READ") => "read",
                    _ => continue,
                };
                items(call, "ids").for_each(|id| tell(id, &nothing, word));
            }
            Provider::Zapperhub => {
                let word = match call["update"]["status"].as_u64() {
                    Some(2) => "sent",
                    Some(3) => "delivered",
                    Some(4) => "read",
                    _ => continue,
                };
                tell(&call["key"]["id"], &nothing, word);
            }
            Provider::Wuzapi => {
                let word = match call["state"].as_str() {
                    Some("Delivered") => "delivered",
                    Some("Read") => "read",
                    _ => continue,
                };
                items(&call["event"], "MessageIDs").for_each(|id| tell(id, &nothing, word));
            }
        }
    }
    told
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// Collects every text in a JSON value: an id among them was told, wherever it stands.
fn collect_texts(value: &Value, texts: &mut HashSet<String>) {
    match value {
        Value::String(text) => {
            texts.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Object(members) => members
            .values()
            .for_each(|member| collect_texts(member, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Has the calls of providers applied once more that were set aside because servers were killed during three attempts, as
/// an operator does.
async fn retry_crashed(client: &Client) -> anyhow::Result<()> {
    for call in list(client, "/webhook-calls?status=crashed").await? {
        let path = format!("/webhook-calls/{}/retry", text(&call["id"]));
        let retried = client.request(Method::POST, &path).send().await?;
        let status = retried.status();
        ensure!(status == 200, "{path} is answered with {status}");
    }
    Ok(())
}

/// Returns the API's view of an organization, and what its receiver got.
async fn organization(tenant: &Tenant, url: &str) -> anyhow::Result<Organization> {
    let client = tenant.client.at(url);
    retry_crashed(&client).await?;
    // Arrivals first: what arrives meanwhile is listed by then.
    let arrivals = tenant.receiver.taken();
    let mut conversations = HashMap::new();
    let mut messages = Vec::new();
    for conversation in list(&client, "/conversations?limit=100").await? {
        let id = text(&conversation["id"]);
        let path = format!("/conversations/{id}/messages?limit=100");
        let listed = list(&client, &path).await?;
        messages.extend(
            listed
                .iter()
                .filter(|message| message["from"] == "agent")
                .map(message),
        );
        let customer = [&conversation["contact"]["phone"], &conversation["to"]];
        let customer = customer
            .into_iter()
            .find_map(Value::as_str)
            .unwrap_or_default();
        conversations.insert(
            id,
            Conversation {
                channel: text(&conversation["channelId"]),
                customer: customer.trim_start_matches('+').to_owned(),
            },
        );
    }
    let events = list(&client, "/events?limit=1000").await?;
    let accounts = tenant.accounts.iter();
    Ok(Organization {
        id: tenant.id.clone(),
        channels: accounts
            .map(|account| (account.id.clone(), account.channel.clone()))
            .collect(),
        conversations,
        messages,
        events: events.iter().map(event).collect(),
        arrivals: arrivals.iter().map(event).collect(),
        refused_arrivals: tenant.receiver.refused(),
    })
}

/// Reads a list of the API to its end.
async fn list(client: &Client, path: &str) -> anyhow::Result<Vec<Value>> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let page = client.request(Method::GET, &format!("{path}{after}"));
        let page = page.send().await?;
        ensure!(
            page.status() == 200,
            "{path} is answered with {}",
            page.status()
        );
        let page: Value = page.json().await?;
        items.extend(page["data"].as_array().context("a list")?.iter().cloned());
        match page["nextCursor"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return Ok(items),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn message(message: &Value) -> Message {
    Message {
        id: text(&message["id"]),
        conversation: text(&message["conversationId"]),
        text: text(&message["text"]),
        status: text(&message["status"]),
        external_id: message["externalId"].as_str().map(str::to_owned),
    }
}

fn event(event: &Value) -> Event {
    let optional = |value: &Value| value.as_str().map(str::to_owned);
    let data = &event["data"];
    let button = &data["button"];
    Event {
        id: text(&event["id"]),
        kind: text(&event["type"]),
        organization: text(&event["organizationId"]),
        conversation: optional(&event["conversationId"]),
        message_id: optional(&data["messageId"]),
        external_id: optional(&data["externalId"]),
        in_reply_to: optional(&data["inReplyTo"]),
        text: optional(&data["text"]),
        button: button
            .is_object()
            .then(|| (text(&button["id"]), text(&button["title"]))),
        phone: optional(&data["from"]["phone"]),
    }
}
