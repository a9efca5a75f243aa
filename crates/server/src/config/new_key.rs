//! The options of `rotate-master-key`.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

/// The new master key.
#[derive(Args)]
pub struct NewKeyArgs {
    /// The new master key, 32 bytes in base64 [default with a key file: a new one]
    #[arg(long, env = "RECADO_NEW_MASTER_KEY", hide_env_values = true)]
    pub(crate) new_master_key: Option<SecretString>,

    /// File that holds the new master key
    #[arg(long, env = "RECADO_NEW_MASTER_KEY_FILE")]
    pub(crate) new_master_key_file: Option<PathBuf>,

    /// The old master key is lost: drop everything that it encrypted, and give the database the new one
    #[arg(long, requires = "yes")]
    pub(crate) old_key_lost: bool,

    /// Confirms that the credentials of channels, the secrets of webhook endpoints and the kept webhook calls are dropped for good
    #[arg(long, requires = "old_key_lost")]
    pub(crate) yes: bool,
}
