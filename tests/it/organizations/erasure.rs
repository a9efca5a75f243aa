//! A contact is erased over the API and with the command line.

use recado_sandbox::{Effect, Fault, Provider};
use recado_tests::prelude::*;
use rstest::rstest;
use tokio::task::JoinHandle;

async fn erase(client: &Client, address: &str) -> Value {
    let asked = client.act("/contacts/erase", json!({ "address": address }));
    asked.await
}

#[tokio::test]
async fn a_contact_is_erased_and_the_answer_and_the_log_say_how_much() {
    let world = World::start().await;
    let sent = world.client.accepted(smallest_body("conv-456")).await;
    let erased = erase(&world.client, "+55 (11) 90000-0001").await;
    erased.assert_has(json!({"address": CUSTOMER, "phone": {"country": "BR"}, "complete": true}));
    // The customer of the three conversations is one person.
    assert_eq!(
        (&erased["conversations"], &erased["messages"]),
        (&json!(3), &json!(1))
    );
    let message = sent["message"]["id"].as_str().expect("an id");
    for path in [
        "/conversations/conv-456".to_owned(),
        format!("/messages/{message}"),
    ] {
        assert_eq!(world.client.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(
        world.client.list("/events?limit=100").await,
        [] as [Value; 0]
    );
    let gone = world.client.send(smallest_body("conv-456")).await;
    gone.refused(404, "conversation_not_found");
    let log = world.client.read("/audit").await;
    assert_eq!(log["data"][0]["action"], "contact.erased");
    let text = log.to_string();
    assert!(!text.contains("900000001"), "{text}");
    let again = erase(&world.client, CUSTOMER).await;
    assert_eq!(
        (&again["conversations"], &again["complete"]),
        (&json!(0), &json!(true))
    );
}

/// Sends a message to the customer, and returns as soon as it is stored: the provider answers later.
async fn begin_slow_send(world: &World) -> JoinHandle<Answer> {
    let slow = Fault {
        delay_ms: 700,
        ..Fault::new(Provider::Whatsapp, Effect::Delay)
    };
    world.sandbox.fail_next(slow, 1);
    let client = world.client.clone();
    let sending = tokio::spawn(async move { client.send(smallest_body("conv-456")).await });
    let stored = "/conversations/conv-456/messages?limit=1";
    let stored = async { while world.client.list(stored).await.is_empty() {} };
    let waited = tokio::time::timeout(Duration::from_mins(1), stored).await;
    waited.expect("a stored message");
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
    let (erased, refused) = if one.status == 200 {
        (one, other)
    } else {
        (other, one)
    };
    assert_eq!(erased.expect(200)["complete"], true);
    refused.refused(429, "rate_limited");
    refused.says("try again in 10 seconds");
    sending.await.expect("a task").expect(200);
    let again = ask().await.expect(200);
    assert_eq!(again["complete"], true);
    let log = world.client.read("/audit").await;
    let begun = log["data"].as_array().expect("entries").iter();
    assert_eq!(
        begun
            .filter(|entry| entry["action"] == "contact.erasure_begun")
            .count(),
        2
    );
}

#[rstest]
#[case(
    "120363000000000001@g.us",
    "Is a group; give the address of one person"
)]
#[case("Ana", "a recipient is a phone number")]
#[case("", "Required")]
#[tokio::test]
async fn what_is_not_the_address_of_a_person_is_refused(
    #[case] address: &str,
    #[case] sentence: &str,
) {
    let world = World::start().await;
    let refused = world
        .client
        .post("/contacts/erase", json!({ "address": address }))
        .await;
    refused.refused(400, "invalid_body");
    refused.says(sentence);
}
