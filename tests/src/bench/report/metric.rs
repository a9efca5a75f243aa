//! What a figure counts, in which unit, and which direction is better.

use serde::{Deserialize, Serialize};

/// What a figure counts; the columns of a table stand in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// User and system time of the process tree for each of what the area counts.
    Cpu,
    /// The same of PostgreSQL.
    DatabaseCpu,
    /// CPU in relation to that of nginx in the same round.
    CpuToNginx,
    /// CPU in relation to that of the hyper proxy in the same round.
    CpuToHyper,
    /// CPU in relation to that on the small database in the same round.
    CpuToSmall,
    Throughput,
    /// What the limits allow.
    AllowedThroughput,
    ThroughputToNginx,
    ThroughputToHyper,
    P50,
    P99,
    /// The longest.
    Most,
    /// p50 in relation to that on the small database in the same round.
    P50ToSmall,
    /// Time until something is done once.
    Time,
    /// Written to disk for each of what the area counts.
    Disk,
    /// Stored in tables for each of what the area counts.
    Stored,
    /// Stored in indexes for each of what the area counts.
    Indexes,
    /// Resident memory at the end.
    Memory,
    /// Most resident memory.
    PeakMemory,
    /// Resident memory for each of what the area counts.
    MemoryEach,
    /// Size of a file.
    Size,
    /// Statistic of the rank test.
    RankZ,
}

/// Which direction of a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Less,
    More,
}

/// How a metric follows the machine on which the same program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// It grows with the CPU time that the machine takes for the same work.
    CpuTime,
    /// It grows with the time that the machine takes, other programs included.
    Time,
    /// It shrinks with that time.
    Rate,
    Nothing,
}

impl Metric {
    /// Returns the head of its column.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cpu => "CPU ms",
            Self::DatabaseCpu => "CPU of PostgreSQL ms",
            Self::CpuToNginx => "CPU to nginx",
            Self::CpuToHyper => "CPU to hyper",
            Self::CpuToSmall => "CPU to small",
            Self::Throughput => "Per second",
            Self::AllowedThroughput => "Allowed per second",
            Self::ThroughputToNginx => "Per second to nginx",
            Self::ThroughputToHyper => "Per second to hyper",
            Self::P50 => "p50 ms",
            Self::P99 => "p99 ms",
            Self::Most => "Most ms",
            Self::P50ToSmall => "p50 to small",
            Self::Time => "Time ms",
            Self::Disk => "Written KiB",
            Self::Stored => "Stored KiB",
            Self::Indexes => "Indexes KiB",
            Self::Memory => "Memory MiB",
            Self::PeakMemory => "Peak memory MiB",
            Self::MemoryEach => "Memory KiB",
            Self::Size => "Size MiB",
            Self::RankZ => "z",
        }
    }

    /// Returns which direction is better; `None` if neither is.
    pub const fn better(self) -> Option<Better> {
        match self {
            Self::Throughput | Self::ThroughputToNginx | Self::ThroughputToHyper => {
                Some(Better::More)
            }
            Self::RankZ | Self::AllowedThroughput => None,
            _ => Some(Better::Less),
        }
    }

    /// Returns how the value follows the machine.
    pub const fn follows(self) -> Follows {
        match self {
            Self::Cpu | Self::DatabaseCpu => Follows::CpuTime,
            Self::P50 | Self::P99 | Self::Most | Self::Time => Follows::Time,
            Self::Throughput => Follows::Rate,
            _ => Follows::Nothing,
        }
    }
}
