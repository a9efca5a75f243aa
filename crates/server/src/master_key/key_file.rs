//! The file beside a SQLite database that holds its master key.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use recado_store::{MasterKey, files};
use secrecy::ExposeSecret as _;

use crate::startup::owner;

pub(crate) fn of(database: &Path) -> PathBuf {
    files::beside(database, ".key")
}

/// Reads the key beside a database, and takes it away from others; returns `None` if neither file exists, and fails if
/// only the database does.
pub(crate) fn find(database: &Path) -> anyhow::Result<Option<MasterKey>> {
    let path = of(database);
    if let Some(key) = read(&path)? {
        return Ok(Some(key));
    }
    if let Ok(metadata) = fs::metadata(database) {
        ensure!(
            metadata.is_file() && metadata.len() > 0,
            "{} is {}, and not a database of Recado: correct RECADO_DATABASE_URL, or remove it; the server creates a database that does not exist",
            database.display(),
            if metadata.is_dir() {
                "a folder"
            } else {
                "empty"
            }
        );
    }
    ensure!(
        !database.exists(),
        "the database {} is there, but its key {} is not: without it the channel credentials cannot be read; \
         put the key back, or set RECADO_MASTER_KEY; if it is lost for good, see `recado-server rotate-master-key --help`",
        database.display(),
        path.display()
    );
    Ok(None)
}

/// Reads a key file, and takes it away from others; returns `None` if it does not exist.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<MasterKey>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => {
            read.with_context(|| format!("cannot read {}{}", path.display(), owner_hint(path)))?
        }
    };
    files::make_private(path).with_context(|| {
        format!(
            "{} can be read by others and its mode cannot be changed: give it to the server's user with mode 600{}",
            path.display(),
            owner_hint(path)
        )
    })?;
    MasterKey::from_base64(text.trim())
        .with_context(|| format!("{} does not hold a master key", path.display()))
        .map(Some)
}

fn owner_hint(path: &Path) -> String {
    owner::hint(path, rustix::process::geteuid().as_raw())
}

/// Writes a key to a file that does not exist yet; when this returns, it is on disk.
pub(crate) fn write(path: &Path, key: &MasterKey) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot create {}", path.display()))?;
    file.write_all(key.to_base64().expose_secret().as_bytes())?;
    file.sync_all()?;
    sync_folder(path)
}

/// Brings the names in a file's folder to disk. Rows that a new key encrypted survive a power cut, and so
/// must the name of its file.
pub(crate) fn sync_folder(file: &Path) -> anyhow::Result<()> {
    let folder = files::folder(file);
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot sync {}", folder.display()))
}

/// Makes the key of a new database.
pub(crate) fn make(database: &Path) -> anyhow::Result<MasterKey> {
    let (key, path) = (MasterKey::generate()?, of(database));
    write(&path, &key)?;
    tracing::info!(file = %path.display(), "made a master key; keep a copy, it is needed to read the channel credentials");
    Ok(key)
}
