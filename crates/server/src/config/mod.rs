//! Configuration: flags and environment say the same thing, and every secret may come from a file.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use clap::parser::ValueSource;
use recado_core::Provider;
use recado_core::text::is_blank;
use recado_providers::Defaults;
use recado_sandbox::listen::ListenAddress;
use recado_store::{MasterKey, files};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::app::{MAX_QUEUED_MIB, MAX_WEBHOOK_ENDPOINTS};
use crate::master_key::key_file;
use crate::serve::ConnectionLimits;

mod new_key;
pub mod retention;

pub use new_key::NewKeyArgs;

use retention::RetentionArgs;

/// What may be said on the command line or in the environment.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Where the API listens: an address, or a port alone for this machine only; `:8080` is open to others
    #[arg(long, env = "RECADO_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: ListenAddress,

    /// SQLite file (created) or PostgreSQL server [default: sqlite:recado.db]
    #[arg(long, env = "RECADO_DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,

    /// File that holds the database URL
    #[arg(long, env = "RECADO_DATABASE_URL_FILE")]
    database_url_file: Option<PathBuf>,

    /// 32 bytes in base64 that encrypt channel credentials [default with SQLite: a file beside the database, made at the first start]
    #[arg(long, env = "RECADO_MASTER_KEY", hide_env_values = true)]
    master_key: Option<SecretString>,

    /// File that holds the master key
    #[arg(long, env = "RECADO_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,

    /// How the world reaches this server; used in webhook URLs [default: the listen address]
    #[arg(long, env = "RECADO_PUBLIC_URL", hide_env_values = true)]
    pub(crate) public_url: Option<Url>,

    /// Where WhatsApp channels send
    #[arg(
        long,
        env = "RECADO_WHATSAPP_URL",
        hide_env_values = true,
        default_value = "https://graph.facebook.com"
    )]
    pub whatsapp_url: Url,

    /// Version of Meta's Graph API
    #[arg(long, env = "RECADO_WHATSAPP_VERSION", default_value = "v25.0")]
    pub whatsapp_version: String,

    /// Where Z-API channels send
    #[arg(
        long,
        env = "RECADO_ZAPI_URL",
        hide_env_values = true,
        default_value = "https://api.z-api.io"
    )]
    pub zapi_url: Url,

    /// Where ZapperHUB channels send
    #[arg(
        long,
        env = "RECADO_ZAPPERHUB_URL",
        hide_env_values = true,
        default_value = "https://api.zapperapi.com"
    )]
    pub zapperhub_url: Url,

    /// Let channels and webhook endpoints use http:// and private, loopback and link-local addresses
    #[arg(long, env = "RECADO_ALLOW_PRIVATE_NETWORKS", default_value_t = false, num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set, value_parser = parse_switch)]
    pub allow_private_networks: bool,

    /// Connections at once of one public address (a proxy in front of the server may need more)
    #[arg(
        long,
        env = "RECADO_CONNECTIONS_PER_PEER",
        default_value_t = default_connections_per_peer()
    )]
    pub connections_per_peer: NonZeroUsize,

    /// How many webhook endpoints an organization may have
    #[arg(long, env = "RECADO_MAX_WEBHOOK_ENDPOINTS", default_value_t = MAX_WEBHOOK_ENDPOINTS)]
    pub max_webhook_endpoints: u32,

    /// How many mebibytes the queued messages of an organization may take
    #[arg(long, env = "RECADO_MAX_QUEUED_MIB", default_value_t = MAX_QUEUED_MIB)]
    pub max_queued_mib: u32,

    /// How many seconds a server that is asked to stop goes on serving while `/readyz` says that it is not ready, so that a load balancer takes it out first
    #[arg(long, env = "RECADO_DRAIN_SECONDS", default_value_t = 0)]
    pub drain_seconds: u16,

    /// What is logged: `off`, `error`, `warn`, `info`, `debug`, `trace`, or filters such as `info,recado_server=debug`
    #[arg(long, env = "RECADO_LOG", default_value = "info")]
    pub log: String,

    /// Name of this server among those of a PostgreSQL database; a restart under the same name takes over at once what the last run left, instead of after 10 seconds
    #[arg(long, env = "RECADO_SERVER_NAME", value_parser = NonEmptyStringValueParser::new())]
    pub server_name: Option<String>,

    /// Where Prometheus metrics are served [default: off]
    #[arg(long, env = "RECADO_METRICS_LISTEN")]
    pub metrics_listen: Option<ListenAddress>,

    /// JSON file with the prices for messages, for estimates of costs [default: none]
    #[arg(long, env = "RECADO_RATES_FILE")]
    pub rates_file: Option<PathBuf>,

    /// How long rows are kept
    #[command(flatten)]
    pub retention: RetentionArgs,
}

fn default_connections_per_peer() -> NonZeroUsize {
    NonZeroUsize::new(ConnectionLimits::default().connections_per_peer).unwrap_or(NonZeroUsize::MIN)
}

/// Reads a switch; an option without a value is on, and one whose value is empty says nothing that could be believed.
fn parse_switch(text: &str) -> Result<bool, &'static str> {
    Some(text)
        .filter(|text| !text.is_empty())
        .and_then(recado_core::switch::parse)
        .ok_or("expected true or false")
}

const DEFAULT_DATABASE_URL: &str = "sqlite:recado.db";

impl ConfigArgs {
    /// The database to use, from its flag, its file or the default.
    pub fn database_url(&self) -> anyhow::Result<SecretString> {
        let url = secret(
            "RECADO_DATABASE_URL",
            self.database_url.as_ref(),
            self.database_url_file.as_deref(),
        )?;
        Ok(url.unwrap_or_else(|| DEFAULT_DATABASE_URL.into()))
    }

    /// Finds the key that encrypts channel credentials; returns `None` if it has yet to be made.
    ///
    /// With `SQLite` a key file is made beside the database together with it; several servers on one
    /// `PostgreSQL` have to share a key, so there it must be given.
    pub fn master_key(&self) -> anyhow::Result<Option<MasterKey>> {
        let given = secret(
            "RECADO_MASTER_KEY",
            self.master_key.as_ref(),
            self.master_key_file.as_deref(),
        )?;
        if let Some(text) = given {
            return parse_master_key("RECADO_MASTER_KEY", &text).map(Some);
        }
        match files::sqlite_file(self.database_url()?.expose_secret()) {
            Some(database) => key_file::find(&database),
            None => bail!(
                "RECADO_MASTER_KEY is required with PostgreSQL, the same on every server; make one with: openssl rand -base64 32"
            ),
        }
    }

    /// Returns the file beside the database in which the master key is, if it is not given otherwise.
    pub(crate) fn key_file(&self) -> anyhow::Result<Option<PathBuf>> {
        if self.master_key.is_some() || self.master_key_file.is_some() {
            return Ok(None);
        }
        let database = files::sqlite_file(self.database_url()?.expose_secret());
        Ok(database.map(|database| key_file::of(&database)))
    }

    /// Tells whether a master key is given, or stands in the file beside the database.
    pub(crate) fn has_master_key(&self) -> anyhow::Result<bool> {
        let given = self.master_key.is_some() || self.master_key_file.is_some();
        Ok(given || self.key_file()?.is_some_and(|file| file.exists()))
    }

    /// Base of the URLs that providers call back.
    ///
    /// # Panics
    ///
    /// Never: a socket address makes a valid URL.
    pub fn public_url(&self, bound: SocketAddr) -> Url {
        self.public_url.clone().unwrap_or_else(|| {
            format!("http://{bound}")
                .parse()
                .expect("a socket address makes a URL")
        })
    }

    /// What a channel uses that does not say otherwise.
    pub fn defaults(&self) -> Defaults {
        let mut defaults = Defaults::default();
        for provider in Provider::ALL {
            *defaults.url_mut(provider) = match provider {
                Provider::WhatsApp => self.whatsapp_url.clone(),
                Provider::Zapi => self.zapi_url.clone(),
                Provider::ZapperHub => self.zapperhub_url.clone(),
            };
        }
        defaults.whatsapp_version.clone_from(&self.whatsapp_version);
        defaults
    }

    /// The effective configuration as environment lines, with secrets hidden, and where each value comes from.
    pub fn describe(
        &self,
        listen: SocketAddr,
        source: impl Fn(&str) -> Option<ValueSource>,
    ) -> anyhow::Result<String> {
        let database = self.database_url()?;
        let master_key = match self.key_file()? {
            Some(file) => format!("(in the file {})", file.display()),
            None => HIDDEN.to_owned(),
        };
        let metrics = self.metrics_listen.as_ref().map(ToString::to_string);
        let rates_file = self.rates_file.as_ref();
        let rates_file = rates_file.map(|file| file.display().to_string());
        let shown = |url: &Url| without_password(url.as_str());
        let mut text = String::new();
        for (name, value) in [
            ("LISTEN", self.listen.to_string()),
            ("DATABASE_URL", without_password(database.expose_secret())),
            ("MASTER_KEY", master_key),
            ("PUBLIC_URL", shown(&self.public_url(listen))),
            ("WHATSAPP_URL", shown(&self.whatsapp_url)),
            ("WHATSAPP_VERSION", self.whatsapp_version.clone()),
            ("ZAPI_URL", shown(&self.zapi_url)),
            ("ZAPPERHUB_URL", shown(&self.zapperhub_url)),
            (
                "ALLOW_PRIVATE_NETWORKS",
                self.allow_private_networks.to_string(),
            ),
            (
                "CONNECTIONS_PER_PEER",
                self.connections_per_peer.to_string(),
            ),
            (
                "MAX_WEBHOOK_ENDPOINTS",
                self.max_webhook_endpoints.to_string(),
            ),
            ("MAX_QUEUED_MIB", self.max_queued_mib.to_string()),
            ("DRAIN_SECONDS", self.drain_seconds.to_string()),
            ("LOG", self.log.clone()),
            ("SERVER_NAME", self.server_name.clone().unwrap_or_default()),
            ("METRICS_LISTEN", metrics.unwrap_or_default()),
            ("RATES_FILE", rates_file.unwrap_or_default()),
        ]
        .into_iter()
        .chain(self.retention.described())
        {
            // A placeholder is not a value: setting it would be refused, or would change the setting.
            let is_placeholder = value.starts_with('(') || value.contains(HIDDEN);
            let mark = if is_placeholder { "# " } else { "" };
            let line = format!("{mark}RECADO_{name}={value}");
            writeln!(text, "{line:<56} # {}", origin(name, &source))?;
        }
        Ok(text)
    }
}

pub(crate) fn parse_master_key(name: &str, text: &SecretString) -> anyhow::Result<MasterKey> {
    MasterKey::from_base64(text.expose_secret()).with_context(|| {
        format!("{name} has to be 32 bytes in base64; make one with: openssl rand -base64 32")
    })
}

/// A secret from its variable or from its file, never from both.
pub(crate) fn secret(
    name: &str,
    value: Option<&SecretString>,
    file: Option<&Path>,
) -> anyhow::Result<Option<SecretString>> {
    match (value, file) {
        (Some(_), Some(_)) => bail!("{name} and {name}_FILE are both set; set one of them"),
        (Some(value), None) => Ok(Some(value.clone())),
        (None, Some(path)) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("{name}_FILE: cannot read {}", path.display()))?;
            ensure!(!is_blank(&text), "{name}_FILE: {} is empty", path.display());
            Ok(Some(text.trim().into()))
        }
        (None, None) => Ok(None),
    }
}

/// Tells where the value of a variable comes from: its flag, itself, or the variable or flag of its file.
fn origin(name: &str, source: impl Fn(&str) -> Option<ValueSource>) -> String {
    let secret = matches!(name, "DATABASE_URL" | "MASTER_KEY");
    let file = secret.then(|| format!("{name}_FILE"));
    for name in [Some(name.to_owned()), file].into_iter().flatten() {
        let variable = format!("RECADO_{name}");
        match source(&variable) {
            Some(ValueSource::CommandLine) => {
                return format!("--{}", name.to_ascii_lowercase().replace('_', "-"));
            }
            Some(ValueSource::EnvVariable) => return variable,
            _ => {}
        }
    }
    "default".to_owned()
}

const HIDDEN: &str = "(hidden)";

fn without_password(text: &str) -> String {
    let Ok(mut url) = text.parse::<Url>() else {
        return HIDDEN.to_owned();
    };
    if url.password().is_some() && url.set_password(Some(HIDDEN)).is_err() {
        return HIDDEN.to_owned();
    }
    // A password may also stand in the query.
    url.set_query(url.query().map(|_| HIDDEN));
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_url_is_hidden_wherever_it_stands() {
        let shown = without_password("postgres://recado:s3cret@db/recado?password=s3cret");
        assert_eq!(shown, "postgres://recado:(hidden)@db/recado?(hidden)");
        assert_eq!(without_password("not a url"), "(hidden)");
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        config: ConfigArgs,
    }

    #[test]
    fn every_setting_is_described() {
        use clap::{CommandFactory as _, Parser as _};
        let line = Line::try_parse_from(["recado-server", "--master-key=x"]).ok();
        let config = line.expect("no setting is required").config;
        let listen = "127.0.0.1:8080".parse().expect("an address");
        let described = config.describe(listen, |_| None).expect("a description");
        let line = Line::command();
        let variables = line
            .get_arguments()
            .filter_map(|setting| setting.get_env()?.to_str());
        let mut values = variables.filter(|variable| !variable.ends_with("_FILE"));
        let missing = values.find(|variable| !described.contains(&format!("{variable}=")));
        assert_eq!(missing, None);
    }

    #[test]
    fn a_switch_that_cannot_be_read_is_refused() {
        for (text, read) in [
            ("True", Some(true)),
            ("1", Some(true)),
            ("NO", Some(false)),
            ("", None),
            ("on", None),
        ] {
            assert_eq!(parse_switch(text).ok(), read, "{text}");
        }
    }

    #[test]
    fn a_secret_comes_from_one_place_only() {
        let both = secret("X", Some(&"a".into()), Some(Path::new("/nowhere")));
        assert_eq!(
            both.expect_err("two places").to_string(),
            "X and X_FILE are both set; set one of them"
        );
        assert!(secret("X", None, Some(Path::new("/nowhere"))).is_err());
    }
}
