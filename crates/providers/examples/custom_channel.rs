//! Adds a provider of your own: a channel to the made-up "Acme Messaging", under its own name.
//!
//! ```sh
//! cargo run -p recado-providers --example custom_channel
//! ```
#![expect(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::time::Duration;

use recado_providers::recado_core::capabilities::{Capabilities, Limit, Source};
use recado_providers::recado_core::inbound::{
    Choice, Contact, Ignored, Inbound, InboundContent, InboundMessage,
};
use recado_providers::recado_core::message::{Button, Buttons, ButtonsLimits, Content};
use recado_providers::{
    Admission, Channel, ChannelError, ErrorKind, ExposeSecret, Health, HealthState, Method,
    OutboundMessage, Preview, Receipt, Received, SecretString, Url, Value, WebhookCall,
    WebhookRefused, WebhookUnreadable, async_trait, header, json,
};

fn main() -> anyhow::Result<()> {
    let acme = Acme::new("https://api.acme.example".parse()?, "acme-token".into())?;
    let buttons = [Button::new("yes", "Yes"), Button::new("no", "No")];
    let message = OutboundMessage::new(
        "msg_1".parse()?,
        "5511900000001".parse()?,
        Buttons::new("Shall we confirm the visit?", buttons)?,
    );
    let preview = acme.preview(&message)?;
    println!("{} {}\n{:#}", preview.method, preview.url, preview.body);
    Ok(())
}

/// What Acme carries: WhatsApp's limits where its documentation is silent.
static CAPABILITIES: Capabilities = {
    let mut buttons = ButtonsLimits::like_whatsapp(Source::inferred("Acme is silent"));
    buttons.title = Limit::new(1, 24, Source::documented("Acme, buttons"));
    let mut acme = Capabilities::new("acme", "Acme Messaging");
    acme.buttons = Some(buttons);
    acme
};

/// Time for one request, from the first step to the end of the answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// One number at Acme.
pub(crate) struct Acme {
    http: reqwest::Client,
    url: Url,
    token: SecretString,
}

#[async_trait]
impl Channel for Acme {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn preview(&self, message: &OutboundMessage) -> Result<Preview, ChannelError> {
        message.check(&CAPABILITIES)?;
        let mut preview = Preview::new(&Method::POST, &self.url, body(message));
        let secret = ("authorization".to_owned(), "***".to_owned());
        preview.headers.push(secret);
        Ok(preview)
    }

    async fn send(&self, message: &OutboundMessage) -> Result<Receipt, ChannelError> {
        message.check(&CAPABILITIES)?;
        let request = self.http.post(self.url.clone()).timeout(ANSWER_TIMEOUT);
        let request = request.bearer_auth(self.token.expose_secret());
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let sent = request.body(body(message).to_string()).send().await;
        let answer = sent.map_err(|error| {
            if error.is_connect() {
                // Before the first byte: surely not sent, so it may be tried again.
                failed(ErrorKind::Unavailable, "could not be reached")
            } else {
                // Anywhere later: the message may be on its way.
                failed(ErrorKind::Indeterminate, "the answer was lost")
            }
        })?;
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap_or_default();
        let id = serde_json::from_str::<Value>(&text).ok();
        let id = id.as_ref().and_then(|answer| answer["id"].as_str());
        match (status, id) {
            (200, Some(id)) => Ok(Receipt::new(id)),
            (401, _) => Err(failed(ErrorKind::Unauthorized, "the token is not valid")),
            (400, _) => Err(failed(ErrorKind::Rejected, "the message was refused")),
            // An answer that Acme does not document leaves open what became of the message.
            _ => Err(failed(ErrorKind::Indeterminate, "an unknown answer")),
        }
    }

    async fn health(&self) -> Result<Health, ChannelError> {
        Ok(Health::new(HealthState::Connected, None))
    }

    fn verify_webhook(&self, call: &WebhookCall<'_>) -> Result<Admission, WebhookRefused> {
        if call.head.has_secret() {
            Ok(Admission::Deliver)
        } else {
            Err(WebhookRefused::Forbidden)
        }
    }

    fn parse_webhook(
        &self,
        _content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable> {
        let body: Value = serde_json::from_slice(body).map_err(|_| WebhookUnreadable)?;
        let text = |path: &str| body.pointer(path).and_then(Value::as_str);
        let from = text("/from").and_then(|phone| phone.parse().ok());
        let (Some(id), Some(from), Some(button)) = (text("/id"), from, text("/button/id")) else {
            return Ok(vec![Received::new(Inbound::Ignored(Ignored::Unknown))]);
        };
        let choice = Choice::new(button, text("/button/title").unwrap_or_default());
        let content = InboundContent::Button(choice);
        let message = InboundMessage::new(id, Contact::new([from]), content);
        Ok(vec![Received::new(Inbound::Message(message))])
    }
}

impl Acme {
    pub(crate) fn new(url: Url, token: SecretString) -> reqwest::Result<Self> {
        // A redirect would carry the message and the token elsewhere.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let http = http.build()?;
        Ok(Self { http, url, token })
    }
}

fn body(message: &OutboundMessage) -> Value {
    let buttons: Vec<_> = match &message.content {
        Content::Buttons(content) => {
            let buttons = content.buttons().iter();
            buttons
                .map(|button| json!({"id": button.id, "title": button.title}))
                .collect()
        }
        // The capabilities have no other kind: its messages are refused before.
        Content::Text(_)
        | Content::List(_)
        | Content::CtaUrl(_)
        | Content::Location(_)
        | Content::LocationRequest(_) => Vec::new(),
    };
    json!({"to": message.to.id(), "text": message.content.text(), "buttons": buttons})
}

fn failed(kind: ErrorKind, text: &str) -> ChannelError {
    ChannelError::new(CAPABILITIES.provider, kind, text)
}
