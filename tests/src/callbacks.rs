//! What the providers send to the gateway, made and signed by the tests themselves.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::Client;
use crate::world::credentials;

/// The number of the channel `whatsapp`.
pub const NUMBER: &str = "800000000000001";

/// A text that a customer writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub id: String,
    pub from: String,
    pub body: String,
}

impl Text {
    /// A text of that customer, whose id nobody else has.
    #[must_use]
    pub fn from(phone: &str) -> Self {
        Self {
            id: format!("ID-{phone}"),
            from: phone.to_owned(),
            body: format!("I am {phone}"),
        }
    }
}

/// The webhook URLs of the three channels, and what proves a call to them.
#[derive(Clone)]
pub struct Callbacks {
    http: reqwest::Client,
    server: String,
    paths: [(&'static str, String); 3],
    app_secret: String,
    bearer: String,
}

impl Callbacks {
    /// Asks the server at `url` for the channels of `client`.
    ///
    /// # Panics
    ///
    /// There are no such channels.
    pub async fn of(client: &Client, url: &str) -> Self {
        let (mut paths, mut bearer) = (Vec::new(), String::new());
        for provider in ["whatsapp", "zapi", "zapperhub"] {
            let channel = client
                .get(&format!("/channels/{provider}"))
                .await
                .expect(200);
            let webhook_url = channel["webhookUrl"].as_str().expect("a URL");
            let path = webhook_url.find("/webhooks/").expect("a path");
            paths.push((provider, webhook_url[path..].to_owned()));
            if provider == "zapperhub" {
                let secret = channel["webhookSecret"].as_str();
                secret.expect("a secret").clone_into(&mut bearer);
            }
        }
        Self {
            http: client.http.clone(),
            server: url.to_owned(),
            paths: paths.try_into().expect("three channels"),
            app_secret: credentials("whatsapp")["appSecret"]
                .as_str()
                .expect("a secret")
                .to_owned(),
            bearer,
        }
    }

    /// The same channels on a server at another address.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Self {
            server: url.to_owned(),
            ..self.clone()
        }
    }

    /// The path of the webhooks of that channel, with the secret that it may hold.
    ///
    /// # Panics
    ///
    /// There is no such provider.
    #[must_use]
    pub fn path(&self, provider: &str) -> &str {
        let found = self.paths.iter().find(|(known, _)| *known == provider);
        &found.expect("a provider").1
    }

    /// A call without proof in its headers.
    pub fn unproved(&self, path: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let url = format!("{}{path}", self.server);
        self.http.request(Method::POST, url).body(body.into())
    }

    /// A call as the provider makes it, with its proof.
    pub fn call(&self, provider: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let body = body.into();
        let signature = signature(&self.app_secret, &body);
        let request = self.unproved(self.path(provider), body);
        match provider {
            "whatsapp" => request.header("x-hub-signature-256", signature),
            "zapperhub" => request.bearer_auth(&self.bearer),
            _ => request,
        }
    }

    /// Delivers JSON, which is taken.
    ///
    /// # Panics
    ///
    /// It is not.
    pub async fn deliver(&self, provider: &str, body: &Value) {
        let request = self.call(provider, body.to_string());
        let answer = request
            .header("content-type", "application/json")
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200, "{provider} {body}");
    }
}

/// The value of Meta's header for that body.
///
/// # Panics
///
/// Never: an HMAC takes a key of any length.
#[must_use]
pub fn signature(app_secret: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).expect("a key of any length");
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    bytes.iter().fold("sha256=".to_owned(), |text, byte| {
        format!("{text}{byte:02x}")
    })
}

/// One call of Meta with these entries, each of changes.
#[must_use]
pub fn whatsapp(entries: &[Vec<Value>]) -> Value {
    let entries: Vec<_> = entries
        .iter()
        .map(|changes| json!({"id": "900000000000001", "changes": changes}))
        .collect();
    json!({"object": "whatsapp_business_account", "entry": entries})
}

/// A change of the number with these texts; the customers' names stand in reverse order beside them.
#[must_use]
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
///
/// # Panics
///
/// The members are no object.
#[must_use]
pub fn change(number: &str, members: &Value) -> Value {
    let mut value = json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001111", "phone_number_id": number}});
    for (name, member) in members.as_object().expect("an object") {
        value[name] = member.clone();
    }
    json!({"field": "messages", "value": value})
}

/// A status of Meta.
#[must_use]
pub fn whatsapp_status(id: &str, status: &str) -> Value {
    json!({"id": id, "status": status, "timestamp": "1790000005", "recipient_id": "5511900000001"})
}

/// One call of Z-API.
#[must_use]
pub fn zapi(text: &Text) -> Value {
    json!({"type": "ReceivedCallback", "instanceId": "INST-01", "messageId": text.id, "phone": text.from,
        "fromMe": false, "isGroup": false, "momment": 1_790_000_009_000_i64, "status": "RECEIVED",
        "senderName": format!("Name {}", text.from), "text": {"message": text.body}})
}

/// One call of ZapperHUB.
#[must_use]
pub fn zapperhub(text: &Text) -> Value {
    json!({"type": "messages.upsert", "instanceId": "inst_5f2c",
        "key": {"remoteJid": format!("{}@s.whatsapp.net", text.from), "fromMe": false, "id": text.id},
        "messageTimestamp": 1_790_000_009, "pushName": format!("Name {}", text.from),
        "message": {"conversation": text.body}})
}
