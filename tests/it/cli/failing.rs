//! What goes wrong: exit codes for scripts, sentences for people.

use recado_sandbox::{Effect, Fault, Provider};
use recado_tests::World;
use recado_tests::world::CUSTOMER;
use serde_json::Value;
use tokio::net::TcpListener;

use super::shell::{Shell, connect, shop};
use super::{EXAMPLE_FLAGS, assert_no_secret, send_flags};

/// A line that fails: what is typed, the exit code, and what standard error says.
type Failing = (&'static str, i32, &'static str);

const FAILING: [Failing; 15] = [
    (
        "agent list --server {sandbox}",
        1,
        "does --server lead to a Recado server?",
    ),
    (
        "send buttons --agent agent-123 --conversation conv-456 --body Hi",
        2,
        "--button <ID=TITLE>",
    ),
    (
        "conversation create --agent agent-123 --channel main --to 123",
        2,
        "phone number with country code",
    ),
    (
        "send buttons --json /nowhere/body.json",
        2,
        "cannot read /nowhere/body.json",
    ),
    (
        "channel create --provider zapi Other --setting colour=red",
        2,
        "known here: baseUrl, buttonsEndpoint",
    ),
    (
        "agent list --server {closed}",
        3,
        "start one with `recado-server`, or set --server or RECADO_SERVER",
    ),
    ("agent create Again --id agent-123", 4, "choose another id"),
    ("agent show agent-9", 4, "agent_not_found"),
    ("message show msg_1", 4, "message_not_found"),
    ("org list", 4, "recado-server operator-key create"),
    (
        "send buttons --agent agent-9 --conversation conv-456 --body Hi --button a=A",
        4,
        "see `recado agent list`",
    ),
    (
        "send buttons --agent agent-123 --conversation conv-456 --body Hi --button a=A --button b=B --button c=C --button d=D",
        4,
        "too_many_buttons, code 131009",
    ),
    (
        "send buttons --agent agent-123 --conversation conv-456 --body Hi --button a=123456789012345678901",
        4,
        "button_1_title has 21 characters",
    ),
    (
        "agent list --key recado_wrong",
        5,
        "check --key, RECADO_KEY or RECADO_KEY_FILE",
    ),
    (
        "send buttons --direct zapi --to 123456789012345678@lid --body Hi --button a=A",
        3,
        "could not be reached",
    ),
];

#[tokio::test]
async fn every_failure_has_its_exit_code_and_says_what_to_change() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    world.sandbox.clear();
    let closed = closed().await;
    let shell = shell.set("RECADO_ZAPI_URL", &closed);
    for (line, code, said) in FAILING {
        let line = line
            .replace("{sandbox}", &world.sandbox_urls.zapi)
            .replace("{closed}", &closed);
        let ran = shell.line(&line).await;
        assert_eq!(ran.code, code, "{line}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{line}: {}", ran.stderr);
        assert_no_secret(&format!("{}{}", ran.stdout, ran.stderr));
        let body: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        assert!(
            ran.stdout.is_empty() || body["reason"].is_string(),
            "{line}: {}",
            ran.stdout
        );
    }
    assert!(world.sandbox.phone_messages().is_empty());
}

/// Returns an address at which no server listens.
async fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

#[tokio::test]
async fn without_a_key_or_credentials_the_variables_are_named() {
    let shell = Shell::default();
    let ran = shell.line("agent list").await;
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""));
    assert_eq!(
        ran.stderr,
        "error: no API key: sign in with `recado login`, set RECADO_KEY or RECADO_KEY_FILE, or give --key\n"
    );
    let who = ["send", "buttons", "--direct", "zapi", "--to", CUSTOMER];
    let ran = shell.run(&[&who[..], &EXAMPLE_FLAGS].concat()).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr
            .contains("instanceToken: set RECADO_ZAPI_INSTANCE_TOKEN"),
        "{}",
        ran.stderr
    );
}

#[tokio::test]
async fn a_lost_answer_is_exit_code_6_and_the_message_is_not_doubled() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    world.sandbox.clear();
    world
        .sandbox
        .fail_next(Fault::new(Provider::Whatsapp, Effect::ResetAfter), 1);
    let ran = shell.run(&send_flags("conv-456")).await;
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    let body: Value = serde_json::from_str(&ran.stdout).expect("the server's answer");
    let id = body["messageId"].as_str().expect("an id");
    assert!(
        ran.stderr
            .contains(&format!("do not send it again; `recado message show {id}`")),
        "{}",
        ran.stderr
    );
    assert_eq!(
        shell.line(&format!("message show {id}")).await.json()["status"],
        "unknown"
    );
    assert_eq!(world.sandbox.phone_messages().len(), 1);
}
