//! Recipients as people write them: what is accepted, how it was read, and what no channel can serve.

use recado_tests::prelude::*;
use rstest::rstest;

/// Opens a conversation over a channel.
async fn open(world: &World, channel: &str, to: &str) -> Answer {
    let body = json!({"agentId": "agent-123", "channelId": channel, "to": to});
    world.client.post("/conversations", body).await
}

/// The only fault of the field `to`.
fn fault(answer: &Answer) -> String {
    answer.refused(400, "invalid_body");
    let faults = &answer.body["details"]["to"]["_errors"];
    faults[0].as_str().expect("a sentence").to_owned()
}

#[tokio::test]
async fn a_pasted_number_is_read_and_shown_as_it_was_understood() {
    let world = World::start().await;
    let given = "\u{202a}tel:+٥٥ (١١) 90000–0077\u{202c}";
    let created = open(&world, "whatsapp", given).await.expect(201);
    assert_eq!(created["to"], "5511900000077");
    let phone = json!({"country": "BR", "formatted": "+55 11 90000-0077"});
    assert_eq!(
        (&created["phone"], &created["warnings"]),
        (&phone, &json!([]))
    );
    let path = format!("/conversations/{}", created["id"].as_str().expect("an id"));
    let shown = world.client.read(&path).await;
    assert_eq!(shown["phone"], phone);
    let again = open(&world, "whatsapp", "0055 11 90000-0077").await;
    assert_eq!(again.error().1, "already_exists");
}

#[tokio::test]
async fn a_number_without_a_plus_is_read_with_a_warning() {
    let world = World::start().await;
    let created = open(&world, "zapi", "5511900000077").await.expect(201);
    assert_eq!(created["warnings"][0]["field"], "to");
    let warning = text(&created["warnings"][0]["message"]);
    assert!(
        warning.contains("no +") && warning.contains("+55 (BR)"),
        "{warning}"
    );
}

#[rstest]
#[case::without_the_ninth_digit("+55 11 90000-0077", "+55 11 0000-0077")]
#[case::with_the_ninth_digit("+55 11 8000-0077", "+55 11 98000-0077")]
#[case::mexican("+52 55 1234 5678", "+52 1 55 1234 5678")]
#[tokio::test]
async fn a_second_conversation_with_another_spelling_of_a_number_is_warned_of(
    #[case] first: &str,
    #[case] second: &str,
) {
    let world = World::start().await;
    let first = open(&world, "whatsapp", first).await.expect(201);
    assert_eq!(first["warnings"], json!([]), "{first}");
    let second = open(&world, "whatsapp", second).await.expect(201);
    let warnings = second["warnings"].as_array().expect("a list");
    let of_spelling = warnings.iter().find(|warning| {
        let message = warning["message"].as_str().expect("a sentence");
        message.contains("another spelling")
            && message.contains(first["id"].as_str().expect("an id"))
    });
    assert!(of_spelling.is_some(), "{second}");
}

#[tokio::test]
async fn a_recipient_that_a_channel_cannot_serve_is_refused_when_its_conversation_is_created() {
    let world = World::start().await;
    world.open_wuzapi().await;
    let (phone, user, lid) = ("+5511900000078", "BR.1234", "1234@lid");
    let group = "120363000000000001@g.us";
    for (channel, served, refused) in [
        ("whatsapp", vec![phone, user], vec![lid, group]),
        ("zapi", vec![phone, lid, group], vec![user]),
        ("zapperhub", vec![phone, lid], vec![user, group]),
        ("wuzapi", vec![phone, lid, group], vec![user]),
    ] {
        for to in served {
            let created = open(&world, channel, to).await.expect(201);
            assert_eq!(
                created["phone"] == Value::Null,
                to != phone,
                "{channel} {to}"
            );
        }
        for to in refused {
            let fault = fault(&open(&world, channel, to).await);
            assert!(fault.contains("does not carry reply buttons"), "{fault}");
        }
    }
}

#[rstest]
#[case::recipient("recipient=Ana", "recipient")]
#[case::agent("agentId=a%2Fb", "agentId")]
#[case::channel("channelId=a%2Fb", "channelId")]
#[tokio::test]
async fn a_filter_that_cannot_be_read_is_an_error(#[case] query: &str, #[case] field: &str) {
    let world = World::start().await;
    let refused = world.client.get(&format!("/conversations?{query}")).await;
    refused.refused(400, "invalid_query");
    let faults = &refused.body["details"][field]["_errors"];
    assert_eq!(faults.as_array().map(Vec::len), Some(1), "{}", refused.text);
}
