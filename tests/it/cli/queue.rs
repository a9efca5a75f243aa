//! `recado` and the queue: a message is scheduled, canceled and sent again, and a channel paused and resumed.

use recado_tests::prelude::*;

use super::send_flags;
use super::shell::{connect, shop};

#[tokio::test]
async fn a_message_is_scheduled_canceled_and_sent_again() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    let at = (Timestamp::now() + Duration::from_hours(1)).to_string();
    let mut flags = send_flags("conv-456");
    flags.extend(["--at", &at]);
    let scheduled = shell.run(&flags).await.json();
    let message = id(&scheduled["message"]);
    assert_eq!(scheduled["message"]["status"], "queued");
    let canceled = shell
        .line(&format!("message cancel {message}"))
        .await
        .json();
    assert_eq!(canceled["status"], "rejected");
    let again = shell
        .line(&format!("message resend {message}"))
        .await
        .json();
    let sent = id(&again["message"]);
    assert_eq!(again["message"]["status"], "accepted");
    let refused = shell.line(&format!("message cancel {sent}")).await;
    refused.failed(4, "message_not_queued");
    let refused = shell.line(&format!("message resend {sent}")).await;
    refused.failed(4, "duplicate_possible");
    let resend = format!("message resend {sent} --accept-duplicate");
    shell.line(&resend).await.done();
    assert_eq!(world.sandbox.requests().len(), 2);
}

#[tokio::test]
async fn a_message_is_queued_for_a_person_who_does_not_wait() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    let flags = [&send_flags("conv-456")[..], &["--async"]].concat();
    let queued = shell.run(&flags).await.json();
    assert_eq!(queued["message"]["status"], "queued");
    let as_table = [&flags[..], &["--output", "table"]].concat();
    assert_contains(&shell.run(&as_table).await.done(), "queued");
    let both = async || (world.sandbox.phone_messages().len() == 2).then_some(());
    until("both messages arrive", both).await;
    for elsewhere in [
        &["--direct", "zapi", "--to", CUSTOMER][..],
        &["--csv", "a.csv"],
    ] {
        let queued = [
            "send", "buttons", "--async", "--body", "Hi", "--button", "a=A",
        ];
        let refused = shell.run(&[&queued[..], elsewhere].concat()).await;
        refused.failed(2, "the argument '--async' cannot be used with");
    }
}

#[tokio::test]
async fn the_command_line_pauses_a_channel_and_resumes_it() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    let paused = shell.line("channel pause main").await.json();
    assert_eq!(paused["paused"]["error"], Value::Null);
    let resumed = shell.line("channel resume main").await.json();
    assert_eq!(resumed["paused"], Value::Null);
}
