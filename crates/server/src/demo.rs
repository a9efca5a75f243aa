//! The demo's world: a server, the sandbox beside it, and one conversation on each provider.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use recado_core::chatvolt::{SendButtons, SendList, SendText};
use recado_core::{ApiKeyId, Provider};
use recado_providers::{Defaults, HttpClient, Profile, Registration, RetryPolicy, Timeouts};
use recado_sandbox::{
    Account, DEFAULT_ADDRESS, FileKind, PhoneError, PhoneFile, PhoneMessage, Sandbox, Urls,
    Webhook, base_urls,
};
use recado_store::{ApiKey, ApiKeySecret, Author, MasterKey, Retention, Store};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::{
    App, AppParts, Clock, HEARTBEAT, MAX_ATTEMPTS_IN_FLIGHT, MAX_QUEUED_MIB, MAX_SENDS_IN_FLIGHT,
    MAX_WEBHOOK_ENDPOINTS,
};
use crate::serve::ConnectionLimits;

/// The agent of every conversation.
pub const AGENT: &str = "agent-123";

/// One conversation on each provider.
pub const CONVERSATIONS: [(Provider, &str); 3] = [
    (Provider::WhatsApp, "conv-456"),
    (Provider::Zapi, "conv-zapi"),
    (Provider::ZapperHub, "conv-zapperhub"),
];

/// Longest that an answer of the customer may take to come back.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// Longest line of a command, in columns.
const MAX_LINE: usize = 76;

/// What stands before the rest of a command that has several lines.
const INDENT: &str = "    ";

const CUSTOMER: &str = "5511900000001";

/// The picture that the customer sends: one white point.
const PICTURE: &[u8] = include_bytes!("../assets/picture.png");

/// A running demo.
pub struct Demo {
    /// Where the API answers.
    pub url: String,
    /// Where the sandbox answers.
    pub sandbox_url: String,
    /// The key of the demo's organization.
    pub api_key: String,
    /// What plays the providers and the phone.
    pub sandbox: Sandbox,
    /// The newest event that [`Demo::events`] gave.
    after: Option<String>,
    app: Arc<App>,
    http: reqwest::Client,
    stop: CancellationToken,
    server: JoinHandle<anyhow::Result<()>>,
    simulators: JoinHandle<std::io::Result<()>>,
    // Removed with the demo.
    _folder: tempfile::TempDir,
}

impl Demo {
    /// Starts everything and connects all channels.
    pub async fn start(listener: TcpListener) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let sandbox = Sandbox::new();
        let beside = match TcpListener::bind(DEFAULT_ADDRESS).await {
            Ok(listener) => listener,
            // Another sandbox or demo has the port.
            Err(_) => TcpListener::bind((DEFAULT_ADDRESS.ip(), 0)).await?,
        };
        let sandbox_address = beside.local_addr()?;
        let simulators = tokio::spawn(
            sandbox
                .clone()
                .serve(beside, stop.clone().cancelled_owned()),
        );
        let folder = tempfile::Builder::new().prefix("recado-demo-").tempdir()?;
        let address = listener.local_addr()?;
        let (app, operator_key) = open(&folder, address, &base_urls(sandbox_address)).await?;
        let server = tokio::spawn(crate::run(
            Arc::clone(&app),
            listener,
            ConnectionLimits::default(),
            stop.clone().cancelled_owned(),
        ));
        let mut demo = Self {
            url: format!("http://{address}"),
            sandbox_url: format!("http://{sandbox_address}"),
            api_key: operator_key,
            sandbox,
            after: None,
            app,
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(20))
                .build()?,
            stop,
            server,
            simulators,
            _folder: folder,
        };
        demo.connect().await?;
        Ok(demo)
    }

    /// Makes the organization, its agent, channels and conversations, through the API like everybody.
    async fn connect(&mut self) -> anyhow::Result<()> {
        self.post(
            "/organizations",
            &json!({"id": "demo", "name": "Recado demo"}),
        )
        .await?;
        let key = self
            .post("/organizations/demo/api-keys", &json!({"name": "demo"}))
            .await?;
        key["key"]
            .as_str()
            .context("the answer has a key")?
            .clone_into(&mut self.api_key);
        self.post("/agents", &json!({"id": AGENT, "name": "Demo agent"}))
            .await?;
        for (provider, conversation) in CONVERSATIONS {
            let simulated = provider.as_str().parse()?;
            let credentials = Account::working(simulated).credentials_json();
            let channel = json!({"id": provider, "provider": provider, "name": provider.title(), "credentials": credentials});
            let channel = self.post("/channels", &channel).await?;
            let url = channel["webhookUrl"].as_str();
            let mut webhook = Webhook::new(simulated, url.context("a channel has a webhook URL")?);
            // Where a person registers it, the account in the sandbox has a secret of its own, such as Meta's app secret.
            if let Registration::Program { .. } = Profile::of(provider).registration {
                webhook.secret = channel["webhookSecret"].as_str().map(str::to_owned);
            }
            self.sandbox.register_webhook(webhook).await?;
            let conversation = json!({"id": conversation, "agentId": AGENT, "channelId": provider, "to": CUSTOMER});
            self.post("/conversations", &conversation).await?;
        }
        Ok(())
    }

    /// Sends the documentation's example of a text to a conversation.
    pub async fn send_text(&self, conversation: &str) -> anyhow::Result<Value> {
        let path = format!("/conversation/message/conversationId/{conversation}");
        self.send(&path, SendText::EXAMPLE, conversation).await
    }

    /// Sends the documentation's example of a message with buttons to a conversation.
    pub async fn send_buttons(&self, conversation: &str) -> anyhow::Result<Value> {
        let path = "/messages/interactive/send-buttons";
        self.send(path, SendButtons::EXAMPLE, conversation).await
    }

    /// Sends the documentation's example of a list to a conversation.
    pub async fn send_list(&self, conversation: &str) -> anyhow::Result<Value> {
        let path = "/messages/interactive/send-lists";
        self.send(path, SendList::EXAMPLE, conversation).await
    }

    async fn send(&self, path: &str, example: &str, conversation: &str) -> anyhow::Result<Value> {
        let mut body: Value = serde_json::from_str(example)?;
        body["conversationId"] = conversation.into();
        self.post(path, &body).await
    }

    /// Taps the first button of a message on the customer's phone, and waits up to 10 seconds for the event that comes back.
    pub async fn tap(&self, message: &PhoneMessage, conversation: &str) -> anyhow::Result<Value> {
        let tap = || self.sandbox.tap(&message.message_id, 0, None);
        self.answered(tap, "button.pressed", conversation).await
    }

    /// Chooses the first row of a message's list, and waits up to 10 seconds for the event that comes back.
    pub async fn pick(&self, message: &PhoneMessage, conversation: &str) -> anyhow::Result<Value> {
        let row = message.rows().next().context("the list has rows")?;
        let pick = || self.sandbox.pick_shown(&message.message_id, &row.id);
        self.answered(pick, "list.selected", conversation).await
    }

    /// Has the customer send a picture, and waits up to 10 seconds for its event; fetches the picture by the API and checks
    /// that it is the same.
    pub async fn receive_picture(
        &self,
        provider: Provider,
        conversation: &str,
    ) -> anyhow::Result<Value> {
        let simulated = provider.as_str().parse()?;
        let picture = PhoneFile {
            kind: FileKind::Image,
            mime_type: "image/png".to_owned(),
            name: None,
            caption: Some("Here it is".to_owned()),
            bytes: PICTURE.into(),
        };
        let send = || self.sandbox.send_file(simulated, "", CUSTOMER, &picture);
        let event = self
            .answered(send, "message.received", conversation)
            .await?;
        let id = event["data"]["messageId"].as_str();
        let path = format!("/messages/{}/media", id.context("a message has an id")?);
        let request = self.http.get(format!("{}{path}", self.url));
        let response = request.bearer_auth(&self.api_key).send().await?;
        let status = response.status();
        ensure!(status.is_success(), "{path} answered {status}");
        ensure!(
            response.bytes().await? == PICTURE,
            "{path} gave another file"
        );
        Ok(event)
    }

    /// Has the customer answer, and waits for the event of that type.
    async fn answered(
        &self,
        answer: impl FnOnce() -> Result<String, PhoneError>,
        kind: &str,
        conversation: &str,
    ) -> anyhow::Result<Value> {
        let mut subscription = self.app.store.subscribe_events(None);
        answer()?;
        let come = async {
            loop {
                let path = format!("/events?type={kind}&conversationId={conversation}");
                let mut events = self.get(&path).await?;
                if events["data"][0].is_object() {
                    return Ok(events["data"][0].take());
                }
                subscription.changed().await;
            }
        };
        tokio::time::timeout(ANSWER_DEADLINE, come)
            .await
            .context("the customer's answer did not come back in time")?
    }

    /// Waits for events that came after the last call, and returns them, oldest first.
    pub async fn events(&mut self) -> anyhow::Result<Vec<Value>> {
        let mut subscription = self.app.store.subscribe_events(None);
        loop {
            let found = self.newer_events().await?;
            if !found.is_empty() {
                return Ok(found);
            }
            subscription.changed().await;
        }
    }

    /// Returns the events that came after the last call, at most a page of them.
    pub async fn newer_events(&mut self) -> anyhow::Result<Vec<Value>> {
        let after = self.after.as_deref();
        let after = after.map_or_else(String::new, |id| format!("&after={id}"));
        let mut answer = self.get(&format!("/events?limit=1000{after}")).await?;
        let Value::Array(events) = answer["data"].take() else {
            return Ok(Vec::new());
        };
        if let Some(id) = events.last().and_then(|event| event["id"].as_str()) {
            self.after = Some(id.to_owned());
        }
        Ok(events)
    }

    /// Returns a line for the shell that sends the documentation's example; it takes the key from `RECADO_KEY`.
    pub fn curl(&self) -> String {
        format!(
            "curl {}/messages/interactive/send-buttons \\\n  -H \"Authorization: Bearer $RECADO_KEY\" \\\n  -H 'Content-Type: application/json' \\\n  -d '{}'",
            self.url,
            SendButtons::EXAMPLE.replace('\n', "\n  ")
        )
    }

    /// Returns a line for the shell that has the customer answer a message: `tap` and the id of a button, or `pick` and
    /// that of a row.
    pub fn phone_command(&self, answer: &str, message_id: &str, choice: &str) -> String {
        let sandbox = if self.sandbox_url == format!("http://{DEFAULT_ADDRESS}") {
            String::new()
        } else {
            format!(" --sandbox {}", self.sandbox_url)
        };
        let choice = for_shell(choice);
        let line = format!("recado sandbox {answer}{sandbox} {message_id} {choice}");
        // A terminal of 80 columns would break the id, which is then hard to copy.
        if line.len() <= MAX_LINE {
            return line;
        }
        let chosen = format!("{message_id} {choice}");
        let chosen = if chosen.len() <= MAX_LINE - INDENT.len() {
            chosen
        } else {
            format!("{message_id} \\\n{INDENT}{choice}")
        };
        format!("recado sandbox {answer}{sandbox} \\\n{INDENT}{chosen}")
    }

    /// Stops the server and the sandbox, and removes the database.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.server.await??;
        self.simulators.await??;
        Ok(())
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.http.get(format!("{}{path}", self.url));
        self.answer(path, request).await
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .http
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .body(body.to_string());
        self.answer(path, request).await
    }

    async fn answer(&self, path: &str, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let request = request.bearer_auth(&self.api_key);
        let response = request.send().await?;
        let (status, answer) = (response.status(), response.text().await?);
        ensure!(status.is_success(), "{path} answered {status}: {answer}");
        serde_json::from_str(&answer).with_context(|| format!("{path} answered no JSON"))
    }
}

/// Returns a word as a shell takes it, in quotes if it has other characters than the usual ids.
fn for_shell(word: &str) -> Cow<'_, str> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_usual) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''")).into()
    }
}

/// An app on a fresh database whose channels lead to the sandbox, and an operator key for it.
async fn open(
    folder: &tempfile::TempDir,
    address: SocketAddr,
    sandbox: &Urls,
) -> anyhow::Result<(Arc<App>, String)> {
    let database = format!("sqlite:{}", folder.path().join("recado.db").display());
    let store = Store::connect(&database, MasterKey::generate()?).await?;
    store.migrate().await?;
    let secret = ApiKeySecret::generate()?;
    let author = Author::command_line(Timestamp::now());
    let id = ApiKeyId::from_uuid(Uuid::now_v7());
    let operator = ApiKey::new(id, None, "demo operator", &secret, author.at);
    store.create_api_key(&operator, &secret, &author).await?;
    let mut defaults = Defaults::default();
    for provider in Provider::ALL {
        let simulated = provider.as_str().parse()?;
        *defaults.url_mut(provider) = sandbox.of(simulated).parse()?;
    }
    let app = App::new(AppParts {
        store,
        http: HttpClient::new(Timeouts::default(), true)?,
        defaults,
        public_url: format!("http://{address}").parse()?,
        clock: Clock::system(),
        retry: RetryPolicy::default(),
        max_sends_in_flight: MAX_SENDS_IN_FLIGHT,
        max_attempts_in_flight: MAX_ATTEMPTS_IN_FLIGHT,
        heartbeat: HEARTBEAT,
        max_webhook_endpoints: MAX_WEBHOOK_ENDPOINTS,
        max_queued_mib: MAX_QUEUED_MIB,
        server_name: None,
        retention: Retention::default(),
        rates: None,
    });
    Ok((app, secret.expose().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::for_shell;

    #[test]
    fn a_button_id_is_one_word_of_the_shell() {
        for (id, word) in [
            ("btn_sales", "btn_sales"),
            ("two words", "'two words'"),
            ("a;b", "'a;b'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(for_shell(id), word);
        }
    }
}
