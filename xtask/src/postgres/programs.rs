//! Where PostgreSQL's server programs are, and how they come to be there.

use std::path::{Path, PathBuf};
use std::{env, fs, process::Command};

use anyhow::{Context, Result, bail, ensure};

use crate::{cargo::output, debian};

/// The folder that holds a complete set of PostgreSQL's server programs.
#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
}

/// Names the folder for a machine that keeps it in an uncommon place.
const FOLDER: &str = "RECADO_POSTGRES_BIN";

const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where packages keep one folder per version: Debian, PGDG for Red Hat, Homebrew on both Macs.
const VERSIONED: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

const COMMON: [&str; 3] = [
    "/usr/local/pgsql/bin",
    "/opt/homebrew/bin",
    "/Applications/Postgres.app/Contents/Versions/latest/bin",
];

impl Programs {
    /// Finds the programs; a Debian root that has none installs them.
    pub(crate) fn find_or_install() -> Result<Self> {
        if let Some(folder) = env::var_os(FOLDER) {
            let folder = PathBuf::from(folder);
            let missing = NEEDED.into_iter().find(|name| !folder.join(name).is_file());
            ensure!(
                missing.is_none(),
                "{FOLDER} names {}, which has no {}",
                folder.display(),
                missing.unwrap_or_default()
            );
            return Ok(Self { folder });
        }
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        if debian::may_install()? {
            debian::install(&["postgresql"])?;
            return Self::find().context(
                "the package postgresql is installed, but its server programs are not found",
            );
        }
        bail!("{}", advice(debian::in_path))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The number a person calls the version by, such as `15`.
    pub(crate) fn major_version(&self) -> Result<String> {
        let version = output(Command::new(self.path("postgres")).arg("--version"))?;
        let number = version
            .split_whitespace()
            .nth(2)
            .context("`postgres --version` has no number")?;
        Ok(number.split('.').next().unwrap_or(number).to_owned())
    }

    fn find() -> Option<Self> {
        // A single program may be linked into PATH: the others are beside the real one.
        let path = env::var_os("PATH").unwrap_or_default();
        let linked = env::split_paths(&path).filter_map(|folder| {
            let initdb = fs::canonicalize(folder.join("initdb")).ok()?;
            initdb.parent().map(Path::to_owned)
        });
        let versioned = VERSIONED
            .into_iter()
            .flat_map(|(parent, prefix)| newest_first(Path::new(parent), prefix));
        linked
            .chain(versioned)
            .chain(COMMON.map(PathBuf::from))
            .find(|folder| NEEDED.iter().all(|name| folder.join(name).is_file()))
            .map(|folder| Self { folder })
    }
}

/// The `bin` folders of `parent`'s subfolders called `prefix` and a version.
fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version: f32 = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by(|left, right| right.0.total_cmp(&left.0));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// One sentence with the one command to type.
fn advice(in_path: impl Fn(&str) -> bool) -> String {
    let command = if in_path("apt-get") {
        "sudo apt-get install --no-install-recommends postgresql"
    } else if in_path("dnf") {
        "sudo dnf install postgresql-server"
    } else if in_path("brew") {
        "brew install postgresql@17"
    } else {
        return format!(
            "PostgreSQL's server programs are missing: install them, or name their folder with `export {FOLDER}=…`"
        );
    };
    format!("PostgreSQL's server programs are missing: install them with `{command}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first_and_other_folders_do_not_count() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["pgsql-9.6", "pgsql-17", "pgsql-8", "pgsql-old", "share"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let expected =
            ["pgsql-17", "pgsql-9.6", "pgsql-8"].map(|name| parent.path().join(name).join("bin"));
        assert_eq!(newest_first(parent.path(), "pgsql-"), expected);
    }

    #[test]
    fn a_machine_without_postgresql_gets_the_command_of_its_own_package_manager() {
        for (manager, command) in [
            (
                "apt-get",
                "`sudo apt-get install --no-install-recommends postgresql`",
            ),
            ("dnf", "`sudo dnf install postgresql-server`"),
            ("brew", "`brew install postgresql@17`"),
            ("none of them", "`export RECADO_POSTGRES_BIN=…`"),
        ] {
            let sentence = advice(|name| name == manager);
            assert!(sentence.ends_with(command), "{sentence}");
            assert_eq!(sentence.lines().count(), 1);
        }
    }
}
