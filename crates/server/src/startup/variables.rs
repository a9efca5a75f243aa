//! Variables of the environment that look like settings, but are not.

use std::env;

use clap::{Args as _, Command};

use crate::api::names::nearest;
use crate::config::{ConfigArgs, NewKeyArgs};

const PREFIX: &str = "RECADO_";

/// Says which variables of the environment are mistyped settings, and which settings they may be meant as.
///
/// Other programs have variables that begin with `RECADO_` as well, so one that is like no setting passes.
pub(super) fn mistyped() -> Vec<String> {
    let settings = settings();
    let mut given: Vec<_> = env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .collect();
    given.sort();
    let mistyped = given.iter().filter_map(|name| {
        let meant = meant(name, &settings)?;
        Some(format!(
            "{name} is not a setting of recado-server; did you mean {meant}?"
        ))
    });
    mistyped.collect()
}

fn settings() -> Vec<String> {
    let command = NewKeyArgs::augment_args(ConfigArgs::augment_args(Command::new("recado-server")));
    let names = command.get_arguments().filter_map(|arg| arg.get_env());
    names
        .filter_map(|name| Some(name.to_str()?.to_owned()))
        .collect()
}

/// Returns the setting that a variable is likely to be meant as, or `None` if it is a setting or resembles none.
fn meant(name: &str, settings: &[String]) -> Option<String> {
    if settings.iter().any(|setting| setting == name) {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    let word = upper.strip_prefix(PREFIX)?;
    let words = settings
        .iter()
        .filter_map(|setting| setting.strip_prefix(PREFIX));
    let near = nearest(word, words)?;
    Some(format!("{PREFIX}{near}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("RECADO_DATABSE_URL", Some("RECADO_DATABASE_URL"))]
    #[case("RECADO_DATABASE_ULR", Some("RECADO_DATABASE_URL"))]
    #[case("RECADO_PUBLICURL", Some("RECADO_PUBLIC_URL"))]
    #[case("RECADO_LISTENS", Some("RECADO_LISTEN"))]
    #[case("RECADO_MASTERKEY_FILE", Some("RECADO_MASTER_KEY_FILE"))]
    #[case("RECADO_RETAIN_MESSAGE_DAYS", Some("RECADO_RETAIN_MESSAGES_DAYS"))]
    #[case("RECADO_NEW_MASTERKEY", Some("RECADO_NEW_MASTER_KEY"))]
    #[case("recado_public_url", Some("RECADO_PUBLIC_URL"))]
    #[case("RECADO_LISTEN", None)]
    #[case("DATABASE_URL", None)]
    // Variables of the command line and of others.
    #[case("RECADO_KEY", None)]
    #[case("RECADO_KEY_FILE", None)]
    #[case("RECADO_SERVER", None)]
    #[case("RECADO_OUTPUT", None)]
    #[case("RECADO_PROFILE", None)]
    #[case("RECADO_SANDBOX", None)]
    #[case("RECADO_WHATSAPP_VERIFY_TOKEN", None)]
    #[case("RECADO_ZAPI_CLIENT_TOKEN", None)]
    #[case("RECADO_ZAPPERHUB_API_KEY", None)]
    #[case("RECADO_", None)]
    fn a_variable_is_meant_as_the_setting_that_is_near(
        #[case] name: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(meant(name, &settings()).as_deref(), expected);
    }
}
