//! Profiles: the servers that this person has signed in to, each with a key of their own.
//!
//! They are in one file of the user's configuration folder, which only that user can read.

use std::io::{ErrorKind, Write as _};
use std::{collections::BTreeMap, fs, path::PathBuf};

use etcetera::BaseStrategy as _;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use url::Url;

use crate::{Failure, Result, api::address::parse_server};

const DEFAULT_NAME: &str = "default";

/// One server that this person has signed in to.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile {
    #[serde(serialize_with = "write_url", deserialize_with = "read_server")]
    pub(crate) server: Url,
    pub(crate) organization_id: String,
    pub(crate) email: String,
    pub(crate) key_id: String,
    pub(crate) expires_at: Option<String>,
    pub(crate) key: String,
}

#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Profiles {
    /// The one in use if no other is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

impl Profile {
    pub(crate) fn key(&self) -> SecretString {
        self.key.clone().into()
    }
}

impl Profiles {
    /// Reads the file; returns an empty list if it does not exist.
    pub(crate) fn load() -> Result<Self> {
        let file = file()?;
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(broken("cannot read", &file, &error)),
        };
        // The position alone: the text holds keys.
        serde_json::from_str(&text).map_err(|error| {
            Failure::Own(format!(
                "{} is not a file of profiles: look at line {}, column {}, or delete it and sign in again",
                file.display(),
                error.line(),
                error.column()
            ))
        })
    }

    /// Writes the file, whole or not at all, so that only its owner can read it.
    pub(crate) fn save(&self) -> Result<()> {
        let file = file()?;
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::Own(format!("cannot write profiles: {error}")))?;
        let write = || {
            let folder = file.parent().unwrap_or(&file);
            fs::create_dir_all(folder)?;
            // A temporary file has mode 600.
            let mut new = tempfile::NamedTempFile::new_in(folder)?;
            new.write_all(text.as_bytes())?;
            new.as_file().sync_all()?;
            new.persist(&file)?;
            Ok(())
        };
        write().map_err(|error: std::io::Error| broken("cannot write", &file, &error))
    }

    /// Returns the name of the profile that is meant: the given one, or the one in use.
    pub(crate) fn name<'a>(&'a self, given: Option<&'a str>) -> &'a str {
        given.or(self.current.as_deref()).unwrap_or(DEFAULT_NAME)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name)
    }

    /// Keeps a profile and puts it in use; returns the one that had its name.
    pub(crate) fn put(&mut self, name: &str, profile: Profile) -> Option<Profile> {
        self.current = Some(name.to_owned());
        self.profiles.insert(name.to_owned(), profile)
    }

    pub(crate) fn choose(&mut self, name: &str) -> Result<()> {
        if self.get(name).is_none() {
            return Err(self.unknown(name));
        }
        self.current = Some(name.to_owned());
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.profiles.remove(name);
        if self.current.as_deref() == Some(name) {
            self.current = None;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Profile)> {
        self.profiles.iter().map(|(name, one)| (name.as_str(), one))
    }

    /// Returns the error that a profile does not exist, with the names of those that do.
    pub(crate) fn unknown(&self, name: &str) -> Failure {
        let names: Vec<_> = self.iter().map(|(name, _)| name).collect();
        let known = if names.is_empty() {
            "you have none yet".to_owned()
        } else {
            format!("you have: {}", names.join(", "))
        };
        Failure::Usage(format!(
            "the profile `{name}` does not exist ({known}); `recado login --profile {name}` creates it"
        ))
    }
}

fn write_url<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(url)
}

/// Checks the address as that of `--server`: a person may have edited the file.
fn read_server<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    parse_server(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

pub(crate) fn parse_name(text: &str) -> Result<String, &'static str> {
    let is_good = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
    if (1..=64).contains(&text.len()) && text.chars().all(is_good) {
        Ok(text.to_owned())
    } else {
        Err("a profile's name has 1 to 64 letters, digits, -, _ and .")
    }
}

fn file() -> Result<PathBuf> {
    let folders = etcetera::choose_base_strategy()
        .map_err(|error| Failure::Own(format!("cannot find the configuration folder: {error}")))?;
    Ok(folders.config_dir().join("recado").join("profiles.json"))
}

fn broken(what: &str, file: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::Own(format!("{what} {}: {error}", file.display()))
}
