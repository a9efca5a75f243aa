//! `recado-server check-config`

use clap::parser::ValueSource;
use recado_server::config::ConfigArgs;
use recado_server::startup::{Settings, hints};

use super::say;

/// Prints the effective configuration with secrets hidden, and fails if the server would.
pub(crate) async fn run(
    config: &ConfigArgs,
    source: impl Fn(&str) -> Option<ValueSource>,
) -> anyhow::Result<()> {
    Settings::connection_limits(config)?;
    let settings = Settings::check(config).await?;
    say(config.describe(settings.listen, source)?.trim_end());
    for hint in hints() {
        say(format_args!("# {hint}"));
    }
    let has_tables = settings.check_database().await?;
    settings.check_addresses()?;
    if let Some(file) = settings.missing_file() {
        let file = file.display();
        say(format_args!(
            "# {file} does not exist; the server creates it"
        ));
    } else if !has_tables {
        say("# the database has no tables yet; the server creates them");
    }
    Ok(())
}
