//! One server per SQLite file: a lock file beside the database, which the operating system frees when its
//! holder ends, however it ends.
//!
//! The lock is on a file of its own, so that it disturbs none of SQLite's locks, and programs that open the
//! database beside a running server need not ask for it.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::files;

/// How often a waiting server tries again.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// The most that is read of what the holder wrote.
const MAX_HOLDER_BYTES: u64 = 200;

/// The lock of a SQLite database; it is free when this is dropped.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
}

/// Why a database was not locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds the lock.
    #[error("the database is in use by {0}")]
    Held(Holder),
    /// The lock file cannot be used.
    #[error("cannot lock {}", .path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// Why it cannot be used.
        #[source]
        error: io::Error,
    },
}

/// The process that holds a lock, as far as it could be read.
#[derive(Debug)]
pub struct Holder(String);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            f.write_str("another process")
        } else {
            f.write_str(&self.0)
        }
    }
}

impl ServerLock {
    /// Locks the SQLite database of a URL for this process; returns `None` for a database of many servers.
    /// Fails with [`LockError::Held`], which says what process holds it.
    pub fn take(url: &str, now: Timestamp) -> Result<Option<Self>, LockError> {
        let Some(database) = files::sqlite_file(url) else {
            return Ok(None);
        };
        let path = lock_file(&database);
        let wrong = |error| LockError::File {
            path: path.clone(),
            error,
        };
        let mut file = open(&path).map_err(wrong)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(Holder::read(&mut file))),
            Err(TryLockError::Error(error)) => return Err(wrong(error)),
        }
        // Only people read it: the lock itself is the system's.
        write_holder(&mut file, now).map_err(wrong)?;
        Ok(Some(Self { _file: file }))
    }

    /// Locks the database as [`Self::take`] does, and waits as long as another process holds it.
    pub async fn wait(url: &str, now: impl Fn() -> Timestamp) -> Result<Option<Self>, LockError> {
        let mut told = false;
        loop {
            match Self::take(url, now()) {
                Err(LockError::Held(holder)) => {
                    if !told {
                        tracing::info!(%holder, "waiting for the database, which another server uses");
                        told = true;
                    }
                    tokio::time::sleep(RETRY_INTERVAL).await;
                }
                taken => return taken,
            }
        }
    }
}

/// The lock file of a database: the same for every path that leads to it.
fn lock_file(database: &Path) -> PathBuf {
    let real = files::real(database).unwrap_or_else(|_| database.to_owned());
    files::beside(&real, ".lock")
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.mode(0o600).open(path)
}

fn write_holder(file: &mut File, now: Timestamp) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "process {} since {now:.0}", std::process::id())?;
    file.flush()
}

impl Holder {
    fn read(file: &mut File) -> Self {
        let mut text = String::new();
        // The holder may just be writing it; then it stays unnamed.
        let read = file
            .rewind()
            .and_then(|()| file.take(MAX_HOLDER_BYTES).read_to_string(&mut text));
        let plain = |text: &str| {
            text.chars()
                .all(|letter| letter.is_ascii_graphic() || letter == ' ')
        };
        Self(if read.is_ok() && plain(&text) {
            text
        } else {
            String::new()
        })
    }
}
