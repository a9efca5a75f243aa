//! Control of the PostgreSQL server that the task started for this storm.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::ensure;
use tokio::process::Command;

/// A PostgreSQL server that this storm may stop.
#[derive(Debug, Clone)]
pub struct Postgres {
    /// The administrator's URL; the storm uses its database.
    pub url: String,
    /// The program `pg_ctl`.
    pub pg_ctl: PathBuf,
    /// The server's data directory.
    pub data: PathBuf,
}

impl Postgres {
    /// Restarts the server, which ends every connection.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.control(&["restart", "--mode=fast"]).await
    }

    /// Stops the server.
    pub async fn stop(&self) -> anyhow::Result<()> {
        self.control(&["stop", "--mode=fast"]).await
    }

    /// Starts the server again.
    pub async fn start(&self) -> anyhow::Result<()> {
        self.control(&["start"]).await
    }

    async fn control(&self, action: &[&str]) -> anyhow::Result<()> {
        // PostgreSQL does not run as root: the owner of its directory runs it.
        let owner = std::fs::metadata(&self.data)?;
        let log = self.data.with_file_name("log");
        let mut command = Command::new(&self.pg_ctl);
        command
            .args(action)
            .args(["--silent", "--wait", "--timeout=60"])
            .arg(format!("--pgdata={}", self.data.display()))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if action[0] != "stop" {
            command.arg(format!("--log={}", log.display()));
        }
        if own_user()? != owner.uid() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let status = command.status().await?;
        ensure!(status.success(), "pg_ctl {} failed: {status}", action[0]);
        Ok(())
    }
}

/// Returns the user of this process, as the kernel names the owner of its folder in `/proc`.
fn own_user() -> std::io::Result<u32> {
    Ok(std::fs::metadata("/proc/self")?.uid())
}
