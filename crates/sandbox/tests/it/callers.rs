//! Who may call, for which account, and by which route and verb.

use recado_sandbox::{Account, Provider};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::whatsapp::{NUMBER, message};
use crate::{Server, assert_has, credential, faults::good, parsed, rows};

const NO_TOKEN: &str = "An access token is required";
const GARBAGE: &str = "Invalid OAuth access token - Cannot parse access token";
const EXPIRED: &str = "Error validating access token: Session has expired on ";
const UNKNOWN: &str = "Unsupported post request. Object with ID '123' does not exist";

#[rstest]
#[case::s39_no_authorization(None, NUMBER, [401, 190, 0], NO_TOKEN)]
#[case::an_empty_authorization(Some(""), NUMBER, [401, 190, 0], NO_TOKEN)]
#[case::s40_garbage(Some("Bearer x"), NUMBER, [401, 190, 0], GARBAGE)]
#[case::not_a_bearer(Some("T-WORKING"), NUMBER, [401, 190, 0], GARBAGE)]
#[case::s41_expired(Some("Bearer T-EXPIRED"), NUMBER, [401, 190, 463], EXPIRED)]
#[case::s42_no_permission(Some("Bearer T-NOPERM"), NUMBER, [403, 10, 0], "(#10) ")]
#[case::s43_an_unknown_number(Some("Bearer T-WORKING"), "123", [400, 100, 33], UNKNOWN)]
#[case::s44_an_unregistered_number(Some("Bearer T-WORKING"), "800000000000002", [400, 133_010, 0], "(#133010) Phone number not registered")]
#[tokio::test]
async fn whatsapp_refuses_a_caller_without_the_right(
    #[case] authorization: Option<&str>,
    #[case] number: &str,
    #[case] answer: [u32; 3],
    #[case] expected: &str,
) {
    let server = Server::start().await;
    let [status, code, subcode] = answer;
    let path = format!("/whatsapp/v25.0/{number}/messages");
    // The token is checked before the body, the registration after it.
    let is_later = code == 133_010;
    let body = if is_later { message() } else { json!({}) };
    let credential = authorization.map(|value| ("authorization", value));
    let reply = server.call(Method::POST, &path, credential, &body).await;
    let is_unknown = subcode == 33;
    let kind = ["OAuthException", "GraphMethodException"][usize::from(is_unknown)];
    let trace = reply.headers["x-fb-trace-id"].to_str().expect("text");
    let subcode = (subcode != 0).then_some(subcode);
    let error = json!({"code": code, "error_subcode": subcode, "type": kind, "fbtrace_id": trace});
    assert_eq!(u32::from(reply.status), status);
    assert_has(&reply.json, &json!({"error": error}));
    let text = reply.json["error"]["message"].as_str().expect("a message");
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn the_others_refuse_a_caller_without_the_right_whatever_the_body() {
    let server = Server::start().await;
    let token = String::new();
    server.add_account(Account::Wuzapi { token });
    server.add_account(Account::Zapperhub {
        instance_id: "inst_other".into(),
        api_key: "K-OTHER".into(),
    });
    let table = r#"
z08 | zapi/instances/INST-01/token/TOKEN-01/send-text |  | 400 | {"error": "your client-token is not configured"}
z09 | zapi/instances/INST-01/token/TOKEN-01/send-text | XYZ | 403 | {"error": "Client-Token XYZ not allowed"}
z12 | zapi/instances/INST-02/token/TOKEN-01/send-text | CLIENT-TOKEN-01 | 400 | {"error": "Instance not found"}
z12 | zapi/instances/INST-01/token/TOKEN-02/send-text | CLIENT-TOKEN-01 | 400 | {"error": "Instance not found"}
h14 | zapperhub/inst_5f2c/messages/buttons |  | 401 | {"message": "Unauthorized"}
h14 | zapperhub/inst_5f2c/messages/buttons | K2 | 401 | {"message": "Unauthorized"}
h15 | zapperhub/inst_none/messages/buttons | API-KEY-01 | 404 | {"message": "Instance not found"}
other | zapperhub/inst_other/messages/buttons | API-KEY-01 | 403 | {"message": "Forbidden"}
h43 | wuzapi/chat/send/buttons | WUZAPI-TOKEN-02 | 401 | {"code": 401, "error": "unauthorized", "success": false}
none | wuzapi/chat/send/buttons |  | 401 | {"code": 401, "error": "unauthorized", "success": false}
empty | wuzapi/chat/send/buttons | "" | 401 | {"code": 401, "error": "unauthorized", "success": false}
empty | wuzapi/chat/send/buttons?token= |  | 401 | {"code": 401, "error": "unauthorized", "success": false}"#;
    for [name, path, value, status, answer] in rows(table) {
        let provider = path.split('/').next().and_then(|word| word.parse().ok());
        let (header, _) = credential(provider.expect("a provider"));
        let given = (!value.is_empty()).then(|| (header, value.trim_matches('"')));
        let reply = server.call(Method::POST, &format!("/{path}"), given, &json!({}));
        let reply = reply.await;
        let got = (reply.status.to_string(), reply.json);
        assert_eq!(got, (status.to_owned(), parsed(answer)), "{name}");
        if path.starts_with("zapi/") {
            let request = server.requests().pop().expect("a request");
            assert_eq!(request.has_credential, given.is_some(), "{name}");
        }
    }
}

#[tokio::test]
async fn wuzapis_token_may_stand_in_the_query() {
    let server = Server::start().await;
    let path = "/wuzapi/session/status?token=WUZAPI-TOKEN-01";
    assert_eq!(server.get(path).await.status, 200);
}

#[tokio::test]
async fn a_route_has_one_verb_and_another_path_is_unknown() {
    let server = Server::start().await;
    let table = r#"
no version | POST | whatsapp/800000000000001/messages | 404 | {"error": {"code": 2500}}
a version without v | POST | whatsapp/25/800000000000001/messages | 404 | {"error": {"code": 2500}}
misspelled | POST | whatsapp/v25.0/800000000000001/mesages | 404 | {"error": {"code": 2500}}
z15 | GET | zapi/instances/INST-01/token/TOKEN-01/send-text | 405 | {"error": "NOT_FOUND"}
health | GET | zapperhub/ | 200 | {"status": "UP"}
health | GET | zapperhub | 200 | {"status": "UP"}
unknown | GET | zapperhub/inst_5f2c/elsewhere | 404 | {}
another verb | GET | wuzapi/chat/send/buttons | 405 | {}
misspelled | POST | wuzapi/chat/send/button | 404 | {}"#;
    for [name, method, path, status, part] in rows(table) {
        let provider: Provider = path.split('/').next().expect("a word").parse().expect(path);
        let given = Some(credential(provider));
        let method = method.parse().expect("a method");
        let reply = server
            .call(method, &format!("/{path}"), given, &message())
            .await
            .named(name);
        reply.has(status.parse().expect("a status"), &parsed(part));
        if path.starts_with("zapi/") {
            assert_eq!(reply.headers["allow"], "POST", "{name}");
        } else if path.ends_with("/button") {
            assert_eq!(reply.text, "404 page not found\n", "{name}");
        }
    }
    assert_eq!(
        server.get("/zapperhub/inst_5f2c/messages").await.status,
        401
    );
}

#[tokio::test]
async fn z16_a_body_that_does_not_say_json_is_refused() {
    let server = Server::start().await;
    for provider in [Provider::Zapi, Provider::Zapperhub] {
        let mut request = good(&server, provider).build().expect("a request");
        request.headers_mut().remove("content-type");
        let answer = server.client.execute(request).await.expect("an answer");
        assert_eq!(answer.status(), 415);
    }
}
