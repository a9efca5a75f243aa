//! A phone that is cut off from WhatsApp, and comes back, is an event of its channel.

use recado_sandbox::{Connection, Session, Settings};
use recado_tests::prelude::*;

const CHANNELS: [&str; 3] = ["wuzapi", "zapi", "zapperhub"];

/// A world whose channels all hear of their phones.
async fn connected() -> World {
    let world = World::start().await;
    world.connect_webhooks().await;
    let channel = json!({"id": "wuzapi", "provider": "zapperhub", "name": "Own server",
        "credentials": {"apiKey": "WUZAPI-TOKEN-01"},
        "settings": {"dialect": "wuzapi", "baseUrl": world.sandbox_urls.wuzapi}});
    world.client.create("/channels", channel).await;
    let path = "/channels/wuzapi/register-webhook";
    world.client.act(path, json!({})).await;
    world
}

fn cut_off() -> Settings {
    let mut settings = Settings::default();
    settings.zapi.connected = false;
    settings.zapperhub.connection = Connection::Close;
    settings.wuzapi.session = Session::LoggedOut;
    settings
}

/// The channels of events, and what was said of each.
fn told(events: &[Value]) -> Vec<(String, Value)> {
    let mut told: Vec<_> = events
        .iter()
        .map(|event| {
            let channel = event["channelId"].as_str().expect("a channel");
            (channel.to_owned(), event["data"]["detail"].clone())
        })
        .collect();
    told.sort_by(|(one, _), (other, _)| one.cmp(other));
    told
}

async fn assert_shown(world: &World, connected: bool) {
    for channel in CHANNELS {
        let path = format!("/channels/{channel}");
        let shown = world.client.read(&path).await;
        assert_eq!(shown["connected"], connected, "{channel}");
    }
}

#[tokio::test]
async fn a_phone_that_is_cut_off_and_comes_back_is_told_on_every_channel_that_has_one() {
    let world = connected().await;
    world.sandbox.set_settings(cut_off());
    let lost = told(&world.events("channel.disconnected", 3).await);
    let details = [
        json!("logged out: a phone must be paired"),
        json!("Device has been disconnected"),
        Value::Null,
    ];
    let expected: Vec<_> = CHANNELS
        .map(str::to_owned)
        .into_iter()
        .zip(details)
        .collect();
    assert_eq!(lost, expected);
    assert_shown(&world, false).await;

    world.sandbox.set_settings(Settings::default());
    let back = told(&world.events("channel.connected", 3).await);
    let expected = CHANNELS.map(|channel| (channel.to_owned(), Value::Null));
    assert_eq!(back, expected);
    assert_shown(&world, true).await;
}
