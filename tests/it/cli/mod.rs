//! `recado`, the real binary, as a person and as a script use it.

mod deleting;
mod direct;
mod failing;
mod import;
mod login;
mod shell;
mod webhook;

use std::process::Stdio;
use std::time::Duration;

use recado_sandbox::{Sandbox, Urls};
use recado_server::app::Clock;
use recado_tests::World;
use recado_tests::binaries::signal;
use recado_tests::world::{CUSTOMER, Options, PUBLISHED_EXAMPLE};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
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

/// The phone shows the documentation's example, once.
#[track_caller]
fn assert_example_arrived(sandbox: &Sandbox, provider: &str, message_id: &Value) {
    let phone = sandbox.phone_messages();
    assert_eq!(phone.len(), 1, "{provider}");
    let shown = &phone[0];
    assert_eq!(
        (shown.provider.as_str(), shown.to.as_str()),
        (provider, CUSTOMER)
    );
    assert_eq!(shown.header(), Some("Select an option"), "{provider}");
    assert_eq!(
        shown.body(),
        Some("How can we help you today?"),
        "{provider}"
    );
    assert_eq!(shown.footer(), Some("ChatVolt Support"), "{provider}");
    let buttons: Vec<_> = shown
        .buttons()
        .iter()
        .map(|button| (button.id.as_str(), button.title.as_str()))
        .collect();
    assert_eq!(
        buttons,
        [("btn_sales", "Sales"), ("btn_support", "Support")],
        "{provider}"
    );
    assert_eq!(*message_id, shown.message_id, "{provider}");
}

#[track_caller]
fn assert_no_secret(text: &str) {
    for (name, secret) in SECRETS {
        let is_public = matches!(
            name,
            "RECADO_WHATSAPP_PHONE_NUMBER_ID" | "RECADO_ZAPPERHUB_INSTANCE_ID"
        );
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
        assert!(checked.contains(r#""state":"connected""#), "{checked}");
        world.sandbox.clear();
        let sent = shell.run(&send_flags(conversation)).await.json();
        assert_eq!(
            (&sent["success"], &sent["message"]["status"]),
            (&json!(true), &json!("accepted"))
        );
        assert_example_arrived(&world.sandbox, provider, &sent["message"]["externalId"]);
        let id = sent["message"]["id"].as_str().expect("an id");
        let message = shell.line(&format!("message show {id}")).await.json();
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
    shell
        .feed(&["send", "buttons", "--json", "-"], PUBLISHED_EXAMPLE)
        .await
        .done();
    let mut bodies: Vec<Value> = world
        .sandbox
        .requests()
        .into_iter()
        .map(|request| request.body)
        .collect();
    for body in &mut bodies {
        let own_id = body
            .as_object_mut()
            .expect("an object")
            .remove("biz_opaque_callback_data");
        assert!(own_id.is_some_and(|id| id.as_str().is_some_and(|id| id.starts_with("msg_"))));
    }
    assert_eq!(bodies.len(), 3);
    assert_eq!((&bodies[0], &bodies[0]), (&bodies[1], &bodies[2]));
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
    assert_eq!(
        json["request"]["body"]["buttonActions"][1]["id"],
        "btn_support"
    );
    assert_no_secret(&json.to_string());
    let table = shell.set("RECADO_OUTPUT", "table").run(&words).await.done();
    let table = table.replace(&world.sandbox_urls.zapi, "http://sandbox/zapi");
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
    let world = World::with(Options {
        clock: Clock::from_fn(move || noon),
        ..Options::default()
    })
    .await;
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
    assert!(part.contains("\nthere is more: add --after "), "{part}");
}

#[tokio::test]
async fn a_list_goes_on_behind_its_cursor() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut words = vec!["conversation", "list", "--limit", "2"];
        words.extend(after.iter().flat_map(|cursor| ["--after", cursor.as_str()]));
        let list = shell.run(&words).await.json();
        let data = list["data"].as_array().expect("a list");
        seen.extend(
            data.iter()
                .map(|item| item["id"].as_str().expect("an id").to_owned()),
        );
        match list["nextCursor"].as_str() {
            Some(cursor) => after = Some(cursor.to_owned()),
            None => break,
        }
    }
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
    assert!(
        ran.stdout.contains(r#""state":"unauthorized""#),
        "{}",
        ran.stdout
    );
    let update = ["channel", "update", "sales", "--credentials", "-"];
    shell
        .feed(
            &update,
            r#"{"instanceId": "inst_shop", "apiKey": "APIKEY-of-the-shop"}"#,
        )
        .await
        .done();
    shell.line("channel check sales").await.done();
}

#[tokio::test]
async fn bash_understands_the_completions() {
    let script = Shell::default().run(&["completions", "bash"]).await.done();
    assert!(script.contains("--dry-run"), "{script}");
    let mut bash = Command::new("bash");
    let mut bash = bash
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash");
    let mut pipe = bash.stdin.take().expect("it is piped");
    pipe.write_all(script.as_bytes()).await.expect("bash reads");
    drop(pipe);
    let output = bash.wait_with_output().await.expect("an output");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn the_sandbox_prints_its_addresses_answers_and_ends_on_ctrl_c() {
    let shell = Shell::default();
    let mut process = shell
        .command(&["sandbox", "--listen", "127.0.0.1:0"])
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
    let line = lines
        .next_line()
        .await
        .expect("text")
        .expect("an introduction");
    let introduction: Value = serde_json::from_str(&line).expect("JSON");
    let url = |name: &str| {
        introduction["urls"][name]
            .as_str()
            .expect("a URL")
            .to_owned()
    };
    let urls = Urls {
        whatsapp: url("whatsapp"),
        zapi: url("zapi"),
        zapperhub: url("zapperhub"),
        wuzapi: url("wuzapi"),
    };
    let shell = shell
        .leading_to(&urls)
        .set("RECADO_ZAPPERHUB_INSTANCE_ID", "inst_5f2c");
    let shell = shell.set("RECADO_ZAPPERHUB_API_KEY", "API-KEY-01");
    let who = ["send", "buttons", "--direct", "zapperhub", "--to", CUSTOMER];
    let sent = shell.run(&[&who[..], &EXAMPLE_FLAGS].concat()).await.json();
    let listen = introduction["listen"].as_str().expect("an address");
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("an HTTP client");
    let phone = recado_tests::client::answer(http.get(format!("http://{listen}/_sandbox/phone")))
        .await
        .expect(200);
    assert_eq!(phone["data"][0]["messageId"], sent["externalId"]);
    signal(&process, "INT").await.expect("it runs");
    let status = tokio::time::timeout(Duration::from_mins(1), process.wait()).await;
    assert_eq!(
        status.expect("it ends in time").expect("a status").code(),
        Some(0)
    );
}
