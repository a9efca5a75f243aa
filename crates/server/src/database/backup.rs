//! Backups of a SQLite database, as `recado-server backup` and `recado-server restore` make and use them.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use recado_store::{MasterKey, Store, StoreError, files};
use tempfile::NamedTempFile;

use super::kept;
use crate::config::ConfigArgs;
use crate::master_key::key_file;
use crate::startup::Settings;

/// The backup to write.
#[derive(Args)]
pub struct BackupArgs {
    /// The file to write; the copy is made beside it, and gets its name when it is complete and checked
    file: PathBuf,

    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// The backup to restore.
#[derive(Args)]
pub struct RestoreArgs {
    /// The file that `backup` wrote
    file: PathBuf,
}

/// A backup that was written.
pub struct Written {
    pub file: PathBuf,
    pub bytes: u64,
    pub took: Duration,
    /// Where the master key is: a file or a variable.
    pub key: String,
}

/// A backup that was restored.
pub struct Restored {
    pub database: PathBuf,
    /// The database of before, under its new name.
    pub old: Option<PathBuf>,
}

const HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Copies the database while a server may use it, checks the copy, and gives it the name of the file. If it
/// fails, the file is as it was.
pub async fn backup(config: &ConfigArgs, args: &BackupArgs) -> anyhow::Result<Written> {
    let begun = Instant::now();
    let settings = Settings::check(config).await?;
    let Some(database) = settings.sqlite_file() else {
        bail!("`backup` copies a SQLite database; use pg_dump for PostgreSQL");
    };
    settings.check_existence()?;
    ensure!(
        !is_same(&args.file, &database),
        "{} is the database itself; choose another file",
        args.file.display()
    );
    ensure!(
        !belongs_to(&args.file, &database) && !key_file_is(config, &args.file)?,
        "{} is a file of the database; choose another file",
        args.file.display()
    );
    ensure!(
        args.force || !args.file.exists(),
        "{} exists already; choose another file, or replace it with --force",
        args.file.display()
    );
    ensure!(
        settings.check_database().await?,
        "{} is empty, and not yet a database of Recado",
        database.display()
    );
    let key = settings.key().context("the database has no key")?.clone();
    let copy = file_beside(&args.file)?;
    let _logs = Logs(copy.path().to_owned());
    let store = settings.connect(key.clone()).await?;
    let copied = store.copy_into(name(copy.path())?).await;
    store.close().await;
    copied.with_context(|| format!("cannot copy the database beside {}", args.file.display()))?;
    open_copy(copy.path(), key, Store::check_copy)
        .await
        .context("the copy is not usable, so the database may be damaged")?;
    keep(copy, &args.file, args.force)?;
    key_file::sync_folder(&args.file)?;
    let key_file = config.key_file()?;
    Ok(Written {
        bytes: fs::metadata(&args.file)?.len(),
        file: args.file.clone(),
        took: begun.elapsed(),
        key: key_file.map_or_else(
            || "RECADO_MASTER_KEY".to_owned(),
            |file| file.display().to_string(),
        ),
    })
}

/// Puts a checked copy of the backup in the place of the database, which is kept under another name. If it fails, the
/// database is as it was.
pub async fn restore(config: &ConfigArgs, args: &RestoreArgs) -> anyhow::Result<Restored> {
    let settings = Settings::check(config).await?;
    let Some(database) = settings.sqlite_file() else {
        bail!("`restore` puts back a SQLite database; use pg_restore or psql for PostgreSQL");
    };
    let key = settings.key().cloned().with_context(|| {
        format!(
            "the master key of the backup is missing: put it back as {}, or set RECADO_MASTER_KEY",
            key_file::of(&database).display()
        )
    })?;
    let _alone = settings.lock()?;
    // A link stays where it is, and leads to the restored database.
    let database = files::real(&database).unwrap_or(database);
    check_file(&args.file, &database)?;
    let mut copy = file_beside(&database)?;
    let _logs = Logs(copy.path().to_owned());
    let mut backup = File::open(&args.file)?;
    io::copy(&mut backup, &mut copy)
        .with_context(|| format!("cannot copy {}", args.file.display()))?;
    open_copy(copy.path(), key.clone(), async |copy| {
        copy.check_copy().await?;
        copy.skip_event_ids().await
    })
    .await
    .map_err(|error| explain_key(error, config))
    .with_context(|| format!("{} cannot be restored", args.file.display()))?;
    if let Err(error) = empty_log(&database, key).await {
        tracing::warn!(%error, "the log of the database of before cannot be emptied; it is kept beside it");
    }
    let old = put_aside(&database)?;
    // The log must not be applied to another database.
    let replaced = remove_logs(&database)
        .with_context(|| format!("cannot remove the logs of {}", database.display()))
        .and_then(|()| keep(copy, &database, true));
    if let Err(error) = replaced {
        if let Some(old) = &old {
            link_logs(old, &database).context("cannot put the log of the database back")?;
        }
        return Err(error);
    }
    if let Err(error) = key_file::sync_folder(&database) {
        tracing::warn!(
            error = format!("{error:#}"),
            "the database is replaced, and may not be on the disk yet"
        );
    }
    Ok(Restored { database, old })
}

/// Leads from a backup that has another master key to a server that starts.
fn explain_key(error: anyhow::Error, config: &ConfigArgs) -> anyhow::Error {
    if !matches!(error.downcast_ref(), Some(StoreError::WrongMasterKey)) {
        return error;
    }
    let place = match config.key_file() {
        Ok(Some(file)) => format!(
            "the earlier keys are kept as {}, and the one of the backup has to take the place of {}",
            files::beside(&file, ".before-…").display(),
            file.display()
        ),
        _ => "give RECADO_MASTER_KEY or its file the key of the backup, for `restore` and for the server".to_owned(),
    };
    anyhow::anyhow!(
        "it was written with another master key, as a backup of before a change of the key is: {place}; \
         see \"A backup of before a change of the master key\" in docs/operations.md"
    )
}

/// Brings everything from the log of the database into it, so that it is whole without its log: the process may be killed
/// between the removal of the log and the replacement of the database.
async fn empty_log(database: &Path, key: MasterKey) -> anyhow::Result<()> {
    if !files::beside(database, "-wal").exists() {
        return Ok(());
    }
    // Without it, SQLite would take what is in the log for the database.
    check_header(database)?;
    let store = Store::connect(&files::sqlite_url(name(database)?), key).await?;
    let emptied = store.empty_log().await;
    store.close().await;
    Ok(emptied?)
}

fn check_header(file: &Path) -> anyhow::Result<()> {
    let cannot_read = || format!("cannot read {}", file.display());
    let mut header = Vec::new();
    let opened = File::open(file).with_context(cannot_read)?;
    let read = opened.take(HEADER.len() as u64).read_to_end(&mut header);
    read.with_context(cannot_read)?;
    ensure!(
        header == HEADER,
        "{} is not a SQLite database",
        file.display()
    );
    Ok(())
}

/// Checks that the file may be a complete SQLite database, and is not the one that it would replace.
fn check_file(file: &Path, database: &Path) -> anyhow::Result<()> {
    check_header(file)?;
    ensure!(
        !is_same(file, database),
        "{} is the database itself",
        file.display()
    );
    // Its newest part would be left behind.
    let log = files::beside(file, "-wal");
    ensure!(
        fs::metadata(&log).map_or(0, |log| log.len()) == 0,
        "{} is beside {}, which therefore is not a backup but a database in use; copy it with `recado-server backup`",
        log.display(),
        file.display()
    );
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Returns whether the file is, or would be, one that SQLite or the server keeps beside the database.
fn belongs_to(file: &Path, database: &Path) -> bool {
    // The server keeps its files beside the name that it was given, SQLite beside the database itself.
    let named = files::folder(database).canonicalize();
    let named = named.map(|folder| folder.join(database.file_name().unwrap_or_default()));
    let file = files::real(file).unwrap_or_else(|_| file.to_owned());
    [named, files::real(database)]
        .iter()
        .flatten()
        .any(|database| {
            let is_key = files::beside(database, ".key");
            let is_key = |file: &Path| {
                let (file, key) = (file.as_os_str(), is_key.as_os_str());
                file.as_encoded_bytes().starts_with(key.as_encoded_bytes())
            };
            let mut theirs = ["-wal", "-shm", "-journal", ".lock"].iter();
            is_key(&file) || theirs.any(|ending| files::beside(database, ending) == file)
        })
}

fn key_file_is(config: &ConfigArgs, file: &Path) -> anyhow::Result<bool> {
    Ok(config.key_file()?.is_some_and(|key| is_same(file, &key)))
}

/// Creates an empty file in the folder of another one, for its owner alone; it is removed when it is dropped.
fn file_beside(file: &Path) -> anyhow::Result<NamedTempFile> {
    ensure!(
        !file.is_dir(),
        "{} is a folder; name a file in it",
        file.display()
    );
    let folder = files::folder(file);
    folder
        .canonicalize()
        .and_then(|folder| {
            tempfile::Builder::new()
                .prefix(".recado-")
                .suffix(".part")
                .tempfile_in(folder)
        })
        .with_context(|| format!("cannot write in the folder {}", folder.display()))
}

fn name(file: &Path) -> anyhow::Result<&str> {
    file.to_str()
        .context("SQLite needs a folder whose name is UTF-8")
}

/// Opens a copy that no other process uses, and closes it after the work.
async fn open_copy(
    file: &Path,
    key: MasterKey,
    work: impl AsyncFnOnce(&Store) -> Result<(), StoreError>,
) -> anyhow::Result<()> {
    let store = Store::connect(&files::sqlite_url(name(file)?), key).await?;
    let done = work(&store).await;
    store.close().await;
    done?;
    // What is in its log would be lost with the name.
    ensure!(
        !files::beside(file, "-wal").exists(),
        "the copy could not be completed"
    );
    Ok(())
}

/// Brings a file to disk, and gives it its name, which another file may have only with `force`.
fn keep(copy: NamedTempFile, file: &Path, force: bool) -> anyhow::Result<()> {
    copy.as_file()
        .sync_all()
        .with_context(|| format!("cannot sync the copy beside {}", file.display()))?;
    let kept = if force {
        copy.persist(file).map(drop).map_err(|error| error.error)
    } else {
        kept::persist_new(copy, file)
    };
    kept.with_context(|| format!("cannot create {}", file.display()))
}

/// Keeps the database and its log under a second name. Returns that name, or `None` if the database does not exist.
fn put_aside(database: &Path) -> anyhow::Result<Option<PathBuf>> {
    if !database.exists() {
        return Ok(None);
    }
    let name = kept::name_of_before(database);
    // At every instant a database stands under the first name: a server that does not find one creates it.
    let kept = kept::keep(database, &name);
    let kept = kept.and_then(|()| link_logs(database, &name));
    kept.with_context(|| format!("cannot keep {} as {}", database.display(), name.display()))?;
    Ok(Some(name))
}

/// Keeps the logs of a database beside another name of the database, too.
fn link_logs(database: &Path, other: &Path) -> io::Result<()> {
    for ending in ["-wal", "-journal"] {
        match kept::keep(
            &files::beside(database, ending),
            &files::beside(other, ending),
        ) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn remove_logs(database: &Path) -> io::Result<()> {
    for ending in ["-wal", "-shm", "-journal"] {
        match fs::remove_file(files::beside(database, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Removes the logs of a copy that was given up.
struct Logs(PathBuf);

impl Drop for Logs {
    fn drop(&mut self) {
        if let Err(error) = remove_logs(&self.0) {
            tracing::warn!(%error, file = %self.0.display(), "the log of a copy is left");
        }
    }
}
