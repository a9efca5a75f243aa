//! How far a command of many rows has come: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::note;

/// Rows between two lines of progress, which stand in the place of the bar if the output is not a terminal.
const STEP: u64 = 1000;

pub(crate) struct Progress {
    bar: ProgressBar,
    notes: bool,
}

impl Progress {
    /// Shows how many rows of `all` are done; nothing if there are none.
    pub(crate) fn of(all: usize) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let style = ProgressStyle::with_template("{bar:40} {pos} of {len}, {per_sec}, {eta} left");
        let bar = match style {
            Ok(style) if is_terminal && all > 0 => ProgressBar::new(all as u64).with_style(style),
            _ => ProgressBar::hidden(),
        };
        bar.set_length(all as u64);
        Self {
            bar,
            notes: !is_terminal,
        }
    }

    pub(crate) fn step(&self) {
        self.bar.inc(1);
        let done = self.bar.position();
        if self.notes && done.is_multiple_of(STEP) {
            let all = self.bar.length().unwrap_or_default();
            let (rate, left) = (self.bar.per_sec(), HumanDuration(self.bar.eta()));
            note(&format!("{done} of {all}, {rate:.1}/s, {left} left"));
        }
    }

    /// Prints without disturbing the bar.
    pub(crate) fn beside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
