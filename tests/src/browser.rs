//! A real browser, for what only a browser can say of a page.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::process::Command;

const PROGRAMS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Longest that a page may take, the start of the browser included.
const DEADLINE: Duration = Duration::from_mins(1);

/// The page at `url` after its scripts have run, as HTML.
///
/// # Errors
///
/// There is no Chromium, it fails, or it is not done in time.
pub async fn dump_dom(url: &str) -> anyhow::Result<String> {
    let program = find().context(
        "Chromium is needed to look at /docs; `cargo xtask test` installs it or says how",
    )?;
    let profile = tempfile::tempdir()?;
    let mut browser = Command::new(program);
    browser
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--dump-dom",
        ])
        .args([
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        // The time that the page's scripts get, in milliseconds of the page's own clock.
        .arg("--virtual-time-budget=20000")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(DEADLINE, browser.output())
        .await
        .with_context(|| format!("Chromium showed no page within {DEADLINE:?}"))??;
    ensure!(
        output.status.success(),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn find() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&folders).collect();
    let mut places = PROGRAMS
        .iter()
        .flat_map(|program| folders.iter().map(move |folder| folder.join(program)));
    places.find(|place| place.is_file())
}
