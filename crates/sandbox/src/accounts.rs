//! The accounts that the simulators know, with their credentials.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::provider::Provider;

/// One account of a provider; the developer's own inventions, so nothing is hidden.
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
        /// The number itself, digits; messages to it are refused.
        display_phone_number: String,
        /// What the token is worth.
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
        /// The account's security token; without one the header is not needed.
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

/// What a WhatsApp access token is worth.
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
    /// The provider.
    #[must_use]
    pub fn provider(&self) -> Provider {
        match self {
            Self::Whatsapp { .. } => Provider::Whatsapp,
            Self::Zapi { .. } => Provider::Zapi,
            Self::Zapperhub { .. } => Provider::Zapperhub,
            Self::Wuzapi { .. } => Provider::Wuzapi,
        }
    }

    fn identity(&self) -> (Provider, &str, &str) {
        let (first, second) = match self {
            Self::Whatsapp {
                access_token,
                phone_number_id,
                ..
            } => (access_token.as_str(), phone_number_id.as_str()),
            Self::Zapi { instance_id, .. } => (instance_id.as_str(), ""),
            Self::Zapperhub {
                instance_id,
                api_key,
            } => (instance_id.as_str(), api_key.as_str()),
            Self::Wuzapi { token } => (token.as_str(), ""),
        };
        (self.provider(), first, second)
    }
}

/// A WhatsApp number as the simulator needs it.
pub(crate) struct Number {
    pub(crate) display_phone_number: String,
    pub(crate) registered: bool,
}

/// A WhatsApp token as the simulator needs it.
pub(crate) struct Token {
    pub(crate) state: TokenState,
    pub(crate) numbers: HashSet<String>,
}

/// A Z-API instance as the simulator needs it.
pub(crate) struct ZapiInstance {
    pub(crate) token: String,
    pub(crate) client_token: Option<String>,
}

/// All accounts, found by the credential that a request carries.
pub(crate) struct Accounts {
    list: Vec<Account>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) numbers: HashMap<String, Number>,
    pub(crate) zapi: HashMap<String, ZapiInstance>,
    /// `ZapperHUB` instances of each key.
    pub(crate) zapperhub_keys: HashMap<String, HashSet<String>>,
    pub(crate) zapperhub_instances: HashSet<String>,
    /// wuzapi user ids by token.
    pub(crate) wuzapi: HashMap<String, String>,
}

impl Default for Accounts {
    fn default() -> Self {
        let mut accounts = Self {
            list: Vec::new(),
            tokens: HashMap::new(),
            numbers: HashMap::new(),
            zapi: HashMap::new(),
            zapperhub_keys: HashMap::new(),
            zapperhub_instances: HashSet::new(),
            wuzapi: HashMap::new(),
        };
        for account in default_accounts() {
            accounts.add(account);
        }
        accounts
    }
}

impl Accounts {
    pub(crate) fn list(&self) -> Vec<Account> {
        self.list.clone()
    }

    pub(crate) fn add(&mut self, account: Account) {
        self.index(&account);
        self.list
            .retain(|known| known.identity() != account.identity());
        self.list.push(account);
    }

    /// The account that a webhook or a customer names: its id, or a WhatsApp number; the first one when empty.
    pub(crate) fn find(&self, provider: Provider, name: &str) -> Option<String> {
        let theirs = |account: &&Account| account.provider() == provider;
        let mut ids = self
            .list
            .iter()
            .filter(theirs)
            .map(|account| self.id(account));
        if name.is_empty() {
            return ids.next().map(str::to_owned);
        }
        let is_named =
            |id: &&str| *id == name || self.display_number(id).is_some_and(|number| number == name);
        ids.find(is_named).map(str::to_owned)
    }

    /// The number that an id of WhatsApp's stands for.
    pub(crate) fn display_number(&self, phone_number_id: &str) -> Option<String> {
        let number = self.numbers.get(phone_number_id);
        number.map(|number| number.display_phone_number.clone())
    }

    /// The id by which the account is known in [`crate::PhoneMessage::from`].
    fn id<'a>(&'a self, account: &'a Account) -> &'a str {
        match account {
            Account::Whatsapp {
                phone_number_id, ..
            } => phone_number_id,
            Account::Zapi { instance_id, .. } | Account::Zapperhub { instance_id, .. } => {
                instance_id
            }
            Account::Wuzapi { token } => self.wuzapi.get(token).map_or("", String::as_str),
        }
    }

    fn index(&mut self, account: &Account) {
        match account.clone() {
            Account::Whatsapp {
                access_token,
                phone_number_id,
                display_phone_number,
                token_state,
                registered,
            } => {
                let token = self.tokens.entry(access_token).or_insert_with(|| Token {
                    state: token_state,
                    numbers: HashSet::new(),
                });
                token.state = token_state;
                token.numbers.insert(phone_number_id.clone());
                let number = Number {
                    display_phone_number,
                    registered,
                };
                self.numbers.insert(phone_number_id, number);
            }
            Account::Zapi {
                instance_id,
                instance_token: token,
                client_token,
            } => {
                let instance = ZapiInstance {
                    token,
                    client_token,
                };
                self.zapi.insert(instance_id, instance);
            }
            Account::Zapperhub {
                instance_id,
                api_key,
            } => {
                self.zapperhub_instances.insert(instance_id.clone());
                self.zapperhub_keys
                    .entry(api_key)
                    .or_default()
                    .insert(instance_id);
            }
            Account::Wuzapi { token } => {
                let id = (self.wuzapi.len() + 1).to_string();
                self.wuzapi.entry(token).or_insert(id);
            }
        }
    }
}

fn default_accounts() -> Vec<Account> {
    let whatsapp =
        |token: &str, number: &str, display: &str, token_state, registered| Account::Whatsapp {
            access_token: token.to_owned(),
            phone_number_id: number.to_owned(),
            display_phone_number: display.to_owned(),
            token_state,
            registered,
        };
    let (first, second) = ("800000000000001", "800000000000002");
    let (display, unregistered) = ("15550001111", "15550002222");
    vec![
        whatsapp("T-WORKING", first, display, TokenState::Valid, true),
        whatsapp("T-WORKING", second, unregistered, TokenState::Valid, false),
        whatsapp("T-EXPIRED", first, display, TokenState::Expired, true),
        whatsapp("T-NOPERM", first, display, TokenState::NoPermission, true),
        Account::Zapi {
            instance_id: "INST-01".to_owned(),
            instance_token: "TOKEN-01".to_owned(),
            client_token: Some("CLIENT-TOKEN-01".to_owned()),
        },
        Account::Zapperhub {
            instance_id: "inst_5f2c".to_owned(),
            api_key: "API-KEY-01".to_owned(),
        },
        Account::Wuzapi {
            token: "WUZAPI-TOKEN-01".to_owned(),
        },
    ]
}
