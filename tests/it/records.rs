//! What Recado writes for other programs and for later versions, byte by byte: requests to the providers, answers,
//! events, and rows of the database. A change of these records is made on purpose or not at all.

use jiff::Timestamp;
use recado_server::app::Clock;
use recado_tests::World;
use recado_tests::callbacks::Callbacks;
use recado_tests::world::Options;
use serde_json::{Value, json};

/// The recorded calls of each provider, and the id of our message that they speak of.
const RECORDED: [(&str, &str, &str, &str); 4] = [
    (
        "whatsapp",
        "conv-456",
        include_str!("../corpus/whatsapp.json"),
        "wamid.SIM0A1B2C3D4E5F60718293A4B5C6D7E8F",
    ),
    (
        "zapi",
        "conv-zapi",
        include_str!("../corpus/zapi.json"),
        "3EB0A1B2C3D4E5F60718",
    ),
    (
        "zapperhub",
        "conv-zapperhub",
        include_str!("../corpus/zapperhub.json"),
        "3EB0A1B2C3D4E5F60718",
    ),
    (
        "wuzapi",
        "conv-wuzapi",
        include_str!("../corpus/wuzapi.json"),
        "3EB0A1B2C3D4E5F60718",
    ),
];

/// Columns that other versions of Recado read back.
const ROWS: [(&str, &str); 5] = [
    (
        "messages",
        "select id, conversation_id, direction, status, content, warnings, external_id, provider_id, \
         error, sender, pricing from messages order by created_at, id",
    ),
    (
        "events",
        "select type, agent_id, channel_id, conversation_id, data from events order by organization_id, seq",
    ),
    (
        "conversations",
        "select id, agent_id, channel_id, recipient from conversations order by created_at, id",
    ),
    (
        "channels",
        "select id, provider, settings from channels order by created_at, id",
    ),
    (
        "pending_statuses",
        "select channel_id, sought, status, external_id, error, pricing from orphan_statuses \
         order by channel_id, sought, status",
    ),
];

/// A world whose clock stands still.
async fn still_world() -> World {
    let now: Timestamp = "2026-09-21T14:00:00Z".parse().expect("a time");
    let world = World::with(Options {
        clock: Clock::from_fn(move || now),
        ..Options::default()
    })
    .await;
    world.open_wuzapi().await;
    world
}

/// A message with everything that a message with buttons can have.
fn message(conversation: &str) -> Value {
    json!({
        "agentId": "agent-123", "conversationId": conversation, "header_text": "Café \u{1f600}",
        "body_text": "Linha 1\nLinha 2 *negrito*", "footer_text": "Rodapé",
        "button_1_id": "ord-4411:sim ✅", "button_1_title": "Sim, pode", "button_2_id": "{\"menu\":[2]}",
        "button_2_title": "Outro horário", "button_3_id": "três/3?x=%20&y", "button_3_title": "Falar",
    })
}

/// Replaces what differs from run to run: addresses, random ids and secrets.
fn settle(lines: &[String], world: &World, ids: &[(String, String)]) -> String {
    let mut text = lines.join("\n").replace(&world.url, "http://recado");
    for provider in recado_sandbox::Provider::ALL {
        text = text.replace(world.sandbox_urls.of(provider), "http://provider");
    }
    for (id, name) in ids {
        text = text.replace(id, name);
    }
    number_ids(&text)
}

/// Numbers our own ids (`msg_` and 32 digits) in the order in which they appear.
fn number_ids(text: &str) -> String {
    const DIGITS: usize = 32;
    let (mut seen, mut settled) = (Vec::<&str>::new(), String::new());
    let mut rest = text;
    while let Some(at) = rest.find('_') {
        let (before, after) = rest.split_at(at + 1);
        settled += before;
        rest = after;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if rest.len() >= DIGITS && rest.bytes().take(DIGITS).all(is_digit) {
            let (id, behind) = rest.split_at(DIGITS);
            let number = seen.iter().position(|known| *known == id);
            let number = number.unwrap_or_else(|| {
                seen.push(id);
                seen.len() - 1
            });
            settled.extend(["<", &(number + 1).to_string(), ">"]);
            rest = behind;
        }
    }
    settled + rest
}

/// Sends the message on every channel; returns the answers, and the provider's ids with names for them.
async fn send(world: &World) -> (Vec<String>, Vec<(String, String)>) {
    let (mut answers, mut ids) = (Vec::new(), Vec::new());
    for (channel, conversation, ..) in RECORDED {
        let answer = world.client.send(message(conversation)).await.expect(200);
        let id = answer["message"]["externalId"].as_str().expect("an id");
        ids.push((id.to_owned(), format!("external-id-{channel}")));
        if let Some(id) = answer["message"]["metadata"]["providerId"].as_str() {
            ids.push((id.to_owned(), format!("provider-id-{channel}")));
        }
        answers.push(format!("{channel} {answer}"));
    }
    (answers, ids)
}

#[tokio::test]
async fn requests_and_answers_of_a_send_are_as_recorded() {
    let world = still_world().await;
    let (mut record, ids) = send(&world).await;
    for (_, conversation, ..) in RECORDED {
        let dry_run = "/messages/interactive/send-buttons?dryRun=true";
        let shown = world.client.post(dry_run, message(conversation)).await;
        let mut shown = shown.expect(200);
        // wuzapi is given an id that is made for each request.
        if let Some(id) = shown.pointer_mut("/request/body/Id") {
            *id = json!("(a new id)");
        }
        record.push(shown.to_string());
    }
    for request in world.sandbox.requests() {
        record.push(format!(
            "{} {} {}",
            request.method, request.path, request.body
        ));
    }
    insta::assert_snapshot!("sends", settle(&record, &world, &ids));
}

#[tokio::test]
async fn events_and_rows_are_as_recorded() {
    let world = still_world().await;
    let (_, ids) = send(&world).await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    for (channel, _, calls, recorded_id) in RECORDED {
        let name = format!("external-id-{channel}");
        let (id, _) = ids.iter().find(|(_, known)| *known == name).expect("an id");
        let calls: Vec<Value> =
            serde_json::from_str(&calls.replace(recorded_id, id)).expect("calls");
        for call in calls {
            callbacks.deliver(channel, &call).await;
        }
    }
    // Calls are applied in the order in which they came; the server finishes them before it ends.
    world.stop().await;
    for (table, statement) in ROWS {
        let rows = world.database.rows(statement).await;
        insta::assert_snapshot!(table, settle(&rows, &world, &ids));
    }
}
