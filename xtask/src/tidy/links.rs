//! Local links in the documents lead to files that exist.
//!
//! It does not follow links to other sites, and it does not look for headings.

use std::{fs, path::Path};

use anyhow::Result;

use super::files;

pub(super) fn breaches(root: &Path) -> Result<Vec<String>> {
    let mut documents = files(&root.join("docs"), "md")?;
    for entry in fs::read_dir(root)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
    documents.sort();
    let mut breaches = Vec::new();
    for path in documents {
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let folder = path.parent().unwrap_or(root);
        for (line, target) in local_links(&fs::read_to_string(&path)?) {
            let (base, relative) = target
                .strip_prefix('/')
                .map_or((folder, target.as_str()), |rest| (root, rest));
            if !base.join(relative).exists() {
                breaches.push(format!(
                    "{name}:{line}: the link to {target} leads nowhere: mend or remove it"
                ));
            }
        }
    }
    Ok(breaches)
}

/// The number of each line that links to a file, and the file.
fn local_links(document: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in document.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Text between backticks is code.
        let prose: String = line.split('`').step_by(2).collect();
        for target in targets(&prose) {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = ["http:", "https:", "mailto:"]
                .iter()
                .any(|scheme| file.starts_with(scheme));
            if !file.is_empty() && !elsewhere {
                found.push((index + 1, file.to_owned()));
            }
        }
    }
    found
}

/// What `[text](target "title")`, `[name]: target`, `src="target"` and `href="target"` point to.
fn targets(prose: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (opening, closing) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
        found.extend(
            prose
                .split(opening)
                .skip(1)
                .filter_map(|rest| rest.split(closing).next()),
        );
    }
    if prose.starts_with('[') {
        found.extend(prose.split_once("]: ").map(|(_, target)| target));
    }
    let first_word = |target: &str| target.find(char::is_whitespace).unwrap_or(target.len());
    found
        .into_iter()
        .map(|target| target[..first_word(target)].trim_matches(['<', '>']))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_local_link_is_found_once_with_its_line() {
        let document = "[a](a.md) and [`b`](docs/b.md#part \"title\"), ![c](c.png)\n\n[d]: d.md\n<img src=\"e.svg\">\n";
        let links = local_links(document);
        let links: Vec<_> = links
            .iter()
            .map(|(line, file)| (*line, file.as_str()))
            .collect();
        assert_eq!(
            links,
            [
                (1, "a.md"),
                (1, "docs/b.md"),
                (1, "c.png"),
                (3, "d.md"),
                (4, "e.svg")
            ]
        );
    }

    #[test]
    fn code_other_sites_and_headings_are_not_local_links() {
        let document = "`[a](a.md)`\n```\n[b](b.md)\n```\n[c](https://example.org/c.md) [d](#d) [e](mailto:e@example.org)\n";
        assert_eq!(local_links(document), []);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_a_breach_with_its_place() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("docs")).unwrap();
        fs::write(
            root.path().join("README.md"),
            "[a](docs/a.md)\n[b](docs/b.md)\n",
        )
        .unwrap();
        fs::write(
            root.path().join("docs/a.md"),
            "[up](../README.md) [top](/README.md)\n",
        )
        .unwrap();
        let breaches = breaches(root.path()).unwrap();
        assert_eq!(
            breaches,
            ["README.md:2: the link to docs/b.md leads nowhere: mend or remove it"]
        );
    }
}
