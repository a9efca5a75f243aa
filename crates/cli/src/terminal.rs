//! What standard output leads to, and how a process is told to stop there.

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

/// How a text may stand out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Paint {
    Bold,
    Dim,
    Red,
    Blue,
}

/// A text that stands out where the style allows it.
pub(crate) fn painted(text: &str, paint: Paint, style: Style) -> String {
    let code = match paint {
        Paint::Bold => 1,
        Paint::Dim => 2,
        Paint::Red => 31,
        Paint::Blue => 34,
    };
    match style {
        Style::Plain => text.to_owned(),
        Style::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
    }
}

/// Resolves at Ctrl-C.
pub(crate) async fn interrupted() {
    // Without a handler for the signal there is nothing to wait for: it ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
