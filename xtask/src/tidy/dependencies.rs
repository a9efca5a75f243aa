//! Which crate may not know which.

use anyhow::Result;

use crate::cargo::{cargo, output};

/// What `package` may not reach along these kinds of dependency, directly or through others.
struct Rule {
    package: &'static str,
    edges: &'static str,
    forbidden: &'static [&'static str],
    reason: &'static str,
}

const RULES: [Rule; 5] = [
    Rule {
        package: "recado-core",
        edges: "normal",
        forbidden: &["tokio", "reqwest", "sqlx", "axum"],
        reason: "the core does no IO",
    },
    Rule {
        package: "recado-sandbox",
        edges: "normal,build,dev",
        forbidden: &["recado-providers"],
        reason: "one misreading of a provider must not hide on both sides",
    },
    Rule {
        package: "recado-providers",
        edges: "normal,build",
        forbidden: &["recado-sandbox"],
        reason: "a simulator is for tests only: make it a dev-dependency",
    },
    Rule {
        package: "recado-providers",
        edges: "normal,build,dev",
        forbidden: &["recado-store"],
        reason: "sending and remembering meet in the server",
    },
    Rule {
        package: "recado-store",
        edges: "normal,build,dev",
        forbidden: &["recado-providers"],
        reason: "sending and remembering meet in the server",
    },
];

pub(super) fn breaches() -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for rule in &RULES {
        let mut tree = cargo([
            "tree",
            "--all-features",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ]);
        let tree = output(tree.args(["--package", rule.package, "--edges", rule.edges]))?;
        breaches.extend(check(rule, &tree));
    }
    Ok(breaches)
}

fn check(rule: &Rule, tree: &str) -> Vec<String> {
    let Rule {
        package,
        edges,
        forbidden,
        reason,
    } = rule;
    let known = |name: &&&str| {
        tree.lines()
            .any(|line| line.split(' ').next() == Some(**name))
    };
    let breach = |name: &&str| {
        format!(
            "{package} depends on {name}, but {reason}: \
             `cargo tree --all-features -p {package} -e {edges} -i {name}` shows through what"
        )
    };
    forbidden.iter().filter(known).map(breach).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_crate_is_found_by_its_whole_name() {
        let tree =
            "recado-core v0.1.0 (/r/crates/core)\nserde v1.0.0\ntokio v1.0.0\nsqlx-core v0.9.0\n";
        let breaches = check(&RULES[0], tree);
        assert_eq!(breaches.len(), 1);
        assert!(breaches[0].starts_with("recado-core depends on tokio, but the core does no IO"));
    }
}
