//! Accounts that were made or changed by hand: `connect` checks them as JSON is checked.

use std::collections::BTreeMap;

use recado_providers::{
    ChannelConfig, ConfigError, Credentials, Defaults, SecretString, WhatsAppAccount, ZapiAccount,
    ZapperHubAccount, connect,
};
use rstest::rstest;

use crate::config::names;
use crate::support::client;

/// The faults that `connect` names, by field.
fn refused(config: ChannelConfig) -> BTreeMap<String, Vec<String>> {
    match connect(&client(), config).err() {
        Some(ConfigError::Fields(errors)) => errors.fields,
        other => panic!("not refused for its fields: {other:?}"),
    }
}

#[rstest]
#[case::whatsapp(WhatsAppAccount::new("800000000000001", "a-long-secret".into()))]
#[case::zapi(ZapiAccount::new("INST-01", "a-long-secret".into()))]
#[case::zapperhub(ZapperHubAccount::hosted("inst_5f2c", "a-long-secret".into()))]
#[case::wuzapi(ZapperHubAccount::wuzapi("a-long-secret".into()))]
fn a_base_url_that_was_set_by_hand_is_a_plain_web_address(
    #[case] account: impl Into<Credentials>,
    #[values(
        "mailto:a@b",
        "ftp://example.com",
        "http://ana:SeCrEtPw@127.0.0.1:8091/zapi",
        "https://ana@example.com",
        "https://example.com/?token=SeCrEtPw",
        "https://example.com/#SeCrEtPw"
    )]
    url: &str,
) {
    let mut config = ChannelConfig::new(account);
    config.base_url = url.parse().expect("a URL");
    let shown = format!("{config:?}");
    assert!(!shown.contains("SeCrEtPw"), "{shown}");
    let faults = refused(config);
    assert_eq!(names(&faults), ["settings.baseUrl"]);
    assert!(!format!("{faults:?}").contains("SeCrEtPw"));
}

#[rstest]
#[case::whatsapp(
    WhatsAppAccount::new("800000000000001", "a-long-secret".into()),
    "https://graph.facebook.com/v25.0/800000000000001"
)]
#[case::zapi(
    ZapiAccount::new("INST-01", "a-long-secret".into()),
    "https://api.z-api.io/instances/INST-01/token/TOKEN-01"
)]
#[case::zapperhub(
    ZapperHubAccount::hosted("inst_5f2c", "a-long-secret".into()),
    "https://api.zapperapi.com/inst_5f2c/messages/buttons"
)]
#[case::wuzapi(
    ZapperHubAccount::wuzapi("a-long-secret".into()),
    "https://h/chat/send/buttons"
)]
fn the_url_of_a_call_is_no_base_url(#[case] account: impl Into<Credentials>, #[case] url: &str) {
    let mut config = ChannelConfig::new(account);
    config.base_url = url.parse().expect("a URL");
    assert!(!format!("{config:?}").contains("TOKEN-01"));
    assert_eq!(names(&refused(config)), ["settings.baseUrl"]);
}

#[rstest]
#[case::empty("")]
#[case::blank(" ")]
#[case::dot(".")]
#[case::dots("..")]
#[case::quoted("\"INST-01\"")]
#[case::phone_number("+55 11 90000-0001")]
fn an_id_that_was_set_by_hand_is_checked(#[case] id: &str) {
    let secret = || SecretString::from("a-long-secret");
    let accounts: [(Credentials, &str); 3] = [
        (WhatsAppAccount::new(id, secret()).into(), "phoneNumberId"),
        (ZapiAccount::new(id, secret()).into(), "instanceId"),
        (ZapperHubAccount::hosted(id, secret()).into(), "instanceId"),
    ];
    for (account, name) in accounts {
        let config = ChannelConfig::new(account);
        assert_eq!(names(&refused(config)), [format!("credentials.{name}")]);
    }
}

#[rstest]
#[case::empty("")]
#[case::short("1234567")]
#[case::bearer("Bearer a-long-secret")]
#[case::not_sendable("a-long-sécret")]
fn a_secret_that_was_set_by_hand_is_checked(#[case] text: &str) {
    let secret = || SecretString::from(text);
    let mut wuzapi = ChannelConfig::new(ZapperHubAccount::wuzapi(secret()));
    wuzapi.base_url = "https://wuzapi.example.com".parse().expect("a URL");
    let whatsapp = ChannelConfig::new(WhatsAppAccount::new("800000000000001", secret()));
    let zapi = ChannelConfig::new(ZapiAccount::new("INST-01", secret()));
    let zapperhub = ChannelConfig::new(ZapperHubAccount::hosted("inst_5f2c", secret()));
    for (config, name) in [
        (whatsapp, "accessToken"),
        (zapi, "instanceToken"),
        (zapperhub, "apiKey"),
        (wuzapi, "apiKey"),
    ] {
        assert_eq!(names(&refused(config)), [format!("credentials.{name}")]);
    }
}

#[rstest]
#[case::no_v("25")]
#[case::a_path("../x")]
fn a_version_that_was_set_by_hand_is_checked(#[case] version: &str) {
    let mut account = WhatsAppAccount::new("800000000000001", "a-long-secret".into());
    account.api_version = version.to_owned();
    let faults = refused(ChannelConfig::new(account));
    assert_eq!(names(&faults), ["settings.apiVersion"]);
}

#[test]
fn a_hand_made_configuration_is_checked_too() {
    let mut account = ZapperHubAccount::hosted("inst_5f2c", "a-long-secret".into());
    account.api_key = "a\nlong key".into();
    let faults = refused(ChannelConfig::new(account));
    assert_eq!(names(&faults), ["credentials.apiKey"]);
    assert_eq!(Defaults::default().whatsapp_version, "v25.0");
}

#[test]
fn an_account_that_lacks_what_it_needs_is_refused_before_anything_is_sent() {
    let secret = || SecretString::from("a-long-secret");
    let wuzapi = ChannelConfig::new(ZapperHubAccount::wuzapi(secret()));
    assert_eq!(names(&refused(wuzapi)), ["settings.baseUrl"]);
    let accounts: [Credentials; 3] = [
        WhatsAppAccount::new("800000000000001", secret()).into(),
        ZapiAccount::new("INST-01", secret()).into(),
        ZapperHubAccount::hosted("inst_5f2c", secret()).into(),
    ];
    for account in accounts {
        assert!(connect(&client(), ChannelConfig::new(account)).is_ok());
    }
}
