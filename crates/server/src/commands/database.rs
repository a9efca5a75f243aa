//! `recado-server check-config`, `migrate`, `backup`, `restore` and `rotate-master-key`.

use anyhow::bail;
use clap::parser::ValueSource;
use recado_server::config::{ConfigArgs, NewKeyArgs};
use recado_server::database::backup::{self, BackupArgs, RestoreArgs};
use recado_server::master_key::rotation::{self, Rotated};
use recado_server::startup::{Settings, hints};
use recado_server::telemetry::logging;

use super::{say, shutdown_signal};

/// Prints the effective configuration with secrets hidden, and fails if the server would.
pub(crate) async fn check_config(
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

/// Brings the database up to date, and creates it if it does not exist.
pub(crate) async fn migrate(config: &ConfigArgs) -> anyhow::Result<()> {
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

/// Copies the database, and says what else has to be kept.
pub(crate) async fn backup(config: &ConfigArgs, args: &BackupArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let written = tokio::select! {
        written = backup::backup(config, args) => written?,
        // An interruption removes the incomplete file.
        () = shutdown_signal() => bail!("interrupted; no backup was written"),
    };
    say(format_args!(
        "{}: {}, copied and checked in {:.1} s",
        written.file.display(),
        size(written.bytes),
        written.took.as_secs_f64()
    ));
    say(format_args!(
        "The master key is not in it, and without the key nothing can read the credentials of the channels: \
         keep a copy of {} in another place.",
        written.key
    ));
    Ok(())
}

/// Returns a number of bytes as people read it.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes as f64 / 1e3, 0);
    while size >= 1e3 && unit + 1 < units.len() {
        (size, unit) = (size / 1e3, unit + 1);
    }
    format!("{size:.1} {}", units[unit])
}

/// Restores the database, and says where the old one is.
pub(crate) async fn restore(config: &ConfigArgs, args: &RestoreArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let restored = tokio::select! {
        restored = backup::restore(config, args) => restored?,
        // An interruption removes the copy. It cannot come during the replacement, which has no await.
        () = shutdown_signal() => bail!("interrupted; the database is as it was"),
    };
    say(format_args!(
        "{} is the database of the backup; start the server",
        restored.database.display()
    ));
    if let Some(old) = restored.old {
        say(format_args!(
            "The earlier database is kept as {}; remove it when you no longer need it.",
            old.display()
        ));
    }
    Ok(())
}

pub(crate) async fn rotate_master_key(
    config: &ConfigArgs,
    args: &NewKeyArgs,
) -> anyhow::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_the_unit_that_fits() {
        for (bytes, shown) in [
            (4_096, "4.1 kB"),
            (1_000_000, "1.0 MB"),
            (12_345_678_901, "12.3 GB"),
            (u64::MAX, "18446744.1 TB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }
}
