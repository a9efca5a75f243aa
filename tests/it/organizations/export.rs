//! `recado export` prints everything of one organization, one object on a line, and no secret.

use std::collections::BTreeMap;

use recado_tests::binaries::command;
use recado_tests::prelude::*;

use recado_tests::owned::Owned;

/// The tables with rows of an organization, and the type of their lines; what is left out has its reason.
const TABLES: [(&str, Result<&str, &str>); 15] = [
    ("agents", Ok("agent")),
    ("api_keys", Ok("api_key")),
    ("audit_log", Ok("audit_entry")),
    ("channels", Ok("channel")),
    ("conversations", Ok("conversation")),
    ("deliveries", Ok("delivery")),
    (
        "delivery_attempts",
        Err("the delivery tells the last one and their number"),
    ),
    ("events", Ok("event")),
    ("links", Err("a link is a secret that ends within a day")),
    ("messages", Ok("message")),
    ("orphan_statuses", Err("they belong to no message")),
    ("sessions", Ok("session")),
    ("users", Ok("user")),
    ("webhook_calls", Ok("webhook_call")),
    ("webhook_endpoints", Ok("webhook_endpoint")),
];

/// Runs `recado export` with that key.
async fn export(world: &World, key: &str) -> (bool, String, String) {
    let mut recado = command("recado").expect("the binary");
    recado
        .arg("export")
        .env("RECADO_SERVER", &world.url)
        .env("RECADO_KEY", key);
    let output = recado.output().await.expect("a process");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn an_export_has_a_line_for_every_object_of_the_organization_alone() {
    let world = World::start().await;
    let mine = Owned::make(&world, ["mine", "a-mine", "c-mine", "v-mine"]).await;
    let _theirs = Owned::make(&world, ["theirs", "a-theirs", "c-theirs", "v-theirs"]).await;
    // More than one part of a list.
    for number in 0..101 {
        let agent = serde_json::json!({ "name": format!("Agent {number}") });
        mine.client.create("/agents", agent).await;
    }
    people::session_of_role(&world, "mine", "owner").await;
    assert_eq!(
        world.database.organization_tables().await,
        TABLES.map(|(table, _)| table),
        "say how a new table is exported"
    );
    let (done, lines, said) = export(&world, mine.client.key()).await;
    assert!(done, "{said}");
    let lines: Vec<Value> = (lines.lines())
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let mut counts = BTreeMap::new();
    for line in &lines {
        let kind = line["type"].as_str().expect("a type").to_owned();
        *counts.entry(kind).or_insert(0) += 1;
    }
    for (table, kind) in TABLES {
        if let Ok(kind) = kind {
            assert!(counts.contains_key(kind), "{table}: {counts:?}");
        }
    }
    assert_eq!(
        (counts["agent"], counts["message"], counts["organization"]),
        (102, 1, 1)
    );
    let end = lines.last().expect("lines");
    assert_eq!(
        (&end["type"], &end["data"]["lines"]),
        (&Value::from("end"), &Value::from(lines.len() - 1))
    );
    let text = Value::from(lines).to_string();
    for secret in [
        "theirs",
        "webhookSecret",
        "/webhooks/zapi/",
        mine.client.key(),
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn an_export_that_cannot_be_complete_fails() {
    let world = World::start().await;
    let reader = people::key(&world, &["read"]).await;
    for (key, sentence) in [
        (reader.key(), "scope"),
        (world.operator.key(), "an export is of one organization"),
    ] {
        let (done, lines, said) = export(&world, key).await;
        assert!(!done && said.contains(sentence), "{said}");
        assert!(!lines.contains(r#""type":"end""#), "{lines}");
    }
}
