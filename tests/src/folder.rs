//! `recado-server` on a database file, and the files beside it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use recado_store::MasterKey;
use recado_store::testing::TestDatabase;

use crate::binaries::{Place, Ran, command, ran};

/// Runs `recado-server` on the database until it ends.
pub async fn run(url: &str, key: &MasterKey, arguments: &[&str]) -> Ran {
    let mut server = command("recado-server").expect("the binary");
    let place = Place::new(url, key);
    ran(server.args(arguments).envs(place.variables())).await
}

/// Runs `recado-server` on the database, and returns what it says on success.
pub async fn succeed(database: &TestDatabase, arguments: &[&str]) -> String {
    let ran = run(database.url(), database.key(), arguments).await;
    ran.succeeded()
}

/// Runs `recado-server` on the database, which refuses and says so.
pub async fn refused(database: &TestDatabase, arguments: &[&str], part: &str) -> String {
    let ran = run(database.url(), database.key(), arguments).await;
    ran.refused(part);
    ran.stderr
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
