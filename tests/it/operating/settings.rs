//! How settings of the environment are read, shown and asked for.

use std::collections::BTreeSet;

use crate::operating::startup::{run, said};

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

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
        ("RECADO_MASTER_KEY", KEY),
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
