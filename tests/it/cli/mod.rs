//! `recado`, the real binary, as a person and as a script use it.

mod csv;
mod deleting;
mod direct;
mod failing;
mod import;
mod login;
mod media;
mod queue;
mod shell;
mod webhook;

use recado_sandbox::{Provider, base_urls};
use recado_server::app::Clock;
use recado_tests::prelude::*;
use recado_tests::sent::{assert_example_arrived, bodies_without_id};
use recado_tests::world::PUBLISHED_EXAMPLE;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use shell::{NUMBERS, SECRETS, Shell, connect, shop};

const EXAMPLE_FLAGS: [&str; 10] = [
    "--header",
    "Select an option",
    "--body",
    "How can we help you today?",
    "--footer",
    "ChatVolt Support",
    "--button",
    "btn_sales=Sales",
    "--button",
    "btn_support=Support",
];

fn send_flags(conversation: &str) -> Vec<&str> {
    let who = ["send", "buttons", "--agent", "agent-123"];
    [&who[..], &["--conversation", conversation], &EXAMPLE_FLAGS].concat()
}

/// The words that send the documentation's example straight to a provider.
fn direct<'a>(provider: &'a str, to: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let who = ["send", "buttons", "--direct", provider, "--to", to];
    [&who[..], &EXAMPLE_FLAGS, more].concat()
}

/// The ids of all conversations, read in parts of that size.
async fn conversations(shell: &Shell, part: &str) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut words = vec!["conversation", "list", "--limit", part];
        words.extend(after.iter().flat_map(|cursor| ["--after", cursor.as_str()]));
        let list = shell.run(&words).await.json();
        ids.extend(entries(&list).iter().map(|entry| id(entry).to_owned()));
        after = list["nextCursor"].as_str().map(str::to_owned);
        if after.is_none() {
            return ids;
        }
    }
}

#[track_caller]
fn assert_no_secret(text: &str) {
    for (name, secret) in SECRETS {
        let is_public = name.ends_with("NUMBER_ID") || name == "RECADO_ZAPPERHUB_INSTANCE_ID";
        assert!(is_public || !text.contains(secret), "{name} is in {text}");
    }
}

#[tokio::test]
async fn the_path_of_the_readme_leads_to_the_phone_on_every_provider() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    for (provider, channel, conversation) in NUMBERS {
        world.sandbox.clear();
        let shown = shell.line(&format!("channel show {channel}")).await.done();
        let checked = shell.line(&format!("channel check {channel}")).await.done();
        assert_contains(&checked, r#""state":"connected""#);
        world.sandbox.clear();
        let sent = shell.run(&send_flags(conversation)).await.json();
        sent.assert_has(json!({"success": true, "message": {"status": "accepted"}}));
        assert_example_arrived(&world.sandbox, provider, &sent["message"]["externalId"]);
        let show = format!("message show {}", id(&sent["message"]));
        let message = shell.line(&show).await.json();
        assert_eq!(message, sent["message"]);
        assert_no_secret(&format!("{shown}{checked}{sent}{message}"));
    }
}

#[tokio::test]
async fn flags_a_file_and_standard_input_send_the_same() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("body.json");
    std::fs::write(&file, PUBLISHED_EXAMPLE).expect("a file");
    let file = file.to_str().expect("a path");
    world.sandbox.clear();
    shell.run(&send_flags("conv-456")).await.done();
    shell.run(&["send", "buttons", "--json", file]).await.done();
    let from_input = ["send", "buttons", "--json", "-"];
    let sent = shell.feed(&from_input, PUBLISHED_EXAMPLE).await;
    sent.done();
    let [by_flags, by_file, by_input] = &bodies_without_id(&world.sandbox)[..] else {
        panic!("three requests");
    };
    assert_eq!((by_flags, by_flags), (by_file, by_input));
}

#[tokio::test]
async fn a_dry_run_shows_the_message_and_the_request_and_sends_nothing() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    world.sandbox.clear();
    let words = [&send_flags("conv-zapi")[..], &["--dry-run"]].concat();
    let json = shell.run(&words).await.json();
    assert_eq!(json["dryRun"], true);
    let buttons = &json["request"]["body"]["buttonActions"];
    assert_eq!(buttons[1]["id"], "btn_support");
    assert_no_secret(&json.to_string());
    let table = shell.set("RECADO_OUTPUT", "table").run(&words).await.done();
    let table = table.replace(world.sandbox_urls.of(Provider::Zapi), "http://sandbox/zapi");
    insta::assert_snapshot!(table, @r#"
    ╭────────────────────────────╮
    │ Select an option           │
    │ How can we help you today? │
    │ ChatVolt Support           │
    ├────────────────────────────┤
    │          ↩ Sales           │
    ├────────────────────────────┤
    │         ↩ Support          │
    ╰────────────────────────────╯

    POST http://sandbox/zapi/instances/***/token/***/send-button-actions
    client-token: ***
    content-type: application/json

    {
      "phone": "5511900000001",
      "title": "Select an option",
      "message": "How can we help you today?",
      "footer": "ChatVolt Support",
      "buttonActions": [
        {
          "id": "btn_sales",
          "type": "REPLY",
          "label": "Sales"
        },
        {
          "id": "btn_support",
          "type": "REPLY",
          "label": "Support"
        }
      ]
    }

     LIMIT         MIN  MAX   SOURCE
     buttons       1    3     Z-API is silent; compatible vendors document it
     body_text     1    1024  Z-API is silent; compatible vendors document it
     header_text   1    60    Z-API is silent; compatible vendors document it
     footer_text   1    60    Z-API is silent; compatible vendors document it
     button_id     1    256   Z-API is silent; compatible vendors document it
     button_title  1    20    Z-API is silent; compatible vendors document it
    nothing was sent (dry run)
    "#);
    assert!(world.sandbox.requests().is_empty());
    assert!(world.sandbox.phone_messages().is_empty());
}

#[tokio::test]
async fn lists_are_tables_for_people() {
    let noon = "2026-11-22T12:00:00Z".parse().expect("a time");
    let options = Options {
        clock: Clock::from_fn(move || noon),
        ..Options::default()
    };
    let world = World::with(options).await;
    let shell = shop(&world).await.set("RECADO_OUTPUT", "table");
    insta::assert_snapshot!(shell.line("agent list").await.done(), @"nothing there yet");
    connect(&shell).await;
    insta::assert_snapshot!(shell.line("channel list").await.done(), @"
    ID       PROVIDER   NAME                 CREATED
    main     whatsapp   Number of whatsapp   2026-11-22 12:00:00 UTC
    sales    zapperhub  Number of zapperhub  2026-11-22 12:00:00 UTC
    support  zapi       Number of zapi       2026-11-22 12:00:00 UTC
    ");
    insta::assert_snapshot!(shell.line("conversation list").await.done(), @"
    ID              AGENT      CHANNEL  TO             CREATED
    conv-456        agent-123  main     5511900000001  2026-11-22 12:00:00 UTC
    conv-zapi       agent-123  support  5511900000001  2026-11-22 12:00:00 UTC
    conv-zapperhub  agent-123  sales    5511900000001  2026-11-22 12:00:00 UTC
    ");
    insta::assert_snapshot!(shell.line("agent show agent-123").await.done(), @"
    ID            agent-123
    NAME          Front desk
    ORGANIZATION  loja
    CREATED       2026-11-22 12:00:00 UTC
    ");
    let part = shell.line("channel list --limit 2").await.done();
    assert_contains(&part, "\nthere is more: add --after ");
}

#[tokio::test]
async fn a_list_goes_on_behind_its_cursor() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    let seen = conversations(&shell, "2").await;
    assert_eq!(seen, NUMBERS.map(|(.., conversation)| conversation));
}

#[tokio::test]
async fn new_credentials_replace_the_old_ones() {
    let world = World::start().await;
    let shell = shop(&world).await;
    let channel = "channel create --provider zapperhub Sales --id sales --credentials -";
    let channel: Vec<_> = channel.split(' ').collect();
    let old = r#"{"instanceId": "inst_shop", "apiKey": "old-api-key"}"#;
    shell.feed(&channel, old).await.done();
    let ran = shell.line("channel check sales").await;
    assert_eq!((ran.code, ran.stderr.as_str()), (4, ""));
    assert_contains(&ran.stdout, r#""state":"unauthorized""#);
    let update = ["channel", "update", "sales", "--credentials", "-"];
    let new = r#"{"instanceId": "inst_shop", "apiKey": "APIKEY-of-the-shop"}"#;
    shell.feed(&update, new).await.done();
    shell.line("channel check sales").await.done();
}

#[tokio::test]
async fn bash_understands_the_completions() {
    let script = Shell::default().run(&["completions", "bash"]).await.done();
    assert_contains(&script, "--dry-run");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &script).expect("a file");
    let mut bash = Command::new("bash");
    ran(bash.arg("-n").arg(file.path())).await.succeeded();
}

#[tokio::test]
async fn the_sandbox_prints_its_addresses_answers_and_ends_on_ctrl_c() {
    let shell = Shell::default();
    let process = shell
        .command(&["sandbox", "--listen", "127.0.0.1:0"])
        .spawn();
    let mut process = process.expect("a process");
    let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
    let line = soon("the sandbox starts", lines.next_line()).await;
    let line = line.expect("text").expect("an introduction");
    let introduction: Value = serde_json::from_str(&line).expect("JSON");
    let listen = text(&introduction["listen"]);
    let urls = base_urls(listen.parse().expect("an address"));
    assert_eq!(
        introduction["urls"]["zapperhub"],
        urls.of(Provider::Zapperhub)
    );
    let shell = shell
        .leading_to(&urls)
        .set("RECADO_ZAPPERHUB_INSTANCE_ID", "inst_5f2c")
        .set("RECADO_ZAPPERHUB_API_KEY", "API-KEY-01");
    let words = direct("zapperhub", CUSTOMER, &[]);
    let sent = shell.run(&words).await.json();
    let control = Client::new(&format!("http://{listen}/_sandbox"), "");
    let phone = control.read("/phone").await;
    assert_eq!(phone["data"][0]["messageId"], sent["externalId"]);
    signal(&process, "INT").await.expect("it runs");
    let status = soon("the sandbox ends", process.wait()).await;
    assert!(status.expect("a status").success());
}
