//! What `recado` deletes, and what it says of what still names it.

use recado_tests::binaries::terminal;
use recado_tests::prelude::*;

use super::send_flags;
use super::shell::{connect, shop};

#[tokio::test]
async fn what_is_deleted_is_gone() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    shell.line("channel delete main").await.done();
    assert_eq!(shell.line("channel show main").await.code, 4);
    let refused = shell.run(&send_flags("conv-456")).await;
    refused.failed(2, "unsupported_channel");
    let named = shell.line("channel update support --agent agent-123").await;
    named.done();
    let deleted = shell.line("agent delete agent-123").await;
    for warning in [
        "warning: conversations name agent agent-123: they stay",
        "warning: channel support names agent agent-123: its new customers come to the organization's first agent",
    ] {
        deleted.failed(0, warning);
    }
    assert_eq!(shell.line("agent delete agent-123").await.code, 4);
    let keys = shell.line("key list --org loja").await.json();
    let delete = format!("key delete --org loja {}", id(&keys["data"][0]));
    shell.line(&delete).await.done();
    assert_eq!(shell.line("agent list").await.code, 5);
}

#[tokio::test]
async fn a_deletion_that_a_person_does_not_confirm_deletes_nothing() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    for (deletion, question, show) in [
        (
            "agent delete agent-123",
            "Delete agent agent-123?",
            "agent show agent-123",
        ),
        (
            "channel delete main",
            "Delete channel main? Its conversations stay",
            "channel show main",
        ),
    ] {
        let environment = shell.environment();
        let asked = terminal::run("recado", deletion, environment, &["n"]).await;
        assert_eq!(asked.code, 2, "{}", asked.stdout);
        for part in [question, "nothing was deleted"] {
            assert!(asked.stdout.contains(part), "{}", asked.stdout);
        }
        shell.line(show).await.done();
        let confirmed = terminal::run("recado", deletion, environment, &["y"]).await;
        assert_eq!(confirmed.code, 0, "{}", confirmed.stdout);
        assert_eq!(shell.line(show).await.code, 4);
    }
}
