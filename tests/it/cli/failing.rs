//! What goes wrong: exit codes for scripts, sentences for people.

use recado_sandbox::{Effect, Fault, Provider};
use recado_tests::prelude::*;

use super::shell::{Shell, connect, shop};
use super::{assert_no_secret, direct, send_flags};

/// What is typed, the exit code, and what standard error says.
const FAILING: &str = "
agent list --server {sandbox} | 1 | does --server lead to a Recado server?
send buttons --agent agent-123 --conversation conv-456 --body Hi | 2 | --button <ID=TITLE>
conversation create --agent agent-123 --channel main --to 123 | 2 | phone number with country code
send buttons --json /nowhere/body.json | 2 | cannot read /nowhere/body.json
channel create --provider zapi Other --setting colour=red | 2 | known here: baseUrl, buttonsEndpoint
agent list --server {closed} | 3 | start one with `recado-server`, or set --server or RECADO_SERVER
agent create Again --id agent-123 | 4 | choose another id
agent show agent-9 | 4 | agent_not_found
message show msg_1 | 4 | message_not_found
org list | 4 | recado-server operator-key create
send buttons --agent agent-9 --conversation conv-456 --body Hi --button a=A | 4 | see `recado agent list`
send buttons --agent agent-123 --conversation conv-456 --body Hi --button a=A --button b=B --button c=C --button d=D | 4 | too_many_buttons, code 131009
send buttons --agent agent-123 --conversation conv-456 --body Hi --button a=123456789012345678901 | 4 | button_1_title has 21 characters
agent list --key recado_wrong | 5 | check --key, RECADO_KEY or RECADO_KEY_FILE
send buttons --direct zapi --to 123456789012345678@lid --body Hi --button a=A | 3 | could not be reached
";

#[tokio::test]
async fn every_failure_has_its_exit_code_and_says_what_to_change() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    world.sandbox.clear();
    // No server listens there any more.
    let (_, closed) = world::free_port().await;
    let shell = shell.set("RECADO_ZAPI_URL", &closed);
    let table = FAILING
        .trim()
        .replace("{sandbox}", world.sandbox_urls.of(Provider::Zapi));
    for row in table.replace("{closed}", &closed).lines() {
        let cells: Vec<_> = row.split(" | ").collect();
        let [line, code, said] = cells[..] else {
            panic!("{row}");
        };
        let ran = shell.line(line).await;
        ran.failed(code.parse().expect("a number"), said);
        assert!(ran.stderr.starts_with("error: "), "{line}: {}", ran.stderr);
        assert_no_secret(&format!("{}{}", ran.stdout, ran.stderr));
        let body: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        let is_an_error = ran.stdout.is_empty() || body["reason"].is_string();
        assert!(is_an_error, "{line}: {}", ran.stdout);
    }
    assert!(world.sandbox.phone_messages().is_empty());
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
    let ran = shell.run(&direct("zapi", CUSTOMER, &[])).await;
    ran.failed(2, "instanceToken: set RECADO_ZAPI_INSTANCE_TOKEN");
    assert_eq!(ran.stdout, "");
}

#[tokio::test]
async fn a_lost_answer_is_exit_code_6_and_the_message_is_not_doubled() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    world.sandbox.clear();
    let lost = Fault::new(Provider::Whatsapp, Effect::ResetAfter);
    world.sandbox.fail_next(lost, 1);
    let ran = shell.run(&send_flags("conv-456")).await;
    let body: Value = serde_json::from_str(&ran.stdout).expect("the server's answer");
    let show = format!("message show {}", text(&body["messageId"]));
    ran.failed(6, &format!("do not send it again; `recado {show}`"));
    assert_eq!(shell.line(&show).await.json()["status"], "unknown");
    assert_eq!(world.sandbox.phone_messages().len(), 1);
}
