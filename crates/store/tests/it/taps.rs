//! What the tests of inbound webhooks start from: calls that are kept and applied.

use std::sync::atomic::{AtomicU64, Ordering};

use recado_core::inbound::{
    Choice, ConnectionUpdate, Contact, Inbound, InboundContent, InboundMessage, StatusUpdate,
};
use recado_core::{OrganizationId, Provider, Status};
use recado_store::{
    Application, Applied, Event, EventFilter, FreshIds, Routed, Store, WebhookCall,
};

use crate::world::{
    World, accepted, agent, at, by, channel, conversation, id, message, msg, ok, org, with,
};

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// `org_1` with `agent-123`, the WhatsApp channel `chn_1`, `conv-456`, and `msg_1` accepted as `wamid.1`.
pub(crate) async fn tapped() -> World {
    let world = World::new().await;
    furnish(&world.store, Provider::WhatsApp).await;
    world
}

pub(crate) async fn furnish(store: &Store, provider: Provider) {
    ok(store.create_agent(&agent("org_1", "agent-123"), None)).await;
    create_channel(store, "org_1", "chn_1", provider).await;
    ok(store.create_conversation(&conversation("org_1", "conv-456"), None)).await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    ok(store.finish_send(&org(1), &msg("msg_1"), &accepted(), at(6_000))).await;
}

pub(crate) async fn create_channel(store: &Store, owner: &str, text: &str, provider: Provider) {
    let mut new = channel(owner, text);
    new.provider = provider;
    ok(store.create_channel(new, &by(9_000))).await;
}

pub(crate) fn application(owner: &OrganizationId, items: Vec<Inbound>) -> Application {
    let number = || NUMBER.fetch_add(1, Ordering::Relaxed);
    let routed = |item| Routed {
        channel_id: id("chn_1"),
        item,
        ids: FreshIds {
            message: id(&format!("msg_in_{}", number())),
            conversation: id(&format!("cnv_in_{}", number())),
        },
    };
    Application {
        call_id: format!("whc_{}", number()),
        organization_id: owner.clone(),
        items: items.into_iter().map(routed).collect(),
        at: at(100_000),
        completes: true,
    }
}

pub(crate) fn call(application: &Application) -> WebhookCall {
    WebhookCall {
        id: application.call_id.clone(),
        organization_id: application.organization_id.clone(),
        channel_id: id("chn_1"),
        content_type: Some("application/json".into()),
        body: b"{}".to_vec(),
        received_at: application.at,
    }
}

/// Keeps and applies one call of `org_1` about `chn_1`.
pub(crate) async fn apply(store: &Store, items: Vec<Inbound>) -> Applied {
    apply_one(store, application(&org(1), items)).await
}

pub(crate) async fn apply_one(store: &Store, application: Application) -> Applied {
    ok(store.keep_webhook_call(&call(&application), at(200_000))).await;
    let mut results = store.apply_webhooks(vec![application]).await;
    results.remove(0).unwrap()
}

pub(crate) fn phone(text: &str) -> Contact {
    Contact::new([id(text)])
}

pub(crate) fn ana() -> Contact {
    phone("5521988887777").named(Some("Ana".into()))
}

pub(crate) fn inbound(external_id: &str, from: Contact, content: InboundContent) -> InboundMessage {
    InboundMessage::new(external_id, from, content)
}

pub(crate) fn said(external_id: &str, from: Contact, text: &str) -> Inbound {
    Inbound::Message(inbound(external_id, from, InboundContent::text(text)))
}

/// Returns a customer's message with a change.
pub(crate) fn changed(item: Inbound, change: impl FnOnce(&mut InboundMessage)) -> Inbound {
    let Inbound::Message(message) = item else {
        panic!("a message");
    };
    Inbound::Message(with(message, change))
}

/// So many customers who are new write a text each, one call after the other.
pub(crate) async fn strangers_write(store: &Store, count: usize) {
    for number in 0..count {
        let from = phone(&format!("55119000000{number:02}"));
        apply(store, vec![said(&format!("w.{number}"), from, "Hi")]).await;
    }
}

pub(crate) fn tap(external_id: &str, from: Contact) -> Inbound {
    let choice = Choice::new("btn_sales", "Sales");
    Inbound::Message(with(
        inbound(external_id, from, InboundContent::Button(choice)),
        |it| it.in_reply_to = Some("wamid.1".into()),
    ))
}

pub(crate) fn status_update(external_id: &str, status: Status) -> Inbound {
    Inbound::Status(StatusUpdate::new(vec![external_id.into()], status))
}

pub(crate) fn connection(connected: bool) -> Inbound {
    Inbound::Connection(ConnectionUpdate::new(connected, Some("detail".into())))
}

pub(crate) async fn events(store: &Store, owner: &OrganizationId) -> Vec<Event> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let page = ok(store.list_events(owner, after, &EventFilter::default(), 10_000)).await;
        events.extend(page.data);
        after = page.next;
        if after.is_none() {
            return events;
        }
    }
}

pub(crate) async fn kinds(store: &Store) -> Vec<&'static str> {
    let events = events(store, &org(1)).await;
    events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect()
}
