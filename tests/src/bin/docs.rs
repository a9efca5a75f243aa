//! Writes the generated documents, or with `--check` says which of them are not current.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use recado_tests::generated::{documents, root};

#[expect(clippy::print_stderr, reason = "the failure of a command")]
fn main() -> ExitCode {
    match write_or_check() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write_or_check() -> anyhow::Result<()> {
    let check = std::env::args().any(|argument| argument == "--check");
    for (path, text) in documents()? {
        let file = root().join(&path);
        if !check {
            fs::write(&file, text).with_context(|| format!("cannot write {}", path.display()))?;
        } else if fs::read_to_string(&file).ok().as_deref() != Some(text.as_str()) {
            bail!("{} is not current; run `cargo xtask docs`", path.display());
        }
    }
    Ok(())
}
