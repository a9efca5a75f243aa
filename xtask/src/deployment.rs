//! The programs that check the files in `deploy/`.

use std::env;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::cargo::run;
use crate::debian;

/// Makes sure that systemd's and Prometheus's programs for checks are there.
pub(crate) fn find_or_install() -> Result<()> {
    if !debian::in_path("systemd-analyze") {
        if !debian::may_install()? {
            bail!(
                "systemd-analyze is missing: install it with `sudo apt-get install --no-install-recommends systemd`"
            );
        }
        debian::install(&["systemd"])?;
    }
    find_or_unpack_promtool()
}

/// Unpacks `promtool` into the target folder. Its package is not installed: that would start a server.
fn find_or_unpack_promtool() -> Result<()> {
    let own = env::current_exe()?;
    let target = own.ancestors().nth(2).context("a target folder")?;
    let program = target.join("promtool");
    if debian::in_path("promtool") || program.is_file() {
        return Ok(());
    }
    if !debian::in_path("apt-get") {
        bail!(
            "promtool is missing: install Prometheus, or put promtool into {}",
            target.display()
        );
    }
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
