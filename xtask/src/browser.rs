//! The browser that the tests look at pages with, and the program that drives it.

use anyhow::Result;

use crate::debian;

const PROGRAMS: &str = "chromium chromium-browser google-chrome google-chrome-stable";

/// Makes sure that both are there; a Debian root that lacks one installs it, before any test runs:
/// an installation keeps the disk busy for seconds, and databases wait for the disk.
pub(crate) fn find_or_install() -> Result<()> {
    if PROGRAMS.split(' ').any(debian::in_path) && debian::in_path("chromedriver") {
        return Ok(());
    }
    // The driver works with the browser of its own version alone, so they are installed together.
    debian::install_or_say(
        "Chromium or its driver is",
        &["chromium", "chromium-driver"],
    )
}
