//! The change of the master key, as `recado-server rotate-master-key` makes it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context as _, bail, ensure};
use recado_store::{FreshSecrets, MasterKey, StoreError, files};

use super::key_file;
use crate::api::routes::channels::webhook_secret;
use crate::config::{ConfigArgs, NewKeyArgs, parse_master_key, secret};
use crate::database::kept;
use crate::delivery::fresh_secret;
use crate::startup::Settings;

/// What [`rotate`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotated {
    /// So many rows were encrypted again.
    EncryptedAgain(u64),
    /// The secrets of so many rows were dropped, as their key was lost.
    Dropped(u64),
}

/// Encrypts everything again with a new master key, and puts it into the key file if the old one was there.
///
/// Errors: a server runs on the database, a key is missing or does not fit, or a row cannot be opened with the old
/// key. What was done so far stays done, and the next call goes on from there.
pub async fn rotate(config: &ConfigArgs, args: &NewKeyArgs) -> anyhow::Result<Rotated> {
    if args.old_key_lost {
        return replace_lost_key(config, args).await.map(Rotated::Dropped);
    }
    let settings = Settings::check(config).await?;
    settings.check_existence()?;
    let _alone = settings.lock()?;
    let (new, key_file) = new_key(&settings, config, given_key(args)?).await?;
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
    Ok(Rotated::EncryptedAgain(total))
}

/// Drops what a lost key encrypted, and makes the new key the one of the database.
async fn replace_lost_key(config: &ConfigArgs, args: &NewKeyArgs) -> anyhow::Result<u64> {
    let settings = Settings::check_without_key(config).await?;
    settings.check_existence()?;
    let _alone = settings.lock()?;
    let given = given_key(args)?;
    // A key that is there and cannot be read may be the right one.
    if config.has_master_key()?
        && let Some(key) = config.master_key()?
    {
        check_that_key_is_lost(&settings, key, given.as_ref()).await?;
    }
    let (new, key_file) = new_key(&settings, config, given).await?;
    let store = settings.connect(new).await?;
    store
        .migrate()
        .await
        .context("cannot prepare the database")?;
    let mut loss = store
        .begin_key_loss(FreshSecrets {
            channel: webhook_secret,
            endpoint: fresh_secret,
        })
        .await?;
    let mut total = 0;
    while let Some(rows) = loss.step().await? {
        total += rows;
        if rows > 0 {
            tracing::info!(rows = total, "dropped what cannot be read");
        }
    }
    store.close().await;
    if let Some(path) = key_file {
        replace_key_file(&path)?;
    }
    Ok(total)
}

/// Refuses to drop what the master key of this server can read.
async fn check_that_key_is_lost(
    settings: &Settings,
    key: MasterKey,
    new: Option<&MasterKey>,
) -> anyhow::Result<()> {
    let is_new = new.is_some_and(|new| new.id() == key.id());
    let store = settings.connect(key).await?;
    let fits = store.check().await;
    store.close().await;
    match fits {
        Err(StoreError::WrongMasterKey) => Ok(()),
        // What the other key of the rotation encrypted is lost, or it is this command that goes on.
        Err(StoreError::RotationUnfinished) if is_new => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => bail!(
            "the master key is not lost: this server has the one that the database was written with; leave --old-key-lost out"
        ),
    }
}

/// Reads the new key, if it is given.
fn given_key(args: &NewKeyArgs) -> anyhow::Result<Option<MasterKey>> {
    let given = secret(
        "RECADO_NEW_MASTER_KEY",
        args.new_master_key.as_ref(),
        args.new_master_key_file.as_deref(),
    )?;
    given
        .map(|text| parse_master_key("RECADO_NEW_MASTER_KEY", &text))
        .transpose()
}

/// Returns the new key, and the key file that it goes to in the end.
async fn new_key(
    settings: &Settings,
    config: &ConfigArgs,
    given: Option<MasterKey>,
) -> anyhow::Result<(MasterKey, Option<PathBuf>)> {
    let key_file = config.key_file()?;
    let new = match (&key_file, given) {
        (Some(path), given) => keep_new_key(settings, path, given).await?,
        (None, Some(given)) => given,
        (None, None) => bail!(
            "set RECADO_NEW_MASTER_KEY or RECADO_NEW_MASTER_KEY_FILE; make a key with: openssl rand -base64 32"
        ),
    };
    Ok((new, key_file))
}

fn new_file(key_file: &Path) -> PathBuf {
    files::beside(key_file, ".new")
}

/// Writes the new key down before anything is encrypted with it; after an interruption it is there already.
async fn keep_new_key(
    settings: &Settings,
    key_file: &Path,
    given: Option<MasterKey>,
) -> anyhow::Result<MasterKey> {
    let path = new_file(key_file);
    if let Some(kept) = key_file::read(&path)? {
        let is_old = settings.key().is_some_and(|old| old.id() == kept.id());
        let is_wanted = given.as_ref().is_none_or(|given| given.id() == kept.id());
        if is_wanted && !is_old {
            return Ok(kept);
        }
        // Without the only copy of a key that the database knows, rows could not be read.
        ensure!(
            is_old || is_unknown(settings, kept).await?,
            "{} holds another new key, of a rotation that did not come to its end: run rotate-master-key without RECADO_NEW_MASTER_KEY first",
            path.display()
        );
        if is_old {
            // It is left of a rotation that was refused.
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        } else {
            set_aside(&path)?;
        }
    }
    let new = match given {
        Some(given) => given,
        None => MasterKey::generate()?,
    };
    key_file::write(&path, &new)?;
    Ok(new)
}

/// Keeps a new key that the database does not know under another name: a restore may have put a database aside in the
/// middle of its rotation, and rows of that one are encrypted with it.
fn set_aside(new_file: &Path) -> anyhow::Result<()> {
    let other = kept::name_of_before(new_file);
    fs::rename(new_file, &other)
        .with_context(|| format!("cannot keep {} as {}", new_file.display(), other.display()))?;
    tracing::info!(file = %other.display(), "kept a new key that this database does not know");
    Ok(())
}

/// Returns whether the database was not written with the key, and no rotation is under way.
async fn is_unknown(settings: &Settings, key: MasterKey) -> anyhow::Result<bool> {
    let store = settings.connect(key).await?;
    let checked = store.check().await;
    store.close().await;
    Ok(matches!(checked, Err(StoreError::WrongMasterKey)))
}

/// Puts the new key in the place of the old one, which is kept: each backup needs the key of its time.
fn replace_key_file(key_file: &Path) -> anyhow::Result<()> {
    let old = kept::name_of_before(key_file);
    // At every instant one of the two keys stands under the name that the server reads.
    let replaced = match kept::keep(key_file, &old) {
        // It is lost.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        kept => kept,
    };
    let replaced = replaced.and_then(|()| fs::rename(new_file(key_file), key_file));
    replaced.with_context(|| format!("cannot replace {}", key_file.display()))?;
    key_file::sync_folder(key_file)
}
