//! What the process uses, as Linux tells it; other systems are not asked.

#[cfg(target_os = "linux")]
pub(super) fn describe() {
    metrics_process::Collector::default().describe();
}

#[cfg(target_os = "linux")]
pub(super) fn collect() {
    metrics_process::Collector::default().collect();
}

#[cfg(not(target_os = "linux"))]
pub(super) const fn describe() {}

#[cfg(not(target_os = "linux"))]
pub(super) const fn collect() {}
