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
    text(&faults[0]).to_owned()
}

#[tokio::test]
async fn a_pasted_number_is_read_and_shown_as_it_was_understood() {
    let world = World::start().await;
    let given = "\u{202a}tel:+٥٥ (١١) 90000–0077\u{202c}";
    let created = open(&world, "whatsapp", given).await.expect(201);
    let phone = json!({"country": "BR", "formatted": "+55 11 90000-0077"});
    created.assert_has(json!({"to": "5511900000077", "phone": phone, "warnings": []}));
    let path = format!("/conversations/{}", id(&created));
    assert_eq!(world.client.read(&path).await["phone"], phone);
    let again = open(&world, "whatsapp", "0055 11 90000-0077").await;
    assert_eq!(again.error().1, "already_exists");
}

#[tokio::test]
async fn a_number_without_a_plus_is_read_with_a_warning() {
    let world = World::start().await;
    let created = open(&world, "zapi", "5511900000077").await.expect(201);
    let warning = &created["warnings"][0];
    assert_eq!(warning["field"], "to");
    for part in ["no +", "+55 (BR)"] {
        assert_contains(text(&warning["message"]), part);
    }
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
    let mut warnings = entries(&second["warnings"]).iter();
    let is_told = warnings.any(|warning| {
        let message = text(&warning["message"]);
        message.contains("another spelling") && message.contains(id(&first))
    });
    assert!(is_told, "{second}");
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
        ("zapperhub", vec![phone, lid, group], vec![user]),
        ("wuzapi", vec![phone, lid, group], vec![user]),
    ] {
        for to in served {
            let created = open(&world, channel, to).await.expect(201);
            let has_phone = !created["phone"].is_null();
            assert_eq!(has_phone, to == phone, "{channel} {to}");
        }
        for to in refused {
            let fault = fault(&open(&world, channel, to).await);
            assert_contains(&fault, "does not carry a text");
        }
    }
}

#[tokio::test]
async fn conversations_are_found_by_the_recipient_in_every_form_that_a_person_writes() {
    let world = World::start().await;
    for (query, count) in [
        ("recipient=%2B55%2011%2090000-0001", 3),
        ("recipient=%2B55%20(11)%2090000-0001&channelId=zapi", 1),
        ("recipient=0055%2011%2090000%200001&agentId=agent-123", 3),
        ("recipient=551100000001", 3),
        ("recipient=%2B5511900000002", 0),
        ("recipient=&agentId=&channelId=", 3),
    ] {
        let list = world.client.read(&format!("/conversations?{query}")).await;
        assert_eq!(entries(&list).len(), count, "{query}");
    }
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_an_error() {
    let world = World::start().await;
    for (field, value) in [
        ("recipient", "Ana"),
        ("agentId", "a%2Fb"),
        ("channelId", "a%2Fb"),
    ] {
        let path = format!("/conversations?{field}={value}");
        let refused = world.client.get(&path).await;
        refused.refused(400, "invalid_query");
        let faults = &refused.body["details"][field]["_errors"];
        assert_eq!(entries(faults).len(), 1, "{}", refused.text);
    }
}
