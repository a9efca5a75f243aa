//! Whether the files of a SQLite database belong to the user of this process.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::ensure;
use recado_store::files;

const ROOT: u32 = 0;

/// The user that the kernel shows for one that it cannot map, as on NFS that takes its rights from root.
const OVERFLOW: u32 = 65_534;

/// Checks that root does not open the database of another user, nor create one in a folder of that user: the files that it
/// would leave there, such as a lock and a key, could not be opened by a server that runs as the user.
pub(super) fn check(database: &Path, user: u32) -> anyhow::Result<()> {
    let file = if database.exists() {
        database
    } else {
        files::folder(database)
    };
    // A folder that cannot be read is reported when the database is opened.
    let owner = fs::metadata(file).map_or(user, |metadata| metadata.uid());
    if is_kept_out(user, owner) {
        let name = name(owner);
        ensure!(
            false,
            "{} belongs to the user {name}, who could not open what root creates there: run this as that user, with `sudo -u '{name}' recado-server …`",
            file.display()
        );
    }
    Ok(())
}

/// Returns whether the user is root, and would leave files that the owner cannot open.
const fn is_kept_out(user: u32, owner: u32) -> bool {
    // The files that root creates there belong to the overflow user, too.
    user == ROOT && owner != ROOT && owner != OVERFLOW
}

/// Returns what to do about a file that this user may not open or change: the name of its owner, if that is another user.
pub(crate) fn hint(file: &Path, user: u32) -> String {
    // The file itself cannot be seen in a folder that is closed to this user.
    let seen = file.ancestors().find_map(|file| fs::metadata(file).ok());
    match seen.map(|metadata| metadata.uid()) {
        Some(owner) if owner != user && owner != ROOT => {
            let name = name(owner);
            format!(
                "; it belongs to the user {name}: run this as that user, with `sudo -u '{name}' recado-server …`"
            )
        }
        _ => String::new(),
    }
}

/// Returns the name of a user, or the number as `sudo` takes it.
fn name(user: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(user)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("#{user}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::chown;

    use super::*;

    /// A user that no system has.
    const OTHER: u32 = 54_321;

    #[test]
    fn root_is_kept_from_the_files_of_another_user() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("recado.db");
        let own = fs::metadata(folder.path()).expect("a folder").uid();
        check(&database, own).expect("a folder of its own");
        // Only root can give a folder away; the folder of everyone else belongs to another user than root already.
        let owner = if own == ROOT {
            chown(folder.path(), Some(OTHER), None).expect("root may");
            OTHER
        } else {
            own
        };
        let refused = check(&database, ROOT).expect_err("a foreign folder");
        let sentence = format!("belongs to the user {}, who", name(owner));
        assert!(refused.to_string().contains(&sentence), "{refused}");
        check(&database, owner).expect("a folder of its own");

        fs::write(&database, "").expect("a file");
        if own == ROOT {
            check(&database, ROOT).expect("a file of its own");
            chown(&database, Some(OTHER), None).expect("root may");
        }
        let refused = check(&database, ROOT).expect_err("a foreign file");
        let sentence = format!("recado.db {sentence}");
        assert!(refused.to_string().contains(&sentence), "{refused}");
    }

    #[test]
    fn root_uses_its_own_files_and_those_of_a_user_that_is_not_known() {
        for (user, owner, expected) in [
            (ROOT, ROOT, false),
            (ROOT, OVERFLOW, false),
            (ROOT, OTHER, true),
            (OTHER, OTHER, false),
            (OTHER, ROOT, false),
        ] {
            assert_eq!(is_kept_out(user, owner), expected, "{user} {owner}");
        }
    }

    #[test]
    fn a_file_of_another_user_is_used_as_that_user() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("closed/recado.db.key");
        let own = fs::metadata(folder.path()).expect("a folder").uid();
        assert_eq!(hint(&file, own), "");
        if own == ROOT {
            chown(folder.path(), Some(OTHER), None).expect("root may");
        }
        let owner = fs::metadata(folder.path()).expect("a folder").uid();
        let said = hint(&file, OTHER + 1);
        let sentence = format!("it belongs to the user {}: run", name(owner));
        assert!(said.contains(&sentence), "{said}");
    }

    #[test]
    fn a_user_without_a_name_has_a_number() {
        assert_eq!(name(ROOT), "root");
        assert_eq!(name(OTHER), "#54321");
    }
}
