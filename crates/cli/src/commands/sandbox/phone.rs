//! The phones of a sandbox that runs: a customer taps, chooses, writes and reads.

use clap::Subcommand;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use recado_core::recipient::{GivenRecipient, GivenRecipientError};
use recado_sandbox::Provider;
use serde::Serialize;
use serde_json::json;

use super::control::Target;
use crate::{Answer, Columns, Failure, Output, Result, api::id_kinds, commands::resource::filled};

const WRITTEN: Columns = "MESSAGE /messageId";
const WEBHOOK: Columns = "\
    PROVIDER /provider, ACCOUNT /account, URL /url, SECRET /secret, VERIFY TOKEN /verifyToken";

#[derive(Subcommand)]
pub(super) enum Command {
    /// Tap a button of a message
    #[command(after_help = "Example:\n  recado sandbox tap wamid.HBgM btn_sales")]
    Tap {
        /// The message's id on the phone: its externalId in Recado
        message_id: String,
        /// The button's id
        button: String,
        #[command(flatten)]
        target: Target,
    },
    /// Choose a row of a message's list
    #[command(after_help = "Example:\n  recado sandbox pick wamid.HBgM slot-14")]
    Pick {
        /// The message's id on the phone: its externalId in Recado
        message_id: String,
        /// The row's id
        row: String,
        #[command(flatten)]
        target: Target,
    },
    /// Write a text to a number
    Say(SayArgs),
    /// Read a message, so that its sender gets the status read
    Read {
        /// The message's id on the phone: its externalId in Recado
        message_id: String,
        #[command(flatten)]
        target: Target,
    },
    /// Set where a provider sends its webhooks; WhatsApp verifies the URL first
    #[command(
        after_help = "Example:\n  recado sandbox connect --provider whatsapp --url http://127.0.0.1:8080/webhooks/whatsapp/main"
    )]
    Connect(ConnectArgs),
}

#[derive(clap::Args, Serialize)]
pub(super) struct SayArgs {
    /// Provider that carries the text
    #[arg(long, value_parser = provider())]
    provider: String,
    /// The customer's phone number
    #[arg(long, value_name = "PHONE", value_parser = customer)]
    from: String,
    /// Number that receives it: a phone number id or an instance id [default: the first account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    text: String,
    #[command(flatten)]
    #[serde(skip)]
    target: Target,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConnectArgs {
    /// Provider that sends the webhooks
    #[arg(long, value_parser = provider())]
    provider: String,
    /// URL on this machine that receives them: a channel's webhookUrl
    #[arg(long)]
    url: String,
    /// Number that sends them: a phone number id or an instance id [default: the first account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Secret that signs the webhooks: WhatsApp's app secret, the bearer secret of ZapperHUB, the HMAC key of wuzapi
    #[arg(long)]
    secret: Option<String>,
    /// Token that WhatsApp sends when it verifies the URL
    #[arg(long, value_name = "TOKEN")]
    verify_token: Option<String>,
    #[command(flatten)]
    #[serde(skip)]
    target: Target,
}

fn provider() -> PossibleValuesParser {
    PossibleValuesParser::new(Provider::ALL.map(Provider::as_str))
}

/// Reads a customer's address, and returns it as it was read: the sandbox knows fewer spellings of a phone number.
fn customer(text: &str) -> Result<String, GivenRecipientError> {
    let read = text.parse::<GivenRecipient>()?;
    Ok(read.recipient.to_string())
}

pub(super) async fn run(command: Command) -> Result<Output> {
    match command {
        Command::Tap {
            message_id,
            button,
            target,
        } => {
            let body = json!({"messageId": message_id, "button": button});
            let tapped = target.post(&["phone", "tap"], &body).await;
            let answer = tapped.map_err(|failure| of_message(failure, &message_id))?;
            Ok(Output::record(answer, WRITTEN))
        }
        Command::Pick {
            message_id,
            row,
            target,
        } => {
            let body = json!({"messageId": message_id, "id": row});
            let picked = target.post(&["phone", "pick"], &body).await;
            let answer = picked.map_err(|failure| of_message(failure, &message_id))?;
            Ok(Output::record(answer, WRITTEN))
        }
        Command::Say(args) => {
            let body = filled(json!(args));
            let answer = args.target.post(&["phone", "say"], &body).await?;
            Ok(Output::record(answer, WRITTEN))
        }
        Command::Read { message_id, target } => {
            let body = json!({"messageId": message_id});
            let read = target.post(&["phone", "read"], &body).await;
            let answer = read.map_err(|failure| of_message(failure, &message_id))?;
            Ok(Output::done(answer, "read".to_owned()))
        }
        Command::Connect(args) => {
            let body = filled(json!(args));
            Ok(connected(args.target.post(&["webhooks"], &body).await?))
        }
    }
}

fn connected(answer: Answer) -> Output {
    let is_whatsapp = answer.value["provider"] == "whatsapp";
    let output = Output::record(answer, WEBHOOK);
    if is_whatsapp {
        return output.with_text("the channel needs this secret as its appSecret");
    }
    output
}

fn of_message(failure: Failure, id: &str) -> Failure {
    failure.with_advice(id_kinds::hint_of_phone(id))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::post;
    use clap::Parser as _;
    use recado_sandbox::Sandbox;
    use rstest::rstest;
    use serde_json::Value;
    use tokio::net::TcpListener;

    use super::*;
    use crate::cli::Cli;
    use crate::exit_code::ExitCode;
    use crate::render::printer::Printer;
    use crate::tests as fake;

    async fn running() -> (Sandbox, String) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sandbox = Sandbox::new();
        let serving = sandbox.clone().serve(listener, std::future::pending());
        tokio::spawn(serving);
        (sandbox, url)
    }

    /// Runs `recado sandbox …` against that sandbox.
    async fn ask(target: &str, line: &[&str]) -> Result<Output> {
        let words = [&["recado", "sandbox"], line, &["--sandbox", target]].concat();
        let cli = Cli::try_parse_from(words).unwrap();
        cli.run(Printer::new(None)).await
    }

    /// A message with the button `btn_sales` on a phone; its id there.
    async fn shown(sandbox: &str) -> String {
        let body = json!({
            "phone": "5511900000001", "message": "Hi",
            "buttonList": {"buttons": [{"id": "btn_sales", "label": "Sales"}]},
        });
        let sent = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .post(format!(
                "{sandbox}/zapi/instances/INST-01/token/TOKEN-01/send-button-list"
            ))
            .header("client-token", "CLIENT-TOKEN-01")
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let sent: Value = serde_json::from_str(&sent.text().await.unwrap()).unwrap();
        sent["messageId"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_tap_a_text_and_a_reading_reach_the_webhook_that_was_connected() {
        let (sandbox, target) = running().await;
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let router = Router::new().fallback(post(move |body: String| async move {
            told.send(serde_json::from_str::<Value>(&body).unwrap())
                .unwrap();
        }));
        let hook = fake::serve(router).await;
        let connect = ["connect", "--provider", "zapi", "--url", &hook];
        ask(&target, &connect).await.unwrap();
        assert_eq!(sandbox.webhooks()[0].provider, Provider::Zapi);

        let id = shown(&target).await;
        let tap = ask(&target, &["tap", &id, "btn_sales"]).await.unwrap();
        let tap: Value = serde_json::from_str(&tap.json).unwrap();
        let say = "say --provider zapi --from +5511900000001 Olá";
        let say: Vec<_> = say.split(' ').collect();
        let say: Value = serde_json::from_str(&ask(&target, &say).await.unwrap().json).unwrap();
        let read = ask(&target, &["read", &id]).await.unwrap();
        assert_eq!(read.json, "");

        let mut is_read = false;
        let (mut tapped, mut said) = (false, false);
        while !(is_read && tapped && said) {
            let call = heard.recv().await.unwrap();
            tapped |= call["messageId"] == tap["messageId"];
            said |= call["messageId"] == say["messageId"] && call["text"]["message"] == "Olá";
            is_read |= call["status"] == "READ";
        }
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_words_of_the_sandbox() {
        let (_, target) = running().await;
        let id = shown(&target).await;
        let hook = fake::closed().await;
        let cases = [
            ("tap nothing btn_sales".to_owned(), "no phone shows"),
            (
                "tap msg_1 btn_sales".to_owned(),
                "the phone knows its externalId",
            ),
            ("read msg_1".to_owned(), "`recado message show msg_1`"),
            (format!("tap {id} btn_other"), "does not have this button"),
            (format!("pick {id} slot-14"), "does not have this row"),
            (
                "say --provider zapi --from +5511900000001 --account x Hi".to_owned(),
                "the provider does not have this account",
            ),
            (
                format!("connect --provider whatsapp --url {hook}"),
                "the challenge: it did not answer",
            ),
        ];
        for (line, words) in cases {
            let line: Vec<_> = line.split(' ').collect();
            let failure = ask(&target, &line).await.err().unwrap();
            assert_eq!(failure.exit_code(), ExitCode::Refused);
            assert!(failure.to_string().contains(words), "{failure}");
        }
    }

    #[tokio::test]
    async fn without_a_sandbox_it_says_how_to_start_one() {
        let target = fake::closed().await;
        let failure = ask(&target, &["read", "x"]).await.err().unwrap();
        assert_eq!(failure.exit_code(), ExitCode::Unreachable);
        assert!(
            failure.to_string().contains("`recado sandbox`"),
            "{failure}"
        );
    }

    #[tokio::test]
    async fn another_server_is_not_taken_for_a_sandbox() {
        let target = fake::serve(Router::new()).await;
        let failure = ask(&target, &["read", "x"]).await.err().unwrap();
        assert_eq!(failure.exit_code(), ExitCode::OwnFault);
    }

    #[rstest]
    #[case::a_prefix("00 55 11 90000-0001")]
    #[case::a_link("tel:+5511900000001")]
    #[case::dots("+55.11.90000.0001")]
    #[case::arabic_digits("+٥٥١١٩٠٠٠٠٠٠٠١")]
    fn a_customer_is_sent_as_read(#[case] text: &str) {
        assert_eq!(customer(text).unwrap(), "5511900000001");
    }
}
