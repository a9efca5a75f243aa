//! The demo's world: a server, the sandbox beside it, and one conversation on each provider.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use recado_core::{ApiKeyId, Provider};
use recado_providers::{Defaults, HttpClient, RetryPolicy, Timeouts};
use recado_sandbox::{Sandbox, Urls, base_urls};
use recado_store::{ApiKey, ApiKeySecret, MasterKey, Store};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::{App, AppParts, Clock, MAX_SENDS_IN_FLIGHT};
use crate::serve::ConnectionLimits;

/// The documentation's example, without its conversation.
const EXAMPLE: &str = r#"{
  "agentId": "agent-123",
  "conversationId": "conv-456",
  "header_text": "Select an option",
  "body_text": "How can we help you today?",
  "footer_text": "ChatVolt Support",
  "button_1_id": "btn_sales",
  "button_1_title": "Sales",
  "button_2_id": "btn_support",
  "button_2_title": "Support"
}"#;

/// The agent of every conversation.
pub const AGENT: &str = "agent-123";

/// One conversation on each provider.
pub const CONVERSATIONS: [(Provider, &str); 3] = [
    (Provider::WhatsApp, "conv-456"),
    (Provider::Zapi, "conv-zapi"),
    (Provider::ZapperHub, "conv-zapperhub"),
];

/// The customer's phone.
const CUSTOMER: &str = "5511900000001";

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
    http: reqwest::Client,
    stop: CancellationToken,
    server: JoinHandle<anyhow::Result<()>>,
    simulators: JoinHandle<std::io::Result<()>>,
    // Removed with the demo.
    _folder: tempfile::TempDir,
}

impl Demo {
    /// Starts everything and connects the three channels.
    ///
    /// # Errors
    ///
    /// An address or the folder of the database cannot be used.
    pub async fn start(listener: TcpListener) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let sandbox = Sandbox::new();
        let beside = TcpListener::bind("127.0.0.1:0").await?;
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
            app,
            listener,
            ConnectionLimits::default(),
            stop.clone().cancelled_owned(),
        ));
        let mut demo = Self {
            url: format!("http://{address}"),
            sandbox_url: format!("http://{sandbox_address}"),
            api_key: operator_key,
            sandbox,
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
            let channel = json!({"id": provider, "provider": provider, "name": provider.title(), "credentials": credentials(provider)});
            self.post("/channels", &channel).await?;
            let conversation = json!({"id": conversation, "agentId": AGENT, "channelId": provider, "to": CUSTOMER});
            self.post("/conversations", &conversation).await?;
        }
        Ok(())
    }

    /// Sends the documentation's example to a conversation.
    ///
    /// # Errors
    ///
    /// The server does not answer with success.
    pub async fn send_example(&self, conversation: &str) -> anyhow::Result<Value> {
        let mut body: Value = serde_json::from_str(EXAMPLE)?;
        body["conversationId"] = conversation.into();
        self.post("/messages/interactive/send-buttons", &body).await
    }

    /// A line for the shell that sends the documentation's example.
    #[must_use]
    pub fn curl(&self) -> String {
        format!(
            "curl {}/messages/interactive/send-buttons \\\n  -H 'Authorization: Bearer {}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{EXAMPLE}'",
            self.url, self.api_key
        )
    }

    /// Stops the server and the sandbox, and removes the database.
    ///
    /// # Errors
    ///
    /// One of them had failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.server.await??;
        self.simulators.await??;
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self
            .http
            .post(format!("{}{path}", self.url))
            .bearer_auth(&self.api_key)
            .header("content-type", "application/json")
            .body(body.to_string());
        let response = request.send().await?;
        let (status, answer) = (response.status(), response.text().await?);
        ensure!(
            status.is_success(),
            "POST {path} answered {status}: {answer}"
        );
        serde_json::from_str(&answer).with_context(|| format!("POST {path} answered no JSON"))
    }
}

/// An app on a fresh database whose channels lead to the sandbox, and an operator key for it.
async fn open(
    folder: &tempfile::TempDir,
    address: SocketAddr,
    sandbox: &Urls,
) -> anyhow::Result<(std::sync::Arc<App>, String)> {
    let database = format!("sqlite:{}", folder.path().join("recado.db").display());
    let store = Store::connect(&database, MasterKey::generate()?).await?;
    store.migrate().await?;
    let secret = ApiKeySecret::generate()?;
    let operator = ApiKey {
        id: ApiKeyId::from_uuid(Uuid::now_v7()),
        organization_id: None,
        name: "demo operator".to_owned(),
        created_at: Timestamp::now(),
    };
    store.create_api_key(&operator, &secret).await?;
    let app = App::new(AppParts {
        store,
        http: HttpClient::new(Timeouts::default(), true)?,
        defaults: Defaults {
            whatsapp_url: sandbox.whatsapp.parse()?,
            zapi_url: sandbox.zapi.parse()?,
            zapperhub_url: sandbox.zapperhub.parse()?,
            ..Defaults::default()
        },
        public_url: format!("http://{address}").parse()?,
        clock: Clock::system(),
        retry: RetryPolicy::default(),
        max_sends_in_flight: MAX_SENDS_IN_FLIGHT,
    });
    Ok((app, secret.expose().to_owned()))
}

/// The sandbox's own accounts.
fn credentials(provider: Provider) -> Value {
    match provider {
        Provider::WhatsApp => json!({"phoneNumberId": "800000000000001", "accessToken": "T-OK"}),
        Provider::Zapi => {
            json!({"instanceId": "INST-01", "instanceToken": "TOK-01", "clientToken": "CT-01"})
        }
        Provider::ZapperHub => json!({"instanceId": "inst_5f2c", "apiKey": "K1"}),
    }
}
