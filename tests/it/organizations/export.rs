//! `recado export` prints everything of one organization, one object on a line, and no secret.

use std::collections::BTreeMap;

use recado_tests::binaries::{Ran, command};
use recado_tests::owned::Owned;
use recado_tests::prelude::*;

/// The tables with rows of an organization, and the type of their lines; what is left out has its reason.
const TABLES: [(&str, Result<&str, &str>); 21] = [
    ("agents", Ok("agent")),
    ("api_keys", Ok("api_key")),
    ("audit_log", Ok("audit_entry")),
    (
        "channel_alerts",
        Err("they are hashes that end within a week; the events tell what was said"),
    ),
    (
        "channel_budgets",
        Err("they are counts; the events tell what is used of a budget"),
    ),
    ("channels", Ok("channel")),
    ("conversations", Ok("conversation")),
    ("deliveries", Ok("delivery")),
    ("delivery_attempts", Err("the delivery tells the last one")),
    ("events", Ok("event")),
    (
        "idempotency_keys",
        Err("they are hashes that end within a day"),
    ),
    ("links", Err("a link is a secret that ends within a day")),
    (
        "message_costs",
        Err("they are counts; the messages tell how they are charged"),
    ),
    ("messages", Ok("message")),
    ("orphan_statuses", Err("they belong to no message")),
    ("outbox", Err("the message tells that it waits")),
    (
        "send_limits",
        Err("they are counts that end within minutes"),
    ),
    ("sessions", Ok("session")),
    ("users", Ok("user")),
    ("webhook_calls", Ok("webhook_call")),
    ("webhook_endpoints", Ok("webhook_endpoint")),
];

/// Runs `recado export` with that key.
async fn export(world: &World, key: &str) -> Ran {
    let mut recado = command("recado").expect("the binary");
    let recado = recado.arg("export").env("RECADO_SERVER", &world.url);
    ran(recado.env("RECADO_KEY", key)).await
}

#[tokio::test]
async fn an_export_has_a_line_for_every_object_of_the_organization_alone() {
    let world = World::start().await;
    let mine = Owned::make(&world, "mine").await;
    let _theirs = Owned::make(&world, "theirs").await;
    // More than one part of a list.
    for number in 0..101 {
        let agent = json!({ "name": format!("Agent {number}") });
        mine.client.create("/agents", agent).await;
    }
    people::session_of_role(&world, "mine-org", "owner").await;
    let tables = world.database.organization_tables().await;
    let known = TABLES.map(|(table, _)| table);
    assert_eq!(tables, known, "say how a new table is exported");
    let lines = export(&world, mine.client.key()).await.succeeded();
    let lines = lines.lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let mut counts = BTreeMap::new();
    for line in &lines {
        *counts.entry(text(&line["type"])).or_insert(0) += 1;
    }
    for kind in TABLES.iter().filter_map(|(_, kind)| kind.ok()) {
        assert!(counts.contains_key(kind), "{kind}: {counts:?}");
    }
    let some = ["agent", "message", "organization"].map(|kind| counts[kind]);
    assert_eq!(some, [102, 1, 1]);
    let end = lines.last().expect("lines");
    end.assert_has(json!({"type": "end", "data": {"lines": lines.len() - 1}}));
    let text = Value::from(lines.clone()).to_string();
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
        let ran = export(&world, key).await;
        assert_ne!(ran.code, 0);
        assert_contains(&ran.stderr, sentence);
        assert!(!ran.stdout.contains(r#""type":"end""#), "{}", ran.stdout);
    }
}
