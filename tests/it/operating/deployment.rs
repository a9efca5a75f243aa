//! The files in `deploy/`: each is what its program takes, and names only what the server has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use recado_tests::prelude::*;
use recado_tests::{binaries, generated};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use recado_tests::measured::{fresh_scrape, measured_names};

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
async fn run(program: impl AsRef<Path>, args: &[&str], input: &str) -> Output {
    let program = program.as_ref();
    let mut child = Command::new(program)
        .args(args)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            let name = program.display();
            panic!("{name}: {error}; run the tests with `cargo xtask test`, which installs it")
        });
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).await.expect("it reads");
    drop(stdin);
    child.wait_with_output().await.expect("it ends")
}

/// Everything that a program wrote.
fn written(output: &Output) -> String {
    let (one, other) = (&output.stdout, &output.stderr);
    [one, other]
        .map(|text| String::from_utf8_lossy(text))
        .concat()
}

async fn accepts(program: impl AsRef<Path>, args: &[&str], input: &str) {
    let output = run(program, args, input).await;
    assert!(output.status.success(), "{args:?}: {}", written(&output));
}

#[tokio::test]
async fn the_unit_is_hardened() {
    let unit = path("systemd/recado.service");
    let unit = unit.to_str().expect("a path in UTF-8");
    let args = ["security", "--offline=true", "--no-pager", unit];
    let output = run("systemd-analyze", &args, "").await;
    let written = written(&output);
    let (_, level) = written
        .split_once("Overall exposure level for recado.service: ")
        .unwrap_or_else(|| panic!("{written}"));
    let level: f64 = level
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a number");
    assert!(level < 2.0, "{written}");
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
    let output = run("systemd-analyze", &units, "").await;
    // It also exits with success after a key that it does not know.
    assert_eq!(written(&output), "");
    assert!(output.status.success());
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
    let panels = dashboard["panels"].as_array().expect("panels");
    let shown = panels.iter().filter(|panel| panel["type"] != "row");
    shown.collect()
}

fn expressions(dashboard: &Value) -> Vec<String> {
    let targets = panels(dashboard)
        .into_iter()
        .flat_map(|panel| panel["targets"].as_array().expect("targets"));
    targets
        .map(|target| target["expr"].as_str().expect("an expression").to_owned())
        .collect()
}

#[tokio::test]
async fn alerts_and_dashboard_name_metrics_that_a_server_has() {
    let dashboard: Value = serde_json::from_str(&text(&path("grafana/recado.json"))).expect("JSON");
    let rules = text(&path("prometheus/recado.rules.yml"));
    let measured = measured_names(&fresh_scrape().await);
    let shown = named(&expressions(&dashboard).join(" "));
    for named in [&shown, &named(&rules)] {
        let unknown: Vec<_> = named.difference(&measured).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
    let hidden: Vec<_> = measured
        .difference(&shown)
        .filter(|name| name.starts_with("recado_"))
        .collect();
    assert!(hidden.is_empty(), "no panel shows {hidden:?}");
}

#[test]
fn the_dashboard_has_the_form_that_grafana_imports() {
    let dashboard: Value = serde_json::from_str(&text(&path("grafana/recado.json"))).expect("JSON");
    assert_eq!(dashboard["uid"], "recado");
    assert!(dashboard["schemaVersion"].as_u64() >= Some(36));
    // A dashboard with an id would replace another one.
    assert_eq!(dashboard.get("id"), None);
    let variables = dashboard["templating"]["list"].as_array().expect("a list");
    let variables: Vec<_> = variables.iter().map(|it| &it["name"]).collect();
    assert_eq!(variables, ["datasource", "job", "instance"]);
    let mut ids = BTreeSet::new();
    let mut places = BTreeSet::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
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
        for target in panel["targets"].as_array().expect("targets") {
            assert_eq!(target["datasource"], source);
            assert!(references.insert(target["refId"].as_str().expect("a name")));
        }
        assert!(!references.is_empty(), "{panel}");
    }
}

#[tokio::test]
async fn prometheus_takes_the_metrics_the_alerts_and_the_expressions_of_the_dashboard() {
    accepts(promtool(), &["check", "metrics"], &fresh_scrape().await).await;
    let rules = path("prometheus/recado.rules.yml");
    let rules = rules.to_str().expect("a path in UTF-8");
    accepts(promtool(), &["check", "rules", rules], "").await;
    let tests = path("prometheus/recado.rules.test.yml");
    let tests = tests.to_str().expect("a path in UTF-8");
    accepts(promtool(), &["test", "rules", tests], "").await;

    let dashboard: Value = serde_json::from_str(&text(&path("grafana/recado.json"))).expect("JSON");
    // As Grafana fills its variables in.
    let filled = expressions(&dashboard).into_iter().map(|expression| {
        expression
            .replace("$__rate_interval", "1m")
            .replace("$job", "recado")
            .replace("$instance", ".*")
    });
    let recorded: Vec<_> = filled
        .enumerate()
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
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let document = text(&generated::root().join("docs/operations.md"));
    let documented = document.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `Recado")?.split_once('`')?;
        Some(format!("Recado{name}"))
    });
    assert_eq!(
        documented.collect::<BTreeSet<_>>(),
        alerts.map(str::to_owned).collect()
    );
}
