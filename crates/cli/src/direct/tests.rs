//! From the environment to the simulated phone, over real HTTP on this machine.

use std::collections::HashMap;

use recado_core::{SendButtons, request};
use recado_sandbox::{Account, Effect, Fault, Provider as Simulated, Sandbox, base_urls};
use rstest::rstest;
use tokio::net::TcpListener;

use super::*;
use crate::credentials::variable;

/// Values of the environment, by their variables.
type Environment = HashMap<String, String>;

/// A running sandbox, and the environment that leads to it.
async fn sandbox() -> (Sandbox, Environment) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let urls = base_urls(listener.local_addr().unwrap());
    let sandbox = Sandbox::new();
    tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
    let mut environment = Environment::new();
    for provider in Provider::ALL {
        let simulated = provider.as_str().parse().unwrap();
        let url = urls.of(simulated).to_owned();
        environment.insert(variable(provider.as_str(), "url"), url);
        for (name, value) in Account::working(simulated).credentials() {
            environment.insert(variable(provider.as_str(), name), value.to_owned());
        }
    }
    (sandbox, environment)
}

fn direct(provider: Provider, body: Value, environment: &Environment) -> Result<Direct> {
    let to = "5511900000001".parse().unwrap();
    let lookup = |name: &str| environment.get(name).cloned();
    let body = serde_json::from_value(body).unwrap();
    let message = request::read::<SendButtons>(body).map_err(Failure::Fields)?;
    Direct::new(provider, &Settings::new(), to, message, &lookup)
}

fn body() -> Value {
    json!({
        "agentId": "agent-123", "conversationId": "conv-456",
        "header_text": "Select an option", "body_text": "How can we help you today?", "footer_text": "ChatVolt Support",
        "button_1_id": "btn_sales", "button_1_title": "Sales",
        "button_2_id": "btn_support", "button_2_title": "Support",
    })
}

#[rstest]
#[case(Provider::WhatsApp)]
#[case(Provider::Zapi)]
#[case(Provider::ZapperHub)]
#[tokio::test]
async fn a_message_reaches_the_phone_without_a_server(#[case] provider: Provider) {
    let (sandbox, environment) = sandbox().await;
    let output = direct(provider, body(), &environment)
        .unwrap()
        .send()
        .await
        .unwrap();

    let answer: Value = serde_json::from_str(&output.json).unwrap();
    assert_eq!(answer["success"], true);
    assert_eq!(answer["provider"], provider.as_str());
    let phone = sandbox.phone_messages();
    assert_eq!(phone.len(), 1);
    let buttons: Vec<(&str, &str)> = (phone[0].buttons().iter())
        .map(|button| (button.id.as_str(), button.title.as_str()))
        .collect();
    assert_eq!(
        buttons,
        [("btn_sales", "Sales"), ("btn_support", "Support")]
    );
}

#[rstest]
#[case(Provider::WhatsApp, "T-WORKING")]
#[case(Provider::Zapi, "TOKEN-01")]
#[case(Provider::ZapperHub, "API-KEY-01\"")]
#[tokio::test]
async fn a_dry_run_shows_the_request_without_secrets_and_sends_nothing(
    #[case] provider: Provider,
    #[case] secret: &str,
) {
    let (sandbox, environment) = sandbox().await;
    let output = direct(provider, body(), &environment)
        .unwrap()
        .preview()
        .unwrap();
    let answer: Value = serde_json::from_str(&output.json).unwrap();
    assert_eq!(answer["dryRun"], true);
    assert_eq!(answer["request"]["method"], "POST");
    assert!(!output.json.contains(secret), "{}", output.json);
    assert!(sandbox.requests().is_empty());
}

#[rstest]
#[case(Effect::ResetAfter)]
#[case(Effect::ResetBefore)]
#[tokio::test]
async fn a_lost_answer_is_an_unknown_outcome_and_not_repeated(#[case] effect: Effect) {
    let (sandbox, environment) = sandbox().await;
    let fault = Fault::new(Simulated::Zapi, effect);
    sandbox.fail_next(fault, 1);
    let direct = direct(Provider::Zapi, body(), &environment).unwrap();
    let failure = direct.send().await.err().unwrap();
    assert_eq!(failure.exit_code(), ExitCode::OutcomeUnknown, "{failure}");
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn refused_credentials_are_not_authorised_and_not_shown() {
    let (_sandbox, mut environment) = sandbox().await;
    environment.insert(
        "RECADO_WHATSAPP_ACCESS_TOKEN".to_owned(),
        "T-UNKNOWN".to_owned(),
    );
    let direct = direct(Provider::WhatsApp, body(), &environment).unwrap();
    let failure = direct.send().await.err().unwrap();
    assert_eq!(failure.exit_code(), ExitCode::Unauthorized, "{failure}");
    assert!(!failure.to_string().contains("T-UNKNOWN"), "{failure}");
}

#[tokio::test]
async fn a_secret_of_less_than_8_characters_is_refused_without_being_shown() {
    let (sandbox, mut environment) = sandbox().await;
    environment.insert("RECADO_ZAPPERHUB_API_KEY".to_owned(), "hunter2".to_owned());
    let failure = direct(Provider::ZapperHub, body(), &environment)
        .err()
        .unwrap();
    assert_eq!(failure.exit_code(), ExitCode::Usage);
    let text = failure.to_string();
    let told = "credentials.apiKey: Must have at least 8 characters";
    assert!(text.contains(told) && !text.contains("hunter2"), "{text}");
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn four_buttons_are_refused_with_the_number_of_the_provider() {
    let (sandbox, environment) = sandbox().await;
    let mut body = body();
    for number in 3..=4 {
        body[format!("button_{number}_id")] = format!("b{number}").into();
        body[format!("button_{number}_title")] = format!("B{number}").into();
    }
    let failure = direct(Provider::Zapi, body, &environment).err().unwrap();
    assert_eq!(failure.exit_code(), ExitCode::Refused);
    let text = failure.to_string();
    assert!(text.contains("[too_many_buttons, code 131009]"), "{text}");
    assert!(sandbox.requests().is_empty());
}

#[test]
fn a_kind_that_the_provider_does_not_carry_exits_as_with_a_server() {
    let kind = recado_core::ContentKind::LocationRequest;
    let violation = recado_core::capabilities::ZAPI.unsupported(kind);
    let refusal = violation.refuse("Z-API", ToString::to_string);
    let failure = refused(&refusal);
    assert_eq!(failure.reason(), Some("unsupported_channel"));
    assert_eq!(failure.exit_code(), ExitCode::Usage);
}

#[tokio::test]
async fn wrong_fields_are_named_without_asking_anybody() {
    let (_sandbox, environment) = sandbox().await;
    let failure = direct(
        Provider::Zapi,
        json!({"agentId": "a", "conversationId": "c", "button_1_id": 7}),
        &environment,
    )
    .err()
    .unwrap();
    assert_eq!(failure.exit_code(), ExitCode::Usage);
    let text = failure.to_string();
    assert!(text.contains("body_text: Required"), "{text}");
    assert!(
        text.contains("button_1_id: Expected string, received number"),
        "{text}"
    );
    assert!(!text.contains("agentId"), "{text}");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_by_its_variable() {
    let (_sandbox, mut environment) = sandbox().await;
    environment.insert("RECADO_ZAPPERHUB_URL".to_owned(), "localhost".to_owned());
    let refused = direct(Provider::ZapperHub, body(), &environment).err();
    let text = refused.unwrap().to_string();
    assert!(text.starts_with("RECADO_ZAPPERHUB_URL: "), "{text}");
}
