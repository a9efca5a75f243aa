//! The accounts of an organization, one at each provider and dialect.

use recado_sandbox::{Account as Simulated, Provider, TokenState, Urls};
use serde_json::{Value, json};

use crate::world;

/// An account at a provider, and the channel that uses it.
pub struct Account {
    pub provider: Provider,
    /// As the sandbox names it in messages.
    pub id: String,
    pub channel: String,
    pub simulated: Simulated,
    /// Of WhatsApp only.
    pub app_secret: Option<String>,
}

/// Returns the accounts of an organization; `number` is its place among those of one sandbox.
pub fn of(organization: &str, number: usize) -> Vec<Account> {
    let own = |what: &str| format!("{what}-1{number}");
    let phone_number_id = format!("80000000000010{number}");
    let whatsapp = Simulated::Whatsapp {
        access_token: own("access-token"),
        phone_number_id: phone_number_id.clone(),
        display_phone_number: format!("1555000310{number}"),
        token_state: TokenState::Valid,
        registered: true,
    };
    let zapi = Simulated::Zapi {
        instance_id: own("INST"),
        instance_token: own("instance-token"),
        client_token: Some(own("client-token")),
    };
    let zapperhub = Simulated::Zapperhub {
        instance_id: own("inst"),
        api_key: own("api-key"),
    };
    let wuzapi = Simulated::Wuzapi {
        token: own("user-token"),
    };
    let accounts = [
        (whatsapp, phone_number_id),
        (zapi, own("INST")),
        (zapperhub, own("inst")),
        // wuzapi's server numbers its users in the order of their creation; the sandbox has one already.
        (wuzapi, (number + 2).to_string()),
    ];
    let accounts = accounts.into_iter().map(|(simulated, id)| {
        let provider = simulated.provider();
        let app_secret = format!("app-secret-{organization}");
        Account {
            provider,
            id,
            channel: format!("{organization}-{}", provider.as_str()),
            simulated,
            app_secret: (provider == Provider::Whatsapp).then_some(app_secret),
        }
    });
    accounts.collect()
}

impl Account {
    /// Returns the body that creates its channel.
    pub fn channel_body(&self, urls: &Urls) -> Value {
        let mut body = json!({"id": self.channel, "provider": self.provider.as_str(), "name": self.channel,
            "credentials": self.simulated.credentials_json()});
        if let Some(secret) = &self.app_secret {
            body["credentials"]["appSecret"] = json!(secret);
        }
        if self.provider == Provider::Whatsapp {
            body["settings"] = world::unlimited();
        }
        if self.provider == Provider::Wuzapi {
            body["provider"] = json!("zapperhub");
            body["settings"] = json!({"dialect": "wuzapi", "baseUrl": urls.of(Provider::Wuzapi)});
        }
        body
    }
}
