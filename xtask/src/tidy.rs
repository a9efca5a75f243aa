//! `cargo xtask tidy`: the rules of the tree that neither the compiler nor clippy knows.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{cargo::root, docs};

mod circles;
mod dependencies;
mod language;
mod links;
mod sources;

/// Prints every breach with what to do about it, then checks the generated documents.
pub(crate) fn run() -> Result<()> {
    let breaches = breaches()?;
    for breach in &breaches {
        eprintln!("{breach}");
    }
    let documents = docs::run(true);
    if !breaches.is_empty() {
        bail!(
            "the tree is not tidy: {} to mend, listed above",
            breaches.len()
        );
    }
    documents.context("the generated documents are not current: run `cargo xtask docs`")
}

fn breaches() -> Result<Vec<String>> {
    let mut breaches = dependencies::breaches()?;
    breaches.extend(sources::breaches(root())?);
    breaches.extend(links::breaches(root())?);
    breaches.extend(circles::breaches(root())?);
    breaches.extend(language::breaches(root())?);
    Ok(breaches)
}

/// All files below a folder of `root` with that extension: their paths from `root`, and their texts.
fn texts(root: &Path, folder: &str, extension: &str) -> Result<Vec<(String, String)>> {
    let paths = files(&root.join(folder), extension)?.into_iter();
    let texts = paths.map(|path| {
        let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
        Ok((name, fs::read_to_string(&path)?))
    });
    texts.collect()
}

/// All files below `folder` with that extension, sorted; a folder that is not there has none.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let breaches = breaches().unwrap();
        assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
    }
}
