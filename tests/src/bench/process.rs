//! What the kernel knows of a process and of those that it started.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// Length of the kernel's tick in `/proc/*/stat`; the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Fields of `/proc/*/stat` behind the name: the parent, and the times of the process and of its children that ended.
const PARENT: usize = 1;
const TIMES: std::ops::RangeInclusive<usize> = 11..=14;

/// User and system time so far, of a process and of all that it started.
pub fn cpu(root: u32) -> anyhow::Result<Duration> {
    let times = tree(root)?.into_iter().map(|id| {
        // It may have ended since it was found; then its time is among that of its parent.
        let fields = stat(id).unwrap_or_default();
        let ticks = fields.get(TIMES).unwrap_or_default().iter();
        ticks
            .filter_map(|field| field.parse::<u32>().ok())
            .sum::<u32>()
    });
    Ok(TICK * times.sum::<u32>())
}

/// Returns the sum of the most memory that each process of the tree has ever had, in MiB.
pub fn tree_peak_memory_mib(root: u32) -> anyhow::Result<f64> {
    let peaks = tree(root)?.into_iter().map(peak_memory_mib);
    Ok(peaks.filter_map(Result::ok).sum())
}

/// Most memory that it has ever had, in MiB.
pub fn peak_memory_mib(id: u32) -> anyhow::Result<f64> {
    status_mib(id, "VmHWM:")
}

/// Memory that it has now, in MiB.
pub fn memory_mib(id: u32) -> anyhow::Result<f64> {
    status_mib(id, "VmRSS:")
}

/// Bytes that it has caused to be written to disk so far.
pub fn written(id: u32) -> anyhow::Result<u64> {
    let io = fs::read_to_string(format!("/proc/{id}/io"))?;
    let mut lines = io.lines();
    let bytes = lines.find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(bytes.context("write_bytes")?.parse()?)
}

/// Returns the process that started this one.
pub fn parent(id: u32) -> anyhow::Result<u32> {
    let fields = stat(id)?;
    Ok(fields.get(PARENT).context("a parent")?.parse()?)
}

/// Returns the name of its program.
pub fn name(id: u32) -> anyhow::Result<String> {
    Ok(fs::read_to_string(format!("/proc/{id}/comm"))?
        .trim()
        .to_owned())
}

/// The process and all below it.
fn tree(root: u32) -> anyhow::Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Ok(parent) = parent(id) {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(id) = found.get(next) {
        found.extend(children.remove(id).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}

/// The fields behind its name, which is in parentheses and may hold anything.
fn stat(id: u32) -> anyhow::Result<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("a name in parentheses")?;
    Ok(fields.split_ascii_whitespace().map(str::to_owned).collect())
}

fn status_mib(id: u32, field: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .with_context(|| field.to_owned())?;
    let kib: u32 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(f64::from(kib) / 1024.0)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_time_of_a_tree_has_that_of_children_that_run_and_that_ended() {
        // The first `sh` is waited for and the second runs on; each counts to 100,000.
        let count = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        let both = format!("sh -c '{count}'; echo; sh -c '{count}; echo; read line' ; true");
        let mut shell = Command::new("sh");
        shell.args(["-c", &both]);
        let mut shell = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut lines = std::io::BufReader::new(shell.stdout.take().expect("a pipe"));
        let mut times = Vec::new();
        for _ in 0..2 {
            std::io::BufRead::read_line(&mut lines, &mut String::new()).expect("a line");
            times.push(cpu(shell.id()).expect("a time"));
        }
        drop(shell.stdin.take());
        shell.wait().expect("an end");
        assert!(times[0] >= TICK, "{times:?}");
        assert!(times[1] >= times[0] + TICK, "{times:?}");
    }
}
