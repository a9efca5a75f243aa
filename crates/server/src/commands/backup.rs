//! `recado-server backup`

use anyhow::bail;
use recado_server::config::ConfigArgs;
use recado_server::database::backup::{self, BackupArgs};
use recado_server::telemetry::logging;

use super::{say, shutdown_signal};

/// Copies the database, and says what else has to be kept.
pub(crate) async fn run(config: &ConfigArgs, args: &BackupArgs) -> anyhow::Result<()> {
    logging::init(&config.log)?;
    let written = tokio::select! {
        written = backup::backup(config, args) => written?,
        // What was written so far is removed.
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
