//! How settings of the environment are read, shown and asked for.

use std::collections::BTreeSet;
use std::fs;

use recado_tests::binaries::{run, said};

/// 32 bytes in base64.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const POSTGRES: &str = "postgres://recado:qqPassword@127.0.0.1:1/recado";

#[tokio::test]
async fn a_variable_that_is_empty_counts_as_not_set() {
    let help = run("--help", &[]).await;
    let help = String::from_utf8(help.stdout).expect("text");
    let variables: BTreeSet<_> = help
        .split(|letter: char| !letter.is_ascii_uppercase() && letter != '_')
        .filter(|word| word.starts_with("RECADO_") && !word.ends_with('_'))
        .collect();
    assert!(variables.len() > 20, "{help}");
    let empty: Vec<_> = variables.iter().map(|name| (*name, "")).collect();
    let printed = run("check-config", &empty).await;
    assert!(printed.status.success(), "{}", said(&printed));
    assert_eq!(printed.stdout, run("check-config", &[]).await.stdout);
    // As an option it is a mistake.
    let refused = run("check-config --server-name=", &[]).await;
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
}

#[tokio::test]
async fn what_check_config_prints_may_be_set() {
    let given = [
        ("RECADO_DATABASE_URL", "sqlite:recado.db?mode=rwc"),
        ("RECADO_MASTER_KEY", MASTER_KEY),
    ];
    for environment in [&[][..], &given] {
        let printed = run("check-config", environment).await;
        let printed = String::from_utf8(printed.stdout).expect("text");
        let values = |printed: &str| {
            let lines = printed.lines().filter(|line| !line.starts_with('#'));
            let values = lines.filter_map(|line| line.split(" #").next()?.trim().split_once('='));
            values
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect::<Vec<_>>()
        };
        let set = values(&printed);
        assert!(set.len() > 15, "{printed}");
        let borrowed: Vec<_> = set
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let again = run("check-config", &borrowed).await;
        assert!(again.status.success(), "{}", said(&again));
        let again = String::from_utf8(again.stdout).expect("text");
        let again = values(&again);
        assert!(set.iter().all(|value| again.contains(value)), "{again:?}");
    }
}

#[tokio::test]
async fn a_mistyped_variable_is_named_with_the_setting_that_it_may_be() {
    let sentence =
        "RECADO_PUBLIC_ULR is not a setting of recado-server; did you mean RECADO_PUBLIC_URL?";
    let mistyped = ("RECADO_PUBLIC_ULR", "https://recado.example.com");
    let checked = run("check-config", &[mistyped, ("RECADO_KEY", "recado_x")]).await;
    let printed = String::from_utf8(checked.stdout).expect("text");
    let named: Vec<_> = printed
        .lines()
        .filter(|line| line.contains("not a setting"))
        .collect();
    assert_eq!(named, [format!("# {sentence}")]);
    let started = run("serve", &[mistyped, ("RECADO_LISTEN", "203.0.113.7:1")]).await;
    assert!(said(&started).contains(sentence), "{}", said(&started));
}

#[tokio::test]
async fn the_usage_does_not_ask_for_what_the_environment_sets() {
    let environment = [("RECADO_LOG", "warn"), ("RECADO_LISTEN", "8081")];
    for (arguments, usage) in [
        ("--wrong", "Usage: recado-server [OPTIONS] [COMMAND]\n"),
        (
            "migrate --wrong",
            "Usage: recado-server migrate [OPTIONS]\n",
        ),
        (
            "operator-key create --wrong",
            "Usage: recado-server operator-key create [OPTIONS]\n",
        ),
    ] {
        let refused = said(&run(arguments, &environment).await);
        assert!(refused.contains(usage), "{refused}");
    }
}

#[tokio::test]
async fn check_config_says_what_is_in_force_and_hides_secrets() {
    let defaults = run("check-config", &[]).await;
    insta::assert_snapshot!(String::from_utf8(defaults.stdout).expect("text"), @"
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
    RECADO_DRAIN_SECONDS=0                                   # default
    RECADO_LOG=info                                          # default
    RECADO_SERVER_NAME=                                      # default
    RECADO_METRICS_LISTEN=                                   # default
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
        let output = run(
            "check-config",
            &[("RECADO_DATABASE_URL", POSTGRES), (variable, value)],
        )
        .await;
        let printed = String::from_utf8(output.stdout).expect("text");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(
            said.contains("cannot open the database"),
            "{variable}: {said}"
        );
        assert!(
            !output.status.success() && !said.contains("qqPassword"),
            "{said}"
        );
        assert!(printed.contains("RECADO_MASTER_KEY=(hidden)"), "{printed}");
        assert!(printed.contains(&format!(" # {variable}\n")), "{printed}");
        assert!(
            printed.contains("RECADO_DATABASE_URL=postgres://recado:(hidden)@127.0.0.1:1/recado"),
            "{printed}"
        );
        assert!(
            !printed.contains(MASTER_KEY) && !printed.contains("qqPassword"),
            "{printed}"
        );
    }
}

#[tokio::test]
async fn check_config_says_where_each_value_comes_from() {
    let given = run("check-config --listen :8081", &[("RECADO_LOG", "warn")]).await;
    let given = String::from_utf8(given.stdout).expect("text");
    for (value, origin) in [
        ("RECADO_LISTEN=:8081 ", "# --listen"),
        ("RECADO_LOG=warn ", "# RECADO_LOG"),
    ] {
        let line = given.lines().find(|line| line.starts_with(value));
        assert!(line.is_some_and(|line| line.ends_with(origin)), "{given}");
    }
}
