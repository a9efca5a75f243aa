//! How a task calls cargo and other programs.

use std::path::{Path, PathBuf};
use std::{env, ffi::OsStr, process::Command};

use anyhow::{Context, Result, ensure};

/// Builds everything that a test run needs. The end-to-end tests run the real programs: building
/// them together with the tests gives all of them the same features, so that nothing is built twice.
pub(crate) const BUILD: &str = "build --workspace --bins --tests";

/// Builds programs of these packages, which have the same features together.
const BUILD_OPTIMIZED: &str = "build -p recado-server -p recado -p recado-tests --profile";

/// How an optimized build is made; Cargo.toml says what the profiles are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As it is shipped.
    Release,
    /// Without link-time optimization.
    Daily,
}

impl Profile {
    /// Its name, and that of its folder.
    const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Daily => "daily",
        }
    }
}

pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The folder of this program, where cargo puts the others of a debug build too.
pub(crate) fn built() -> Result<PathBuf> {
    let own = env::current_exe()?;
    let folder = own.parent().context("this program is in a folder")?;
    Ok(folder.to_owned())
}

/// The folder of everything that is built.
pub(crate) fn target() -> Result<PathBuf> {
    let built = built()?;
    let target = built.parent().context("it is in the target folder")?;
    Ok(target.to_owned())
}

/// The cargo that started this program, with these words, in the workspace's folder.
pub(crate) fn cargo(line: &str) -> Command {
    let program = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(program);
    command.args(line.split(' ')).current_dir(root());
    // `cargo run` describes xtask in these. A build script that watches one of them would run
    // again, and everything above it would be built again.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command to its end; anything but success is an error that names it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command
        .status()
        .with_context(|| format!("`{line}` did not start"))?;
    ensure!(status.success(), "`{line}` failed ({status})");
    Ok(())
}

/// Runs a command to its end and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command
        .output()
        .with_context(|| format!("`{line}` did not start"))?;
    let (status, complaint) = (output.status, String::from_utf8_lossy(&output.stderr));
    ensure!(status.success(), "`{line}` failed ({status})\n{complaint}");
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` wrote other than UTF-8"))
}

/// The command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    let words = [program].into_iter().chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// Builds these programs, each of which takes long; returns their folder.
pub(crate) fn build_optimized(profile: Profile, programs: &[&str]) -> Result<PathBuf> {
    let programs = programs.iter().flat_map(|name| ["--bin", name]);
    run(cargo(BUILD_OPTIMIZED).arg(profile.name()).args(programs))?;
    Ok(target()?.join(profile.name()))
}
