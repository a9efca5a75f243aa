//! `recado-server demo`

use anyhow::{Context as _, ensure};
use clap::{Arg, Args, Command};
use recado_core::Provider;
use recado_sandbox::PhoneMessage;
use recado_sandbox::drawing::{Bubble, Paint, Style};
use recado_sandbox::terminal::one_line;
use recado_server::config::ConfigArgs;
use recado_server::demo::{CONVERSATIONS, Demo};
use recado_server::telemetry::logging;
use serde_json::Value;

use super::{listen, say, shutdown_signal};

/// Width of the phone that is drawn.
const COLUMNS: usize = 40;

/// Where `recado` looks for a server that it is not told of.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// End after the sends; the exit code is 0 only if all messages arrived and their taps came back
    #[arg(long)]
    once: bool,
}

/// Refuses and hides the options of the server that have no effect in the demo.
pub(crate) fn without_effect(server: Command) -> Command {
    let others: Vec<Arg> = (server.get_arguments())
        .filter(|arg| arg.is_global_set() && arg.get_id() != "listen")
        .map(|arg| {
            let none = None::<&'static str>;
            let arg = arg.clone().global(false).hide(true);
            arg.env(none).default_value(none).value_parser(|_: &str| {
                Err::<String, _>("the demo has a database and settings of its own")
            })
        })
        .collect();
    server.mut_subcommand("demo", |demo| demo.args(others))
}

/// Sends the documentation's example over all providers, and shows what became of it.
pub(crate) async fn run(config: &ConfigArgs, args: DemoArgs) -> anyhow::Result<()> {
    logging::init("warn")?;
    let style = Style::of_stdout();
    let mut demo = Demo::start(listen(config.listen.resolve().await?, "listen").await?).await?;
    say(format_args!(
        "Recado is running at {},\nand {} simulated providers at {}.",
        style.paint(&demo.url, Paint::Bold),
        CONVERSATIONS.len(),
        demo.sandbox_url
    ));
    let mut newest = None;
    for (provider, conversation) in CONVERSATIONS {
        newest = Some(show(&demo, provider, conversation, style).await?);
    }
    let done = format!(
        "All {} messages arrived, each once, and every tap came back.",
        CONVERSATIONS.len()
    );
    say(format_args!("\n{}", style.paint(&done, Paint::Green)));
    let newest = newest.context("the demo has conversations")?;
    say("\nThis is what the customer's phone shows:\n");
    say(Bubble::from(&newest.content).draw(COLUMNS, style));
    if !args.once {
        // The invitation tells of Ctrl-C, which has to work from then on.
        let stop = shutdown_signal();
        // What the scripted messages brought about was told already.
        demo.newer_events().await?;
        invite(&demo, &newest, style);
        tokio::select! {
            () = stop => {}
            failed = follow(&mut demo, style) => failed?,
        }
    }
    demo.stop().await
}

/// Sends to one conversation, and tells what the provider got, and which tap came back.
async fn show(
    demo: &Demo,
    provider: Provider,
    conversation: &str,
    style: Style,
) -> anyhow::Result<PhoneMessage> {
    let title = style.paint(provider.title(), Paint::Bold);
    say(format_args!("\n── {title} ── {conversation}"));
    let answer = demo.send_example(conversation).await?;
    ensure!(
        answer["success"] == Value::Bool(true),
        "{conversation}: the send was not accepted"
    );
    let received: Vec<_> = (demo.sandbox.requests().into_iter())
        .filter(|request| request.provider.as_str() == provider.as_str())
        .collect();
    ensure!(
        received.len() == 1,
        "{provider} received {} requests instead of one",
        received.len()
    );
    let request = &received[0];
    say(format_args!(
        "→ the provider received {}\n    {}",
        request.method, request.path
    ));
    let phone = demo.sandbox.phone_messages();
    let message = (phone.into_iter())
        .find(|message| Some(&message.message_id) == request.message_id.as_ref())
        .context("the message did not reach the phone")?;
    let titles: Vec<_> = message
        .buttons()
        .iter()
        .map(|button| &*button.title)
        .collect();
    say(format_args!(
        "→ the phone shows the buttons {}",
        titles.join(" and ")
    ));
    let event = demo.tap(&answer, conversation).await?;
    say(format_args!("← {}", told(&event, style)));
    let pressed = &event["data"]["button"]["id"];
    ensure!(
        *pressed == message.buttons()[0].id,
        "{conversation}: another button came back"
    );
    Ok(message)
}

/// Says what to type next.
fn invite(demo: &Demo, message: &PhoneMessage, style: Style) {
    let heading = |text: &str| say(format_args!("\n{}\n", style.paint(text, Paint::Bold)));
    heading("Your turn, in another terminal. First the key:");
    say(format_args!("  export RECADO_KEY={}", demo.api_key));
    if demo.url != DEFAULT_SERVER {
        say(format_args!("  export RECADO_SERVER={}", demo.url));
    }
    heading("Send a message:");
    say(indented(&demo.curl()));
    heading("Tap the other button of the last message that the demo sent:");
    if let Some(button) = message.buttons().last() {
        say(indented(&demo.tap_command(&message.message_id, &button.id)));
    }
    if !is_installed("recado") {
        say(style.paint(
            "\n  (`recado` is not installed: cargo install --locked --path crates/cli)",
            Paint::Dim,
        ));
    }
    say(format_args!(
        "\nWhat you send and tap shows here. Documentation to try in a browser:\n{}/docs. Ctrl-C ends the demo; nothing of it stays.",
        demo.url
    ));
}

/// Shows what is sent and tapped from now on, until something fails.
async fn follow(demo: &mut Demo, style: Style) -> anyhow::Result<()> {
    let mut shown = demo.sandbox.phone_messages().len();
    loop {
        let events = demo.events().await?;
        let messages = demo.sandbox.phone_messages();
        for message in messages.iter().skip(shown) {
            say(format_args!(
                "\n→ a message to {} over {}",
                one_line(&message.to),
                message.provider.as_str()
            ));
            say(Bubble::from(&message.content).draw(COLUMNS, style));
            if let Some(button) = message.buttons().first() {
                let id = one_line(&button.id);
                say(indented(&demo.tap_command(&message.message_id, &id)));
            }
        }
        shown = messages.len();
        for event in &events {
            // The way of a message to the phone is drawn, not told.
            let is_status = event["data"]["status"].is_string() && event["data"]["error"].is_null();
            if !is_status {
                say(format_args!("\n← {}", told(event, style)));
            }
        }
    }
}

/// An event on one line: its type, its conversation, and what the customer chose or wrote.
fn told(event: &Value, style: Style) -> String {
    let text = |pointer: &str| {
        let value = event.pointer(pointer).and_then(Value::as_str);
        value.map(one_line).unwrap_or_default()
    };
    let kind = style.paint(&text("/type"), Paint::Green);
    let place = text("/conversationId");
    let who = text("/data/from/name");
    let (id, title) = (text("/data/button/id"), text("/data/button/title"));
    if !id.is_empty() {
        return format!("{kind} in {place}: {who} tapped {title} ({id})");
    }
    match text("/data/text") {
        said if said.is_empty() => format!("{kind} in {place}"),
        said => format!("{kind} in {place}: {who} wrote {said}"),
    }
}

fn indented(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

/// Returns whether the shell would find a program of this name.
fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
