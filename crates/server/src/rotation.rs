//! The change of the master key, as `recado-server rotate-master-key` makes it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use recado_store::{MasterKey, files};
use secrecy::SecretString;

use crate::config::{ConfigArgs, parse_master_key, secret};
use crate::key_file;
use crate::startup::Settings;

/// The new master key.
#[derive(Args)]
pub struct NewKeyArgs {
    /// The new master key, 32 bytes in base64 [default with a key file: a new one]
    #[arg(long, env = "RECADO_NEW_MASTER_KEY", hide_env_values = true)]
    new_master_key: Option<SecretString>,

    /// File that holds the new master key
    #[arg(long, env = "RECADO_NEW_MASTER_KEY_FILE")]
    new_master_key_file: Option<PathBuf>,
}

/// Encrypts everything again with a new master key, and puts it into the key file if the old one was there.
///
/// Returns how many rows were encrypted again.
///
/// # Errors
///
/// A server runs on the database, a key is missing or does not fit, or a row cannot be opened with the old
/// key. What was done so far stays done, and the next call goes on from there.
pub async fn rotate(config: &ConfigArgs, args: &NewKeyArgs) -> anyhow::Result<u64> {
    let settings = Settings::check(config).await?;
    let _alone = settings.lock(false).await?;
    let given = secret(
        "RECADO_NEW_MASTER_KEY",
        args.new_master_key.as_ref(),
        args.new_master_key_file.as_deref(),
    )?;
    let given = given
        .map(|text| parse_master_key("RECADO_NEW_MASTER_KEY", &text))
        .transpose()?;
    let key_file = config.key_file()?;
    let new = match (&key_file, given) {
        (Some(path), given) => keep_new_key(path, given)?,
        (None, Some(given)) => given,
        (None, None) => bail!(
            "set RECADO_NEW_MASTER_KEY or RECADO_NEW_MASTER_KEY_FILE; make a key with: openssl rand -base64 32"
        ),
    };
    let store = settings.open_unprepared().await?;
    store
        .migrate()
        .await
        .context("cannot prepare the database")?;
    let mut rotation = store.begin_key_rotation(new).await?;
    let mut total = 0;
    while let Some(rows) = rotation.step().await? {
        total += rows;
        if rows > 0 {
            tracing::info!(rows = total, "encrypted rows again");
        }
    }
    store.close().await;
    if let Some(path) = key_file {
        replace_key_file(&path)?;
    }
    Ok(total)
}

fn new_file(key_file: &Path) -> PathBuf {
    files::beside(key_file, ".new")
}

/// Writes the new key down before anything is encrypted with it; after an interruption it is there already.
fn keep_new_key(key_file: &Path, given: Option<MasterKey>) -> anyhow::Result<MasterKey> {
    let path = new_file(key_file);
    if let Some(kept) = key_file::read(&path)? {
        ensure!(
            given.is_none_or(|given| given.id() == kept.id()),
            "{} holds another new key, of a rotation that did not come to its end: run rotate-master-key without RECADO_NEW_MASTER_KEY first",
            path.display()
        );
        return Ok(kept);
    }
    let new = match given {
        Some(given) => given,
        None => MasterKey::generate()?,
    };
    key_file::write(&path, &new)?;
    Ok(new)
}

/// Puts the new key in the place of the old one, which is kept for the backups of before.
fn replace_key_file(key_file: &Path) -> anyhow::Result<()> {
    let old = files::beside(key_file, ".old");
    // At every instant one of the two keys stands under the name that the server reads.
    let replaced = fs::copy(key_file, &old).and_then(|_| fs::rename(new_file(key_file), key_file));
    replaced.with_context(|| format!("cannot replace {}", key_file.display()))?;
    key_file::sync_folder(key_file)
}
