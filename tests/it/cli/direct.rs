//! `recado send buttons --direct`: from the environment to the phone, without a server.

use recado_tests::world::{self, CUSTOMER};

use super::shell::{NUMBERS, Shell, add_accounts};
use super::{EXAMPLE_FLAGS, assert_example_arrived, assert_no_secret};

#[tokio::test]
async fn without_a_server_the_message_goes_straight_to_every_provider() {
    let (sandbox, urls) = world::sandbox().await;
    add_accounts(&sandbox);
    let shell = Shell::default().with_credentials().leading_to(&urls);
    for (provider, ..) in NUMBERS {
        sandbox.clear();
        let who = [
            "send",
            "buttons",
            "--direct",
            provider,
            "--to",
            "+55 (11) 90000-0001",
        ];
        let words = [&who[..], &EXAMPLE_FLAGS].concat();
        let previewed = shell
            .run(&[&words[..], &["--dry-run"]].concat())
            .await
            .json();
        assert!(sandbox.requests().is_empty(), "{provider}");
        let sent = shell.run(&words).await.json();
        assert_example_arrived(&sandbox, provider, &sent["externalId"]);
        let mut received = sandbox.requests().remove(0).body;
        let mut preview = previewed["request"]["body"].clone();
        for body in [&mut received, &mut preview] {
            body.as_object_mut()
                .expect("an object")
                .remove("biz_opaque_callback_data");
        }
        assert_eq!(received, preview, "{provider}");
        assert_no_secret(&format!("{previewed}{sent}"));
    }
}

#[tokio::test]
async fn a_wuzapi_server_needs_its_address_and_no_instance() {
    let (sandbox, urls) = world::sandbox().await;
    let shell = Shell::default().set("RECADO_ZAPPERHUB_API_KEY", "WUZAPI-TOKEN-01");
    let who = ["send", "buttons", "--direct", "zapperhub", "--to", CUSTOMER];
    let base_url = format!("baseUrl={}", urls.wuzapi);
    let dialect = ["--setting", "dialect=wuzapi"];
    let ran = shell
        .run(&[&who[..], &EXAMPLE_FLAGS, &dialect].concat())
        .await;
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("settings.baseUrl: Required"),
        "{}",
        ran.stderr
    );
    let settings = [dialect, ["--setting", &base_url]].concat();
    let sent = shell
        .run(&[&who[..], &EXAMPLE_FLAGS, &settings].concat())
        .await
        .json();
    assert_example_arrived(&sandbox, "wuzapi", &sent["externalId"]);
}

#[tokio::test]
async fn a_secret_may_come_from_a_file() {
    let (sandbox, urls) = world::sandbox().await;
    add_accounts(&sandbox);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "APIKEY-of-the-shop\n").expect("a file");
    let shell = Shell::default()
        .leading_to(&urls)
        .set("RECADO_ZAPPERHUB_INSTANCE_ID", "inst_shop");
    let shell = shell.set(
        "RECADO_ZAPPERHUB_API_KEY_FILE",
        file.path().to_str().expect("a path"),
    );
    let who = ["send", "buttons", "--direct", "zapperhub", "--to", CUSTOMER];
    shell.run(&[&who[..], &EXAMPLE_FLAGS].concat()).await.done();
    assert_eq!(sandbox.phone_messages().len(), 1);
}
