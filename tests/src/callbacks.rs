//! What the providers send to the gateway, made and signed by the tests themselves.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use recado_store::WebhookCall;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::Client;
use crate::json::{entries, id, text};
use crate::world::CUSTOMER;

/// The number of the channel `whatsapp`.
pub const NUMBER: &str = "800000000000001";

/// The app secret of the sandbox's account at WhatsApp.
pub const APP_SECRET: &str = "sim-app-secret-01";

/// A text that a customer writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub id: String,
    pub from: String,
    pub body: String,
}

impl Text {
    /// A text of that customer, with an id of its own.
    pub fn from(phone: &str) -> Self {
        Self {
            id: format!("ID-{phone}"),
            from: phone.to_owned(),
            body: format!("I am {phone}"),
        }
    }
}

/// The webhook URLs of an organization's channels, and what proves a call to them.
#[derive(Clone)]
pub struct Callbacks {
    http: reqwest::Client,
    server: String,
    channels: Vec<Called>,
}

/// One channel as it is called.
#[derive(Clone)]
struct Called {
    id: String,
    path: String,
    proof: Proof,
}

#[derive(Clone)]
enum Proof {
    AppSecret(String),
    Url,
    Bearer(String),
    Hmac(String),
}

impl Callbacks {
    /// Asks the server at `url` for the channels of `client`.
    pub async fn of(client: &Client, url: &str) -> Self {
        let list = client.read("/channels?limit=100").await;
        Self {
            http: client.http.clone(),
            server: url.to_owned(),
            channels: entries(&list).iter().map(called).collect(),
        }
    }

    /// The same channels on a server at another address.
    pub fn at(&self, url: &str) -> Self {
        Self {
            server: url.to_owned(),
            ..self.clone()
        }
    }

    /// Makes its calls with that client from now on.
    pub fn call_with(&mut self, http: &reqwest::Client) {
        self.http = http.clone();
    }

    /// The path of the webhooks of that channel, with the secret that it may hold.
    pub fn path(&self, channel: &str) -> &str {
        &self.called(channel).path
    }

    fn called(&self, channel: &str) -> &Called {
        let mut channels = self.channels.iter();
        let found = channels.find(|known| known.id == channel);
        found.expect("a channel")
    }

    /// A call without proof in its headers.
    pub fn unproved(&self, path: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let url = format!("{}{path}", self.server);
        self.http.request(Method::POST, url).body(body.into())
    }

    /// A call as the channel's provider makes it, with its proof.
    pub fn call(&self, channel: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let (called, body) = (self.called(channel), body.into());
        let request = |body| self.unproved(&called.path, body);
        match &called.proof {
            Proof::AppSecret(secret) => {
                let signature = signature(secret, &body);
                request(body).header("x-hub-signature-256", signature)
            }
            Proof::Url => request(body),
            Proof::Bearer(secret) => request(body).bearer_auth(secret),
            Proof::Hmac(secret) => {
                let signature = hmac(secret, &body);
                request(body).header("x-hmac-signature", signature)
            }
        }
    }

    /// Delivers JSON, which is taken.
    pub async fn deliver(&self, channel: &str, body: &Value) {
        let request = self.call(channel, body.to_string());
        let request = request.header("content-type", "application/json");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{channel} {body}");
    }

    /// Delivers one change of Meta to the channel `whatsapp`, which is taken.
    pub async fn deliver_change(&self, change: Value) {
        self.deliver("whatsapp", &whatsapp(&[vec![change]])).await;
    }
}

/// A channel as the list shows it; those of WhatsApp have [`APP_SECRET`].
fn called(channel: &Value) -> Called {
    let url = text(&channel["webhookUrl"]);
    let path = url.find("/webhooks/").expect("a path");
    let secret = || text(&channel["webhookSecret"]).to_owned();
    let proof = match text(&channel["provider"]) {
        "whatsapp" => Proof::AppSecret(APP_SECRET.to_owned()),
        "zapi" => Proof::Url,
        _ if channel["settings"]["dialect"] == "wuzapi" => Proof::Hmac(secret()),
        _ => Proof::Bearer(secret()),
    };
    Called {
        id: id(channel).to_owned(),
        path: url[path..].to_owned(),
        proof,
    }
}

/// The value of Meta's header for that body.
pub fn signature(app_secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hmac(app_secret, body))
}

/// The HMAC-SHA256 of a body, as hexadecimal digits.
pub fn hmac(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    let digits = |text, byte: &u8| format!("{text}{byte:02x}");
    bytes.iter().fold(String::new(), digits)
}

/// One call of Meta with these entries, each of changes.
pub fn whatsapp(entries: &[Vec<Value>]) -> Value {
    let entries: Vec<_> = entries
        .iter()
        .map(|changes| json!({"id": "900000000000001", "changes": changes}))
        .collect();
    json!({"object": "whatsapp_business_account", "entry": entries})
}

/// A change of the number with these texts; the customers' names stand in reverse order beside them.
pub fn whatsapp_texts(number: &str, texts: &[Text]) -> Value {
    let contacts: Vec<_> = texts
        .iter()
        .rev()
        .map(|text| json!({"profile": {"name": format!("Name {}", text.from)}, "wa_id": text.from}))
        .collect();
    let messages: Vec<_> = texts
        .iter()
        .map(|text| {
            json!({"from": text.from, "id": text.id, "timestamp": "1790000000", "type": "text",
                "text": {"body": text.body}})
        })
        .collect();
    change(number, &json!({"contacts": contacts, "messages": messages}))
}

/// A change of the number with these members of its value.
pub fn change(number: &str, members: &Value) -> Value {
    let value = json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001111", "phone_number_id": number}});
    json!({"field": "messages", "value": with(value, members)})
}

/// An object with the members of another one.
pub fn with(mut object: Value, members: &Value) -> Value {
    for (name, member) in members.as_object().expect("an object") {
        object[name] = member.clone();
    }
    object
}

/// A status of Meta.
pub fn whatsapp_status(id: &str, status: &str) -> Value {
    json!({"id": id, "status": status, "timestamp": "1790000005", "recipient_id": "5511900000001"})
}

/// One call of Z-API.
pub fn zapi(text: &Text) -> Value {
    json!({"type": "ReceivedCallback", "instanceId": "INST-01", "messageId": text.id, "phone": text.from,
        "fromMe": false, "isGroup": false, "momment": 1_790_000_009_000_i64, "status": "RECEIVED",
        "senderName": format!("Name {}", text.from), "text": {"message": text.body}})
}

/// One call of ZapperHUB.
pub fn zapperhub(text: &Text) -> Value {
    json!({"type": "messages.upsert", "instanceId": "inst_5f2c",
        "key": {"remoteJid": format!("{}@s.whatsapp.net", text.from), "fromMe": false, "id": text.id},
        "messageTimestamp": 1_790_000_009, "pushName": format!("Name {}", text.from),
        "message": {"conversation": text.body}})
}

/// One call, and what customers write in it.
#[derive(Clone)]
pub struct Call {
    pub provider: &'static str,
    pub body: Value,
    pub texts: Vec<Text>,
}

/// Calls from so many tasks until the server is gone; the receiver gets each call, and whether it was taken.
pub fn call_from_many(
    callbacks: &Callbacks,
    callers: usize,
    call: fn(usize, usize) -> Call,
) -> (JoinSet<()>, mpsc::UnboundedReceiver<(Call, bool)>) {
    let (made, calls) = mpsc::unbounded_channel();
    let each = |caller| call_until_gone(callbacks.clone(), caller, call, made.clone());
    ((0..callers).map(each).collect(), calls)
}

async fn call_until_gone(
    callbacks: Callbacks,
    caller: usize,
    call: fn(usize, usize) -> Call,
    made: mpsc::UnboundedSender<(Call, bool)>,
) {
    for number in 0.. {
        let call = call(caller, number);
        let request = callbacks.call(call.provider, call.body.to_string());
        let answer = request.send().await;
        let taken = answer.as_ref().is_ok_and(|answer| answer.status() == 200);
        let gone = answer.is_err();
        if made.send((call, taken)).is_err() || gone {
            return;
        }
    }
}

/// A call of the organization `demo` to its channel `zapi`, as the store keeps it.
pub fn kept_call(id: &str, body: impl Into<Vec<u8>>, received_at: Timestamp) -> WebhookCall {
    WebhookCall {
        id: id.to_owned(),
        organization_id: "demo".parse().expect("an id"),
        channel_id: "zapi".parse().expect("an id"),
        content_type: None,
        body: body.into(),
        received_at,
    }
}

/// The address of every file in the calls of ZapperHUB and wuzapi.
pub const FILE: &str = "https://files.example/1";

/// Returns the call by which the provider of that channel tells this message of [`CUSTOMER`].
pub fn call_of(channel: &str, id: &str, message: &Value) -> Value {
    let jid = format!("{CUSTOMER}@s.whatsapp.net");
    match channel {
        "whatsapp" => {
            let told = json!({"from": CUSTOMER, "id": id, "timestamp": "1790000000"});
            let message = with(told, message);
            whatsapp(&[vec![change(NUMBER, &json!({"messages": [message]}))]])
        }
        "zapi" => {
            let told = json!({"type": "ReceivedCallback", "instanceId": "INST-01", "messageId": id,
                "phone": CUSTOMER, "fromMe": false, "momment": 1_790_000_009_000_i64});
            with(told, message)
        }
        "zapperhub" => {
            json!({"type": "messages.upsert", "instanceId": "inst_5f2c", "mediaUrl": FILE,
            "key": {"remoteJid": jid, "fromMe": false, "id": id}, "message": message})
        }
        _ => json!({"type": "Message", "s3": {"url": FILE}, "event": {
            "Info": {"ID": id, "Chat": jid, "Sender": jid}, "Message": message}}),
    }
}
