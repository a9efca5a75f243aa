//! Z-API, an unofficial API on a linked device.

pub(crate) mod account;
mod encode;
mod errors;
pub(crate) mod profile;
mod webhook;

use recado_core::inbound::{Ignored, Inbound};
use reqwest::header::{HeaderMap, HeaderName};

use self::account::{ButtonsEndpoint, CLIENT_TOKEN, WebhookToken, ZapiAccount};
use self::encode::{buttons, cta_url, list, location, text};
use crate::prelude::*;
use crate::webhook::reading::object;

/// One instance of Z-API.
struct Zapi {
    buttons_endpoint: ButtonsEndpoint,
    button_list: Endpoint,
    button_actions: Endpoint,
    option_list: Endpoint,
    text: Endpoint,
    location: Endpoint,
    queue_url: Url,
    status_url: Url,
    webhooks_url: Url,
    instance_id: SecretString,
    instance_token: SecretString,
    webhook_token: WebhookToken,
}

pub(crate) fn connect(
    http: &HttpClient,
    base_url: &Url,
    account: &ZapiAccount,
    carries: &'static Capabilities,
) -> Result<Arc<dyn Channel>, ConfigError> {
    let id = account.instance_id.expose_secret();
    let token = account.instance_token.expose_secret();
    let url = |id, token, method| join(base_url, &["instances", id, "token", token, method]);
    let endpoint = |method| {
        Ok::<_, ConfigError>(Endpoint {
            url: url(id, token, method)?,
            shown: url(BLANK, BLANK, method)?,
        })
    };
    let wire = Zapi {
        buttons_endpoint: account.buttons_endpoint,
        button_list: endpoint("send-button-list")?,
        button_actions: endpoint("send-button-actions")?,
        option_list: endpoint("send-option-list")?,
        text: endpoint("send-text")?,
        location: endpoint("send-location")?,
        queue_url: url(id, token, "queue")?,
        status_url: url(id, token, "status")?,
        webhooks_url: url(id, token, "update-every-webhooks")?,
        instance_id: account.instance_id.clone(),
        instance_token: account.instance_token.clone(),
        webhook_token: account.webhook_token,
    };
    let headers = match &account.client_token {
        Some(secret) => {
            let name = HeaderName::from_static("client-token");
            secret_header(name, CLIENT_TOKEN.name, "", secret)?
        }
        None => HeaderMap::new(),
    };
    let secrets = [&account.instance_id, &account.instance_token];
    let redactor = Redactor::new(secrets.into_iter().chain(&account.client_token));
    let connection = Connection::new(carries.provider, http, headers, redactor);
    Ok(Arc::new(Api::new(wire, carries, connection)))
}

impl Wire for Zapi {
    const PROFILE: &'static Profile = &profile::PROFILE;

    fn encode(&self, message: &OutboundMessage) -> Option<(&Endpoint, String)> {
        let phone = &encode::phone(&message.to);
        Some(match &message.content {
            Content::Text(content) => (&self.text, text::text(phone, content)),
            Content::Buttons(content) if self.buttons_endpoint.has_title_for(content) => {
                (&self.button_actions, buttons::actions(phone, content))
            }
            Content::Buttons(content) => (&self.button_list, buttons::list(phone, content)),
            Content::List(content) => (&self.option_list, list::options(phone, content)),
            Content::CtaUrl(content) => (&self.button_actions, cta_url::action(phone, content)),
            Content::Location(content) => (&self.location, location::location(phone, content)),
            Content::LocationRequest(_) => return None,
        })
    }

    /// A message was queued if the status is 2xx, and the answer has no error and at least one id.
    fn decode(&self, _: &OutboundMessage, answer: &Answer) -> Result<Receipt, Refusal> {
        let refused = || errors::refusal(answer);
        let body = answer.json().filter(|_| answer.is_success());
        let body = body.filter(|body| !errors::is_error(body));
        let body = body.ok_or_else(refused)?;
        let provider_id = text(&body, "/zaapId");
        let external_id = text(&body, "/messageId").or(provider_id);
        Ok(Receipt {
            external_id: Some(external_id.ok_or_else(refused)?.to_owned()),
            provider_id: provider_id.map(str::to_owned),
        })
    }

    async fn cancel(&self, connection: &Connection, provider_id: &str) -> Result<(), Refusal> {
        let url = message_in(&self.queue_url, provider_id)?;
        // Z-API asks for the content type in this call too.
        let answer = connection.request(Method::DELETE, &url, String::new());
        let answer = answer.await?;
        if errors::is_done(&answer) {
            return Ok(());
        }
        let mut refusal = errors::refusal(&answer);
        // The message does not wait any more (inferred).
        if answer.status == 404 {
            refusal.kind = ErrorKind::Rejected;
        }
        Err(refusal)
    }

    fn health_url(&self) -> &Url {
        &self.status_url
    }

    fn decode_health(&self, answer: &Answer) -> Result<Health, Refusal> {
        let status = answer.json().filter(|_| answer.status == 200);
        // `error` is filled even on success ("You are already connected."): `connected` alone decides.
        let connected = status
            .as_ref()
            .and_then(|body| body.get("connected")?.as_bool());
        let (Some(status), Some(connected)) = (status, connected) else {
            return Err(errors::refusal(answer));
        };
        let phone_offline = status.get("smartphoneConnected") == Some(&false.into());
        let (state, detail) = match connected {
            true if phone_offline => (HealthState::Connected, Some("the phone is offline")),
            true => (HealthState::Connected, None),
            false => (HealthState::Disconnected, text(&status, "/error")),
        };
        Ok(Health::new(state, detail.map(str::to_owned)))
    }

    async fn register(
        &self,
        connection: &Connection,
        url: &Url,
        _: &SecretString,
    ) -> Result<(), Refusal> {
        let body = json!({"value": url.as_str(), "notifySentByMe": true});
        let answer = connection
            .order(Method::PUT, &self.webhooks_url, &body)
            .await?;
        let value = answer.json().filter(|_| answer.status == 200);
        match value.as_ref().and_then(|body| body.get("value")) {
            Some(Value::Bool(true)) => Ok(()),
            // An instance that is not connected answers so to an operation that it cannot do (observed).
            Some(Value::Bool(false)) => {
                let text = "the instance is not connected";
                Err(Refusal::new(ErrorKind::NotConnected, text))
            }
            _ => Err(errors::refusal(&answer)),
        }
    }

    fn verify_head(&self, head: &WebhookHead<'_>) -> Result<(), WebhookRefused> {
        let token = head.headers.get("z-api-token");
        let known = token.is_some_and(|given| proof::knows(given.as_bytes(), &self.instance_token));
        WebhookRefused::unless(known || self.webhook_token == WebhookToken::Ignored)
    }

    fn verify_body(&self, _: &WebhookCall<'_>) -> Result<(), WebhookRefused> {
        Ok(())
    }

    fn parse(
        &self,
        redactor: &Redactor,
        _: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable> {
        let body = object(body)?;
        let instance = text(&body, "/instanceId");
        let ours = instance.is_none_or(|id| proof::knows(id.as_bytes(), &self.instance_id));
        let news = if ours {
            webhook::news(redactor, &body)
        } else {
            vec![Inbound::Ignored(Ignored::OtherInstance)]
        };
        Ok(news.into_iter().map(Received::new).collect())
    }
}

/// Returns the URL of one message in the queue.
fn message_in(queue: &Url, provider_id: &str) -> Result<Url, Refusal> {
    // An empty segment or one of dots would leave the URL of the whole queue, which would be emptied.
    let is_id = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric());
    if !is_id(provider_id) {
        let text = "the id of the message is not one of Z-API's queue";
        return Err(Refusal::new(ErrorKind::Rejected, text));
    }
    let mut url = queue.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(provider_id);
    }
    Ok(url)
}
