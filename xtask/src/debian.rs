//! Debian's packages, for what the tests need beside Rust.

use std::path::{Path, PathBuf};
use std::{fs, process::Command};

use anyhow::{Context as _, Result, ensure};

use crate::cargo::{output, run};

/// The programs that a person's shell would find.
pub(crate) fn in_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

pub(crate) fn is_root() -> Result<bool> {
    Ok(output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// Whether packages can be installed without asking: on Debian, as root.
pub(crate) fn may_install() -> Result<bool> {
    Ok(in_path("apt-get") && is_root()?)
}

/// Installs packages, or says `what` is missing and how to install them.
pub(crate) fn install_or_say(what: &str, packages: &[&str]) -> Result<()> {
    ensure!(
        may_install()?,
        "{what} missing: install with `sudo apt-get install --no-install-recommends {}`",
        packages.join(" ")
    );
    install(packages)
}

pub(crate) fn install(packages: &[&str]) -> Result<()> {
    eprintln!("installing what is missing: {}", packages.join(", "));
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}

/// Downloads a package into a folder without installing it; returns its file.
pub(crate) fn download(package: &str, folder: &Path) -> Result<PathBuf> {
    if may_install()? {
        apt(&["update"])?;
    }
    run(Command::new("apt-get")
        .args(["download", package])
        .current_dir(folder))?;
    let mut files = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    files
        .find(|path| path.extension().is_some_and(|ending| ending == "deb"))
        .with_context(|| format!("{package} was not downloaded"))
}

fn apt(args: &[&str]) -> Result<()> {
    run(Command::new("apt-get")
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}
