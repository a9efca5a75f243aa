//! A phone that is cut off from WhatsApp, and comes back, is an event of its channel.

use recado_sandbox::{Connection, Session, Settings};
use recado_tests::prelude::*;

const CHANNELS: [&str; 3] = ["wuzapi", "zapi", "zapperhub"];

/// A world whose channels all hear of their phones.
async fn connected() -> World {
    let world = World::connected().await;
    world.open_wuzapi().await;
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

/// Waits for an event of each channel; returns what was said of each, as [`CHANNELS`] has them.
async fn told(world: &World, kind: &str) -> [Value; 3] {
    let events = world.events(kind, CHANNELS.len()).await;
    assert_eq!(events.len(), CHANNELS.len());
    CHANNELS.map(|channel| {
        let told = events.iter().find(|event| event["channelId"] == channel);
        told.expect(channel)["data"]["detail"].clone()
    })
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
    let (unpaired, cut) = (
        "logged out: a phone must be paired",
        "Device has been disconnected",
    );
    let lost = [json!(unpaired), json!(cut), Value::Null];
    assert_eq!(told(&world, "channel.disconnected").await, lost);
    assert_shown(&world, false).await;

    world.sandbox.set_settings(Settings::default());
    assert_eq!(
        told(&world, "channel.connected").await,
        [(); 3].map(|()| Value::Null)
    );
    assert_shown(&world, true).await;
}
