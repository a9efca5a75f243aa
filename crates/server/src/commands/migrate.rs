//! `recado-server migrate`

use recado_server::config::ConfigArgs;
use recado_server::startup::Settings;
use recado_server::telemetry::logging;

use super::say;

/// Brings the database up to date, and creates it if it does not exist.
pub(crate) async fn run(config: &ConfigArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let settings = Settings::check(config).await?;
    let missing = settings.missing_file();
    settings.open_database().await?.close().await;
    match missing {
        Some(file) => say(format_args!("created the database {}", file.display())),
        None => say("the database is up to date"),
    }
    Ok(())
}
