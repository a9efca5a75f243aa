//! `recado-server operator-key`

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use recado_core::{ApiKeyId, TextField, fields};
use recado_server::config::ConfigArgs;
use recado_server::telemetry::logging;
use recado_store::{ApiKey, ApiKeySecret, Author, Page};
use uuid::Uuid;

use super::{open_store, say};

/// Keys that one page of the list has.
const PAGE: u32 = 100;

/// Makes a key and prints it alone, so that a script can keep it: `KEY=$(recado-server operator-key create)`.
pub(crate) async fn create(config: &ConfigArgs, name: String) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    fields::name(&TextField::Text(name.clone()))
        .map_err(|error| anyhow!("--name: {}", error.message.unwrap_or_default()))?;
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

/// Prints a line for each key: its id, how it begins, when it was created and used last, and its name.
pub(crate) async fn list(config: &ConfigArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let store = open_store(config).await?;
    let line = |id: &str, prefix: &str, created: &str, used: &str, name: &str| {
        say(format!(
            "{id:<36}  {prefix:<12}  {created:<20}  {used:<20}  {name}"
        ));
    };
    line("ID", "BEGINS WITH", "CREATED", "LAST USED", "NAME");
    let mut page = Page {
        after: None,
        limit: PAGE,
    };
    loop {
        let listed = store.list_operator_keys(&page).await?;
        for key in listed.data {
            let used = key.last_used_at.map_or_else(|| "never".to_owned(), time);
            let prefix = key.prefix.unwrap_or_default();
            // A control character in a name would break the line.
            let name: String = key.name.chars().filter(|c| !c.is_control()).collect();
            line(
                key.id.as_str(),
                &prefix,
                &time(key.created_at),
                &used,
                &name,
            );
        }
        page.after = listed.next;
        if page.after.is_none() {
            break;
        }
    }
    store.close().await;
    Ok(())
}

pub(crate) async fn revoke(config: &ConfigArgs, id: &ApiKeyId) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let store = open_store(config).await?;
    let author = Author::command_line(Timestamp::now());
    let revoked = store.delete_operator_key(id, &author).await?;
    store.close().await;
    let name = revoked.with_context(|| {
        format!("{id} is not an operator key; `recado-server operator-key list` shows all")
    })?;
    say(format!("{id} ({name}) is revoked"));
    Ok(())
}

/// Returns an instant in UTC, to the second.
fn time(at: Timestamp) -> String {
    format!("{at:.0}")
}
