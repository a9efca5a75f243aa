//! `recado send buttons --direct`: from the environment to the phone, without a server.

use recado_sandbox::Provider;
use recado_tests::prelude::*;
use recado_tests::sent::{assert_example_arrived, bodies_without_id, without_id};

use super::shell::{NUMBERS, Shell, add_accounts};
use super::{assert_no_secret, direct};

#[tokio::test]
async fn without_a_server_the_message_goes_straight_to_every_provider() {
    let (sandbox, urls) = world::sandbox().await;
    add_accounts(&sandbox);
    let shell = Shell::default().with_credentials().leading_to(&urls);
    for (provider, ..) in NUMBERS {
        sandbox.clear();
        let words = direct(provider, "+55 (11) 90000-0001", &[]);
        let dry_run = [&words[..], &["--dry-run"]].concat();
        let previewed = shell.run(&dry_run).await.json();
        assert!(sandbox.requests().is_empty(), "{provider}");
        let sent = shell.run(&words).await.json();
        assert_example_arrived(&sandbox, provider, &sent["externalId"]);
        let preview = without_id(previewed["request"]["body"].clone());
        assert_eq!(bodies_without_id(&sandbox), [preview], "{provider}");
        assert_no_secret(&format!("{previewed}{sent}"));
    }
}

#[tokio::test]
async fn a_wuzapi_server_needs_its_address_and_no_instance() {
    let (sandbox, urls) = world::sandbox().await;
    let shell = Shell::default().set("RECADO_ZAPPERHUB_API_KEY", "WUZAPI-TOKEN-01");
    let base_url = format!("baseUrl={}", urls.of(Provider::Wuzapi));
    let settings = ["--setting", "dialect=wuzapi", "--setting", &base_url];
    let words = direct("zapperhub", CUSTOMER, &settings[..2]);
    let refused = shell.run(&words).await;
    refused.failed(2, "settings.baseUrl: Required");
    let words = direct("zapperhub", CUSTOMER, &settings);
    let sent = shell.run(&words).await.json();
    assert_example_arrived(&sandbox, "wuzapi", &sent["externalId"]);
}

#[tokio::test]
async fn a_secret_may_come_from_a_file() {
    let (sandbox, urls) = world::sandbox().await;
    add_accounts(&sandbox);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "APIKEY-of-the-shop\n").expect("a file");
    let file = file.path().to_str().expect("a path");
    let shell = Shell::default()
        .leading_to(&urls)
        .set("RECADO_ZAPPERHUB_INSTANCE_ID", "inst_shop")
        .set("RECADO_ZAPPERHUB_API_KEY_FILE", file);
    let words = direct("zapperhub", CUSTOMER, &[]);
    shell.run(&words).await.done();
    assert_eq!(sandbox.phone_messages().len(), 1);
}
