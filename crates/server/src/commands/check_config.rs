//! `recado-server check-config`

use recado_server::config::ConfigArgs;

use super::say;

/// Prints the effective configuration with secrets hidden.
pub(crate) fn run(config: &ConfigArgs) -> anyhow::Result<()> {
    say(config.describe()?.trim_end());
    Ok(())
}
