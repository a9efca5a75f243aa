//! `recado send … --csv`: every row is checked first, and each is sent once, whatever ends in between.

mod kills;
mod pausing;

use std::collections::BTreeMap;

use recado_sandbox::{Effect, Fault, Provider};
use recado_tests::binaries::terminal;
use recado_tests::prelude::*;
use recado_tests::sent::text_of;
use tempfile::TempDir;

use super::shell::{Shell, connect, shop};

/// The options that all rows share.
const OPTIONS: &str = "--agent agent-123 --button yes=Sim --button no=Não";

/// A shop whose three numbers are connected, and a folder for its files.
struct Shop {
    world: World,
    shell: Shell,
    folder: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let world = World::start().await;
        let shell = shop(&world).await;
        connect(&shell).await;
        world.sandbox.clear();
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            world,
            shell,
            folder,
        }
    }

    /// The path of a new file with that text.
    fn file(&self, text: &str) -> String {
        let path = self.folder.path().join("rows.csv");
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path").to_owned()
    }

    /// What the customers were sent, in order.
    fn texts(&self) -> Vec<String> {
        self.world
            .sandbox
            .requests()
            .iter()
            .filter_map(text_of)
            .collect()
    }
}

/// The words that send the rows of a file.
fn send<'a>(file: &'a str, more: &'a str) -> Vec<&'a str> {
    let words = ["send", "buttons", "--csv", file];
    let more = more.split(' ').filter(|word| !word.is_empty());
    words
        .into_iter()
        .chain(OPTIONS.split(' '))
        .chain(more)
        .collect()
}

/// The JSON of each line; the last one is the summary.
fn lines(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// The rows of a result file: line, status and what else it says.
fn results(file: &str) -> Vec<(u64, String, String)> {
    let text = std::fs::read_to_string(format!("{file}.result.csv")).expect("a result file");
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.comment(Some(b'#')).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        (
            row[0].parse().expect("a line"),
            row[2].to_owned(),
            format!("{} {}", &row[3], &row[4]),
        )
    });
    rows.collect()
}

#[tokio::test]
async fn a_terminal_shows_how_many_rows_are_sent_how_fast_and_how_long_the_others_take() {
    let shop = Shop::open().await;
    let file = shop.file("conversation,body\nconv-456,Row 0\nconv-456,Row 1\nconv-456,Row 2\n");
    let line = send(&file, "").join(" ");
    let shown = terminal::run("recado", &line, shop.shell.environment(), &[]).await;
    let shown = shown.succeeded();
    for part in [" of 3, ", "/s, ", " left"] {
        assert!(shown.contains(part), "{shown}");
    }
    assert_eq!(shop.texts(), ["Row 0", "Row 1", "Row 2"]);
}

#[tokio::test]
async fn rows_reach_the_customers_of_every_provider_once_and_in_order() {
    let shop = Shop::open().await;
    let file = shop.file(
        "conversation;Nome;body\r\nconv-456;João;\r\nconv-zapi;Rita;\r\nconv-zapperhub;Ana;\r\nconv-456;João;Até já, {{nome}}!\r\n",
    );
    let send = [&send(&file, "")[..], &["--body", "Olá {{nome}}, tudo bem?"]].concat();
    let told = lines(&shop.shell.run(&send).await.done());
    let (summary, rows) = told.split_last().expect("a summary");
    assert_eq!(rows.len(), 4);
    summary
        .assert_has(json!({"accepted": 4, "notSent": 0, "result": format!("{file}.result.csv")}));
    let mut by_provider = BTreeMap::<_, Vec<_>>::new();
    for request in shop.world.sandbox.requests() {
        let texts = by_provider.entry(request.provider.as_str()).or_default();
        texts.extend(text_of(&request));
    }
    let expected = [
        ("whatsapp", vec!["Olá João, tudo bem?", "Até já, João!"]),
        ("zapi", vec!["Olá Rita, tudo bem?"]),
        ("zapperhub", vec!["Olá Ana, tudo bem?"]),
    ];
    let expected = expected
        .map(|(provider, texts)| (provider, texts.into_iter().map(str::to_owned).collect()));
    assert_eq!(by_provider, BTreeMap::from(expected));
    let accepted = results(&file)
        .into_iter()
        .map(|(line, status, _)| (line, status));
    let expected = [2, 3, 4, 5].map(|line| (line, "accepted".to_owned()));
    assert_eq!(accepted.collect::<Vec<_>>(), expected);

    let again = lines(&shop.shell.run(&send).await.done());
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!(shop.texts().len(), 4, "nothing was sent twice");
}

/// Five rows, of which lines 3, 4 and 5 are wrong: a conversation that does not exist, a title that is too long, and
/// the same once more.
const WRONG: &str = "conversation,body,button1\nconv-456,One,\nconv-9,Two,\nconv-zapi,Three,a=This title is far too long\nconv-456,One,\nconv-zapi,Four,\n";

#[tokio::test]
async fn nothing_is_sent_while_a_row_is_wrong() {
    let shop = Shop::open().await;
    let file = shop.file(WRONG);
    for more in ["--dry-run", ""] {
        let ran = shop.shell.run(&send(&file, more)).await;
        ran.ended(2);
        let told = lines(&ran.stdout);
        let wrong = told.iter().filter(|line| line["status"] == "invalid");
        let wrong: Vec<_> = wrong
            .map(|line| (&line["line"], &line["problems"][0]["field"]))
            .collect();
        let (conversation, button) = (json!("conversation"), json!("button1"));
        let expected = [
            (&json!(3), &conversation),
            (&json!(4), &button),
            (&json!(5), &Value::Null),
        ];
        assert_eq!(wrong, expected, "{}", ran.stdout);
    }
    let table = shop.shell.run(&send(&file, "--output table")).await;
    for part in [
        "line 3: conversation: ",
        "line 4: button1: (#131009) Parameter value is not valid: button_1_title has 26 characters",
        "line 5: says the same in the same conversation as line 2: delete one of them, or add --allow-duplicates",
        "3 of 5 rows have to be corrected; nothing was sent",
    ] {
        assert_contains(&table.stdout, part);
    }
    assert!(shop.texts().is_empty());
    assert!(!shop.folder.path().join("rows.csv.result.csv").exists());
}

#[tokio::test]
async fn wrong_rows_are_left_out_on_request_and_checked_again_later() {
    let shop = Shop::open().await;
    let file = shop.file(WRONG);
    let ran = shop
        .shell
        .run(&send(&file, "--skip-invalid --allow-duplicates"))
        .await;
    ran.ended(2);
    let summary = lines(&ran.stdout).pop().expect("a summary");
    summary.assert_has(json!({"accepted": 3, "invalid": 2}));
    let statuses: Vec<_> = results(&file)
        .into_iter()
        .map(|(line, status, _)| (line, status))
        .collect();
    let expected = [
        (2, "accepted"),
        (3, "invalid"),
        (4, "invalid"),
        (5, "accepted"),
        (6, "accepted"),
    ];
    assert_eq!(
        statuses,
        expected.map(|(line, status)| (line, status.to_owned()))
    );
    assert_eq!(shop.texts().len(), 3);

    // A row that was left out is checked again, and a conversation may have come into being.
    let create =
        "conversation create --agent agent-123 --channel main --id conv-9 --to +5511900000002";
    shop.shell.line(create).await.done();
    let ran = shop
        .shell
        .run(&send(&file, "--skip-invalid --allow-duplicates"))
        .await;
    ran.ended(2);
    assert_eq!(shop.texts().last().map(String::as_str), Some("Two"));
    assert_eq!(shop.texts().len(), 4);
}

#[tokio::test]
async fn a_dry_run_draws_the_first_message_and_sends_nothing() {
    let shop = Shop::open().await;
    let file = shop
        .file("conversation,body,nome\nconv-456,Olá {{nome}}!,João\nconv-zapi,Oi {{nome}},Rita\n");
    let shown = shop
        .shell
        .run(&send(&file, "--dry-run --output table"))
        .await;
    insta::assert_snapshot!(shown.done(), @"
    ╭───────────╮
    │ Olá João! │
    ├───────────┤
    │   ↩ Sim   │
    ├───────────┤
    │   ↩ Não   │
    ╰───────────╯
    channel main: about 0 of 1 messages would be billed, as 1000 of this month's free ones are left
    2 rows can be sent, to 2 conversations
    nothing was sent (dry run)
    ");
    assert!(shop.texts().is_empty());
    assert!(!shop.folder.path().join("rows.csv.result.csv").exists());
}

#[tokio::test]
async fn a_row_that_is_refused_is_told_and_the_others_are_sent() {
    let shop = Shop::open().await;
    let file = shop.file("conversation,body\nconv-zapi,One\nconv-456,Two\nconv-456,Three\n");
    let refusal = json!({"error": {"message": "(#131026) Undeliverable", "code": 131_026}});
    let answer = recado_sandbox::Answer::new(400, refusal);
    let fault = Fault::new(Provider::Whatsapp, Effect::Answer(answer));
    shop.world.sandbox.fail_next(fault, 1);
    let lost = Fault::new(Provider::Zapi, Effect::ResetAfter);
    shop.world.sandbox.fail_next(lost, 1);
    for _ in 0..2 {
        let ran = shop.shell.run(&send(&file, "--output table")).await;
        ran.ended(6);
        assert_contains(&ran.stdout, "3 rows: 1 accepted, 1 rejected, 1 unknown");
        assert_contains(
            &ran.stdout,
            "a row whose outcome is unknown is not sent again",
        );
    }
    let results = results(&file);
    let statuses: Vec<_> = results.iter().map(|(_, status, _)| &**status).collect();
    assert_eq!(statuses, ["unknown", "rejected", "accepted"], "{results:?}");
    assert!(results[0].2.starts_with("outcome_unknown "), "{results:?}");
    assert_eq!(shop.texts().len(), 3, "no row is sent a second time");
}

#[tokio::test]
async fn a_channel_that_cannot_send_stops_the_run_before_it_uses_up_the_rows() {
    let shop = Shop::open().await;
    let rows = |number| format!("conv-456,Row {number}\n");
    let rows: String = (0..20).map(rows).collect();
    let file = shop.file(&format!("conversation,body\n{rows}"));
    let refusal = json!({"error": {"message": "Invalid OAuth access token", "type": "OAuthException", "code": 190}});
    let answer = recado_sandbox::Answer::new(401, refusal);
    let fault = Fault::new(Provider::Whatsapp, Effect::Answer(answer));
    shop.world.sandbox.fail_next(fault, 1);
    let ran = shop.shell.run(&send(&file, "--output table")).await;
    ran.ended(4);
    assert_contains(&ran.stdout, "20 rows: 1 rejected, 19 not sent");
    assert_contains(
        &ran.stdout,
        "run the same command again, and it goes on with the rows that remain",
    );
    let ran = shop.shell.run(&send(&file, "--output table")).await;
    assert_contains(&ran.stdout, "20 rows: 19 accepted, 1 rejected");
    assert_eq!(shop.texts().len(), 20);
}

#[tokio::test]
async fn a_run_is_continued_only_as_it_was_begun_and_a_new_result_file_begins_another() {
    let shop = Shop::open().await;
    let text = "conversation,body\nconv-456,One\n";
    let file = shop.file(text);
    shop.shell.run(&send(&file, "")).await.done();
    let other = shop.shell.run(&send(&file, "--footer Loja")).await;
    other.failed(
        2,
        "the options that are the default for all rows have changed",
    );
    shop.file(&format!("{text}conv-456,Two\n"));
    let changed = shop.shell.run(&send(&file, "")).await;
    changed.failed(2, "its file has changed since");
    assert_eq!(shop.texts().len(), 1);
    let result = shop.folder.path().join("second.csv");
    let more = format!("--result {}", result.display());
    shop.shell.run(&send(&file, &more)).await.done();
    assert_eq!(shop.texts(), ["One", "One", "Two"]);
    let input = shop
        .shell
        .run(&send(&file, &format!("--result {file}")))
        .await;
    input.failed(2, "would overwrite");
    let piped = shop.shell.feed(&send("-", ""), text).await;
    piped.failed(2, "name one with --result");
}

/// The text of the first block of that language in a page.
fn block<'a>(page: &'a str, language: &str) -> &'a str {
    let begin = format!("```{language}\n");
    let (_, rest) = page.split_once(&*begin).expect("a block");
    rest.split_once("```").expect("an end").0
}

#[tokio::test]
async fn the_example_of_the_documentation_works_as_it_is_written() {
    let shop = Shop::open().await;
    let page = include_str!("../../../../docs/csv.md");
    let file = shop.folder.path().join("entregas.csv");
    std::fs::write(&file, block(page, "csv")).expect("a file");
    let recado = recado_tests::binaries::path("recado").expect("the binary");
    let folder = recado.parent().and_then(|folder| folder.to_str());
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.expect("a path"));
    for (script, sent) in [
        (block(page, "sh").to_owned(), 0),
        (block(page, "sh").replace(" --dry-run", ""), 3),
    ] {
        let mut bash = tokio::process::Command::new("bash");
        let environment = shop.shell.environment().iter().cloned();
        bash.envs(environment)
            .env("PATH", &path)
            .current_dir(shop.folder.path());
        ran(bash.args(["-c", &script])).await.done();
        assert_eq!(shop.texts().len(), sent);
    }
    assert!(
        shop.texts()
            .contains(&"Olá João, podemos entregar o pedido 4711 no dia 03/12?".to_owned())
    );
    assert!(shop.folder.path().join("entregas.csv.result.csv").exists());
}

#[tokio::test]
async fn without_a_server_a_file_is_refused() {
    let shell = Shell::default();
    let words = [
        "send", "buttons", "--csv", "rows.csv", "--direct", "zapi", "--to", CUSTOMER,
    ];
    shell.run(&words).await.failed(2, "--csv needs a server");
}
