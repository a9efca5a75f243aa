//! A PostgreSQL server of one test, which may restart it.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// Names the folder of PostgreSQL's programs; without it `pg_config` does.
const FOLDER: &str = "RECADO_POSTGRES_BIN";

/// A running server; dropping it stops it.
pub struct Cluster {
    programs: PathBuf,
    directory: TempDir,
    /// PostgreSQL refuses to run as root: then it gets the account of its package.
    account: Option<(u32, u32)>,
    port: u16,
}

impl Cluster {
    /// Starts a server with fresh data on a free port.
    pub fn start() -> Result<Self> {
        let account = match id(&["-u"])? {
            0 => Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)),
            _ => None,
        };
        let directory = tempfile::Builder::new()
            .prefix("recado-cluster-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in("/var/tmp")?;
        if let Some((user, group)) = account {
            chown(directory.path(), Some(user), Some(group))?;
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let cluster = Self {
            programs: programs()?,
            directory,
            account,
            port,
        };
        let options = [
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
            "--pgdata",
        ];
        cluster.run("initdb", &options)?;
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '.'\nfsync = off\n"
        );
        fs::write(cluster.data().join("postgresql.auto.conf"), settings)?;
        cluster.control("start", &[])?;
        Ok(cluster)
    }

    /// The administrator's URL.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Restarts it as an administrator does, which ends every connection.
    pub fn restart(&self) -> Result<()> {
        self.control("restart", &["--mode=fast"])
    }

    /// Stops it, which ends every connection.
    pub fn stop(&self) -> Result<()> {
        self.control("stop", &["--mode=fast"])
    }

    /// Starts it again after [`Self::stop`].
    pub fn start_again(&self) -> Result<()> {
        self.control("start", &[])
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn control(&self, what: &str, more: &[&str]) -> Result<()> {
        let log = self.directory.path().join("log");
        let log = log.to_string_lossy();
        let options = [
            &[what, "--silent", "--wait", "--log", &*log],
            more,
            &["--pgdata"],
        ];
        self.run("pg_ctl", &options.concat())
    }

    fn run(&self, program: &str, options: &[&str]) -> Result<()> {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir("/").args(options).arg(self.data());
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        // The server keeps what it inherits open.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command.status()?;
        ensure!(status.success(), "{program} failed: {status}");
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // What stays behind stops when its directory is gone.
        drop(self.control("stop", &["--mode=immediate"]));
    }
}

fn programs() -> Result<PathBuf> {
    if let Some(folder) = env::var_os(FOLDER) {
        return Ok(folder.into());
    }
    let bindir = Command::new("pg_config").arg("--bindir").output();
    let folder = text(&bindir.context("pg_config is missing; set RECADO_POSTGRES_BIN")?)?;
    Ok(Path::new(folder.trim()).to_owned())
}

fn id(options: &[&str]) -> Result<u32> {
    let number = text(&Command::new("id").args(options).output()?)?;
    number.trim().parse().context("`id` prints a number")
}

fn text(output: &Output) -> Result<String> {
    ensure!(
        output.status.success(),
        "a program failed: {}",
        output.status
    );
    Ok(String::from_utf8(output.stdout.clone())?)
}
