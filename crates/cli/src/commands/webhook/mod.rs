//! `recado webhook`: who is told of events.

mod deliveries;
mod endpoint;
mod update;

use clap::Subcommand;
use deliveries::with_attempts;
use endpoint::{COLUMNS, FIELDS, ROOT, readable};

use super::{confirmation::Confirmation, resource::ListArgs};
use crate::{Answer, Client, Columns, ExitCode, Output, Result, cell};

const ROTATED: Columns = "SECRET /secret, OLD ONE UNTIL /previousUntil";
const KEEP_IT: &str =
    "keep the secret now: it is not shown again; your receiver checks signatures with it";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a webhook endpoint, a URL that receives events; its secret is shown once
    #[command(
        after_help = "Example:\n  recado webhook add https://example.com/hooks/recado --type button.pressed --type message.received"
    )]
    Add(endpoint::AddArgs),
    /// List the webhook endpoints, without their secrets
    List(#[command(flatten)] ListArgs),
    /// Show a webhook endpoint, without its secret
    Show { id: String },
    /// Change a webhook endpoint, disable it, or enable it again; what is not named stays
    #[command(
        after_help = "Examples:\n  recado webhook update whk_1 --enable\n  recado webhook update whk_1 --url https://example.com/hooks/new --all-types"
    )]
    Update {
        id: String,
        #[command(flatten)]
        change: update::Change,
    },
    /// Remove a webhook endpoint with its deliveries
    Remove {
        id: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Send an event of type webhook.test now; exit code 4 if it does not arrive
    Test { id: String },
    /// Give a webhook endpoint a new secret; for 24 hours the old one signs as well
    RotateSecret { id: String },
    /// List the deliveries of a webhook endpoint, oldest first
    Deliveries(deliveries::Deliveries),
    /// Show one delivery with every attempt
    Delivery { id: String, delivery: String },
    /// Skip a delivery that keeps failing, so that the next one of its conversation is sent
    Skip { id: String, delivery: String },
    /// Replay one delivery, or the events of a period
    Replay(deliveries::Replay),
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output> {
    match command {
        Command::Add(args) => {
            let body = args.body()?;
            let answer = client.once(&[ROOT], &[], &body, &args.once.key()).await?;
            Ok(Output::record(readable(answer), FIELDS).with_text(KEEP_IT))
        }
        Command::List(args) => {
            let answer = client.get(&[ROOT], &args.query()).await?;
            Ok(Output::list(readable(answer), COLUMNS))
        }
        Command::Show { id } => {
            let answer = client.get(&[ROOT, &id], &[]).await?;
            Ok(Output::record(readable(answer), FIELDS))
        }
        Command::Update { id, change } => {
            let answer = client.patch(&[ROOT, &id], &change.body()?).await?;
            Ok(Output::record(readable(answer), FIELDS))
        }
        Command::Remove { id, confirmation } => {
            confirmation.ask(&format!("Remove webhook endpoint {id} and its deliveries?"))?;
            let answer = client.delete(&[ROOT, &id], &[]).await?;
            Ok(Output::done(
                answer,
                format!("removed webhook endpoint {id}"),
            ))
        }
        Command::Test { id } => Ok(tested(client.act(&[ROOT, &id, "test"]).await?)),
        Command::RotateSecret { id } => {
            let answer = client.act(&[ROOT, &id, "rotate-secret"]).await?;
            Ok(Output::record(answer, ROTATED).with_text(KEEP_IT))
        }
        Command::Deliveries(list) => list.run(client).await,
        Command::Delivery { id, delivery } => {
            let path = [ROOT, &id, "deliveries", &delivery];
            Ok(with_attempts(client.get(&path, &[]).await?))
        }
        Command::Skip { id, delivery } => {
            let path = [ROOT, &id, "deliveries", &delivery, "skip"];
            Ok(with_attempts(client.act(&path).await?))
        }
        Command::Replay(replay) => replay.run(client).await,
    }
}

/// Fails if the event does not arrive, so that a script can tell.
fn tested(answer: Answer) -> Output {
    let part = |key: &str| answer.value.get(key).filter(|value| !value.is_null());
    let took = format!("after {} ms", cell(part("durationMs")));
    let (sentence, exit_code) = match (part("status"), part("error")) {
        (Some(status), None) => (
            format!("it arrived: the receiver answered {status} {took}"),
            ExitCode::Ok,
        ),
        (_, error) => (
            format!("it did not arrive: {} ({took})", cell(error)),
            ExitCode::Refused,
        ),
    };
    let mut output = Output::done(answer, sentence);
    output.exit_code = exit_code;
    output
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::render::output::View;
    use crate::tests as fake;

    #[rstest]
    #[case(json!({"status": 204, "durationMs": 12, "error": null}), "it arrived: the receiver answered 204 after 12 ms", ExitCode::Ok)]
    #[case(json!({"status": 500, "durationMs": 12, "error": "the receiver answered 500"}), "it did not arrive: the receiver answered 500 (after 12 ms)", ExitCode::Refused)]
    #[case(json!({"status": null, "durationMs": 3, "error": "no answer"}), "it did not arrive: no answer (after 3 ms)", ExitCode::Refused)]
    fn a_test_says_whether_it_arrived(
        #[case] value: Value,
        #[case] sentence: &str,
        #[case] exit_code: ExitCode,
    ) {
        let output = tested(value.into());
        let [View::Text(text)] = &output.views[..] else {
            panic!("other views");
        };
        assert_eq!((text.as_str(), output.exit_code), (sentence, exit_code));
    }

    #[tokio::test]
    async fn a_new_secret_comes_with_a_sentence() {
        let id = "whk_1".to_owned();
        let answer = r#"{"secret":"whsec_x"}"#;
        let (client, asked) = fake::scripted(vec![answer.into_response()]).await;
        let rotated = run(Command::RotateSecret { id }, &client).await.unwrap();
        assert_eq!(
            *asked.lock().unwrap(),
            ["/webhook-endpoints/whk_1/rotate-secret -"]
        );
        assert_eq!(rotated.json, answer);
        assert!(matches!(rotated.views.last(), Some(View::Text(text)) if text == KEEP_IT));
    }
}
