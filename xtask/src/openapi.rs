//! `cargo xtask openapi`: the `OpenAPI` document is linted, called at random, and made into clients that work.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

mod degraded;

use crate::cargo::{BUILD, built, cargo, output, root, run as run_command, target};
use crate::debian;

/// What the tools need, and curl, whose printed lines the test of the demo runs; with the package of Debian that has it.
const PACKAGES: [(&str, &str); 4] = [
    ("curl", "curl"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("python3", "python3-venv"),
];

/// The operations that are not called at random: three take the caller's key or session away, one never ends.
const NOT_CALLED: [&str; 4] = [
    "changePassword",
    "deleteCurrentApiKey",
    "signOut",
    "streamEvents",
];

pub(crate) fn run() -> Result<()> {
    let tools = Tools::find_or_install()?;
    run_command(&mut cargo(BUILD))?;
    tools.check()
}

/// The folder with the tools, of exactly the versions that the lock files name.
pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Makes sure that Node.js and Python are there, and installs the tools from the registries if they are not there
    /// in these versions.
    pub(crate) fn find_or_install() -> Result<Self> {
        let has_programs = PACKAGES.iter().all(|(program, _)| debian::in_path(program));
        let venv = "import ensurepip, venv";
        let has_venv = output(Command::new("python3").args(["-c", venv])).is_ok();
        if !has_programs || !has_venv {
            let packages = PACKAGES.map(|(_, package)| package);
            debian::install_or_say("curl, Node.js, npm or Python's venv is", &packages)?;
        }
        let version = output(Command::new("node").arg("--version"))?;
        ensure!(
            is_new_enough(&version),
            "Node.js {} is too old for the tools of the OpenAPI document: install version 20.19 or newer",
            version.trim()
        );
        let folder = target()?.join("openapi");
        let tools = Self { folder };
        tools.install()?;
        Ok(tools)
    }

    fn install(&self) -> Result<()> {
        fs::create_dir_all(&self.folder)?;
        let from = root().join("tests/openapi");
        let mut locks = String::new();
        for entry in fs::read_dir(&from)? {
            let path = entry?.path();
            let name = path.file_name().context("a name")?;
            fs::copy(&path, self.folder.join(name))?;
        }
        for lock in ["package-lock.json", "requirements.txt"] {
            locks += &fs::read_to_string(from.join(lock))?;
        }
        let installed = self.folder.join("installed");
        if fs::read_to_string(&installed).is_ok_and(|earlier| earlier == locks) {
            return Ok(());
        }
        println!("== tools for the OpenAPI document ==");
        // Scripts of packages are not run.
        self.run("npm", "ci --ignore-scripts --no-audit --no-fund")?;
        self.run("python3", "-m venv --clear python")?;
        let install = "install --quiet --disable-pip-version-check --require-hashes";
        let locked = "--requirement requirements.txt";
        self.run("python/bin/pip", &format!("{install} {locked}"))?;
        fs::write(installed, locks)?;
        Ok(())
    }

    /// Runs all checks, with programs that are built already.
    pub(crate) fn check(&self) -> Result<()> {
        let document = root().join("docs/openapi.json");
        let document = document.to_str().context("a path in UTF-8")?;
        let gateway = Gateway::start()?;
        println!("== OpenAPI: a worse document is noticed ==");
        degraded::check(self, document, &gateway)?;
        println!("== OpenAPI: linters ==");
        run_command(&mut self.redocly(document))?;
        run_command(&mut self.spectral(document))?;

        println!("== OpenAPI: clients ==");
        run_command(&mut self.typescript(document))?;
        run_command(&mut self.compiler())?;
        run_command(&mut self.python(document))?;
        let node = ["built/client.js", &gateway.url, &gateway.key];
        run_command(&mut self.command("node", &node))?;
        let python = ["client.py", &gateway.url, &gateway.key];
        run_command(&mut self.command("python/bin/python", &python))?;

        println!("== OpenAPI: calls at random ==");
        let bearer = |key: &str| format!("Authorization: Bearer {key}");
        let cookie = format!("Cookie: recado-session={}", gateway.session);
        let all = callers(&fs::read_to_string(document)?)?;
        // In this order: keys end sessions, and operators suspend organizations.
        for (scheme, proof) in [
            ("session", cookie),
            ("apiKey", bearer(&gateway.key)),
            ("operatorKey", bearer(&gateway.operator_key)),
        ] {
            let own = all.iter().filter(|(_, first)| first == scheme);
            let own = own.flat_map(|(operation, _)| ["--include-operation-id", operation]);
            let own: Vec<_> = own.collect();
            run_command(&mut self.random(document, &gateway.url, &proof, &own))?;
        }
        Ok(())
    }

    fn redocly(&self, document: &str) -> Command {
        let program = "node_modules/.bin/redocly";
        self.command(program, &["lint", document, "--config", "redocly.yaml"])
    }

    fn spectral(&self, document: &str) -> Command {
        let lint = [
            "lint",
            document,
            "--ruleset",
            "spectral.yaml",
            "--fail-severity",
            "hint",
        ];
        self.command("node_modules/.bin/spectral", &lint)
    }

    fn typescript(&self, document: &str) -> Command {
        let program = "node_modules/.bin/openapi-typescript";
        self.command(program, &[document, "--output", "api.ts"])
    }

    /// Compiles the TypeScript client.
    fn compiler(&self) -> Command {
        self.command("node_modules/.bin/tsc", &["--project", "tsconfig.json"])
    }

    fn python(&self, document: &str) -> Command {
        let generate = ["generate", "--path", document, "--overwrite"];
        let options = ["--meta", "none", "--config", "python-client.yaml"];
        let place = ["--output-path", "recado_client"];
        let generate = [&generate[..], &options, &place].concat();
        self.command("python/bin/openapi-python-client", &generate)
    }

    /// Calls operations with made-up values: every answer has to be one that the document describes.
    fn random(&self, document: &str, url: &str, proof: &str, which: &[&str]) -> Command {
        let run = ["run", document, "--url", url, "--header", proof];
        self.command("python/bin/st", &[&run[..], which].concat())
    }

    fn run(&self, program: &str, args: &str) -> Result<()> {
        let args: Vec<_> = args.split(' ').collect();
        run_command(&mut self.command(program, &args))
    }

    /// Returns a call of a program of the folder, or of the machine.
    fn command(&self, program: &str, args: &[&str]) -> Command {
        let own = self.folder.join(program);
        let program = if own.exists() { own } else { program.into() };
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(&self.folder)
            // The gateway is on this machine, and a proxy must not see its key.
            .env("NO_PROXY", "127.0.0.1")
            .env("no_proxy", "127.0.0.1")
            // No usage statistics are sent.
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
        command
    }
}

/// Returns the operations that are called at random, each with the first of the callers that it takes; a key calls
/// those that take any caller.
fn callers(document: &str) -> Result<Vec<(String, String)>> {
    let document: Value = serde_json::from_str(document)?;
    let paths = document["paths"].as_object().context("paths")?;
    let operations = paths.values().filter_map(Value::as_object).flatten();
    let whole = operations.clone().count();
    let called: Vec<_> = operations
        .filter_map(|(_, operation)| {
            let schemes = operation["security"][0].as_object()?;
            let first = schemes.keys().next().map_or("apiKey", String::as_str);
            let id = operation["operationId"].as_str()?;
            (!NOT_CALLED.contains(&id)).then(|| (id.to_owned(), first.to_owned()))
        })
        .collect();
    ensure!(
        called.len() + NOT_CALLED.len() == whole,
        "{} of {whole} operations would be called at random",
        called.len()
    );
    Ok(called)
}

/// Tells whether the tools run on a version of Node.js, such as `v20.19.2`.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim().trim_start_matches('v').split('.');
    let mut number = || numbers.next()?.parse::<u32>().ok();
    number()
        .zip(number())
        .is_some_and(|version| version >= (20, 19))
}

/// A running gateway with simulated providers.
struct Gateway {
    process: Child,
    url: String,
    key: String,
    operator_key: String,
    session: String,
}

impl Gateway {
    fn start() -> Result<Self> {
        let mut process = Command::new(built()?.join("openapi"))
            // On SQLite.
            .env_remove("RECADO_TEST_DATABASE")
            .current_dir(Path::new(root()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the gateway did not start")?;
        let mut line = String::new();
        let written = process.stdout.take().context("its output")?;
        BufReader::new(written).read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line).context("the gateway tells where it is")?;
        let word = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let gateway = Self {
            process,
            url: word("url"),
            key: word("key"),
            operator_key: word("operatorKey"),
            session: word("session"),
        };
        ensure!(!gateway.url.is_empty(), "the gateway did not tell its URL");
        Ok(gateway)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        if self.process.wait().is_err() {
            eprintln!("the gateway could not be waited for");
        }
    }
}
