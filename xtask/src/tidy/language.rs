//! Sentences and names do without words that make a riddle of them.

use std::path::Path;

use anyhow::Result;

use super::texts;

const RIDDLES: [&str; 6] = ["nobody", "whoever", "somebody", "anew", "is no ", "none if"];

/// Plain English that contains one of them.
const PLAIN: &str = "is no longer ";

const PARTS: &str = "crates deploy docs tests/it tests/src xtask";

/// Deliberate uses: the file, and what its line contains.
const DELIBERATE: [(&str, &str); 4] = [
    ("xtask/src/tidy/language.rs", ""),
    ("tests/it/api/openapi/shapes.rs", "\"nobody\","),
    ("tests/it/api/openapi/shapes.rs", "\"whoever\","),
    // A text that a server might answer.
    (
        "crates/providers/src/documented.rs",
        "\"there is no session\"",
    ),
];

pub(super) fn breaches(root: &Path) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for part in PARTS.split(' ') {
        for extension in ["rs", "md", "json", "sql"] {
            for (name, text) in texts(root, part, extension)? {
                breaches.extend(check(&name, &text));
            }
        }
    }
    Ok(breaches)
}

fn check(name: &str, text: &str) -> Vec<String> {
    let is_deliberate = |line: &str| {
        let mut uses = DELIBERATE.iter();
        uses.any(|(file, part)| *file == name && line.contains(part))
    };
    let riddle = |line: &str| {
        let mut line = line.to_lowercase().replace(PLAIN, "");
        // The guard of a match.
        if line.contains(" => ") {
            line = line.replace("none if", "");
        }
        RIDDLES.into_iter().find(|word| line.contains(word))
    };
    let lines = text.lines().enumerate();
    let breach = |(index, line)| {
        let (number, word) = (index + 1, riddle(line)?.trim());
        let advice = "name the person or the thing, with a verb";
        Some(format!(
            "{name}:{number}: `{word}` makes a riddle: {advice}"
        ))
    };
    let lines = lines.filter(|(_, line)| !is_deliberate(line));
    lines.filter_map(breach).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_riddle_is_found_in_any_case_with_its_line() {
        let text = "//! A.\n/// Nobody's.\nfn anew() {}\n/// There is no answer.\n";
        let found = check("a.rs", text).join("\n");
        let lines: Vec<_> = (found.lines())
            .map(|line| line.split(" makes").next().unwrap_or_default())
            .collect();
        assert_eq!(
            lines,
            ["a.rs:2: `nobody`", "a.rs:3: `anew`", "a.rs:4: `is no`"]
        );
    }

    #[test]
    fn plain_english_and_deliberate_uses_are_let_through() {
        let text = "The agent is no longer there.\n";
        assert_eq!(check("a.md", text), [""; 0]);
        assert_eq!(check("xtask/src/tidy/language.rs", "nobody"), [""; 0]);
    }
}
