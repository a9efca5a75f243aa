//! The files in `deploy/`: each is what its program takes, and names only what the server has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use recado_tests::binaries::Ran;
use recado_tests::measured::{fresh_scrape, measured_names};
use recado_tests::prelude::*;
use recado_tests::{binaries, generated};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

fn path(name: &str) -> PathBuf {
    generated::root().join("deploy").join(name)
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).expect("a file of the repository")
}

/// Prometheus's program for checks, from the target folder or the machine.
fn promtool() -> PathBuf {
    binaries::path("promtool").unwrap_or_else(|_| "promtool".into())
}

/// Runs a program to its end; what it writes is English.
async fn run(program: impl AsRef<Path>, args: &[&str], input: &str) -> Ran {
    let name = program.as_ref().display();
    let mut command = Command::new(program.as_ref());
    command.args(args).env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("{name}: {error}; run the tests with `cargo xtask test`, which installs it")
    });
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).await.expect("it reads");
    drop(stdin);
    let output = soon("a program ends", child.wait_with_output()).await;
    Ran::of(&command, output.expect("it ends"))
}

async fn accepts(program: impl AsRef<Path>, args: &[&str], input: &str) {
    run(program, args, input).await.succeeded();
}

/// A path in `deploy/` as text.
fn named_file(name: &str) -> String {
    path(name).to_str().expect("a path in UTF-8").to_owned()
}

fn dashboard() -> Value {
    serde_json::from_str(&text(&path("grafana/recado.json"))).expect("JSON")
}

#[tokio::test]
async fn the_unit_is_hardened() {
    let unit = named_file("systemd/recado.service");
    let args = ["security", "--offline=true", "--no-pager", &unit];
    // It fails only if the exposure is high.
    let Ran { stdout, stderr, .. } = run("systemd-analyze", &args, "").await;
    let level = "Overall exposure level for recado.service: ";
    let (_, level) = stdout.split_once(level).expect(&stderr);
    let level = level.split(' ').next().expect("a number");
    let level: f64 = level.parse().expect("a number");
    assert!(level < 2.0, "{stdout}");
}

#[tokio::test]
async fn systemd_takes_the_units() {
    let folder = tempfile::tempdir().expect("a folder");
    // The program has to be there.
    let server = binaries::path("recado-server").expect("a binary");
    let server = server.to_str().expect("a path in UTF-8");
    let mut units = vec!["verify".to_owned(), "--man=no".to_owned()];
    for name in ["recado.service", "recado.socket"] {
        let unit = text(&path("systemd").join(name)).replace("/usr/bin/recado-server", server);
        let file = folder.path().join(name);
        fs::write(&file, unit).expect("a file");
        units.push(file.display().to_string());
    }
    let units: Vec<_> = units.iter().map(String::as_str).collect();
    // It also exits with success after a key that it does not know.
    assert_eq!(run("systemd-analyze", &units, "").await.done(), "");
}

#[test]
fn every_setting_in_the_files_is_one_of_the_server() {
    let known = text(&generated::root().join("docs/configuration.md"));
    for name in [
        "systemd/recado.env",
        "docker/Dockerfile",
        "docker/compose.yaml",
    ] {
        let file = text(&path(name));
        let words = file.split(|c: char| !c.is_ascii_uppercase() && c != '_');
        let settings: BTreeSet<_> = words.filter(|it| it.starts_with("RECADO_")).collect();
        assert!(!settings.is_empty(), "{name}");
        for setting in settings {
            assert!(known.contains(&format!("`{setting}`")), "{name}: {setting}");
        }
    }
}

#[tokio::test]
async fn the_image_asks_for_its_health_as_the_server_is_asked() {
    let image = text(&path("docker/Dockerfile"));
    assert!(image.contains(r#"CMD ["recado-server", "healthcheck"]"#));
    let server = binaries::path("recado-server").expect("a binary");
    accepts(server, &["healthcheck", "--help"], "").await;
}

/// The metrics of Recado and of its process that an expression names.
fn named(expression: &str) -> BTreeSet<String> {
    expression
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("recado_") || word.starts_with("process_"))
        .map(|word| word.trim_end_matches("_bucket").to_owned())
        .collect()
}

/// The panels of the dashboard that show something.
fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = entries(&dashboard["panels"]).iter();
    panels.filter(|panel| panel["type"] != "row").collect()
}

fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = panels(dashboard).into_iter();
    let targets = panels.flat_map(|panel| entries(&panel["targets"]));
    let expressions = targets.map(|target| target["expr"].as_str().expect("an expression"));
    expressions.map(str::to_owned).collect()
}

#[tokio::test]
async fn alerts_and_dashboard_name_metrics_that_a_server_has() {
    let dashboard = dashboard();
    let rules = text(&path("prometheus/recado.rules.yml"));
    let measured = measured_names(&fresh_scrape().await);
    let shown = named(&expressions(&dashboard).join(" "));
    for named in [&shown, &named(&rules)] {
        let unknown: Vec<_> = named.difference(&measured).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
    let hidden = measured.difference(&shown);
    let hidden: Vec<_> = hidden.filter(|name| name.starts_with("recado_")).collect();
    assert!(hidden.is_empty(), "no panel shows {hidden:?}");
}

#[test]
fn the_dashboard_has_the_form_that_grafana_imports() {
    let dashboard = dashboard();
    assert_eq!(dashboard["uid"], "recado");
    assert!(dashboard["schemaVersion"].as_u64() >= Some(36));
    // A dashboard with an id would replace another one.
    assert_eq!(dashboard.get("id"), None);
    let variables = entries(&dashboard["templating"]["list"]).iter();
    let variables: Vec<_> = variables.map(|it| &it["name"]).collect();
    assert_eq!(variables, ["datasource", "job", "instance"]);
    let mut ids = BTreeSet::new();
    let mut places = BTreeSet::new();
    for panel in entries(&dashboard["panels"]) {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{panel}");
        let place = &panel["gridPos"];
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| place[key].as_u64().expect(key));
        assert!(x + w <= 24 && h > 0, "{panel}");
        assert!(places.insert((y, x)), "two panels at one place: {panel}");
        assert!(panel["title"].as_str().is_some_and(|it| !it.is_empty()));
    }
    for panel in panels(&dashboard) {
        assert!(["stat", "timeseries"].contains(&panel["type"].as_str().expect("a type")));
        let source = json!({"type": "prometheus", "uid": "${datasource}"});
        assert_eq!(panel["datasource"], source);
        let mut references = BTreeSet::new();
        for target in entries(&panel["targets"]) {
            assert_eq!(target["datasource"], source);
            assert!(references.insert(target["refId"].as_str().expect("a name")));
        }
        assert!(!references.is_empty(), "{panel}");
    }
}

#[tokio::test]
async fn prometheus_takes_the_metrics_the_alerts_and_the_expressions_of_the_dashboard() {
    accepts(promtool(), &["check", "metrics"], &fresh_scrape().await).await;
    for (verb, name) in [
        ("check", "recado.rules.yml"),
        ("test", "recado.rules.test.yml"),
    ] {
        let file = named_file(&format!("prometheus/{name}"));
        accepts(promtool(), &[verb, "rules", &file], "").await;
    }

    let dashboard = dashboard();
    // As Grafana fills its variables in.
    let filled = expressions(&dashboard).into_iter().map(|expression| {
        expression
            .replace("$__rate_interval", "1m")
            .replace("$job", "recado")
            .replace("$instance", ".*")
    });
    let recorded = filled.enumerate();
    let recorded: Vec<_> = recorded
        .map(|(number, expr)| json!({"record": format!("panel:{number}"), "expr": expr}))
        .collect();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let groups = json!({"groups": [{"name": "dashboard", "rules": recorded}]});
    fs::write(file.path(), groups.to_string()).expect("a file");
    let file = file.path().to_str().expect("a path in UTF-8");
    accepts(promtool(), &["check", "rules", file], "").await;
}

#[test]
fn every_alert_is_documented_and_no_other() {
    let rules = text(&path("prometheus/recado.rules.yml"));
    let rules = rules.lines();
    let alerts = rules.filter_map(|line| line.trim().strip_prefix("- alert: "));
    let document = text(&generated::root().join("docs/operations.md"));
    let documented = document.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `Recado")?.split_once('`')?;
        Some(format!("Recado{name}"))
    });
    let documented: BTreeSet<_> = documented.collect();
    assert_eq!(documented, alerts.map(str::to_owned).collect());
}
