//! The programs that check the files in `deploy/`.

use std::{fs, process::Command};

use anyhow::{Result, ensure};

use crate::cargo::{run, target};
use crate::debian;

/// Makes sure that systemd's and Prometheus's programs for checks are there.
pub(crate) fn find_or_install() -> Result<()> {
    if !debian::in_path("systemd-analyze") {
        debian::install_or_say("systemd-analyze is", &["systemd"])?;
    }
    find_or_unpack_promtool()
}

/// Unpacks `promtool` into the target folder. Its package is not installed: that would start a server.
fn find_or_unpack_promtool() -> Result<()> {
    let target = target()?;
    let program = target.join("promtool");
    if debian::in_path("promtool") || program.is_file() {
        return Ok(());
    }
    ensure!(
        debian::in_path("apt-get"),
        "promtool is missing: install Prometheus, or put promtool into {}",
        target.display()
    );
    let folder = tempfile::tempdir_in(target)?;
    let package = debian::download("prometheus", folder.path())?;
    let unpacked = folder.path().join("unpacked");
    run(Command::new("dpkg-deb")
        .arg("--extract")
        .arg(package)
        .arg(&unpacked))?;
    fs::rename(unpacked.join("usr/bin/promtool"), program)?;
    Ok(())
}
