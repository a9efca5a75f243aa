//! What standard output leads to, and how a process is told to stop there.

use std::io::IsTerminal as _;

const FALLBACK_WIDTH: usize = 80;

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Columns of the terminal.
pub(crate) fn columns() -> usize {
    terminal_size::terminal_size().map_or(FALLBACK_WIDTH, |(width, _)| usize::from(width.0))
}

/// Resolves at Ctrl-C.
pub(crate) async fn interrupted() {
    // Without a handler for the signal there is nothing to wait for: it ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
