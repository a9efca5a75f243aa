//! How settings of the environment are read, shown and asked for.

use std::collections::BTreeSet;
use std::fs;

use recado_tests::prelude::*;

/// 32 bytes in base64.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const POSTGRES: &str = "postgres://recado:qqPassword@127.0.0.1:1/recado";

#[tokio::test]
async fn a_variable_that_is_empty_counts_as_not_set() {
    let help = run("--help", &[]).await.succeeded();
    let variables: BTreeSet<_> = help
        .split(|letter: char| !letter.is_ascii_uppercase() && letter != '_')
        .filter(|word| word.starts_with("RECADO_") && !word.ends_with('_'))
        .collect();
    assert!(variables.len() > 20, "{help}");
    let empty: Vec<_> = variables.iter().map(|name| (*name, "")).collect();
    let printed = run("check-config", &empty).await.succeeded();
    assert_eq!(printed, run("check-config", &[]).await.stdout);
    // As an option it is a mistake.
    let refused = run("check-config --server-name=", &[]).await;
    assert_eq!(refused.code, 2, "{}", refused.stderr);
}

#[tokio::test]
async fn what_check_config_prints_may_be_set() {
    let given = [
        ("RECADO_DATABASE_URL", "sqlite:recado.db?mode=rwc"),
        ("RECADO_MASTER_KEY", MASTER_KEY),
    ];
    let values = |printed: &str| {
        let lines = printed.lines().filter(|line| !line.starts_with('#'));
        let values = lines.filter_map(|line| line.split(" #").next()?.trim().split_once('='));
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        values.collect::<Vec<_>>()
    };
    for environment in [&[][..], &given] {
        let printed = run("check-config", environment).await.stdout;
        let set = values(&printed);
        assert!(set.len() > 15, "{printed}");
        let borrowed = set.iter().map(|(name, value)| (&**name, &**value));
        let again = run("check-config", &borrowed.collect::<Vec<_>>()).await;
        let again = values(&again.succeeded());
        assert!(set.iter().all(|value| again.contains(value)), "{again:?}");
    }
}

#[tokio::test]
async fn a_mistyped_variable_is_named_with_the_setting_that_it_may_be() {
    let sentence =
        "RECADO_PUBLIC_ULR is not a setting of recado-server; did you mean RECADO_PUBLIC_URL?";
    let mistyped = ("RECADO_PUBLIC_ULR", "https://recado.example.com");
    let checked = run("check-config", &[mistyped, ("RECADO_KEY", "recado_x")]).await;
    let lines = checked.stdout.lines();
    let named = lines.filter(|line| line.contains("not a setting"));
    assert_eq!(named.collect::<Vec<_>>(), [format!("# {sentence}")]);
    let started = run("serve", &[mistyped, ("RECADO_LISTEN", "203.0.113.7:1")]).await;
    started.refused(sentence);
}

#[tokio::test]
async fn the_usage_does_not_ask_for_what_the_environment_sets() {
    let environment = [("RECADO_LOG", "warn"), ("RECADO_LISTEN", "8081")];
    for (command, usage) in [
        ("", "[OPTIONS] [COMMAND]"),
        ("migrate ", "migrate [OPTIONS]"),
        ("operator-key create ", "operator-key create [OPTIONS]"),
    ] {
        let refused = run(&format!("{command}--wrong"), &environment).await;
        refused.failed(2, &format!("Usage: recado-server {usage}\n"));
    }
}

#[tokio::test]
async fn check_config_says_what_is_in_force_and_hides_secrets() {
    insta::assert_snapshot!(run("check-config", &[]).await.stdout, @"
    RECADO_LISTEN=127.0.0.1:8080                             # default
    RECADO_DATABASE_URL=sqlite:recado.db                     # default
    # RECADO_MASTER_KEY=(in the file recado.db.key)          # default
    RECADO_PUBLIC_URL=http://127.0.0.1:8080/                 # default
    RECADO_WHATSAPP_URL=https://graph.facebook.com/          # default
    RECADO_WHATSAPP_VERSION=v25.0                            # default
    RECADO_ZAPI_URL=https://api.z-api.io/                    # default
    RECADO_ZAPPERHUB_URL=https://api.zapperapi.com/          # default
    RECADO_ALLOW_PRIVATE_NETWORKS=false                      # default
    RECADO_CONNECTIONS_PER_PEER=256                          # default
    RECADO_MAX_WEBHOOK_ENDPOINTS=20                          # default
    RECADO_MAX_QUEUED_MIB=1024                               # default
    RECADO_DRAIN_SECONDS=0                                   # default
    RECADO_LOG=info                                          # default
    RECADO_SERVER_NAME=                                      # default
    RECADO_METRICS_LISTEN=                                   # default
    RECADO_RATES_FILE=                                       # default
    RECADO_RETAIN_MESSAGES_DAYS=forever                      # default
    RECADO_RETAIN_EVENTS_DAYS=forever                        # default
    RECADO_RETAIN_DELIVERIES_DAYS=7                          # default
    RECADO_RETAIN_WEBHOOK_CALLS_DAYS=7                       # default
    RECADO_RETAIN_SET_ASIDE_DAYS=30                          # default
    RECADO_RETAIN_AUDIT_DAYS=400                             # default
    # recado.db does not exist; the server creates it
    ");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    fs::write(&file, format!("{MASTER_KEY}\n")).expect("a file");
    let file = file.to_str().expect("a text");
    for (variable, value) in [
        ("RECADO_MASTER_KEY", MASTER_KEY),
        ("RECADO_MASTER_KEY_FILE", file),
    ] {
        let environment = [("RECADO_DATABASE_URL", POSTGRES), (variable, value)];
        let output = run("check-config", &environment).await;
        output.refused("cannot open the database");
        for part in [
            "RECADO_MASTER_KEY=(hidden)",
            &format!(" # {variable}\n"),
            "RECADO_DATABASE_URL=postgres://recado:(hidden)@127.0.0.1:1/recado",
        ] {
            assert_contains(&output.stdout, part);
        }
        let all = [output.stdout, output.stderr].concat();
        assert!(
            !all.contains(MASTER_KEY) && !all.contains("qqPassword"),
            "{all}"
        );
    }
}

#[tokio::test]
async fn check_config_says_where_each_value_comes_from() {
    let given = run("check-config --listen :8081", &[("RECADO_LOG", "warn")]).await;
    let given = given.stdout;
    for (value, origin) in [
        ("RECADO_LISTEN=:8081 ", "# --listen"),
        ("RECADO_LOG=warn ", "# RECADO_LOG"),
    ] {
        let line = given.lines().find(|line| line.starts_with(value));
        assert!(line.is_some_and(|line| line.ends_with(origin)), "{given}");
    }
}
