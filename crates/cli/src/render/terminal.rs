//! What standard output leads to, and how a process is told to stop there.

use std::io::IsTerminal as _;

use terminal_size::Width;

const FALLBACK_WIDTH: usize = 80;

pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Returns the columns of the terminal; without one nothing has to fit, and a program that reads tables gets whole ids.
pub(crate) fn columns() -> usize {
    if !is_terminal() {
        return usize::MAX;
    }
    // Some terminals say 0 for "not known".
    match terminal_size::terminal_size() {
        Some((Width(width @ 1..), _)) => width.into(),
        _ => FALLBACK_WIDTH,
    }
}

/// Resolves at Ctrl-C.
pub(crate) async fn interrupted() {
    // Without a handler for the signal there is nothing to wait for: it ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
