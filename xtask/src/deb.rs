//! `cargo xtask deb`: the Debian package, of the metadata that `cargo deb` reads too, in seconds.

use std::path::{Path, PathBuf};
use std::{fs, fs::Permissions, os::unix::fs::PermissionsExt as _, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::cargo::{
    BUILD, Profile, build_optimized, built, cargo, output, root, run as run_command,
};
use crate::debian;

/// Where the metadata has the programs.
const PROGRAMS: &str = "target/release/";

/// Builds the release, and makes the package of it in `target/debian`; or only checks that it can be made.
pub(crate) fn run(check: bool) -> Result<()> {
    find_or_install()?;
    if check {
        run_command(&mut cargo(BUILD))?;
        return self::check();
    }
    let programs = build_optimized(Profile::Release, &["recado-server", "recado"])?;
    let folder = programs.with_file_name("debian");
    let package = Package::read()?.build(&programs, &folder, "xz")?;
    println!("{}", package.display());
    Ok(())
}

/// Makes the package of the programs of the tests, installs it into an empty root, removes and purges it.
pub(crate) fn check() -> Result<()> {
    println!("== Debian package ==");
    let folder = tempfile::tempdir()?;
    let package = Package::read()?;
    // Compressing the programs of the tests, which have their symbols, would take longer than everything else.
    let file = package.build(&built()?, folder.path(), "none")?;
    let root = EmptyRoot::make(folder.path().join("root"))?;
    let user = root.folder.join("etc/passwd");
    let enabled = "etc/systemd/system/multi-user.target.wants/recado.service";
    let database = root.folder.join("var/lib/recado/recado.db");

    root.dpkg(&["--install", file.to_str().context("a path in UTF-8")?])?;
    let installed: Vec<_> = package.assets()?.into_iter().map(|it| it.to).collect();
    for path in &installed {
        root.has(path, true)?;
    }
    let users = fs::read_to_string(&user)?;
    ensure!(users.contains("recado:"), "no user was made: {users}");
    root.has(enabled, true)?;
    run_command(Command::new(root.folder.join("usr/bin/recado-server")).arg("--version"))?;

    fs::create_dir_all(database.parent().context("a folder")?)?;
    fs::write(&database, "data")?;
    root.dpkg(&["--remove", "recado"])?;
    for path in &installed {
        // Settings are kept until the purge.
        root.has(path, path.starts_with("etc/"))?;
    }
    root.dpkg(&["--purge", "recado"])?;
    for path in installed.iter().map(String::as_str).chain([enabled]) {
        root.has(path, false)?;
    }
    ensure!(database.is_file(), "a purge has deleted the database");
    Ok(())
}

struct Asset {
    from: PathBuf,
    /// Its path below the root.
    to: String,
    mode: u32,
}

/// The package `recado-server` as its manifest describes it.
struct Package {
    /// The folder of its manifest.
    folder: PathBuf,
    version: String,
    description: String,
    metadata: Value,
}

impl Package {
    fn read() -> Result<Self> {
        let metadata = output(&mut cargo("metadata --no-deps --format-version 1"))?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let packages = metadata["packages"].as_array().context("packages")?;
        let package = packages.iter().find(|it| it["name"] == "recado-server");
        let package = package.context("recado-server is a package")?;
        let manifest = Path::new(word(&package["manifest_path"])?);
        Ok(Self {
            folder: manifest.parent().context("a folder")?.to_owned(),
            version: word(&package["version"])?.to_owned(),
            description: word(&package["description"])?.to_owned(),
            metadata: package["metadata"]["deb"].clone(),
        })
    }

    fn text(&self, key: &str) -> Result<&str> {
        word(&self.metadata[key]).with_context(|| format!("the metadata have no {key}"))
    }

    /// The files, with the programs in the place where `cargo build` puts them.
    fn assets(&self) -> Result<Vec<Asset>> {
        let mut assets = Vec::new();
        for asset in self.metadata["assets"].as_array().context("assets")? {
            let (from, to) = (word(&asset[0])?, word(&asset[1])?);
            let mode = u32::from_str_radix(word(&asset[2])?, 8)?;
            for from in self.matching(from)? {
                let name = from.file_name().context("a name")?.to_string_lossy();
                let to = match to.strip_suffix('/') {
                    Some(folder) => format!("{folder}/{name}"),
                    None => to.to_owned(),
                };
                assets.push(Asset { from, to, mode });
            }
        }
        Ok(assets)
    }

    /// The file of that name, or the files that `*` stands for.
    fn matching(&self, from: &str) -> Result<Vec<PathBuf>> {
        if from.starts_with(PROGRAMS) {
            return Ok(vec![root().join(from)]);
        }
        let path = self.folder.join(from);
        let Some((folder, ending)) = from.split_once('*') else {
            return Ok(vec![path]);
        };
        let mut files: Vec<_> = fs::read_dir(self.folder.join(folder))?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().ends_with(ending))
            .collect();
        files.sort();
        Ok(files)
    }

    /// Makes the package of the programs of a folder; returns its file.
    fn build(&self, programs: &Path, into: &Path, compression: &str) -> Result<PathBuf> {
        let staging = tempfile::tempdir()?;
        let mut binaries = Vec::new();
        for Asset { from, to, mode } in self.assets()? {
            let is_program = from.starts_with(root().join(PROGRAMS));
            let from = match from.file_name() {
                Some(name) if is_program => programs.join(name),
                _ => from,
            };
            let to = staging.path().join(to);
            put(staging.path(), &from, &to, mode)?;
            if is_program {
                binaries.push(to);
            }
        }
        let license = self.folder.join(word(&self.metadata["license-file"][0])?);
        let copyright = staging.path().join("usr/share/doc/recado/copyright");
        put(staging.path(), &license, &copyright, 0o644)?;
        self.control(staging.path(), &binaries)?;
        fs::create_dir_all(into)?;
        let name = format!("recado_{}-1_{}.deb", self.version, architecture()?);
        let file = into.join(name);
        let mut build = Command::new("dpkg-deb");
        build.args(["--root-owner-group", "--build", &format!("-Z{compression}")]);
        run_command(build.arg(staging.path()).arg(&file))?;
        Ok(file)
    }

    /// Writes what dpkg reads.
    fn control(&self, staging: &Path, binaries: &[PathBuf]) -> Result<()> {
        let folder = staging.join("DEBIAN");
        let scripts = self.folder.join(self.text("maintainer-scripts")?);
        for name in ["postinst", "prerm", "postrm"] {
            put(staging, &scripts.join(name), &folder.join(name), 0o755)?;
        }
        let files = self.metadata["conf-files"].as_array();
        let files = files.context("conf-files")?.iter();
        let files = files.map(|file| Ok(format!("{}\n", word(file)?)));
        fs::write(folder.join("conffiles"), files.collect::<Result<String>>()?)?;
        let long: Vec<_> = self.text("extended-description")?.trim().lines().collect();
        let control = format!(
            "Package: {}\nVersion: {}-1\nArchitecture: {}\nMaintainer: {}\nSection: {}\n\
             Priority: {}\nDepends: {}\nDescription: {}\n {}\n",
            self.text("name")?,
            self.version,
            architecture()?,
            self.text("maintainer")?,
            self.text("section")?,
            self.text("priority")?,
            self.text("depends")?
                .replace("$auto", &libraries(binaries)?),
            self.description,
            long.join("\n "),
        );
        Ok(fs::write(folder.join("control"), control)?)
    }
}

fn word(value: &Value) -> Result<&str> {
    let text = value.as_str();
    text.with_context(|| format!("{value} is not a text"))
}

/// The architecture of this machine, in Debian's word.
fn architecture() -> Result<String> {
    let printed = output(Command::new("dpkg").arg("--print-architecture"))?;
    Ok(printed.trim().to_owned())
}

/// Copies a file into a new tree, in which everybody may read, whatever the umask is.
fn put(tree: &Path, from: &Path, to: &Path, mode: u32) -> Result<()> {
    let folder = to.parent().context("a folder")?;
    fs::create_dir_all(folder)?;
    for folder in folder.ancestors().take_while(|it| it.starts_with(tree)) {
        fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    }
    fs::copy(from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
    Ok(fs::set_permissions(to, Permissions::from_mode(mode))?)
}

/// Makes sure that the programs that make and check the package are there.
pub(crate) fn find_or_install() -> Result<()> {
    let mut missing = Vec::new();
    if !debian::in_path("dpkg-shlibdeps") {
        missing.push("dpkg-dev");
    }
    // Root installs into the empty root by itself.
    if !debian::is_root()? && !debian::in_path("fakeroot") {
        missing.push("fakeroot");
    }
    if missing.is_empty() {
        return Ok(());
    }
    debian::install_or_say("programs that make the Debian package are", &missing)
}

/// The packages of the libraries that the programs are linked with.
fn libraries(binaries: &[PathBuf]) -> Result<String> {
    // It works where the source of a package is.
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("debian"))?;
    fs::write(folder.path().join("debian/control"), "Source: recado\n")?;
    let mut shlibdeps = Command::new("dpkg-shlibdeps");
    shlibdeps
        .args(["-O", "--ignore-missing-info"])
        .args(binaries);
    let printed = output(shlibdeps.current_dir(folder.path()))?;
    let depends = printed.trim().strip_prefix("shlibs:Depends=");
    Ok(depends.context("dpkg-shlibdeps names packages")?.to_owned())
}

/// A root without a system, into which dpkg installs.
struct EmptyRoot {
    folder: PathBuf,
}

impl EmptyRoot {
    fn make(folder: PathBuf) -> Result<Self> {
        for name in ["info", "updates"] {
            fs::create_dir_all(folder.join("var/lib/dpkg").join(name))?;
        }
        fs::write(folder.join("var/lib/dpkg/status"), "")?;
        fs::create_dir(folder.join("etc"))?;
        Ok(Self { folder })
    }

    /// Runs dpkg; the scripts of the package run outside, where their programs are.
    fn dpkg(&self, args: &[&str]) -> Result<()> {
        const OPTIONS: &str = "--force-script-chrootless --force-depends --no-triggers --root";
        let mut command = Command::new("dpkg");
        if !debian::is_root()? {
            command = Command::new("fakeroot");
            command.arg("dpkg");
        }
        command.args(OPTIONS.split(' ')).arg(&self.folder);
        run_command(command.args(args))
    }

    /// Checks that a file or a link is there, or is not.
    fn has(&self, path: &str, expected: bool) -> Result<()> {
        let is_there = self.folder.join(path).symlink_metadata().is_ok();
        let state = if is_there { "is there" } else { "is missing" };
        ensure!(is_there == expected, "{path} {state}");
        Ok(())
    }
}
