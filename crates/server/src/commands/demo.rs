//! `recado-server demo`

use anyhow::{Context as _, ensure};
use clap::Args;
use recado_core::Provider;

use recado_sandbox::drawing::{Bubble, Style};
use recado_server::config::ConfigArgs;
use recado_server::demo::{CONVERSATIONS, Demo};
use recado_server::telemetry;
use serde_json::Value;

use super::{listen, say, shutdown_signal};

/// Width of the phone that is drawn.
const COLUMNS: usize = 40;

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// End after the sends; the exit code is 0 only if all three messages arrived and their taps came back
    #[arg(long)]
    once: bool,
}

/// Sends the documentation's example over all three providers, and shows what became of it.
pub(crate) async fn run(config: &ConfigArgs, args: DemoArgs) -> anyhow::Result<()> {
    telemetry::init_log("warn")?;
    let demo = Demo::start(listen(config.listen.resolve().await?).await?).await?;
    say(format_args!(
        "Recado is running at {}, and three simulated providers beside it.",
        demo.url
    ));
    for (provider, conversation) in CONVERSATIONS {
        show(&demo, provider, conversation).await?;
    }
    say(format_args!(
        "\nAll {} messages arrived, each once, and every tap came back.",
        CONVERSATIONS.len()
    ));
    if !args.once {
        say(format_args!("\nYour turn. The API key is {}", demo.api_key));
        say(format_args!("\n{}\n", demo.curl()));
        say(format_args!(
            "Documentation to try in a browser: {}/docs",
            demo.url
        ));
        say(format_args!(
            "What the phone shows:              {}/_sandbox/phone",
            demo.sandbox_url
        ));
        say("Ctrl-C ends the demo; nothing of it stays.");
        shutdown_signal().await;
    }
    demo.stop().await
}

/// Sends to one conversation, and shows the provider's side and the customer's side.
async fn show(demo: &Demo, provider: Provider, conversation: &str) -> anyhow::Result<()> {
    say(format_args!("\n── {} ── {conversation}", provider.title()));
    let answer = demo.send_example(conversation).await?;
    ensure!(
        answer["success"] == Value::Bool(true),
        "{conversation}: the send was not accepted"
    );
    let received: Vec<_> = demo
        .sandbox
        .requests()
        .into_iter()
        .filter(|request| request.provider.as_str() == provider.as_str())
        .collect();
    ensure!(
        received.len() == 1,
        "{provider} received {} requests instead of one",
        received.len()
    );
    let request = &received[0];
    say(format_args!(
        "The provider received {} {}",
        request.method, request.path
    ));
    say(serde_json::to_string_pretty(&request.body)?);
    let phone = demo.sandbox.phone_messages();
    let message = phone
        .iter()
        .find(|message| Some(&message.message_id) == request.message_id.as_ref());
    say("The phone shows");
    let message = message.context("the message did not reach the phone")?;
    say(Bubble::from(message).draw(COLUMNS, Style::Plain));
    let event = demo.tap(&answer, conversation).await?;
    say("The customer taps the first button, and this event comes back");
    say(serde_json::to_string_pretty(&event)?);
    let pressed = &event["data"]["button"]["id"];
    ensure!(
        *pressed == message.buttons[0].id,
        "{conversation}: another button came back"
    );
    Ok(())
}
