//! What standard output leads to.

use std::io::IsTerminal as _;

use recado_sandbox::drawing::Style;

use crate::environment;

const FALLBACK_WIDTH: usize = 80;

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Columns of the terminal.
pub(crate) fn columns() -> usize {
    terminal_size::terminal_size().map_or(FALLBACK_WIDTH, |(width, _)| usize::from(width.0))
}

/// Bold and dim on a terminal, unless `NO_COLOR` says otherwise (no-color.org: any value that is not empty).
pub(crate) fn style() -> Style {
    let refused = environment::text(&environment::process, "NO_COLOR").is_some();
    if is_terminal() && !refused {
        Style::Ansi
    } else {
        Style::Plain
    }
}
