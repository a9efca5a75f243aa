//! A contact is erased over the API and with the command line.

use recado_sandbox::{Effect, Fault, Provider};
use recado_tests::prelude::*;
use tokio::task::JoinHandle;

async fn erase(client: &Client, address: &str) -> Value {
    let asked = client.act("/contacts/erase", json!({ "address": address }));
    asked.await
}

#[tokio::test]
async fn a_contact_is_erased_and_the_answer_and_the_log_say_how_much() {
    let world = World::start().await;
    let sent = world.sent("conv-456").await;
    let erased = erase(&world.client, "+55 (11) 90000-0001").await;
    // The customer of the three conversations is one person.
    erased.assert_has(
        json!({"address": CUSTOMER, "phone": {"country": "BR"}, "complete": true,
        "conversations": 3, "messages": 1}),
    );
    let message = format!("/messages/{}", sent.id);
    for path in ["/conversations/conv-456", &message] {
        assert_eq!(world.client.get(path).await.status, 404, "{path}");
    }
    let events = world.client.list("/events?limit=100").await;
    assert_eq!(events, [] as [Value; 0]);
    let gone = world.client.send(smallest_body("conv-456")).await;
    gone.refused(404, "conversation_not_found");
    let log = world.client.read("/audit").await;
    assert_eq!(log["data"][0]["action"], "contact.erased");
    let text = log.to_string();
    assert!(!text.contains("900000001"), "{text}");
    let again = erase(&world.client, CUSTOMER).await;
    again.assert_has(json!({"conversations": 0, "complete": true}));
}

/// Sends a message to the customer, and returns as soon as it is stored: the provider answers later.
async fn begin_slow_send(world: &World) -> JoinHandle<Answer> {
    let slow = Fault {
        delay_ms: 700,
        ..Fault::new(Provider::Whatsapp, Effect::Delay)
    };
    world.sandbox.fail_next(slow, 1);
    let sending = world.client.begin_send("conv-456");
    let messages = "/conversations/conv-456/messages?limit=1";
    let stored = async || world.client.list(messages).await.pop();
    until("a stored message", stored).await;
    sending
}

#[tokio::test]
async fn an_organization_erases_one_contact_at_a_time() {
    let world = World::start().await;
    let sending = begin_slow_send(&world).await;
    let ask = || {
        let body = json!({ "address": CUSTOMER });
        world.client.post("/contacts/erase", body)
    };
    // The first one waits for the send.
    let (one, other) = tokio::join!(ask(), ask());
    let mut both = [one, other];
    both.sort_by_key(|answer| answer.status);
    let [erased, refused] = both;
    assert_eq!(erased.expect(200)["complete"], true);
    refused.refused(429, "rate_limited");
    refused.says("try again in 10 seconds");
    let sent = soon("the send ends", sending).await;
    sent.expect("a task").expect(200);
    let again = ask().await.expect(200);
    assert_eq!(again["complete"], true);
    let log = world.client.read("/audit").await;
    let begun = entries(&log).iter();
    let begun = begun.filter(|entry| entry["action"] == "contact.erasure_begun");
    assert_eq!(begun.count(), 2);
}

#[tokio::test]
async fn what_is_not_the_address_of_a_person_is_refused() {
    let world = World::start().await;
    let group = "120363000000000001@g.us";
    for (address, sentence) in [
        (group, "Is a group; give the address of one person"),
        ("Ana", "a recipient is a phone number"),
        ("", "Required"),
    ] {
        let body = json!({ "address": address });
        let refused = world.client.post("/contacts/erase", body).await;
        refused.refused(400, "invalid_body");
        refused.says(sentence);
    }
}
