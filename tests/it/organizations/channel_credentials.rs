//! Credentials of channels: checked before a channel is created, and changed one at a time.

use recado_sandbox::Settings;
use recado_tests::prelude::*;
use rstest::rstest;

#[rstest]
#[case::whatsapp("whatsapp", "accessToken", "T-EXPIRED", "unauthorized", json!(["accessToken", "appSecret", "phoneNumberId", "verifyToken"]))]
#[case::zapi("zapi", "instanceToken", "other-token", "misconfigured", json!(["clientToken", "instanceId", "instanceToken"]))]
#[case::zapperhub("zapperhub", "apiKey", "wrong-key", "unauthorized", json!(["apiKey", "instanceId"]))]
#[tokio::test]
async fn a_credential_that_changes_leaves_the_others_as_they_are(
    #[case] provider: &str,
    #[case] name: &str,
    #[case] wrong: &str,
    #[case] refused: &str,
    #[case] set: Value,
) {
    let world = World::start().await;
    let path = format!("/channels/{provider}");
    let right = credentials(provider)[name].clone();
    for (value, state) in [(json!(wrong), refused), (right, "connected")] {
        let patch = json!({"credentials": {name: value}});
        let changed = world.client.change(&path, patch).await;
        let mut names = entries(&changed["credentialsSet"]).to_vec();
        names.sort_by_key(ToString::to_string);
        assert_eq!(Value::from(names), set);
        let check = world.client.act(&format!("{path}/check"), json!({})).await;
        assert_eq!(check["state"], state, "{provider}");
    }
}

#[tokio::test]
async fn an_optional_credential_is_removed() {
    let world = World::start().await;
    for nothing in [json!(null), json!("")] {
        let patch = json!({"credentials": {"clientToken": nothing}});
        let changed = world.client.change("/channels/zapi", patch).await;
        let set = json!(["instanceId", "instanceToken"]);
        assert_eq!(changed["credentialsSet"], set, "{nothing}");
        let check = world.client.act("/channels/zapi/check", json!({})).await;
        assert_eq!(check["state"], "unauthorized", "{nothing}");
        let right = json!({"credentials": credentials("zapi")});
        world.client.change("/channels/zapi", right).await;
    }
}

#[tokio::test]
async fn credentials_that_change_at_once_do_not_undo_each_other() {
    let world = World::start().await;
    let patch = |name: &str| json!({"credentials": {name: format!("new-{name}")}});
    let (one, other) = tokio::join!(
        world
            .client
            .change("/channels/whatsapp", patch("appSecret")),
        world
            .client
            .change("/channels/whatsapp", patch("verifyToken")),
    );
    for changed in [one, other] {
        assert_eq!(entries(&changed["credentialsSet"]).len(), 4);
    }
    let id = "whatsapp".parse().expect("an id");
    let channel = world.store.get_channel_by_id(&id).await.expect("an answer");
    let secrets = world.store.secrets(&channel.expect("a channel"));
    let credentials = secrets.expect("secrets").credentials;
    for name in ["appSecret", "verifyToken"] {
        assert_eq!(credentials[name], format!("new-{name}"));
    }
}

#[tokio::test]
async fn a_channel_that_is_checked_is_created_only_if_it_can_send() {
    let world = World::start().await;
    world.client.remove("/channels/zapi").await;
    let (mut given, name, wrong) = (credentials("zapi"), "instanceToken", "other-token");
    let create = async |given: &Value| {
        let channel =
            json!({"id": "checked", "provider": "zapi", "name": "x", "credentials": given});
        world.client.post("/channels?check=true", channel).await
    };
    let right = std::mem::replace(&mut given[name], json!(wrong));
    create(&given).await.refused(409, "check_failed");
    world.client.get("/channels/checked").await.expect(404);
    given[name] = right;
    create(&given).await.expect(201);
}

#[tokio::test]
async fn a_number_that_is_not_connected_is_not_created_if_it_is_checked() {
    let world = World::start().await;
    let mut settings = Settings::default();
    settings.zapi.connected = false;
    world.sandbox.set_settings(settings);
    world.client.remove("/channels/zapi").await;
    let channel =
        json!({"id": "zapi", "provider": "zapi", "name": "x", "credentials": credentials("zapi")});
    for (check, status, reason) in [
        ("yes", 409, "check_failed"),
        ("perhaps", 400, "invalid_query"),
    ] {
        let path = format!("/channels?check={check}");
        let refused = world.client.post(&path, channel.clone()).await;
        refused.refused(status, reason);
    }
    world.client.create("/channels?check=false", channel).await;
}

#[tokio::test]
async fn settings_and_credentials_that_say_nothing_are_not_stored() {
    let world = World::start().await;
    world.client.remove("/channels/whatsapp").await;
    let mut given = credentials("whatsapp");
    given["verifyToken"] = json!("");
    given["appSecret"] = json!(null);
    let nothing = json!({"apiVersion": "", "baseUrl": null});
    let channel = json!({"id": "w", "provider": "whatsapp", "name": "w", "credentials": given, "settings": nothing});
    let created = world.client.create("/channels", channel).await;
    assert_eq!(created["settings"], json!({}));
    let set = json!(["phoneNumberId", "accessToken"]);
    assert_eq!(created["credentialsSet"], set);
    let patch = json!({"settings": nothing});
    let changed = world.client.change("/channels/w", patch).await;
    assert_eq!(changed["settings"], json!({}));
}

#[tokio::test]
async fn a_webhook_of_meta_is_not_registered_and_the_error_says_what_to_do() {
    let world = World::start().await;
    let path = "/channels/whatsapp/register-webhook";
    let refused = world.client.post(path, json!({})).await;
    refused.refused(409, "webhook_not_registered");
    refused.says("App Dashboard");
}
