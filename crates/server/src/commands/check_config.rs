//! `recado-server check-config`

use recado_server::config::ConfigArgs;
use recado_server::startup::Settings;

use super::say;

/// Prints the effective configuration with secrets hidden, and fails if the server would.
pub(crate) async fn run(config: &ConfigArgs) -> anyhow::Result<()> {
    let settings = Settings::check(config).await?;
    say(config.describe(settings.listen)?.trim_end());
    settings.check_database().await
}
