//! Values from the environment; every secret also from the file that `…_FILE` names.

use secrecy::SecretString;

use crate::{Failure, Result};

/// Looks a variable up; a function, so that tests need not touch the process.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads a variable of this process; one that is not UTF-8 counts as absent.
pub(crate) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) fn text(lookup: Lookup<'_>, name: &str) -> Option<String> {
    lookup(name).filter(|value| !value.is_empty())
}

/// Returns the secret in `name`, or in the file that `{name}_FILE` names.
pub(crate) fn secret(lookup: Lookup<'_>, name: &str) -> Result<Option<SecretString>> {
    let file_name = format!("{name}_FILE");
    match (text(lookup, name), text(lookup, &file_name)) {
        (Some(_), Some(_)) => Err(Failure::Usage(format!(
            "both {name} and {file_name} are set; keep one"
        ))),
        (Some(value), None) => Ok(Some(value.into())),
        (None, Some(path)) => std::fs::read_to_string(&path)
            .map(|content| Some(content.trim_end_matches(['\r', '\n']).into()))
            .map_err(|error| Failure::Usage(format!("cannot read {file_name} ({path}): {error}"))),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_comes_from_the_variable() {
        let lookup = |name: &str| (name == "K").then(|| "s3cret".to_owned());
        let secret = secret(&lookup, "K").unwrap().unwrap();
        assert_eq!(secret.expose_secret(), "s3cret");
    }

    #[test]
    fn a_secret_comes_from_the_file_without_its_line_end() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, " s3cret \r\n").unwrap();
        let path = file.path().display().to_string();
        let lookup = |name: &str| (name == "K_FILE").then(|| path.clone());
        let secret = secret(&lookup, "K").unwrap().unwrap();
        assert_eq!(secret.expose_secret(), " s3cret ");
    }

    #[test]
    fn an_empty_variable_is_none() {
        assert!(secret(&|_| Some(String::new()), "K").unwrap().is_none());
    }

    #[test]
    fn two_sources_for_one_secret_are_refused() {
        let failure = secret(&|_| Some("x".to_owned()), "K").unwrap_err();
        assert_eq!(failure.to_string(), "both K and K_FILE are set; keep one");
    }

    #[test]
    fn a_missing_file_is_named() {
        let lookup = |name: &str| (name == "K_FILE").then(|| "/nowhere/key".to_owned());
        let text = secret(&lookup, "K").unwrap_err().to_string();
        assert!(
            text.starts_with("cannot read K_FILE (/nowhere/key): "),
            "{text}"
        );
    }
}
