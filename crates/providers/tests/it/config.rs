//! Credentials and settings as an API body has them, and what a wrong one is told.

use std::collections::BTreeMap;

use recado_core::Provider;
use recado_providers::{
    ChannelConfig, ConfigError, Credentials, Defaults, Dialect, ErrorKind, HttpClient, Map,
    Profile, Timeouts, connect,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::support::{client, parse};

/// The faults of a configuration, by field.
fn faults(
    provider: Provider,
    credentials: &Value,
    settings: &Value,
) -> BTreeMap<String, Vec<String>> {
    parse(provider, credentials, settings)
        .expect_err("a faulty configuration")
        .fields
}

pub(crate) fn names(faults: &BTreeMap<String, Vec<String>>) -> Vec<&str> {
    faults.keys().map(String::as_str).collect()
}

#[rstest]
fn a_guarded_client_sends_credentials_over_https_only(
    #[values(WhatsApp, Zapi, ZapperHub, Wuzapi)] subject: Subject,
) {
    let guarded = HttpClient::new(Timeouts::default(), false).expect("an HTTP client");
    let connected = |http: &HttpClient, url: &str| {
        let config = parse(
            subject.provider(),
            &subject.credentials(),
            &subject.settings(url),
        );
        config.expect("a valid configuration").check(http)
    };
    let (plain, encrypted) = ("http://api.example.com", "https://api.example.com");
    assert_eq!(connected(&guarded, plain), Err(ConfigError::NotHttps));
    assert_eq!(connected(&guarded, encrypted), Ok(()));
    assert_eq!(connected(&client(), plain), Ok(()));
}

#[test]
fn defaults_are_the_published_addresses() {
    let base = |subject: Subject| {
        let config = parse(subject.provider(), &subject.credentials(), &json!({}));
        config.expect("a valid configuration").base_url.to_string()
    };
    assert_eq!(base(WhatsApp), "https://graph.facebook.com/");
    assert_eq!(base(Zapi), "https://api.z-api.io/");
    assert_eq!(base(ZapperHub), "https://api.zapperapi.com/");
}

#[test]
fn every_fault_is_named_at_once_and_no_value_is_shown() {
    let credentials = json!({
        "phoneNumberId": "+55 11 SECRET", "accessTokn": "SECRET", "appSecret": 7, "verifyToken": "a b",
    });
    let settings = json!({"apiVersion": "25", "baseUrl": "ftp://SECRET", "dialect": "wuzapi"});
    let faults = faults(Provider::WhatsApp, &credentials, &settings);
    assert_eq!(
        names(&faults),
        [
            "credentials.accessToken",
            "credentials.accessTokn",
            "credentials.appSecret",
            "credentials.phoneNumberId",
            "credentials.verifyToken",
            "settings.apiVersion",
            "settings.baseUrl",
            "settings.dialect",
        ]
    );
    assert_eq!(faults["credentials.accessToken"], ["Required"]);
    assert_eq!(
        faults["credentials.appSecret"],
        ["Expected string, received number"]
    );
    assert_eq!(
        faults["credentials.accessTokn"],
        ["Unknown; known here: accessToken, appSecret, phoneNumberId, verifyToken"]
    );
    assert!(!format!("{faults:?}").contains("SECRET"));
}

#[rstest]
#[case::no_digits("v.0", false)]
#[case::too_long("v125.0", false)]
#[case::no_v("25.0", false)]
#[case::two_digits_behind("v25.01", false)]
#[case::a_path("v25.0/x", false)]
#[case::old("v9.0", true)]
#[case::new("v26.0", true)]
fn a_version_looks_like_v25_0(#[case] version: &str, #[case] valid: bool) {
    let settings = json!({"apiVersion": version});
    let credentials = WhatsApp.credentials();
    let parsed = parse(Provider::WhatsApp, &credentials, &settings);
    assert_eq!(parsed.is_ok(), valid);
}

#[rstest]
#[case::scheme("ftp://example.com")]
#[case::user("https://user@example.com")]
#[case::password("https://:secret@example.com")]
#[case::query("https://example.com/?token=secret")]
#[case::empty_query("https://example.com/?")]
#[case::fragment("https://example.com/#x")]
#[case::no_url("example.com")]
#[case::no_host("https://")]
#[case::no_base("mailto:a@example.com")]
fn a_base_url_is_a_plain_web_address(#[case] url: &str) {
    let credentials = Zapi.credentials();
    let faults = faults(Provider::Zapi, &credentials, &json!({"baseUrl": url}));
    assert_eq!(names(&faults), ["settings.baseUrl"]);
}

#[rstest]
#[case::space("a b")]
#[case::line_break("a\nb")]
#[case::not_ascii("ç")]
#[case::parent_directory("..")]
fn a_credential_can_be_sent(#[case] value: &str) {
    let credentials = json!({"instanceId": value, "instanceToken": "TOKEN-01"});
    let faults = faults(Provider::Zapi, &credentials, &json!({}));
    assert_eq!(names(&faults), ["credentials.instanceId"]);
}

#[rstest]
fn a_credential_or_a_setting_of_4097_bytes_is_refused(
    #[values(WhatsApp, Zapi, ZapperHub, Wuzapi)] subject: Subject,
) {
    let url = |bytes: usize| format!("https://example.com/{}", "a".repeat(bytes - 20));
    let parsed = |bytes: usize| {
        let mut credentials = subject.credentials();
        for (_, value) in credentials.as_object_mut().expect("an object") {
            *value = "1".repeat(bytes).into();
        }
        parse(
            subject.provider(),
            &credentials,
            &subject.settings(&url(bytes)),
        )
    };
    assert!(parsed(4096).is_ok());
    let told = parsed(4097).expect_err("a faulty configuration").fields;
    let credentials = subject.credentials();
    assert_eq!(
        told.len(),
        1 + credentials.as_object().expect("an object").len()
    );
    for said in told.values() {
        assert_eq!(*said, ["Must have at most 4096 bytes"]);
    }
}

#[test]
fn white_space_around_a_credential_is_the_clipboards() {
    let credentials = json!({"instanceId": " inst_5f2c\n", "apiKey": "\tAPI-KEY-01 "});
    let config = parse(Provider::ZapperHub, &credentials, &json!({})).expect("valid");
    let Credentials::ZapperHub(account) = config.credentials else {
        panic!("another provider");
    };
    let instance_id = "inst_5f2c".to_owned();
    assert_eq!(account.dialect, Dialect::ZapperApiV2 { instance_id });
}

#[test]
fn a_slash_in_a_credential_stays_inside_its_segment() {
    let credentials = json!({"instanceId": "a/../b?c#d%2e", "apiKey": "API-KEY-01"});
    let channel = ZapperHub.channel_with(&credentials, &json!({"baseUrl": "http://h/base/"}));
    let preview = channel
        .preview(&crate::support::full())
        .expect("a valid message");
    assert_eq!(
        preview.url,
        "http://h/base/a%2F..%2Fb%3Fc%23d%252e/messages/buttons"
    );
}

#[test]
fn zappermeow_is_told_apart_from_a_typing_mistake() {
    let credentials = ZapperHub.credentials();
    let told = |dialect: &str| {
        let settings = json!({"dialect": dialect});
        faults(Provider::ZapperHub, &credentials, &settings)["settings.dialect"].join(" ")
    };
    assert!(told("zappermeow").contains("cannot send buttons yet"));
    assert_eq!(
        told("zapper"),
        "Must be one of zapperapi_v2, wuzapi, zappermeow"
    );
}

#[rstest]
#[case::absent(json!({"dialect": "wuzapi"}))]
#[case::of_the_hosted_api(json!({"dialect": "wuzapi", "baseUrl": "https://api.zapperapi.com/x"}))]
fn wuzapi_needs_its_own_address_and_no_instance(#[case] settings: Value) {
    let faults = faults(
        Provider::ZapperHub,
        &json!({"apiKey": "WUZAPI-TOKEN-01"}),
        &settings,
    );
    assert_eq!(names(&faults), ["settings.baseUrl"]);
}

#[tokio::test]
async fn a_wuzapi_channel_that_was_stored_with_the_vendors_address_is_read_and_sends_nothing() {
    let object = |value: Value| value.as_object().cloned().expect("an object");
    let credentials = object(Wuzapi.credentials());
    let settings = object(Wuzapi.settings("https://api.zapperapi.com"));
    let defaults = Defaults::default();
    let (provider, stored) = (Provider::ZapperHub, (&credentials, &settings));
    let config = Credentials::parse_stored(provider, &credentials, &settings, &defaults);
    let channel = connect(&client(), config.expect("a channel")).expect("a channel");
    let refused = channel.health().await.expect_err("no request");
    assert_eq!(refused.kind, ErrorKind::Misconfigured, "{refused}");
    assert!(
        refused.message.contains("ZapperHUB's hosted API"),
        "{refused}"
    );
    let new_key = object(json!({"apiKey": "WUZAPI-TOKEN-02"}));
    let none = Map::new();
    let changed = |credentials, settings| {
        Credentials::parse_changed(provider, stored, (credentials, settings), &defaults).is_ok()
    };
    assert!(changed(&none, None));
    // The vendor would get the new token.
    assert!(!changed(&new_key, None) && !changed(&none, Some(&settings)));
}

#[rstest]
#[case(WhatsApp, json!({}))]
#[case(Zapi, json!({}))]
#[case(Zapi, json!({"buttonsEndpoint": "list"}))]
#[case(Zapi, json!({"buttonsEndpoint": "actions"}))]
#[case(ZapperHub, json!({}))]
#[case(Wuzapi, json!({"dialect": "wuzapi", "baseUrl": "https://h"}))]
fn a_channel_carries_what_its_profile_says(#[case] subject: Subject, #[case] settings: Value) {
    let channel = subject.channel_with(&subject.credentials(), &settings);
    let carried = Profile::of(subject.provider()).capabilities(&settings);
    assert_eq!(channel.capabilities(), carried);
}

#[rstest]
#[case(WhatsApp, "accessToken")]
#[case(WhatsApp, "appSecret")]
#[case(WhatsApp, "verifyToken")]
#[case(Zapi, "instanceToken")]
#[case(Zapi, "clientToken")]
#[case(ZapperHub, "apiKey")]
#[case(Wuzapi, "apiKey")]
fn a_secret_of_less_than_8_characters_is_refused_unless_it_was_stored_earlier(
    #[case] subject: Subject,
    #[case] key: &str,
) {
    let (mut credentials, settings) = (subject.credentials(), subject.settings("https://h"));
    let map = |value: &Value| value.as_object().cloned().expect("an object");
    for (secret, accepted) in [("1234567", false), ("12345678", true), (" 1234567 ", false)] {
        credentials[key] = secret.into();
        let parsed = parse(subject.provider(), &credentials, &settings);
        let told = parsed.map(drop).map_err(|faults| faults.fields);
        let fault = vec!["Must have at least 8 characters".to_owned()];
        let expected = BTreeMap::from([(format!("credentials.{key}"), fault)]);
        assert_eq!(told, if accepted { Ok(()) } else { Err(expected) });
        let (credentials, settings) = (map(&credentials), map(&settings));
        let defaults = Defaults::default();
        Credentials::parse_stored(subject.provider(), &credentials, &settings, &defaults)
            .expect("credentials that were accepted earlier");
    }
}

#[rstest]
#[case(WhatsApp, "phoneNumberId")]
#[case(Zapi, "instanceId")]
#[case(ZapperHub, "instanceId")]
fn an_id_that_is_no_secret_may_be_short(#[case] subject: Subject, #[case] key: &str) {
    let mut credentials = subject.credentials();
    credentials[key] = "7".into();
    parse(subject.provider(), &credentials, &json!({})).expect("a valid configuration");
}

#[test]
fn debug_shows_no_secret() {
    for subject in [WhatsApp, Zapi, ZapperHub] {
        let config = parse(subject.provider(), &subject.credentials(), &json!({}));
        let shown = format!("{:?}", config.expect("a valid configuration"));
        for secret in [
            "T-WORKING",
            "INST-01",
            "TOKEN-01",
            "CLIENT-TOKEN-01",
            "API-KEY-01",
        ] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn a_private_address_is_refused_unless_allowed() {
    let config = |url: &str| -> ChannelConfig {
        let credentials = Zapi.credentials();
        parse(Provider::Zapi, &credentials, &json!({"baseUrl": url})).expect("valid")
    };
    let guarded = HttpClient::new(Timeouts::default(), false).expect("an HTTP client");
    for url in ["http://127.0.0.1:1/x", "http://0x7f000001", "http://[::1]"] {
        let refused = config(url).check(&guarded);
        assert_eq!(refused, Err(ConfigError::PrivateAddress), "{url}");
        assert_eq!(config(url).check(&client()), Ok(()));
    }
    assert_eq!(config("https://api.z-api.io").check(&guarded), Ok(()));
    let told = recado_core::FieldErrors::from(ConfigError::PrivateAddress);
    assert_eq!(names(&told.fields), ["settings.baseUrl"]);
}

#[rstest]
#[case(Provider::WhatsApp)]
#[case(Provider::Zapi)]
#[case(Provider::ZapperHub)]
fn a_field_is_required_if_no_channel_is_made_without_it(#[case] provider: Provider) {
    let faults = Credentials::parse(provider, &Map::new(), &Map::new(), &Defaults::default());
    let faults = faults.expect_err("no credentials").fields;
    for field in Profile::of(provider).credentials {
        // A wuzapi server has no instances.
        let by_dialect = provider == Provider::ZapperHub && field.name == "instanceId";
        let is_missing = faults.contains_key(&format!("credentials.{}", field.name));
        assert_eq!(is_missing, field.required || by_dialect, "{}", field.name);
    }
}
