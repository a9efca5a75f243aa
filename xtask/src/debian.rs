//! Debian's packages, for what the tests need beside Rust.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo::{output, run};

/// The programs that a person's shell would find.
pub(crate) fn in_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Whether packages can be installed without asking: on Debian, as root.
pub(crate) fn may_install() -> Result<bool> {
    Ok(in_path("apt-get") && output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// Installs packages.
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
