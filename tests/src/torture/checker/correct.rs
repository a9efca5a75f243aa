//! A correct history, in which every promise was kept.

use std::collections::HashMap;

use super::super::history::{
    Answer, Content, Conversation, Event, Handled, History, Inbound, Message, Organization, Send,
    ToldStatus, Way,
};

const ANA: &str = "5511900000001";
pub(super) const BIA: &str = "5511900000002";

#[expect(
    clippy::unnecessary_wraps,
    reason = "what may be absent is present here"
)]
pub(super) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(super) fn button() -> (String, String) {
    ("yes".to_owned(), "Yes".to_owned())
}

fn event(organization: &str, number: u64, kind: &str, conversation: &str) -> Event {
    Event {
        id: format!("evt_{number:016x}"),
        kind: kind.to_owned(),
        organization: organization.to_owned(),
        conversation: text(conversation),
        ..Event::default()
    }
}

/// An organization with two customers. Ana is sent a message, taps its button and writes; a message to Bia is
/// refused, and the answer of another one is lost.
fn organization(id: &str) -> Organization {
    let conversation = |customer: &str| Conversation {
        channel: "main".to_owned(),
        customer: customer.to_owned(),
    };
    let message =
        |name: &str, conversation: &str, status: &str, external_id: Option<String>| Message {
            id: format!("msg_{id}_{name}"),
            conversation: conversation.to_owned(),
            text: format!("{id} {name}"),
            status: status.to_owned(),
            external_id,
        };
    let of_message = |number, status: &str, name: &str, conversation: &str| Event {
        message_id: Some(format!("msg_{id}_{name}")),
        ..event(id, number, &format!("message.{status}"), conversation)
    };
    let from = |number, kind: &str, external_id: &str| Event {
        external_id: Some(format!("{id} {external_id}")),
        phone: text(ANA),
        ..event(id, number, kind, "ana")
    };
    let events = vec![
        of_message(1, "accepted", "taken", "ana"),
        of_message(2, "delivered", "taken", "ana"),
        Event {
            button: Some(button()),
            in_reply_to: Some(format!("msg_{id}_taken")),
            ..from(3, "button.pressed", "tap")
        },
        Event {
            text: text("Oi"),
            ..from(4, "message.received", "hello")
        },
        of_message(5, "rejected", "refused", "bia"),
        of_message(6, "unknown", "lost", "bia"),
    ];
    Organization {
        id: id.to_owned(),
        channels: HashMap::from([(format!("account of {id}"), "main".to_owned())]),
        conversations: HashMap::from([
            ("ana".to_owned(), conversation(ANA)),
            ("bia".to_owned(), conversation(BIA)),
        ]),
        messages: vec![
            message("taken", "ana", "delivered", Some(format!("{id} wamid"))),
            message("refused", "bia", "rejected", None),
            message("lost", "bia", "unknown", None),
        ],
        arrivals: events.clone(),
        events,
        refused_arrivals: Vec::new(),
    }
}

pub(super) fn history() -> History {
    let mut history = History::default();
    for id in ["one", "two"] {
        history.organizations.push(organization(id));
        sends(&mut history, id);
        let inbound = |external_id: &str, content| Inbound {
            organization: id.to_owned(),
            account: format!("account of {id}"),
            customer: ANA.to_owned(),
            external_id: format!("{id} {external_id}"),
            content,
            at: 300,
            acknowledged: true,
        };
        let tap = Content::Tap {
            message: format!("{id} wamid"),
            button: button(),
        };
        history.inbound.extend([
            inbound("tap", tap),
            inbound("hello", Content::Text("Oi".to_owned())),
        ]);
        history.statuses.push(ToldStatus {
            external_id: format!("{id} wamid"),
            own_id: None,
            status: "delivered".to_owned(),
        });
    }
    history
}

/// Adds what clients of an organization sent, and what the provider made of it.
fn sends(history: &mut History, id: &str) {
    let send = |name: &str, conversation: &str, answer| Send {
        organization: id.to_owned(),
        conversation: conversation.to_owned(),
        text: format!("{id} {name}"),
        way: Way::Once(0),
        asked: 100,
        ended: 200,
        answer,
    };
    let refused = |reason: &str, name: &str| Answer::Refused {
        status: 500,
        reason: reason.to_owned(),
        message_id: Some(format!("msg_{id}_{name}")),
    };
    let accepted = Answer::Accepted {
        message_id: format!("msg_{id}_taken"),
        external_id: Some(format!("{id} wamid")),
    };
    history.sends.extend([
        send("taken", "ana", accepted),
        send("refused", "bia", refused("provider_rejected", "refused")),
        send("lost", "bia", refused("outcome_unknown", "lost")),
    ]);
    let handled = |name: &str, customer: &str, accepted, answer_lost| Handled {
        text: format!("{id} {name}"),
        account: format!("account of {id}"),
        customer: customer.to_owned(),
        accepted,
        answer_lost,
    };
    history.handled.extend([
        handled("taken", ANA, Some(format!("{id} wamid")), false),
        handled("refused", BIA, None, false),
        handled("lost", BIA, Some(format!("{id} lost wamid")), true),
    ]);
}
