//! `recado-server migrate`

use recado_server::{config::ConfigArgs, logging};

use super::{open_store, say};

/// Brings the database up to date.
pub(crate) async fn run(config: &ConfigArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let store = open_store(config).await?;
    store.close().await;
    say("the database is up to date");
    Ok(())
}
