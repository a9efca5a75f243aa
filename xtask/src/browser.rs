//! The browser that the tests look at `/docs` with.

use anyhow::{Result, bail};

use crate::debian;

const PROGRAMS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Makes sure that there is one; a Debian root that has none installs it, before any test runs:
/// an installation keeps the disk busy for seconds, and databases wait for the disk.
pub(crate) fn find_or_install() -> Result<()> {
    if PROGRAMS.into_iter().any(debian::in_path) {
        return Ok(());
    }
    if debian::may_install()? {
        return debian::install("chromium");
    }
    bail!(
        "Chromium is missing: install it with `sudo apt-get install --no-install-recommends chromium`"
    )
}
