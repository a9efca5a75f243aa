//! Which crate may not know which.

use anyhow::{Result, anyhow};

use crate::cargo::{cargo, output};

/// One rule on a line: what a package may not reach along these kinds of dependency, directly or through others, and why.
const RULES: &str = "\
recado-core | normal | tokio reqwest sqlx axum | the core does no IO
recado-sandbox | normal,build,dev | recado-core recado-providers | one misreading of a provider must not hide on both sides
recado-providers | normal,build | recado-sandbox | a simulator is for tests only: make it a dev-dependency
recado-providers | normal,build,dev | recado-store | sending and remembering meet in the server
recado-store | normal,build,dev | recado-providers | sending and remembering meet in the server";

pub(super) fn breaches() -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for rule in RULES.lines() {
        let [package, edges, ..] = cells(rule)?;
        let mut tree = cargo("tree --all-features --prefix none --format {p}");
        let tree = output(tree.args(["--package", package, "--edges", edges]))?;
        breaches.extend(check(rule, &tree)?);
    }
    Ok(breaches)
}

fn cells(rule: &str) -> Result<[&str; 4]> {
    let cells: Vec<_> = rule.split(" | ").collect();
    cells
        .try_into()
        .map_err(|_| anyhow!("a rule has four cells"))
}

fn check(rule: &str, tree: &str) -> Result<Vec<String>> {
    let [package, edges, forbidden, reason] = cells(rule)?;
    let known = |name: &&str| {
        tree.lines()
            .any(|line| line.split(' ').next() == Some(*name))
    };
    let breach = |name: &str| {
        format!(
            "{package} depends on {name}, but {reason}: \
             `cargo tree --all-features -p {package} -e {edges} -i {name}` shows through what"
        )
    };
    Ok(forbidden.split(' ').filter(known).map(breach).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_crate_is_found_by_its_whole_name() {
        let tree =
            "recado-core v0.1.0 (/r/crates/core)\nserde v1.0.0\ntokio v1.0.0\nsqlx-core v0.9.0\n";
        let rule = RULES.lines().next().unwrap();
        let breaches = check(rule, tree).unwrap();
        assert_eq!(breaches.len(), 1);
        assert!(breaches[0].starts_with("recado-core depends on tokio, but the core does no IO"));
    }
}
