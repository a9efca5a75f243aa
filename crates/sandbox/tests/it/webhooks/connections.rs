//! What every provider tells when a switch connects its phone or cuts it off.

use recado_sandbox::{Connection, Provider, Session, Settings};
use serde_json::{Value, json};

use super::Pair;

/// Switches the phone off and on again; what was told of it.
async fn told(provider: Provider, off: impl FnOnce(&mut Settings)) -> Vec<Value> {
    let pair = Pair::start(provider).await;
    let mut settings = pair.settings();
    off(&mut settings);
    pair.set_settings(settings.clone());
    pair.set_settings(settings);
    pair.set_settings(Settings::default());
    pair.settled().await;
    pair.receiver.posts().iter().map(event).collect()
}

/// The event of a call, whose form may hold it as JSON.
fn event(post: &super::receiver::Got) -> Value {
    let mut form = form_urlencoded::parse(post.body.as_bytes());
    match form.find(|(key, _)| key == "jsonData") {
        Some((_, json)) => serde_json::from_str(&json).expect("JSON"),
        None => post.json(),
    }
}

#[tokio::test]
async fn z46_zapi_tells_once_that_the_phone_is_gone_and_once_that_it_is_back() {
    let told = told(Provider::Zapi, |settings| settings.zapi.connected = false).await;
    let gone = json!({
        "type": "DisconnectedCallback", "instanceId": "INST-01", "disconnected": true,
        "error": "Device has been disconnected", "momment": told[0]["momment"],
    });
    let back = json!({
        "type": "ConnectedCallback", "instanceId": "INST-01", "connected": true,
        "phone": "5521300000000", "momment": told[1]["momment"],
    });
    assert_eq!(told, [gone, back]);
}

#[tokio::test]
async fn h40_zapperhub_tells_the_devices_connection() {
    for (connection, members) in [
        (Connection::Close, json!({"connection": "close"})),
        (
            Connection::Unpaired,
            json!({"connection": "connecting", "qr": "2@sandbox"}),
        ),
    ] {
        let off = |settings: &mut Settings| settings.zapperhub.connection = connection;
        let mut expected = [members, json!({"connection": "open"})];
        for event in &mut expected {
            event["type"] = json!("connection.update");
            event["instanceId"] = json!("inst_5f2c");
        }
        assert_eq!(told(Provider::Zapperhub, off).await, expected);
    }
}

#[tokio::test]
async fn h59_wuzapi_tells_the_state_of_the_session() {
    for (session, kind) in [
        (Session::None, "Disconnected"),
        (Session::LoggedOut, "LoggedOut"),
    ] {
        let told = told(Provider::Wuzapi, |settings| {
            settings.wuzapi.session = session;
        })
        .await;
        let kinds: Vec<_> = told.iter().map(|event| &event["type"]).collect();
        assert_eq!(kinds, [kind, "Connected"]);
    }
}
