//! A PostgreSQL server that lives as long as the task that started it.

use std::fs::{OpenOptions, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::cargo::output;

pub(crate) use programs::Programs;

mod programs;

/// Whether an acknowledged commit survives a power cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As in production: what a measurement needs.
    On,
    /// Faster: enough for a test.
    Off,
}

/// A running server on 127.0.0.1; dropping it stops it and removes its directory.
pub(crate) struct Postgres {
    keeper: Child,
    port: u16,
    directory: TempDir,
}

/// Starts the server, says so, and stops it when standard input closes.
///
/// The system closes that pipe however the task ends, Ctrl-C and SIGKILL included.
/// `$1` is the folder of PostgreSQL's programs, `$2` the server's directory.
const KEEPER: &str = r#"
if "$1/pg_ctl" start --silent --wait --timeout=60 --pgdata="$2/data" --log="$2/log" 2>&1 </dev/null
then
    echo ready
    cat >/dev/null
    "$1/pg_ctl" stop --silent --wait --mode=fast --pgdata="$2/data"
else
    cat "$2/log"
fi
rm -rf "$2"
"#;

impl Postgres {
    /// Makes a fresh cluster in a temporary directory and starts it on a free port.
    pub(crate) fn start(programs: &Programs, durability: Durability) -> Result<Self> {
        let account = Account::for_the_server()?;
        // Not the temporary directory of the environment: root's may be closed to others, and
        // memory instead of a disk would make a durable server look fast.
        let directory = tempfile::Builder::new()
            .prefix("recado-postgres-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in("/var/tmp")?;
        if let Some(account) = &account {
            chown(directory.path(), Some(account.user), Some(account.group))?;
        }
        let data = directory.path().join("data");
        initialize(programs, &data, account.as_ref())?;
        let port = free_port()?;
        configure(&data, port, durability)?;
        let keeper = keep(programs.folder(), directory.path(), account.as_ref())?;
        Ok(Self {
            keeper,
            port,
            directory,
        })
    }

    /// The administrator's URL.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!(
                "PostgreSQL in {} was not seen to stop: {error}",
                self.directory.path().display()
            );
        }
    }
}

/// Another account than our own.
struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// PostgreSQL refuses to run as root: then it gets the account of its package.
    fn for_the_server() -> Result<Option<Self>> {
        if id(&["-u"])? != 0 {
            return Ok(None);
        }
        let user = id(&["-u", "postgres"])?;
        let group = id(&["-g", "postgres"])?;
        Ok(Some(Self { user, group }))
    }
}

fn id(args: &[&str]) -> Result<u32> {
    let number = output(Command::new("id").args(args))?;
    number.trim().parse().context("`id` did not print a number")
}

/// A command that runs as the server's account, where it can read.
fn command_as(account: Option<&Account>, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
    command
}

fn initialize(programs: &Programs, data: &Path, account: Option<&Account>) -> Result<()> {
    const OPTIONS: &str = "--username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync";
    let mut initdb = command_as(account, &programs.path("initdb"));
    initdb.args(OPTIONS.split(' '));
    output(initdb.arg("--pgdata").arg(data)).map(drop)
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn configure(data: &Path, port: u16, durability: Durability) -> Result<()> {
    // A socket path relative to the data directory is never too long for the system.
    let mut settings = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '.'\nmax_connections = 200\n"
    );
    if durability == Durability::Off {
        settings.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n");
    }
    let mut file = OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"))?;
    Ok(file.write_all(settings.as_bytes())?)
}

fn keep(programs: &Path, directory: &Path, account: Option<&Account>) -> Result<Child> {
    let mut shell = command_as(account, Path::new("/bin/sh"));
    shell
        .args(["-c", KEEPER, "keeper"])
        .arg(programs)
        .arg(directory);
    // A process group of its own: Ctrl-C reaches the task, and the task's end reaches the keeper.
    let mut keeper = shell
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut complaint = String::new();
    if let Some(stdout) = keeper.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if line == "ready" {
                return Ok(keeper);
            }
            complaint.push('\n');
            complaint.push_str(&line);
        }
    }
    keeper.wait()?;
    bail!("PostgreSQL did not start:{complaint}")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_postgresql_server_starts_answers_and_leaves_nothing_behind() {
        let programs = Programs::find_or_install().unwrap();
        let postgres = Postgres::start(&programs, Durability::Off).unwrap();
        let address = (Ipv4Addr::LOCALHOST, postgres.port);
        let directory = postgres.directory.path().to_owned();

        // Protocol 3.0: length, version, parameters; the answer is AuthenticationOk.
        let mut connection = TcpStream::connect(address).unwrap();
        connection
            .write_all(b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0")
            .unwrap();
        let mut answer = [0; 9];
        connection.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"R\0\0\0\x08\0\0\0\0");
        assert!(fs::exists(&directory).unwrap());

        drop(postgres);
        assert!(TcpStream::connect(address).is_err());
        assert!(!fs::exists(&directory).unwrap());
    }

    #[test]
    fn a_server_that_cannot_start_says_why() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("log"), "the disk is full\n").unwrap();
        let error = keep(Path::new("/nowhere"), directory.path(), None)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("PostgreSQL did not start:"), "{error}");
        assert!(error.contains("the disk is full"), "{error}");
    }
}
