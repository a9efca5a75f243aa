//! What the kernel knows of a process.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// Length of the kernel's tick in `/proc/*/stat`; the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// User and system time so far, of all threads.
pub fn cpu(id: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name in parentheses may hold anything; the fields after it are numbers.
    let (_, fields) = stat.rsplit_once(')').context("a name in parentheses")?;
    let ticks = |number: usize| -> anyhow::Result<u32> {
        Ok(fields
            .split_ascii_whitespace()
            .nth(number)
            .context("a field")?
            .parse()?)
    };
    Ok(TICK * (ticks(11)? + ticks(12)?))
}

/// Most memory that it has ever had, in MiB.
pub fn peak_memory_mib(id: u32) -> anyhow::Result<f64> {
    status_mib(id, "VmHWM:")
}

/// Memory that it has now, in MiB.
pub fn memory_mib(id: u32) -> anyhow::Result<f64> {
    status_mib(id, "VmRSS:")
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
