//! The npm library `whatsapp-api-js` on Node: `tests/bench/whatsapp-api-js.mjs`.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::Contender;
use crate::bench::report::machine::version;
use crate::bench::report::subjects::LIBRARY;
use crate::bench::stub::Stub;

/// Starts the script in that folder, where the library is installed, in front of the stub.
pub async fn start(folder: &Path, stub: &Stub) -> anyhow::Result<Contender> {
    let mut command = tokio::process::Command::new("node");
    command
        .arg("whatsapp-api-js.mjs")
        .arg(stub.url())
        .current_dir(folder);
    let package = folder.join("node_modules/whatsapp-api-js/package.json");
    let package: Value = serde_json::from_str(&std::fs::read_to_string(package)?)?;
    let library = package["version"].as_str().context("a version")?;
    let node = version("node", "--version")?;
    let version = format!("{library} on Node {node}");
    Contender::printing(LIBRARY, version, command).await
}
