//! Options of every command: which server, with which key, and for whom to print.

use secrecy::SecretString;
use url::Url;

use crate::api::address::parse_server;
use crate::profiles::{Profile, Profiles};
use crate::render::printer::Format;
use crate::{Client, Failure, Lookup, Printer, Result, environment, profiles};

const GLOBAL: &str = "Options of every command";

/// The address of a server on this machine that was not configured otherwise.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// Options of every command.
#[derive(clap::Args)]
pub(crate) struct Globals {
    #[arg(long, global = true, help_heading = GLOBAL, env = "RECADO_SERVER", value_name = "URL",
        value_parser = parse_server,
        help = "Address of the Recado server, with http:// or https:// [default: the profile's server with the profile's key, else http://127.0.0.1:8080]")]
    server: Option<Url>,
    // Not `env` of clap: the value may also come from a file, and never shows in a help text.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        value_name = "KEY",
        help = "API key, or operator key for `org`, `key`, `user create --org` and `audit`; better set as RECADO_KEY or RECADO_KEY_FILE [default: the profile's]"
    )]
    key: Option<SecretString>,
    #[arg(long, global = true, help_heading = GLOBAL, env = "RECADO_PROFILE", value_name = "NAME",
        value_parser = profiles::parse_name,
        help = "Use the server and key of `recado login --profile NAME`, and not RECADO_KEY [default: the one in use]")]
    profile: Option<String>,
    /// Format of the output [default: table on a terminal, else json]
    #[arg(long, global = true, help_heading = GLOBAL, env = "RECADO_OUTPUT", value_name = "FORMAT")]
    output: Option<Format>,
}

impl Globals {
    pub(crate) fn printer(&self) -> Printer {
        Printer::new(self.output)
    }

    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Returns the client of the server, with the key of the flag, of the environment or of a profile.
    pub(crate) fn client(&self, lookup: Lookup<'_>) -> Result<Client> {
        let key = match (&self.key, &self.profile) {
            (Some(key), _) => Some(key.clone()),
            // A profile that was named counts more than the environment.
            (None, Some(_)) => None,
            (None, None) => environment::secret(lookup, "RECADO_KEY")?,
        };
        let (server, key) = match key {
            Some(key) if self.profile.is_none() => (self.server(None)?, key),
            key => self.of_profile(key, &Profiles::load()?)?,
        };
        Client::new(server, &key)
    }

    /// Returns the server and the key of a profile. Its key is sent to no other server.
    fn of_profile(
        &self,
        key: Option<SecretString>,
        profiles: &Profiles,
    ) -> Result<(Url, SecretString)> {
        let name = profiles.name(self.profile());
        let profile = match (profiles.get(name), &self.profile) {
            (Some(profile), _) => profile,
            (None, Some(_)) => return Err(profiles.unknown(name)),
            (None, None) => return Err(Failure::NoKey),
        };
        let server = self.server(Some(profile))?;
        if server.origin() != profile.server.origin() {
            return Err(Failure::Usage(format!(
                "profile `{name}` is for {}, not for {server}: sign in there with `recado login --profile NAME --server {server}`, or name its profile with --profile",
                profile.server
            )));
        }
        Ok((server, key.unwrap_or_else(|| profile.key())))
    }

    /// Returns the address of the server: as given, else as the profile says.
    pub(crate) fn server(&self, profile: Option<&Profile>) -> Result<Url> {
        let given = self.server.as_ref();
        match given.or(profile.map(|profile| &profile.server)) {
            Some(server) => Ok(server.clone()),
            None => parse_server(DEFAULT_SERVER).map_err(Failure::Own),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use rstest::rstest;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::cli::Cli;
    use crate::exit_code::ExitCode;

    #[test]
    fn without_a_key_nothing_is_asked() {
        let cli = Cli::try_parse_from(["recado", "agent", "list"]).unwrap();
        let none = Profiles::default();
        let failure = cli.globals.of_profile(None, &none).err().unwrap();
        assert_eq!(failure.exit_code(), ExitCode::Unauthorized);
    }

    /// Two profiles, of which `work` is in use.
    fn profiles() -> Profiles {
        let mut profiles = Profiles::default();
        for name in ["home", "work"] {
            let profile = Profile {
                server: format!("https://{name}.example").parse().unwrap(),
                organization_id: String::new(),
                email: String::new(),
                key_id: String::new(),
                expires_at: None,
                key: format!("key-of-{name}"),
            };
            assert!(profiles.put(name, profile).is_none());
        }
        profiles
    }

    #[rstest]
    #[case("agent list", "https://work.example/ key-of-work")]
    #[case("agent list --profile home", "https://home.example/ key-of-home")]
    #[case(
        "agent list --server https://work.example",
        "https://work.example/ key-of-work"
    )]
    #[case("agent list --profile home --key other", "https://home.example/ other")]
    fn a_profile_has_the_server_and_the_key(#[case] line: &str, #[case] expected: &str) {
        let cli = Cli::try_parse_from(["recado"].into_iter().chain(line.split(' '))).unwrap();
        let (server, key) = (cli.globals)
            .of_profile(cli.globals.key.clone(), &profiles())
            .unwrap();
        assert_eq!(format!("{server} {}", key.expose_secret()), expected);
    }

    #[rstest]
    #[case(
        "agent list --server https://home.example",
        "profile `work` is for https://work.example/"
    )]
    #[case("agent list --profile other", "you have: home, work")]
    fn the_key_of_a_profile_is_sent_to_no_other_server(#[case] line: &str, #[case] reason: &str) {
        let cli = Cli::try_parse_from(["recado"].into_iter().chain(line.split(' '))).unwrap();
        let refused = cli.globals.of_profile(None, &profiles()).err().unwrap();
        assert!(refused.to_string().contains(reason), "{refused}");
    }
}
