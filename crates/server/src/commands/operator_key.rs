//! `recado-server operator-key`

use jiff::Timestamp;
use recado_core::ApiKeyId;
use recado_server::{config::ConfigArgs, telemetry};
use recado_store::{ApiKey, ApiKeySecret, Author};
use uuid::Uuid;

use super::{open_store, say};

/// Makes a key and prints it alone, so that a script can keep it: `KEY=$(recado-server operator-key create)`.
pub(crate) async fn create(config: &ConfigArgs, name: String) -> anyhow::Result<()> {
    telemetry::init_log(&config.log)?;
    let store = open_store(config).await?;
    let secret = ApiKeySecret::generate()?;
    let author = Author::command_line(Timestamp::now());
    let id = ApiKeyId::from_uuid(Uuid::now_v7());
    let key = ApiKey::new(id, None, name, &secret, author.at);
    store.create_api_key(&key, &secret, &author).await?;
    store.close().await;
    say(secret.expose());
    Ok(())
}
