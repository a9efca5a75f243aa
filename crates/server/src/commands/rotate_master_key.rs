//! `recado-server rotate-master-key`

use recado_server::config::ConfigArgs;
use recado_server::rotation::{self, NewKeyArgs};
use recado_server::telemetry;

use super::say;

/// Changes the master key.
pub(crate) async fn run(config: &ConfigArgs, args: &NewKeyArgs) -> anyhow::Result<()> {
    telemetry::init_log(&config.log)?;
    let rows = rotation::rotate(config, args).await?;
    say(format_args!(
        "the master key is the new one; {rows} rows were encrypted again"
    ));
    Ok(())
}
