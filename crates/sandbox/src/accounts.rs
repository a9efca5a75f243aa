//! The accounts that the simulators know, with their credentials.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Provider;

/// The app secret of a WhatsApp webhook that names none.
pub(crate) const APP_SECRET: &str = "sim-app-secret-01";
/// The verify token of a WhatsApp webhook that names none.
pub(crate) const VERIFY_TOKEN: &str = "verify-token-01";

/// One account of a provider; its credentials are invented, so the lists show them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "provider",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum Account {
    /// A number of the WhatsApp Cloud API and one token for it.
    Whatsapp {
        /// The access token.
        access_token: String,
        /// Meta's id of the number.
        phone_number_id: String,
        /// The number itself, in digits; messages to it are refused.
        display_phone_number: String,
        /// What the token allows.
        #[serde(default)]
        token_state: TokenState,
        /// Whether the number is registered.
        #[serde(default = "yes")]
        registered: bool,
    },
    /// An instance of Z-API.
    Zapi {
        /// The instance's id.
        instance_id: String,
        /// The instance's token.
        instance_token: String,
        /// The account's security token; an account without one needs no header.
        #[serde(default)]
        client_token: Option<String>,
    },
    /// An instance of `ZapperHUB` v2.
    Zapperhub {
        /// The instance's id.
        instance_id: String,
        /// The key for it.
        api_key: String,
    },
    /// A user of a wuzapi server.
    Wuzapi {
        /// The user's token.
        token: String,
    },
}

/// What a WhatsApp access token allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// It may send.
    #[default]
    Valid,
    /// It has expired (190, subcode 463).
    Expired,
    /// It lacks the permission to send (10).
    NoPermission,
}

fn yes() -> bool {
    true
}

impl Account {
    /// Returns the account of every new sandbox that can send over this provider.
    pub fn working(provider: Provider) -> Self {
        match provider {
            Provider::Whatsapp => whatsapp("T-WORKING", 1, TokenState::Valid),
            Provider::Zapi => Self::Zapi {
                instance_id: "INST-01".to_owned(),
                instance_token: "TOKEN-01".to_owned(),
                client_token: Some("CLIENT-TOKEN-01".to_owned()),
            },
            Provider::Zapperhub => Self::Zapperhub {
                instance_id: "inst_5f2c".to_owned(),
                api_key: "API-KEY-01".to_owned(),
            },
            Provider::Wuzapi => Self::Wuzapi {
                token: "WUZAPI-TOKEN-01".to_owned(),
            },
        }
    }

    /// Returns the account's provider.
    pub fn provider(&self) -> Provider {
        match self {
            Self::Whatsapp { .. } => Provider::Whatsapp,
            Self::Zapi { .. } => Provider::Zapi,
            Self::Zapperhub { .. } => Provider::Zapperhub,
            Self::Wuzapi { .. } => Provider::Wuzapi,
        }
    }

    /// Returns the names and values of the credentials that a channel of this account has at Recado.
    pub fn credentials(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Whatsapp {
                access_token,
                phone_number_id,
                ..
            } => vec![
                ("phoneNumberId", phone_number_id),
                ("accessToken", access_token),
                ("appSecret", APP_SECRET),
                ("verifyToken", VERIFY_TOKEN),
            ],
            Self::Zapi {
                instance_id,
                instance_token,
                client_token,
            } => {
                let mut credentials: Vec<(_, &str)> = vec![
                    ("instanceId", instance_id),
                    ("instanceToken", instance_token),
                ];
                credentials.extend(client_token.as_deref().map(|token| ("clientToken", token)));
                credentials
            }
            Self::Zapperhub {
                instance_id,
                api_key,
            } => vec![("instanceId", instance_id), ("apiKey", api_key)],
            Self::Wuzapi { token } => vec![("apiKey", token)],
        }
    }

    /// Returns [`Account::credentials`] as a JSON object.
    pub fn credentials_json(&self) -> Value {
        self.credentials().into_iter().collect()
    }

    /// Whether the account takes the place of `other`: the same token and number, instance, instance and key, or user.
    fn replaces(&self, other: &Self) -> bool {
        let significant = match self.provider() {
            Provider::Whatsapp | Provider::Zapperhub => 2,
            Provider::Zapi | Provider::Wuzapi => 1,
        };
        let (own, others) = (self.credentials(), other.credentials());
        self.provider() == other.provider() && own[..significant] == others[..significant]
    }
}

/// Makes an account of the first or the second number, of which the first is registered.
fn whatsapp(access_token: &str, number: u8, token_state: TokenState) -> Account {
    Account::Whatsapp {
        access_token: access_token.to_owned(),
        phone_number_id: format!("80000000000000{number}"),
        display_phone_number: format!("1555000{}", number.to_string().repeat(4)),
        token_state,
        registered: number == 1,
    }
}

/// All accounts, in the order in which they were added.
pub(crate) struct Accounts(Vec<Account>);

impl Default for Accounts {
    fn default() -> Self {
        Self(vec![
            Account::working(Provider::Whatsapp),
            whatsapp("T-WORKING", 2, TokenState::Valid),
            whatsapp("T-EXPIRED", 1, TokenState::Expired),
            whatsapp("T-NOPERM", 1, TokenState::NoPermission),
            Account::working(Provider::Zapi),
            Account::working(Provider::Zapperhub),
            Account::working(Provider::Wuzapi),
        ])
    }
}

impl Accounts {
    pub(crate) fn list(&self) -> Vec<Account> {
        self.0.clone()
    }

    pub(crate) fn add(&mut self, account: Account) {
        // A wuzapi user keeps its place, which is its id.
        if matches!(account, Account::Wuzapi { .. }) && self.0.contains(&account) {
            return;
        }
        self.0.retain(|known| !account.replaces(known));
        self.0.push(account);
    }

    /// Returns the id by which [`crate::PhoneMessage::from`] names the account.
    ///
    /// `name` is that id or a WhatsApp number; an empty one is the provider's first account.
    pub(crate) fn find(&self, provider: Provider, name: &str) -> Option<String> {
        let mut theirs = self.0.iter().filter(|known| known.provider() == provider);
        theirs.find_map(|account| {
            let (id, number) = match account {
                Account::Whatsapp {
                    phone_number_id, ..
                } => (phone_number_id.clone(), self.number(phone_number_id)?.0),
                Account::Zapi { instance_id, .. } | Account::Zapperhub { instance_id, .. } => {
                    (instance_id.clone(), "")
                }
                Account::Wuzapi { token } => (self.wuzapi_user(token)?, ""),
            };
            (name.is_empty() || id == name || number == name).then_some(id)
        })
    }

    /// Returns the state of a WhatsApp token and whether it knows the number.
    pub(crate) fn token(&self, token: &str, number: &str) -> Option<(TokenState, bool)> {
        let of_token = self.0.iter().filter_map(|account| match account {
            Account::Whatsapp {
                access_token,
                phone_number_id,
                token_state,
                ..
            } if access_token == token => Some((*token_state, phone_number_id == number)),
            _ => None,
        });
        // A token has one state, whichever of its numbers was added last.
        of_token.reduce(|(_, knew), (state, knows)| (state, knew || knows))
    }

    /// Returns the digits of a WhatsApp number and whether it is registered, as the last account with it says.
    pub(crate) fn number(&self, id: &str) -> Option<(&str, bool)> {
        self.0.iter().rev().find_map(|account| match account {
            Account::Whatsapp {
                phone_number_id,
                display_phone_number,
                registered,
                ..
            } if phone_number_id == id => Some((display_phone_number.as_str(), *registered)),
            _ => None,
        })
    }

    /// Returns the instance token and the client token of a Z-API instance.
    pub(crate) fn zapi(&self, id: &str) -> Option<(&str, Option<&str>)> {
        self.0.iter().find_map(|account| match account {
            Account::Zapi {
                instance_id,
                instance_token,
                client_token,
            } if instance_id == id => Some((instance_token.as_str(), client_token.as_deref())),
            _ => None,
        })
    }

    /// Returns the ids and the keys of all `ZapperHUB` instances.
    pub(crate) fn zapperhub(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|account| match account {
            Account::Zapperhub {
                instance_id,
                api_key,
            } => Some((instance_id.as_str(), api_key.as_str())),
            _ => None,
        })
    }

    /// Returns the id of a wuzapi user, which counts from 1.
    pub(crate) fn wuzapi_user(&self, token: &str) -> Option<String> {
        let mut users = self.0.iter().filter_map(|account| match account {
            Account::Wuzapi { token } => Some(token),
            _ => None,
        });
        let place = users.position(|known| known == token)?;
        Some((place + 1).to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The default accounts, and these.
    fn accounts(added: &[Value]) -> Accounts {
        let mut accounts = Accounts::default();
        for account in added {
            let account = serde_json::from_value(account.clone());
            accounts.add(account.expect("an account"));
        }
        accounts
    }

    fn zapi(instance: &str) -> Value {
        json!({"provider": "zapi", "instanceId": instance, "instanceToken": "T2"})
    }

    fn user(token: &str) -> Value {
        json!({"provider": "wuzapi", "token": token})
    }

    fn number(token: &str, id: &str, state: &str) -> Value {
        json!({"provider": "whatsapp", "accessToken": token, "phoneNumberId": id,
            "displayPhoneNumber": "15550003333", "tokenState": state})
    }

    #[test]
    fn an_account_is_found_by_its_id_or_its_number_and_the_first_without_a_name() {
        let accounts = accounts(&[zapi("INST-02"), user("USER-02")]);
        let second = "800000000000002";
        for (provider, name, id) in [
            (Provider::Whatsapp, second, Some(second)),
            (Provider::Whatsapp, "15550002222", Some(second)),
            (Provider::Whatsapp, "", Some("800000000000001")),
            (Provider::Whatsapp, "INST-02", None),
            (Provider::Zapi, "INST-02", Some("INST-02")),
            (Provider::Zapi, "", Some("INST-01")),
            (Provider::Wuzapi, "2", Some("2")),
            (Provider::Wuzapi, "3", None),
        ] {
            assert_eq!(accounts.find(provider, name).as_deref(), id, "{name}");
        }
    }

    #[test]
    fn an_account_takes_the_place_of_the_one_with_the_same_identity() {
        let count = accounts(&[]).list().len();
        let replaced = accounts(&[zapi("INST-01"), user("WUZAPI-TOKEN-01")]);
        assert_eq!(replaced.list().len(), count);
        assert_eq!(replaced.zapi("INST-01"), Some(("T2", None)));
        // The same number with another token is another account.
        let added = accounts(&[number("T-2", "800000000000001", "valid")]);
        assert_eq!(added.list().len(), count + 1);
        assert_eq!(added.number("800000000000001"), Some(("15550003333", true)));
    }

    #[test]
    fn a_wuzapi_user_that_is_added_again_keeps_its_id() {
        let accounts = accounts(&[user("USER-02"), user("WUZAPI-TOKEN-01")]);
        let ids = ["WUZAPI-TOKEN-01", "USER-02"].map(|token| accounts.wuzapi_user(token));
        assert_eq!(ids, ["1", "2"].map(|id| Some(id.to_owned())));
    }

    #[test]
    fn a_token_has_the_state_that_came_last_and_all_its_numbers() {
        let accounts = accounts(&[number("T-WORKING", "3", "expired")]);
        for (id, knows) in [("3", true), ("800000000000001", true), ("4", false)] {
            let expected = Some((TokenState::Expired, knows));
            assert_eq!(accounts.token("T-WORKING", id), expected);
        }
        assert_eq!(accounts.token("T-3", "3"), None);
    }
}
