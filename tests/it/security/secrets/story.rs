//! What an organization does with its secrets, on good days and on bad ones.

use recado_sandbox::{Answer as Reply, Effect, Fault, Provider, Sandbox};
use recado_tests::prelude::*;

use super::{
    ACCESS_TOKEN, API_KEY, APP_SECRET, CLIENT_TOKEN, INSTANCE_ID, INSTANCE_TOKEN, MISPLACED,
    Recorder, WRONG_CLIENT_TOKEN, credentials, message,
};

/// Makes the channels and conversations, and sends successfully.
pub(super) async fn use_it(recorder: &mut Recorder) {
    let agent = json!({"id": "agent-123", "name": "Agent"});
    recorder.post("/agents", agent, 201).await;
    for (provider, conversation) in CONVERSATIONS {
        let credentials = credentials(provider);
        let channel = json!({"id": provider, "provider": provider, "name": provider, "credentials": credentials});
        recorder.post("/channels", channel.clone(), 201).await;
        recorder.post("/channels", channel, 409).await;
        let to = json!({"id": conversation, "agentId": "agent-123", "channelId": provider, "to": CUSTOMER});
        recorder.post("/conversations", to, 201).await;

        let sent = recorder.send(conversation, 200).await;
        recorder.show(&sent["message"]["id"]).await;
        let dry_run = format!("{SEND}?dryRun=true");
        recorder.post(&dry_run, message(conversation), 200).await;
        let path = format!("/channels/{provider}");
        let change = json!({"name": "other", "credentials": credentials});
        recorder.patch(&path, change, 200).await;
        recorder.get(&path, 200).await;
        assert_eq!(recorder.check(provider).await, "connected", "{provider}");
        let path = format!("/conversations/{conversation}/messages");
        recorder.get(&path, 200).await;
    }
    recorder.get("/channels", 200).await;
    recorder.get("/conversations", 200).await;
}

/// Answers that repeat what the providers were sent.
fn answers_with_secrets() -> [(Provider, Reply); 7] {
    let malformed = format!("Malformed access token {ACCESS_TOKEN} {APP_SECRET}");
    let malformed = json!({"error": {"message": malformed, "type": "OAuthException", "code": 190}});
    let bearer = format!("<p>Authorization: Bearer {ACCESS_TOKEN} for {CUSTOMER}</p>");
    let elsewhere = format!("http://127.0.0.1:1/{ACCESS_TOKEN}");
    let path =
        format!("/instances/{INSTANCE_ID}/token/{INSTANCE_TOKEN}/send-text for {CLIENT_TOKEN}");
    let not_found = json!({"error": "NOT_FOUND", "message": path});
    let unknown = json!({"message": format!("key {API_KEY} is unknown")});
    [
        (Provider::Whatsapp, Reply::new(401, malformed)),
        (Provider::Whatsapp, Reply::new(502, bearer)),
        (
            Provider::Whatsapp,
            Reply::new(302, Value::Null).with_header("location", elsewhere),
        ),
        (Provider::Zapi, Reply::new(404, not_found)),
        (Provider::Zapi, Reply::new(500, path)),
        (Provider::Zapperhub, Reply::new(401, unknown)),
        (
            Provider::Zapperhub,
            Reply::new(200, format!("{API_KEY} {CUSTOMER}")),
        ),
    ]
}

const fn names(provider: Provider) -> (&'static str, &'static str) {
    match provider {
        Provider::Whatsapp => CONVERSATIONS[0],
        Provider::Zapi => CONVERSATIONS[1],
        Provider::Zapperhub | Provider::Wuzapi => CONVERSATIONS[2],
    }
}

/// Sends and checks while the providers fail.
pub(super) async fn fail(recorder: &mut Recorder, sandbox: &Sandbox) {
    // The same message is sent again although the outcome of the one before is unknown.
    let settings = json!({"guardRepeats": false});
    recorder.patch("/organizations/demo", settings, 200).await;
    for (provider, reply) in answers_with_secrets() {
        let (channel, conversation) = names(provider);
        sandbox.fail_next(Fault::new(provider, Effect::Answer(reply)), 2);
        let failed = recorder.send(conversation, 500).await;
        let shown = text(&failed["error"]);
        assert!(!shown.contains(CUSTOMER), "{shown}");
        recorder.show(&failed["messageId"]).await;
        recorder.check(channel).await;
        assert_eq!(sandbox.faults(), [], "{channel}");

        sandbox.fail_next(Fault::new(provider, Effect::ResetAfter), 1);
        let lost = recorder.send(conversation, 500).await;
        assert_eq!(lost["reason"], "outcome_unknown");
    }
    // The simulator repeats the token by itself, as the vendor does.
    let wrong = json!({
        "instanceId": INSTANCE_ID, "instanceToken": INSTANCE_TOKEN, "clientToken": WRONG_CLIENT_TOKEN,
    });
    recorder
        .patch("/channels/zapi", json!({"credentials": wrong}), 200)
        .await;
    let refused = recorder.send("conv-zapi", 500).await;
    assert_eq!(refused["reason"], "channel_unauthorized");
    assert_contains(text(&refused["error"]), "Client-Token *** not allowed");

    let closed = json!({"settings": {"baseUrl": "http://127.0.0.1:1"}});
    recorder.patch("/channels/zapi", closed, 200).await;
    assert_eq!(recorder.check("zapi").await, "unavailable");
}

/// Channels that are refused, with secrets in all places.
fn refused_channels() -> Vec<Value> {
    let account = |token: Value| json!({"phoneNumberId": "800000000000001", "accessToken": token});
    let channel = |credentials: Value, settings: Value| json!({"provider": "whatsapp", "name": "x", "credentials": credentials, "settings": settings});
    let with_credentials = [
        json!(MISPLACED),
        json!([MISPLACED]),
        account(json!([MISPLACED])),
        account(json!({"value": MISPLACED})),
        account(json!(format!("{MISPLACED} in two words"))),
        json!({"phoneNumberId": MISPLACED, "accessToken": MISPLACED}),
        json!({"accessToken": MISPLACED, "unknown": MISPLACED}),
    ];
    let with_settings = [
        json!(MISPLACED),
        json!({"apiVersion": MISPLACED}),
        json!({"baseUrl": MISPLACED}),
        json!({"baseUrl": format!("https://x:{MISPLACED}@example.com")}),
        json!({"baseUrl": format!("https://example.com/?token={MISPLACED}")}),
    ];
    let with_credentials = with_credentials.map(|credentials| channel(credentials, json!({})));
    let with_settings = with_settings.map(|settings| channel(account(json!(MISPLACED)), settings));
    let others = [
        json!(MISPLACED),
        json!({"provider": MISPLACED, "name": MISPLACED, "credentials": {}}),
        json!({"provider": "zapi", "name": [MISPLACED], "credentials": {"instanceToken": MISPLACED}}),
        json!({"provider": "zapi", "name": "x", "id": format!("{MISPLACED} in two words")}),
    ];
    [&with_credentials[..], &with_settings, &others].concat()
}

/// Says secrets where they do not belong.
pub(super) async fn misplace(recorder: &mut Recorder) {
    for channel in refused_channels() {
        recorder.post("/channels", channel, 400).await;
    }
    for change in [
        json!({"credentials": MISPLACED}),
        json!({"credentials": {"apiKey": [MISPLACED]}}),
        json!({"credentials": {"unknown": MISPLACED}}),
        json!({"settings": {"dialect": MISPLACED}}),
    ] {
        recorder.patch("/channels/zapperhub", change, 400).await;
    }
    let ends_early =
        format!(r#"{{"provider":"zapi","credentials":{{"instanceToken":"{MISPLACED}""#);
    let form = format!("provider=zapi&name=x&credentials={MISPLACED}");
    for (content_type, text) in [
        ("application/json", ends_early),
        ("application/x-www-form-urlencoded", form),
    ] {
        let request = recorder.client.request(Method::POST, "/channels");
        let request = request.header("content-type", content_type).body(text);
        recorder.request(request, 400).await;
    }
    let mut misaddressed = message(MISPLACED);
    recorder.post(SEND, misaddressed.clone(), 404).await;
    misaddressed["agentId"] = MISPLACED.into();
    recorder.post(SEND, misaddressed.clone(), 404).await;
    misaddressed["button_1_id"] = json!({"id": MISPLACED});
    recorder.post(SEND, misaddressed, 400).await;
    let to_unknown = json!({"agentId": "agent-123", "channelId": "zapi", "to": MISPLACED});
    recorder.post("/conversations", to_unknown, 400).await;
    for (path, status) in [
        ("/messages/", 404),
        ("/channels/", 404),
        ("/", 404),
        ("/channels?after=", 400),
        ("/channels?limit=", 400),
        ("/healthz?token=", 200),
    ] {
        recorder.get(&format!("{path}{MISPLACED}"), status).await;
    }
    let stranger = recorder.client.with_key(MISPLACED);
    let request = stranger.request(Method::GET, "/channels");
    recorder.request(request, 401).await;
}
