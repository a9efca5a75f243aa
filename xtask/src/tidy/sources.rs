//! Every source file is compiled, says what it is, stays short, prints only where printing is its task, and has no
//! `Debug` where people's texts, numbers and secrets are.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::texts;

const CEILING: usize = 400;

/// Crates that other programs are built from: what they have to say goes through `tracing`.
const LIBRARIES: [&str; 4] = [
    "crates/core/",
    "crates/providers/",
    "crates/store/",
    "crates/sandbox/",
];

/// What clients and users say: their texts, phone numbers and secrets.
const SHAPES: [&str; 2] = ["crates/server/src/api/routes/", "crates/cli/src/commands/"];

pub(super) fn breaches(root: &Path) -> Result<Vec<String>> {
    let mut sources = BTreeMap::new();
    for folder in ["crates", "tests", "xtask"] {
        sources.extend(texts(root, folder, "rs")?);
    }
    let checked = sources.iter().flat_map(|(name, text)| check(name, text));
    let mut breaches: Vec<_> = checked.collect();
    let undeclared = sources.keys().filter(|name| !is_compiled(name, &sources));
    let sentence = "no `mod` declares this file, so it is not compiled and its tests never run";
    breaches.extend(undeclared.map(|name| format!("{name}: {sentence}")));
    Ok(breaches)
}

/// Tells whether a file is one that Cargo finds by its place, or that its parent declares as a module.
fn is_compiled(name: &str, sources: &BTreeMap<String, String>) -> bool {
    let module = name.trim_end_matches(".rs").trim_end_matches("/mod");
    let (folder, module) = module.rsplit_once('/').unwrap_or_default();
    let declaration = format!("mod {module};");
    let declares = |text: &String| {
        let mut lines = text.lines().map(str::trim_start);
        lines.any(|line| line.ends_with(&declaration) && !line.starts_with("//"))
    };
    let mut folders =
        std::iter::successors(Some(folder), |folder| Some(folder.rsplit_once('/')?.0));
    let texts = |folder: &str| {
        let ends = ["/mod.rs", "/lib.rs", "/main.rs", ".rs"];
        ends.map(|end| sources.get(&format!("{folder}{end}")))
    };
    let mut own = folders.next().into_iter().flat_map(texts).flatten();
    // A file further up may declare it inside of `mod folder { … }`.
    let inside = format!("mod {} {{", folder.rsplit('/').next().unwrap_or_default());
    let mut above = folders.flat_map(texts).flatten();
    matches!(module, "lib" | "main")
        || folder.ends_with("/bin")
        || folder.ends_with("/examples")
        || own.any(declares)
        || above.any(|text| text.contains(&inside) && declares(text))
}

fn check(name: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    if !text.starts_with("//!") {
        breaches.push(format!(
            "{name}:1: no `//!` in the first line: say in one sentence what the file is for"
        ));
    }
    let lines = production_lines(text);
    if lines > CEILING {
        breaches.push(format!(
            "{name}: {lines} production lines, {CEILING} at most: split it by what it is about"
        ));
    }
    let is_in = |folders: &[&str]| folders.iter().any(|folder| name.starts_with(folder));
    // An example is a program.
    let is_library = is_in(&LIBRARIES) && !name.contains("/examples/");
    let is_shape = is_in(&SHAPES);
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if is_library && prints(line) {
            breaches.push(format!(
                "{name}:{number}: a library does not print: use `tracing` for `{line}`"
            ));
        }
        if is_shape && line.starts_with("#[derive(") && line.contains("Debug") {
            breaches.push(format!(
                "{name}:{number}: a shape of a request or a command has no `Debug`: it would show people's data"
            ));
        }
    }
    breaches
}

/// The lines before the tests that a file ends with.
fn production_lines(text: &str) -> usize {
    let lines: Vec<_> = text.lines().collect();
    let is_test_module = |start: usize| {
        let mut below = lines[start + 1..]
            .iter()
            .skip_while(|line| line.starts_with(['#', ' ', ')']));
        lines[start] == "#[cfg(test)]"
            && below
                .next()
                .is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
    };
    (0..lines.len())
        .find(|&start| is_test_module(start))
        .unwrap_or(lines.len())
}

fn prints(line: &str) -> bool {
    // `eprintln!` ends in `println!`, and `eprint!` in `print!`.
    !line.starts_with("//") && (line.contains("println!") || line.contains("print!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_first_sentence_is_a_breach() {
        assert_eq!(check("xtask/src/a.rs", "//! What it is.\n"), [""; 0]);
        let breaches = check("xtask/src/a.rs", "use std::fs;\n");
        assert!(breaches[0].starts_with("xtask/src/a.rs:1: no `//!`"));
    }

    #[test]
    fn a_file_that_no_parent_declares_is_not_compiled() {
        let texts = [
            (
                "crates/a/src/lib.rs",
                "mod b;\npub(crate) mod c;\n// mod d;\n",
            ),
            ("crates/a/src/b.rs", "    mod e;\n"),
            ("crates/a/src/b/e.rs", ""),
            ("crates/a/src/b/mod.rs", ""),
            ("crates/a/src/bin/f.rs", ""),
            ("crates/a/src/c/mod.rs", ""),
            ("crates/a/src/d.rs", ""),
            ("crates/a/src/c/e.rs", ""),
        ];
        let sources = texts
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into();
        for (name, _) in texts {
            let is_forgotten = ["crates/a/src/d.rs", "crates/a/src/c/e.rs"].contains(&name);
            assert_eq!(is_compiled(name, &sources), !is_forgotten, "{name}");
        }
    }

    #[test]
    fn the_401st_production_line_is_a_breach_and_a_test_line_is_not() {
        let full = format!("//! Full.\n{}", "x\n".repeat(CEILING - 1));
        let tested = format!(
            "{full}#[cfg(test)]\n#[expect(\n    a,\n    reason = \"b\"\n)]\nmod tests {{\n}}\n"
        );
        let declared = format!(
            "//! Full.\n#[cfg(test)]\nmod tests;\n{}",
            "x\n".repeat(CEILING - 3)
        );
        for text in [&full, &tested, &declared] {
            assert_eq!(check("tests/src/a.rs", text), [""; 0]);
        }
        for text in [full, declared] {
            let breaches = check("tests/src/a.rs", &format!("{text}x\n"));
            assert!(breaches[0].starts_with("tests/src/a.rs: 401 production lines"));
        }
    }

    #[test]
    fn a_print_is_a_breach_in_a_library_only_and_never_in_a_comment() {
        for print in ["println!(\"a\")", "eprintln!(\"a\")", "print!(\"a\")"] {
            let text = format!("//! A.\n/// println!(\"doc\")\n    {print};\n");
            for program in ["crates/cli/src/a.rs", "crates/core/examples/a.rs"] {
                assert_eq!(check(program, &text), [""; 0]);
            }
            let breaches = check("crates/store/src/a.rs", &text);
            assert_eq!(breaches.len(), 1);
            assert!(breaches[0].starts_with("crates/store/src/a.rs:3: a library does not print"));
        }
    }

    #[test]
    fn a_shape_of_the_api_or_the_command_line_has_no_debug() {
        let text = "//! A.\n#[derive(Clone, Debug)]\nstruct A;\n";
        assert_eq!(check("crates/server/src/a.rs", text), [""; 0]);
        for name in [
            "crates/server/src/api/routes/a.rs",
            "crates/cli/src/commands/a.rs",
        ] {
            let breaches = check(name, text);
            assert_eq!(breaches.len(), 1);
            assert!(breaches[0].starts_with(&format!("{name}:2: a shape")));
        }
    }
}
