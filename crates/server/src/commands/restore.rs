//! `recado-server restore`

use anyhow::bail;
use recado_server::config::ConfigArgs;
use recado_server::database::backup::{self, RestoreArgs};
use recado_server::telemetry::logging;

use super::{say, shutdown_signal};

/// Restores the database, and says where the old one is.
pub(crate) async fn run(config: &ConfigArgs, args: &RestoreArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let restored = tokio::select! {
        restored = backup::restore(config, args) => restored?,
        // The copy is removed; the database is replaced without a pause, and therefore not yet.
        () = shutdown_signal() => bail!("interrupted; the database is as it was"),
    };
    say(format_args!(
        "{} is the database of the backup; start the server",
        restored.database.display()
    ));
    if let Some(old) = restored.old {
        say(format_args!(
            "The database of before is kept as {}; remove it when you do not need it any more.",
            old.display()
        ));
    }
    Ok(())
}
