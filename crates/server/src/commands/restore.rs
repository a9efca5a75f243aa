//! `recado-server restore`

use recado_server::backup::{self, RestoreArgs};
use recado_server::config::ConfigArgs;
use recado_server::logging;

use super::say;

/// Restores the database, and says where the old one is.
pub(crate) async fn run(config: &ConfigArgs, args: &RestoreArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let restored = backup::restore(config, args).await?;
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
