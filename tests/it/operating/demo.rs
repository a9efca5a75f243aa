//! `recado-server demo`, as a newcomer meets it.

use std::process::Stdio;

use recado_tests::prelude::*;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};

/// Flags of the server stand before the subcommand.
fn demo(listen: &str) -> Command {
    recado_server(&format!("--listen {listen} demo"))
}

/// What stands between two pieces of a text.
#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let behind = text.split_once(before);
    let (_, rest) = behind.unwrap_or_else(|| panic!("{before} in {text}"));
    let found = rest.split_once(after);
    found.unwrap_or_else(|| panic!("{after} in {rest}")).0
}

#[tokio::test]
async fn once_shows_every_provider_its_buttons_list_text_and_picture_and_ends_with_success() {
    let shown = ran(demo("127.0.0.1:0").arg("--once")).await.done();
    for provider in ["WhatsApp Cloud API", "Z-API", "ZapperHUB"] {
        let headings = shown.matches(&format!("── {provider} ──")).count();
        assert_eq!(headings, 1, "{provider}: {shown}");
    }
    let tapped = "Ana tapped Sales (btn_sales)\n";
    assert_eq!(shown.matches(tapped).count(), 3, "{shown}");
    let chosen = "Ana chose 14:00 to 16:00 (slot-14)\n";
    assert_eq!(shown.matches(chosen).count(), 3, "{shown}");
    let text = "→ the phone shows a text: Your order has left our shop.\n";
    assert_eq!(shown.matches(text).count(), 3, "{shown}");
    let picture = "Ana sent this image: Here it is\n";
    assert_eq!(shown.matches(picture).count(), 3, "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
    let end = "All 9 messages arrived, each once, and every answer came back.\n";
    assert_contains(&shown, end);
}

/// A demo that runs, and what it has shown so far.
struct Running {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    shown: String,
}

impl Running {
    /// Starts a demo, and reads until its invitation ends.
    async fn start() -> Self {
        let mut process = demo("127.0.0.1:0");
        let process = process.stdout(Stdio::piped()).spawn();
        let mut process = process.expect("a process");
        let stdout = process.stdout.take().expect("it is piped");
        let mut running = Self {
            process,
            lines: BufReader::new(stdout).lines(),
            shown: String::new(),
        };
        running.read_until("Ctrl-C ends the demo").await;
        running
    }

    /// Reads lines until one has this text.
    async fn read_until(&mut self, text: &str) {
        loop {
            let line = soon(text, self.lines.next_line()).await.expect("text");
            let line = line.unwrap_or_else(|| panic!("the demo ended: {}", self.shown));
            self.shown = format!("{}{line}\n", self.shown);
            if line.contains(text) {
                return;
            }
        }
    }

    /// Runs commands as a shell would, with the programs of this build.
    async fn shell(&self, commands: &str) -> String {
        let programs = recado_tests::binaries::path("recado").expect("the binary");
        let programs = programs.parent().expect("a folder").to_owned();
        let path = std::env::var("PATH").expect("a path");
        let path = format!("{}:{path}", programs.display());
        let mut shell = Command::new("sh");
        ran(shell.args(["-ec", commands]).env("PATH", path))
            .await
            .succeeded()
    }

    async fn stop(mut self) {
        signal(&self.process, "INT").await.expect("it runs");
        let status = soon("the demo ends", self.process.wait()).await;
        assert!(status.expect("an end").success());
    }
}

#[tokio::test]
async fn the_demo_fits_three_screens_and_ends_with_phone_key_and_two_commands() {
    // The longest invitation names the sandbox, whose usual port is taken; by this test, or by another demo.
    let _taken = TcpListener::bind(recado_sandbox::DEFAULT_ADDRESS).await;
    let running = Running::start().await;
    let shown = running.shown.clone();
    running.stop().await;
    assert!(shown.lines().count() <= 3 * 24, "{shown}");
    let widest = shown.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}: {shown}");
    let places = [
        "All 9 messages arrived",
        "│          ↩ Sales           │",
        "export RECADO_KEY=",
        "  curl http",
        "  recado sandbox tap",
    ]
    .map(|part| shown.find(part).expect(part));
    assert!(places.is_sorted(), "{places:?}: {shown}");
}

#[tokio::test]
async fn the_commands_that_the_demo_prints_work_and_show_in_its_terminal() {
    // The demo cannot have the port, and has to name another; unless a demo beside this test held it, and let it go.
    let taken = TcpListener::bind(recado_sandbox::DEFAULT_ADDRESS).await;
    let mut running = Running::start().await;
    let key = between(&running.shown, "  export RECADO_KEY=", "\n").to_owned();
    let curl = between(&running.shown, "Send a message:\n", "Tap the other").to_owned();
    let heading = "Tap the other button of the message above:\n";
    let tap = between(&running.shown, heading, "What you send");
    let tap = tap.split("\n\n").next().expect("a command").to_owned();
    let names_sandbox = tap.contains(" --sandbox http://127.0.0.1:");
    assert!(names_sandbox || taken.is_err(), "{tap}");

    assert_contains(&running.shell(&tap).await, "messageId");
    running.read_until("Ana tapped Support (btn_support)").await;

    let sent = format!("export RECADO_KEY={key}\n{curl}");
    let sent: Value = serde_json::from_str(&running.shell(&sent).await).expect("an answer");
    // The simulators may have reported the next steps before the answer was written.
    sent.assert_has(json!({"success": true}));
    running.read_until("→ a message to 5511900000001").await;
    running.read_until("↩ Support").await;
    // The button of the new message is tapped as the demo says.
    running.read_until("btn_sales").await;
    let again = running.shown.rfind("  recado sandbox tap").expect("it");
    running.shell(&running.shown[again..]).await;
    running.read_until("Ana tapped Sales (btn_sales)").await;

    let url = between(&running.shown, "Recado is running at ", ",\n").to_owned();
    let docs = Client::new(&url, &key).get("/docs/").await;
    assert_eq!(docs.status, 200);
    running.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_one_clear_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let refused = ran(demo(&address).arg("--once")).await;
    refused.refused(&format!(
        "recado-server: cannot listen on {address}; choose another address with --listen"
    ));
    assert_eq!((&*refused.stdout, refused.stderr.lines().count()), ("", 1));
}
