//! Files that are kept under a second name before another file takes theirs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use recado_store::files;
use tempfile::NamedTempFile;

/// Returns a name beside a file under which it can be kept. It has the time, so that an earlier one is never replaced.
pub(crate) fn name_of_before(file: &Path) -> PathBuf {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%S.%3fZ");
    files::beside(file, &format!(".before-{now}"))
}

/// Gives a file a second name, and fails if a file has that name. At every instant a file stands under the first name.
pub(crate) fn keep(file: &Path, other: &Path) -> io::Result<()> {
    match fs::hard_link(file, other) {
        // Not every file system has hard links.
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
            ) =>
        {
            copy(file, other)
        }
        kept => kept,
    }
}

/// Copies to a file for its owner alone, which has its name only when it is complete and on disk.
fn copy(file: &Path, other: &Path) -> io::Result<()> {
    let mut copied = NamedTempFile::new_in(files::folder(other))?;
    io::copy(&mut File::open(file)?, &mut copied)?;
    copied.as_file().sync_all()?;
    persist_new(copied, other)
}

/// Gives a file its name, which no other file may have.
pub(crate) fn persist_new(file: NamedTempFile, name: &Path) -> io::Result<()> {
    let refused = match file.persist_noclobber(name) {
        Err(refused) if refused.error.kind() != io::ErrorKind::AlreadyExists => refused,
        named => return named.map(drop).map_err(|refused| refused.error),
    };
    // Some file systems have neither hard links nor a rename that replaces nothing: an empty file takes the name first.
    File::create_new(name)?;
    refused.file.persist(name).map(drop).map_err(|error| {
        fs::remove_file(name).unwrap_or_default();
        error.error
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_linked_or_copied_and_no_other_one_is_replaced() {
        for keep in [keep, copy] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("recado.db.key");
            let missing = keep(&file, &name_of_before(&file)).expect_err("there is none");
            assert_eq!(missing.kind(), io::ErrorKind::NotFound);
            let mut key = NamedTempFile::new_in(folder.path()).expect("a file");
            io::Write::write_all(&mut key, b"a key").expect("a file");
            key.persist(&file).expect("a file");
            let other = name_of_before(&file);
            keep(&file, &other).expect("a second file");
            assert_eq!(fs::read_to_string(&other).expect("a file"), "a key");
            let mode = fs::metadata(&other).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let again = keep(&file, &other).expect_err("it exists");
            assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
            let files = fs::read_dir(folder.path()).expect("a folder").count();
            assert_eq!(files, 2, "nothing else is left");
        }
    }
}
