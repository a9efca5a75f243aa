//! `recado-server` on a database file, and the files beside it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use recado_store::MasterKey;
use recado_store::testing::TestDatabase;

use crate::binaries::{Place, command};

/// Runs `recado-server` on the database until it ends.
pub async fn run(url: &str, key: &MasterKey, arguments: &[&str]) -> Output {
    let mut server = command("recado-server").expect("the binary");
    let place = Place::new(url, key);
    server.args(arguments).envs(place.variables());
    server.output().await.expect("a process")
}

/// Runs `recado-server` on the database, and returns what it says on success.
pub async fn succeed(database: &TestDatabase, arguments: &[&str]) -> String {
    let output = run(database.url(), database.key(), arguments).await;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs `recado-server` on the database, and returns why it refuses.
pub async fn refused(database: &TestDatabase, arguments: &[&str]) -> String {
    let output = run(database.url(), database.key(), arguments).await;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).expect("text")
}

/// Returns a file beside the database.
pub fn file(database: &TestDatabase, name: &str) -> PathBuf {
    database.directory().expect("a folder").join(name)
}

/// Returns a path as text.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Returns the names in the folder of the database.
pub fn names(database: &TestDatabase) -> HashSet<String> {
    let folder = fs::read_dir(database.directory().expect("a folder")).expect("a folder");
    let names = folder.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}
