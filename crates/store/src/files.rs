//! The files of a SQLite database: where they are, and that their owner alone can read them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The characters that are not percent-encoded in the path of a URL.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// Returns the file that a SQLite URL names, or `None` for another URL.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    Some(percent_decode_str(path).decode_utf8_lossy().as_ref().into())
}

/// Returns the SQLite URL of a file.
pub fn sqlite_url(file: &str) -> String {
    format!("sqlite:{}", utf8_percent_encode(file, PATH))
}

/// Returns the path with something appended to its name: `recado.db` and `-wal`.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Returns the folder of a file.
pub fn folder(file: &Path) -> &Path {
    let folder = file.parent().filter(|path| !path.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Returns the path of a file without links, also of one that a program would create: its folder must exist.
pub fn real(file: &Path) -> io::Result<PathBuf> {
    match file.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // SQLite creates the file that a link names. A circle of links is another error.
            if let Ok(target) = fs::read_link(file) {
                return real(&folder(file).join(target));
            }
            let name = file.file_name().ok_or(error)?;
            Ok(folder(file).canonicalize()?.join(name))
        }
        found => found,
    }
}

/// Takes a file that others can read or write away from them; a missing file passes.
pub fn make_private(file: &Path) -> io::Result<()> {
    let mode = match fs::metadata(file) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let own = mode & 0o700;
    if mode == own {
        return Ok(());
    }
    fs::set_permissions(file, Permissions::from_mode(own))?;
    tracing::warn!(file = %file.display(), mode = format!("{mode:o}"), "a file with secrets could be opened by others; now its owner alone can");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_path_also_before_it_exists() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("recado.db"), folder.path().join("link"));
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        let expected = folder.path().canonicalize().expect("it exists");
        let expected = expected.join("recado.db");
        let dotted = folder.path().join("./recado.db");
        for path in [&dotted, &link] {
            assert_eq!(real(path).expect("a folder"), expected);
        }
        fs::write(&file, "").expect("a file");
        for path in [&file, &dotted, &link] {
            assert_eq!(real(path).expect("a file"), expected);
        }
        let circle = folder.path().join("circle");
        std::os::unix::fs::symlink(&circle, &circle).expect("a link");
        assert!(real(&circle).is_err());
        assert!(real(Path::new("/nowhere/recado.db")).is_err());
        assert_eq!(super::folder(Path::new("recado.db")), Path::new("."));
    }

    #[test]
    fn the_file_of_a_url_is_the_one_that_sqlite_opens() {
        for (url, file) in [
            ("sqlite:data/recado.db", "data/recado.db"),
            ("sqlite://data/recado.db?mode=rwc", "data/recado.db"),
            ("sqlite:///var/recado.db", "/var/recado.db"),
            ("sqlite:/var/a%20b.db", "/var/a b.db"),
            ("sqlite:/var/a b.db", "/var/a b.db"),
        ] {
            assert_eq!(sqlite_file(url), Some(file.into()), "{url}");
            assert_eq!(sqlite_file(&sqlite_url(file)), Some(file.into()), "{url}");
        }
        for file in ["a?b.db", "100%.db", "/tmp/é #1.db"] {
            assert_eq!(sqlite_file(&sqlite_url(file)), Some(file.into()));
        }
        assert_eq!(sqlite_file("postgres://db/recado"), None);
    }
}
