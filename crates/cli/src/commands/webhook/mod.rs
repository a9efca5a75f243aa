//! `recado webhook`: who is told of events.

mod deliveries;
mod replay;
mod update;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::listing::ListArgs;
use crate::api::client::{Answer, Client, Effect};
use crate::commands::confirmation::Confirmation;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::render::output::{Columns, Output, View, cell};

const ROOT: &str = "webhook-endpoints";
const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("URL", "/url"),
    ("EVENTS", "/events"),
    ("FORMAT", "/format"),
    ("FAILING SINCE", "/failingSince"),
    ("DISABLED", "/disabledAt"),
];
const FIELDS: Columns = &[
    ("ID", "/id"),
    ("URL", "/url"),
    ("EVENTS", "/events"),
    ("FORMAT", "/format"),
    ("HEADER", "/header/name"),
    ("SECRET", "/secret"),
    ("FAILING SINCE", "/failingSince"),
    ("DISABLED", "/disabledAt"),
    ("CREATED", "/createdAt"),
    ("UPDATED", "/updatedAt"),
];
const ROTATED: Columns = &[("SECRET", "/secret"), ("OLD ONE UNTIL", "/previousUntil")];
const DELIVERY: Columns = &[
    ("ID", "/id"),
    ("EVENT", "/eventId"),
    ("STATUS", "/status"),
    ("ATTEMPTS", "/attemptCount"),
    ("NEXT", "/nextAttemptAt"),
    ("CREATED", "/createdAt"),
    ("FINISHED", "/finishedAt"),
];
const ATTEMPTS: Columns = &[
    ("AT", "/at"),
    ("ANSWER", "/status"),
    ("MS", "/durationMs"),
    ("ERROR", "/error"),
];
const KEEP_IT: &str =
    "keep the secret now: it is not shown again; your receiver checks signatures with it";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Tell a URL of events; its secret is shown once and never again
    #[command(
        after_help = "Example:\n  recado webhook add https://example.com/hooks/recado --type button.pressed --type message.received"
    )]
    Add {
        /// Where events go, over https
        url: String,
        /// Only this type, such as button.pressed; repeat it for more [default: all types]
        #[arg(long = "type", value_name = "TYPE")]
        types: Vec<String>,
        /// The words of the payload: Recado's own, or ChatVolt's
        #[arg(long, value_parser = formats())]
        format: Option<String>,
        /// A header that goes with every call, such as 'Authorization: Bearer …'
        ///
        /// Other users of this machine can see it while the command runs.
        #[arg(long, value_name = "NAME: VALUE")]
        header: Option<SecretString>,
    },
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
    /// List what was delivered to a webhook endpoint and what was not, oldest first
    Deliveries(deliveries::Deliveries),
    /// Show one delivery with every attempt
    Delivery { id: String, delivery: String },
    /// Skip a delivery that keeps failing, so that the next of its conversation goes
    Skip { id: String, delivery: String },
    /// Deliver once more: one delivery, or the events of a time
    Replay(replay::Replay),
}

pub(crate) async fn run(command: Command, client: &Client) -> Result<Output, Failure> {
    match command {
        Command::Add {
            url,
            types,
            format,
            header,
        } => {
            let body = endpoint(&url, &types, format, header.as_ref())?;
            let answer = client.post(&[ROOT], &body).await?;
            Ok(with_secret(Output::record(readable(answer), FIELDS)))
        }
        Command::List(list) => {
            let answer = client.get(&[ROOT], &list.query()).await?;
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
            let answer = client.delete(&[ROOT, &id]).await?;
            Ok(Output::done(
                answer,
                format!("removed webhook endpoint {id}"),
            ))
        }
        Command::Test { id } => {
            let answer = act(client, &[ROOT, &id, "test"]).await?;
            Ok(tested(answer))
        }
        Command::RotateSecret { id } => {
            let answer = act(client, &[ROOT, &id, "rotate-secret"]).await?;
            Ok(with_secret(Output::record(answer, ROTATED)))
        }
        Command::Deliveries(list) => list.run(client).await,
        Command::Delivery { id, delivery } => {
            let answer = client
                .get(&[ROOT, &id, "deliveries", &delivery], &[])
                .await?;
            Ok(with_attempts(answer))
        }
        Command::Skip { id, delivery } => {
            let answer = act(client, &[ROOT, &id, "deliveries", &delivery, "skip"]).await?;
            Ok(with_attempts(answer))
        }
        Command::Replay(replay) => replay.run(client).await,
    }
}

fn with_attempts(answer: Answer) -> Output {
    let attempts = View::rows(&answer.value, "attempts", ATTEMPTS);
    let mut output = Output::record(answer, DELIVERY);
    output.views.push(attempts);
    output
}

/// A change without particulars.
async fn act(client: &Client, path: &[&str]) -> Result<Answer, Failure> {
    let effect = Effect::Changes;
    client.call(Method::POST, path, &[], None, effect).await
}

fn endpoint(
    url: &str,
    types: &[String],
    format: Option<String>,
    header: Option<&SecretString>,
) -> Result<Value, Failure> {
    let mut body = json!({"url": url});
    if !types.is_empty() {
        body["events"] = json!(types);
    }
    if let Some(format) = format {
        body["format"] = format.into();
    }
    if let Some(given) = header {
        body["header"] = parse_header(given)?;
    }
    Ok(body)
}

/// A header of the command line as the server takes it.
fn parse_header(text: &SecretString) -> Result<Value, Failure> {
    // Without the text, which may be the secret alone.
    let (name, value) = text.expose_secret().split_once(':').ok_or_else(|| {
        Failure::Usage("--header takes 'Name: value', such as 'X-Key: 123'".to_owned())
    })?;
    Ok(json!({"name": name.trim(), "value": value.trim()}))
}

/// The words that a payload may have.
fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(["recado", "chatvolt"])
}

/// The types of an endpoint, or of each in a list, the way a person writes them.
fn readable(mut answer: Answer) -> Answer {
    fn join(endpoint: &mut Value) {
        let Some(Value::Array(types)) = endpoint.get("events") else {
            return;
        };
        let types: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
        let shown = if types.is_empty() {
            "all".to_owned()
        } else {
            types.join(", ")
        };
        endpoint["events"] = shown.into();
    }
    match answer.value.get_mut("data") {
        Some(Value::Array(endpoints)) => endpoints.iter_mut().for_each(join),
        _ => join(&mut answer.value),
    }
    answer
}

fn with_secret(mut output: Output) -> Output {
    output.views.push(View::Text(KEEP_IT.to_owned()));
    output
}

/// An event that does not arrive is no success for a script that asks.
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
    use rstest::rstest;

    use super::*;

    fn answer(value: Value) -> Answer {
        Answer {
            text: value.to_string(),
            value,
        }
    }

    #[test]
    fn an_endpoint_names_only_what_was_given() {
        let body = endpoint("https://h/", &[], None, None);
        assert_eq!(body.unwrap(), json!({"url": "https://h/"}));
        let header: SecretString = "Authorization: Bearer a:b".into();
        let types = ["button.pressed".to_owned()];
        let format = Some("chatvolt".to_owned());
        let body = endpoint("https://h/", &types, format, Some(&header));
        let expected = json!({
            "url": "https://h/", "events": ["button.pressed"], "format": "chatvolt",
            "header": {"name": "Authorization", "value": "Bearer a:b"},
        });
        assert_eq!(body.unwrap(), expected);
    }

    #[test]
    fn a_header_without_a_colon_is_refused_without_its_text() {
        let failure = endpoint("https://h/", &[], None, Some(&"s3cret".into())).unwrap_err();
        assert_eq!(failure.exit_code(), ExitCode::Usage);
        assert!(!failure.to_string().contains("s3cret"));
    }

    #[test]
    fn types_are_words_and_none_is_all_while_programs_get_the_list() {
        let one = readable(answer(json!({"events": ["a", "b"]})));
        assert_eq!(one.value["events"], "a, b");
        assert_eq!(one.text, r#"{"events":["a","b"]}"#);
        let list = readable(answer(json!({"data": [{"events": []}]})));
        assert_eq!(list.value["data"][0]["events"], "all");
    }

    #[rstest]
    #[case(json!({"status": 204, "durationMs": 12, "error": null}), "it arrived: the receiver answered 204 after 12 ms", ExitCode::Ok)]
    #[case(json!({"status": 500, "durationMs": 12, "error": "the receiver answered 500"}), "it did not arrive: the receiver answered 500 (after 12 ms)", ExitCode::Refused)]
    #[case(json!({"status": null, "durationMs": 3, "error": "no answer"}), "it did not arrive: no answer (after 3 ms)", ExitCode::Refused)]
    fn a_test_says_whether_it_arrived(
        #[case] value: Value,
        #[case] sentence: &str,
        #[case] exit_code: ExitCode,
    ) {
        let output = tested(answer(value));
        let [View::Text(text)] = &output.views[..] else {
            panic!("other views");
        };
        assert_eq!((text.as_str(), output.exit_code), (sentence, exit_code));
    }

    #[test]
    fn a_new_secret_comes_with_a_sentence() {
        let output = with_secret(Output::record(
            answer(json!({"secret": "whsec_x"})),
            ROTATED,
        ));
        assert_eq!(output.json, r#"{"secret":"whsec_x"}"#);
        assert!(matches!(output.views.last(), Some(View::Text(text)) if text == KEEP_IT));
    }
}
