//! `recado-server demo`

use anyhow::{Context as _, ensure};
use clap::{Arg, Args, Command};
use recado_core::Provider;
use recado_sandbox::drawing::{Bubble, Paint, Style};
use recado_sandbox::terminal::one_line;
use recado_sandbox::{PhoneMessage, ReceivedRequest};
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
    /// End after the sends; the exit code is 0 only if all messages arrived and their answers came back
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

/// Sends the documentation's examples over all providers, and shows what became of them.
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
        "All {} messages arrived, each once, and every answer came back.",
        3 * CONVERSATIONS.len()
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

/// Sends buttons, a list and a text to one conversation, has the customer answer with a picture, and tells what the provider
/// got, and what came back. Returns the message with buttons.
async fn show(
    demo: &Demo,
    provider: Provider,
    conversation: &str,
    style: Style,
) -> anyhow::Result<PhoneMessage> {
    let title = style.paint(provider.title(), Paint::Bold);
    say(format_args!("\n── {title} ── {conversation}"));
    let answer = demo.send_buttons(conversation).await?;
    let (request, with_buttons) = arrived(demo, provider, &answer, 1)?;
    say(format_args!(
        "→ Recado sent {} {}",
        request.method, request.path
    ));
    let titles: Vec<_> = with_buttons
        .buttons()
        .iter()
        .map(|button| &*button.title)
        .collect();
    say(format_args!(
        "→ the phone shows the buttons {}",
        titles.join(" and ")
    ));
    let event = demo.tap(&with_buttons, conversation).await?;
    say(format_args!("← {}", told(&event, style)));
    let pressed = &event["data"]["button"]["id"];
    ensure!(
        *pressed == with_buttons.buttons()[0].id,
        "{conversation}: another button came back"
    );
    let answer = demo.send_list(conversation).await?;
    let (_, with_list) = arrived(demo, provider, &answer, 2)?;
    let rows: Vec<_> = with_list.rows().collect();
    let event = demo.pick(&with_list, conversation).await?;
    say(format_args!("← {}", told(&event, style)));
    let selected = event["data"]["list"]["id"].as_str();
    ensure!(
        selected == rows.first().map(|row| &*row.id),
        "{conversation}: another row came back"
    );
    let answer = demo.send_text(conversation).await?;
    let (_, with_text) = arrived(demo, provider, &answer, 3)?;
    let text = with_text.body().unwrap_or_default();
    say(format_args!("→ the phone shows a text: {}", one_line(text)));
    let event = demo.receive_picture(provider, conversation).await?;
    say(format_args!("← {}", told(&event, style)));
    Ok(with_buttons)
}

/// Returns the request of a message, which is the provider's last of so many, and the message on the phone.
fn arrived(
    demo: &Demo,
    provider: Provider,
    answer: &Value,
    requests: usize,
) -> anyhow::Result<(ReceivedRequest, PhoneMessage)> {
    ensure!(
        answer["success"] == Value::Bool(true),
        "{provider}: the send was not accepted"
    );
    let id = answer["message"]["externalId"].as_str();
    let id = id.context("the message has an id")?;
    let mut received: Vec<_> = (demo.sandbox.requests().into_iter())
        .filter(|request| request.provider.as_str() == provider.as_str())
        .collect();
    ensure!(
        received.len() == requests,
        "{provider} received {} requests instead of {requests}",
        received.len()
    );
    let request = received.pop();
    let request = request.filter(|request| request.message_id.as_deref() == Some(id));
    let phone = demo.sandbox.phone_messages();
    let message = phone.into_iter().find(|it| it.message_id == id);
    request
        .zip(message)
        .context("the message did not reach the phone")
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
    heading("Tap the other button of the message above:");
    if let Some(button) = message.buttons().last() {
        say(indented(&demo.phone_command(
            "tap",
            &message.message_id,
            &button.id,
        )));
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
                say(indented(&demo.phone_command(
                    "tap",
                    &message.message_id,
                    &id,
                )));
            }
            if let Some(row) = message.rows().next() {
                let id = one_line(&row.id);
                say(indented(&demo.phone_command(
                    "pick",
                    &message.message_id,
                    &id,
                )));
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
    let (id, title) = (text("/data/list/id"), text("/data/list/title"));
    if !id.is_empty() {
        return format!("{kind} in {place}: {who} chose {title} ({id})");
    }
    let file = text("/data/content/type");
    if event.pointer("/data/content/media").is_some() {
        return format!(
            "{kind} in {place}: {who} sent this {file}: {}",
            text("/data/text")
        );
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
