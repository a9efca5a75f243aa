//! Values that were pasted with more than themselves: every field of the kind says what to change, and quotes nothing.

use recado_core::Provider;
use recado_providers::{Credentials, Defaults, Profile};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::support::parse;

/// What must not come back.
const SECRET: &str = "0FBA9C7D2E1848A3";

/// The faults of `section.key`, if everything else is right.
fn faults(subject: Subject, section: &str, key: &str, value: &str) -> Vec<String> {
    let mut credentials = subject.credentials();
    let mut settings = subject.settings("https://api.example.com");
    match section {
        "credentials" => credentials[key] = value.into(),
        _ => settings[key] = value.into(),
    }
    let errors = parse(subject.provider(), &credentials, &settings).expect_err(key);
    assert!(!errors.to_string().contains(SECRET), "{errors}");
    let names: Vec<_> = errors.fields.keys().cloned().collect();
    assert_eq!(names, [format!("{section}.{key}")]);
    errors.fields.into_values().next().unwrap_or_default()
}

/// Every credential of every provider.
fn each_credential(check: impl Fn(Subject, &'static str)) {
    for subject in [WhatsApp, Zapi, ZapperHub] {
        for field in Profile::of(subject.provider()).credentials {
            check(subject, field.name);
        }
    }
}

#[rstest]
#[case::double("\"", "\"")]
#[case::single("'", "'")]
#[case::back("`", "`")]
#[case::typographic("“", "”")]
#[case::typographic_single("‘", "’")]
#[case::angles("«", "»")]
#[case::with_spaces(" \"", "\" \n")]
fn quotation_marks_around_a_value_are_recognized(#[case] open: &str, #[case] close: &str) {
    let expected = ["Has quotation marks around it; leave them out"];
    each_credential(|subject, key| {
        let value = format!("{open}{SECRET}{close}");
        let told = faults(subject, "credentials", key, &value);
        assert_eq!(told, expected, "{key}");
    });
    for provider in Provider::ALL {
        let subject = match provider {
            Provider::WhatsApp => WhatsApp,
            Provider::Zapi => Zapi,
            Provider::ZapperHub => ZapperHub,
        };
        for field in Profile::of(provider).settings {
            let value = format!("{open}v25.0{close}");
            let told = faults(subject, "settings", field.name, &value);
            assert_eq!(told[0], expected[0]);
        }
    }
}

#[rstest]
#[case::usual("Bearer ")]
#[case::small("bearer ")]
#[case::header("Authorization: Bearer ")]
#[case::small_header("authorization:bearer ")]
fn the_word_bearer_before_a_token_is_recognized(#[case] before: &str) {
    each_credential(|subject, key| {
        let value = format!("{before}{SECRET}");
        let expected = ["Begins with the word Bearer; write only what follows it"];
        let told = faults(subject, "credentials", key, &value);
        assert_eq!(told, expected, "{key}");
    });
}

#[rstest]
#[case::whole("https://api.z-api.io/instances/3C01/token/0FBA9C7D2E1848A3/send-text")]
#[case::upper_case("HTTPS://API.Z-API.IO/instances/3C01/token/0FBA9C7D2E1848A3")]
#[case::without_a_scheme("api.z-api.io/instances/3C01/token/0FBA9C7D2E1848A3")]
#[case::another("https://graph.facebook.com/v25.0/800000000000001?access_token=0FBA9C7D2E1848A3")]
fn a_url_in_the_place_of_a_credential_is_recognized(#[case] url: &str) {
    each_credential(|subject, key| {
        if key == "verifyToken" {
            return;
        }
        let part = match (subject, key) {
            (WhatsApp, "phoneNumberId") => "the number's id, which follows the version in it",
            (Zapi, "instanceId") => "the part between /instances/ and /token/",
            (Zapi, "instanceToken") => "the part that follows /token/",
            (ZapperHub, "instanceId") => "the id of the instance, with which its path begins",
            _ => "the value itself",
        };
        let expected = [format!("Is a URL; write only {part}")];
        assert_eq!(faults(subject, "credentials", key, url), expected, "{key}");
    });
}

const OF_AN_INSTANCE: &str = "Is the URL of an instance; end it before /instances, and write the id and the token of the instance as credentials";
const OF_A_GRAPH_CALL: &str = "Is the URL of a call; end it before the version";
const OF_A_CALL: &str =
    "Is the URL of a call; end it before the id of the instance, or before /chat or /session";

#[rstest]
#[case::zapi(
    Zapi,
    "https://api.z-api.io/instances/3C01/token/0FBA9C7D2E1848A3/send-text",
    OF_AN_INSTANCE
)]
#[case::zapi_without_a_method(
    Zapi,
    "https://api.z-api.io/instances/3C01/token/0FBA9C7D2E1848A3/",
    OF_AN_INSTANCE
)]
#[case::zapi_without_an_id(Zapi, "https://api.z-api.io/instances", OF_AN_INSTANCE)]
#[case::zapi_without_a_token(
    Zapi,
    "https://api.z-api.io/instances/0FBA9C7D2E1848A3",
    OF_AN_INSTANCE
)]
#[case::whatsapp(
    WhatsApp,
    "https://graph.facebook.com/v25.0/800000000000001/messages?access_token=0FBA9C7D2E1848A3",
    OF_A_GRAPH_CALL
)]
#[case::whatsapp_version(WhatsApp, "https://graph.facebook.com/v25.0", OF_A_GRAPH_CALL)]
#[case::zapperhub(
    ZapperHub,
    "https://api.zapperapi.com/0FBA9C7D2E1848A3/messages/buttons",
    OF_A_CALL
)]
#[case::zapperhub_other_kind(ZapperHub, "https://api.zapperapi.com/messages/list", OF_A_CALL)]
#[case::wuzapi(
    Wuzapi,
    "https://wuzapi.example.com/chat/send/buttons?token=0FBA9C7D2E1848A3",
    OF_A_CALL
)]
fn the_url_of_a_call_in_the_place_of_the_base_url_is_recognized(
    #[case] subject: Subject,
    #[case] url: &str,
    #[case] expected: &str,
) {
    assert_eq!(faults(subject, "settings", "baseUrl", url), [expected]);
}

#[rstest]
#[case::whatsapp(WhatsApp, "https://proxy.example.com/v1.0")]
#[case::zapperhub_folder(ZapperHub, "https://proxy.example.com/messages/")]
#[case::zapi(Zapi, "https://proxy.example.com/instances")]
#[case::zapi_below(Zapi, "https://proxy.example.com/instances/main")]
fn a_base_url_with_a_path_of_its_own_is_taken(#[case] subject: Subject, #[case] url: &str) {
    let settings = subject.settings(url);
    let read = parse(subject.provider(), &subject.credentials(), &settings);
    assert!(read.is_ok(), "{:?}", read.err());
}

#[rstest]
#[case::whatsapp(WhatsApp, "phoneNumberId", "5511900000001")]
#[case::whatsapp_spelled(WhatsApp, "phoneNumberId", "(55) 11 90000-0001")]
#[case::whatsapp_plus(WhatsApp, "phoneNumberId", "+55 11 90000-0001")]
#[case::zapi(Zapi, "instanceId", "+55 11 90000-0001")]
#[case::zapperhub(ZapperHub, "instanceId", "+5511900000001")]
fn a_phone_number_in_the_place_of_an_id_is_recognized(
    #[case] subject: Subject,
    #[case] key: &str,
    #[case] number: &str,
) {
    let faults = faults(subject, "credentials", key, number);
    assert_eq!(faults.len(), 1);
    let told = &faults[0];
    assert!(
        told.starts_with("This is a phone number; write the id "),
        "{told}"
    );
    assert!(!faults[0].contains("90000"), "{faults:?}");
}

#[rstest]
#[case::a_verify_token(WhatsApp, "verifyToken")]
#[case::a_token_of_wuzapi(Wuzapi, "apiKey")]
fn a_secret_that_people_choose_may_look_like_a_url(#[case] subject: Subject, #[case] key: &str) {
    let mut credentials = subject.credentials();
    credentials[key] = "my://instances/secret".into();
    let settings = subject.settings("https://api.example.com");
    let read = parse(subject.provider(), &credentials, &settings);
    assert!(read.is_ok(), "{:?}", read.err());
}

#[rstest]
#[case::quotation_mark_within("EAAG\"EXAMPLE'1")]
#[case::one_quotation_mark("\"EAAGEXAMPLE1")]
#[case::bearer_within("EAAGBearerEXAMPLE1")]
fn a_token_with_such_a_character_in_it_is_a_token(#[case] token: &str) {
    for (subject, key) in [
        (WhatsApp, "accessToken"),
        (Zapi, "instanceToken"),
        (ZapperHub, "apiKey"),
    ] {
        let mut credentials = subject.credentials();
        credentials[key] = token.into();
        let read = parse(subject.provider(), &credentials, &json!({}));
        assert!(read.is_ok(), "{key}");
    }
}

#[rstest]
#[case::quoted(json!({"instanceId": "'INST-01'", "instanceToken": "\"TOKEN-01\""}), json!({}))]
#[case::url(json!({"instanceId": "INST-01", "instanceToken": "https://h/TOKEN-01"}),
    json!({"baseUrl": "https://proxy.example.com/instances/x/token/y"}))]
fn what_was_stored_earlier_is_still_read(#[case] credentials: Value, #[case] settings: Value) {
    let [credentials, settings] =
        [credentials, settings].map(|value| value.as_object().cloned().expect("an object"));
    let defaults = Defaults::default();
    let read = Credentials::parse_stored(Provider::Zapi, &credentials, &settings, &defaults);
    assert!(read.is_ok(), "{:?}", read.err());
}

#[rstest]
#[case::new_token(json!({"instanceToken": "TOKEN-02"}), None, &[])]
#[case::nothing_new(json!({}), None, &[])]
#[case::the_same_settings_again(json!({}), Some("https://proxy.example.com/instances/x/token/y"), &["settings.baseUrl"])]
#[case::quoted_settings(json!({"instanceToken": "'TOKEN-02'"}), Some("'https://proxy.example.com'"),
    &["credentials.instanceToken", "settings.baseUrl"])]
fn only_what_is_given_now_is_judged_as_pasted(
    #[case] new: Value,
    #[case] new_url: Option<&str>,
    #[case] faults: &[&str],
) {
    let object = |value: Value| value.as_object().cloned().expect("an object");
    let stored = (
        &object(json!({"instanceId": "'INST-01'", "instanceToken": "short"})),
        &object(json!({"baseUrl": "https://proxy.example.com/instances/x/token/y"})),
    );
    let new_settings = new_url.map(|url| object(json!({"baseUrl": url})));
    let read = Credentials::parse_changed(
        Provider::Zapi,
        stored,
        (&object(new), new_settings.as_ref()),
        &Defaults::default(),
    );
    let found = read.err().map(|errors| errors.fields).unwrap_or_default();
    assert_eq!(found.keys().collect::<Vec<_>>(), faults);
}
