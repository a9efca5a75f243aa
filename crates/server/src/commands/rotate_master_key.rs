//! `recado-server rotate-master-key`

use recado_server::config::{ConfigArgs, NewKeyArgs};
use recado_server::master_key::rotation::{self, Rotated};
use recado_server::telemetry::logging;

use super::say;

/// Changes the master key.
pub(crate) async fn run(config: &ConfigArgs, args: &NewKeyArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let did = match rotation::rotate(config, args).await? {
        Rotated::EncryptedAgain(rows) => format!("{rows} rows were encrypted again"),
        Rotated::Dropped(rows) => format!(
            "the secrets of {rows} rows were dropped: give the channels new credentials, register their webhooks again, and rotate the secrets of the webhook endpoints"
        ),
    };
    say(format_args!("the master key is the new one; {did}"));
    Ok(())
}
