//! `recado send`: through a server, or with `--direct` without one.

use clap::Subcommand;
use recado_core::{Button, GivenRecipient, Provider};
use recado_sandbox::drawing::Bubble;
use recado_sandbox::terminal::visible;
use reqwest::Method;
use serde_json::{Map, Value};

use super::channel::provider_parser;
use super::message;
use crate::api::client::Effect;
use crate::cli::Globals;
use crate::credentials::{self, setting};
use crate::direct::Direct;
use crate::environment::Lookup;
use crate::failure::Failure;
use crate::input;
use crate::render::bubble;
use crate::render::output::{Output, View, cell};

const PATH: [&str; 3] = ["messages", "interactive", "send-buttons"];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Send a text with reply buttons
    #[command(after_help = HELP)]
    Buttons(ButtonsArgs),
}

const HELP: &str = "Examples:
  recado send buttons --agent agent-123 --conversation conv-456 --body \"How can we help you?\" \\
      --button btn_sales=Sales --button btn_support=Support
  recado send buttons --json body.json --dry-run
  recado send buttons --direct zapi --to +5511900000001 --body Hi --button yes=Yes

Without a server (--direct) the credentials come from the environment:
`recado channel create --help` lists them. RECADO_WHATSAPP_URL, RECADO_ZAPI_URL and
RECADO_ZAPPERHUB_URL lead elsewhere, for example to `recado sandbox`;
RECADO_WHATSAPP_VERSION chooses the version of the Graph API.

Exit code 6 means that the answer was lost: the message may be on its way,
so do not send it again before you have looked.";

#[derive(clap::Args)]
pub(crate) struct ButtonsArgs {
    /// Who speaks
    #[arg(long, value_name = "ID", required_unless_present_any = ["json", "direct"], conflicts_with_all = ["json", "direct"])]
    agent: Option<String>,
    /// To whom, over which number
    #[arg(long, value_name = "ID", required_unless_present_any = ["json", "direct"], conflicts_with_all = ["json", "direct"])]
    conversation: Option<String>,
    /// The bold line above the body
    #[arg(long, value_name = "TEXT", conflicts_with = "json")]
    header: Option<String>,
    /// The text
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present = "json",
        conflicts_with = "json"
    )]
    body: Option<String>,
    /// The small line below the body
    #[arg(long, value_name = "TEXT", conflicts_with = "json")]
    footer: Option<String>,
    /// A button; repeat it for up to three. The title may contain '='
    #[arg(long = "button", value_name = "ID=TITLE", value_parser = button, required_unless_present = "json", conflicts_with = "json")]
    buttons: Vec<Button>,
    /// The body as ChatVolt's API takes it; - is standard input
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
    /// Show what the provider would get, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Send without a server
    #[arg(long, value_name = "PROVIDER", value_parser = provider_parser(), requires = "to")]
    direct: Option<Provider>,
    /// To whom, without a server: a phone number with country code, a user id, a LID or a group
    #[arg(long, value_name = "RECIPIENT", requires = "direct")]
    to: Option<GivenRecipient>,
    /// A setting of the channel, without a server, such as dialect=wuzapi; repeat it for more
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting, requires = "direct")]
    settings: Vec<(String, String)>,
}

/// Reads `ID=TITLE`.
fn button(text: &str) -> Result<Button, String> {
    match input::key_value(text) {
        Some((id, title)) if !title.is_empty() => Ok(Button::new(id, title)),
        _ => Err("a button is ID=TITLE, such as btn_sales=Sales".to_owned()),
    }
}

impl ButtonsArgs {
    /// The body of the request, from the file or from the flags.
    fn body(&self) -> Result<Map<String, Value>, Failure> {
        if let Some(path) = &self.json {
            return input::json_object(path);
        }
        let texts = [
            ("agentId", &self.agent),
            ("conversationId", &self.conversation),
            ("header_text", &self.header),
            ("body_text", &self.body),
            ("footer_text", &self.footer),
        ];
        let mut body: Map<String, Value> = texts
            .into_iter()
            .filter_map(|(key, text)| Some((key.to_owned(), text.clone()?.into())))
            .collect();
        for (number, button) in (1..).zip(&self.buttons) {
            body.insert(format!("button_{number}_id"), button.id.clone().into());
            body.insert(
                format!("button_{number}_title"),
                button.title.clone().into(),
            );
        }
        Ok(body)
    }
}

pub(crate) async fn run(
    command: Command,
    globals: &Globals,
    lookup: Lookup<'_>,
) -> Result<Output, Failure> {
    let Command::Buttons(args) = command;
    let body = args.body()?;
    if let (Some(provider), Some(to)) = (args.direct, args.to) {
        let settings = credentials::settings(args.settings);
        let direct = Direct::new(provider, &settings, to, body, lookup)?;
        return if args.dry_run {
            direct.preview()
        } else {
            direct.send().await
        };
    }
    let client = globals.client(lookup)?;
    let body = Value::Object(body);
    if args.dry_run {
        let query = [("dryRun", "true".to_owned())];
        let answer = client
            .call(Method::POST, &PATH, &query, Some(&body), Effect::Reads)
            .await?;
        let views = dry_run(bubble::of_request(body), &answer.value);
        return Ok(Output::new(answer.text, views));
    }
    let answer = client.post(&PATH, &body).await?;
    let views = message::views(answer.value.get("message").unwrap_or(&Value::Null));
    Ok(Output::new(answer.text, views))
}

/// The answer to a dry run as a person wants to see it.
pub(crate) fn dry_run(bubble: Option<Bubble>, answer: &Value) -> Vec<View> {
    let mut views: Vec<View> = bubble.map(View::Message).into_iter().collect();
    views.extend(answer.get("request").map(request));
    views.extend(answer.get("limits").and_then(limits));
    views.extend(View::warnings(answer));
    views.push(View::Text("nothing was sent (dry run)".to_owned()));
    views
}

/// The request to the provider, the way HTTP writes it.
fn request(request: &Value) -> View {
    let part = |key: &str| cell(request.get(key));
    let headers: Vec<String> = (request.get("headers").and_then(Value::as_object))
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}: {}\n", cell(Some(value))))
        .collect();
    let body = request.get("body").unwrap_or(&Value::Null);
    View::Text(format!(
        "\n{} {}\n{}\n{}\n",
        part("method"),
        part("url"),
        headers.concat(),
        visible(&format!("{body:#}"))
    ))
}

/// `{"body_text": {"min": 1, "max": 1024, "source": …}}` as a table.
fn limits(limits: &Value) -> Option<View> {
    let rows = limits.as_object()?.iter().map(|(name, limit)| {
        let part = |key: &str| cell(limit.get(key));
        vec![name.clone(), part("min"), part("max"), part("source")]
    });
    Some(View::Rows {
        columns: vec!["LIMIT", "MIN", "MAX", "SOURCE"],
        rows: rows.collect(),
        instants: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("btn_sales=Sales", "btn_sales", "Sales")]
    #[case("a=1+1=2", "a", "1+1=2")]
    #[case("a= b ", "a", " b ")]
    fn a_button_is_an_id_and_a_title(#[case] text: &str, #[case] id: &str, #[case] title: &str) {
        assert_eq!(button(text), Ok(Button::new(id, title)));
    }

    #[rstest]
    #[case("Sales")]
    #[case("=Sales")]
    #[case("btn_sales=")]
    #[case("")]
    fn half_a_button_is_refused(#[case] text: &str) {
        assert!(button(text).is_err());
    }

    #[test]
    fn flags_make_the_body_that_chatvolt_takes() {
        let args = ButtonsArgs {
            agent: Some("agent-123".to_owned()),
            conversation: Some("conv-456".to_owned()),
            header: None,
            body: Some("Hi".to_owned()),
            footer: Some("Foot".to_owned()),
            buttons: vec![button("a=Yes").unwrap(), button("b=No").unwrap()],
            json: None,
            dry_run: false,
            direct: None,
            to: None,
            settings: Vec::new(),
        };
        let expected = json!({
            "agentId": "agent-123", "conversationId": "conv-456", "body_text": "Hi", "footer_text": "Foot",
            "button_1_id": "a", "button_1_title": "Yes", "button_2_id": "b", "button_2_title": "No",
        });
        assert_eq!(Value::Object(args.body().unwrap()), expected);
    }

    #[test]
    fn a_dry_run_shows_bubble_request_limits_and_warnings() {
        let answer = json!({
            "dryRun": true,
            "request": {"method": "POST", "url": "https://x/y", "headers": {"authorization": "***"}, "body": {"to": "1"}},
            "limits": {"body_text": {"min": 1, "max": 1024, "source": "Meta"}},
            "warnings": [{"field": "body_text", "message": "long"}],
        });
        let bubble = bubble::of_request(json!({
            "agentId": "a", "conversationId": "c", "body_text": "Hi", "button_1_id": "x", "button_1_title": "Yes"
        }));
        let views = dry_run(bubble, &answer);
        let [
            View::Message(_),
            View::Text(request),
            View::Rows { rows, .. },
            View::Text(warnings),
            View::Text(end),
        ] = &views[..]
        else {
            panic!("other views");
        };
        let expected = "\nPOST https://x/y\nauthorization: ***\n\n{\n  \"to\": \"1\"\n}\n";
        assert_eq!(request, expected);
        assert_eq!(rows, &[["body_text", "1", "1024", "Meta"]]);
        assert_eq!(warnings, "warning: body_text: long");
        assert_eq!(end, "nothing was sent (dry run)");
    }
}
