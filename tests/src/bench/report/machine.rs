//! What describes the machine of a report, and nothing that names it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::Machine;

/// Describes this machine.
pub fn machine(programs: BTreeMap<String, String>) -> anyhow::Result<Machine> {
    let memory = field("/proc/meminfo", "MemTotal")?;
    let memory: u64 = memory.trim_end_matches("kB").trim().parse()?;
    Ok(Machine {
        cpu: field("/proc/cpuinfo", "model name").unwrap_or_else(|_| "unknown".to_owned()),
        cores: std::thread::available_parallelism()?.get(),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
            .trim()
            .to_owned(),
        memory_mib: memory / 1024,
        programs,
    })
}

fn field(file: &str, name: &str) -> anyhow::Result<String> {
    let text = fs::read_to_string(file)?;
    let value = text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    });
    value.with_context(|| format!("{file} has no {name}"))
}

/// Returns the first number of the version that a program prints, on either output.
pub fn version(program: &str, option: &str) -> anyhow::Result<String> {
    let output = Command::new(program)
        .arg(option)
        .output()
        .with_context(|| format!("`{program} {option}` did not start"))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let number = number(&text).with_context(|| format!("`{program} {option}` has no number"))?;
    Ok(number.to_owned())
}

/// Returns the first part of a text that begins with a digit, up to a space.
fn number(text: &str) -> Option<&str> {
    let begin = text.find(|letter: char| letter.is_ascii_digit())?;
    text[begin..].split_whitespace().next()
}

/// Returns the commit of the repository, with `+` behind it if files were changed since.
pub fn commit(root: &Path) -> anyhow::Result<String> {
    let git = |words: &[&str]| -> anyhow::Result<String> {
        let output = Command::new("git").args(words).current_dir(root).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let is_changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Ok(commit + if is_changed { "+" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_first_number_of_what_is_printed() {
        for (printed, expected) in [
            ("nginx version: nginx/1.22.1\n", "1.22.1"),
            ("v20.20.2\n", "20.20.2"),
            ("rustc 1.95.0 (59807616e 2026-04-14)\n", "1.95.0"),
        ] {
            assert_eq!(number(printed), Some(expected));
        }
        assert_eq!(number("none"), None);
    }

    #[test]
    fn a_machine_is_described_without_its_name() {
        let machine = machine(BTreeMap::new()).expect("a machine");
        assert!(machine.cores > 0 && machine.memory_mib > 0);
        let name = fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
        let text = serde_json::to_string(&machine).expect("JSON");
        assert!(!text.contains(&format!("\"{}\"", name.trim())), "{text}");
    }
}
