//! The accounts of an organization, one at each provider and dialect.

use recado_sandbox::{Account as Simulated, Provider, TokenState, Urls};
use serde_json::{Value, json};

/// The verify token that a webhook of the sandbox shows when it names none.
const VERIFY_TOKEN: &str = "verify-token-01";

/// An account at a provider, and the channel that uses it.
pub struct Account {
    pub provider: Provider,
    /// As the sandbox names it in messages.
    pub id: String,
    pub channel: String,
    pub simulated: Simulated,
    /// Of WhatsApp only.
    pub app_secret: Option<String>,
    credentials: Value,
}

/// Returns the accounts of an organization; `number` is its place among those of one sandbox.
pub fn of(organization: &str, number: usize) -> Vec<Account> {
    vec![
        whatsapp(organization, number),
        zapi(organization, number),
        zapperhub(organization, number),
        wuzapi(organization, number),
    ]
}

impl Account {
    /// Returns the body that creates its channel.
    pub fn channel_body(&self, urls: &Urls) -> Value {
        let provider = match self.provider {
            Provider::Whatsapp => "whatsapp",
            Provider::Zapi => "zapi",
            Provider::Zapperhub | Provider::Wuzapi => "zapperhub",
        };
        let mut body = json!({"id": self.channel, "provider": provider, "name": self.channel,
            "credentials": self.credentials});
        if self.provider == Provider::Wuzapi {
            body["settings"] = json!({"dialect": "wuzapi", "baseUrl": urls.wuzapi});
        }
        body
    }
}

fn whatsapp(organization: &str, number: usize) -> Account {
    let id = format!("80000000000010{number}");
    let token = format!("access-token-1{number}");
    let secret = format!("app-secret-{organization}");
    Account {
        provider: Provider::Whatsapp,
        channel: format!("{organization}-whatsapp"),
        simulated: Simulated::Whatsapp {
            access_token: token.clone(),
            phone_number_id: id.clone(),
            display_phone_number: format!("1555000310{number}"),
            token_state: TokenState::Valid,
            registered: true,
        },
        credentials: json!({"phoneNumberId": id, "accessToken": token, "appSecret": secret,
            "verifyToken": VERIFY_TOKEN}),
        app_secret: Some(secret),
        id,
    }
}

fn zapi(organization: &str, number: usize) -> Account {
    let (id, token) = (
        format!("INST-1{number}"),
        format!("instance-token-1{number}"),
    );
    let client_token = format!("client-token-1{number}");
    Account {
        provider: Provider::Zapi,
        channel: format!("{organization}-zapi"),
        simulated: Simulated::Zapi {
            instance_id: id.clone(),
            instance_token: token.clone(),
            client_token: Some(client_token.clone()),
        },
        credentials: json!({"instanceId": id, "instanceToken": token, "clientToken": client_token}),
        app_secret: None,
        id,
    }
}

fn zapperhub(organization: &str, number: usize) -> Account {
    let (id, key) = (format!("inst_1{number}"), format!("api-key-1{number}"));
    Account {
        provider: Provider::Zapperhub,
        channel: format!("{organization}-zapperhub"),
        simulated: Simulated::Zapperhub {
            instance_id: id.clone(),
            api_key: key.clone(),
        },
        credentials: json!({"instanceId": id, "apiKey": key}),
        app_secret: None,
        id,
    }
}

/// wuzapi's server numbers its users in the order of their creation; the sandbox has one already.
fn wuzapi(organization: &str, number: usize) -> Account {
    let token = format!("user-token-1{number}");
    Account {
        provider: Provider::Wuzapi,
        id: (number + 2).to_string(),
        channel: format!("{organization}-wuzapi"),
        simulated: Simulated::Wuzapi {
            token: token.clone(),
        },
        credentials: json!({"apiKey": token}),
        app_secret: None,
    }
}
