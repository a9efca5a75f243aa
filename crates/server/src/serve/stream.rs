//! The stream of one connection, which fails when the peer does not read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Unsent bytes that the kernel keeps for one connection.
///
/// Without this bound the kernel takes up to 4 MB that a peer may never read, and a peer that reads slowly
/// shows no progress for as long as a third of that takes.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 * 1024;

/// How long a connection may do nothing once the server is stopping.
const STUCK_AFTER: Duration = Duration::from_secs(2);

/// How long a connection without a request is waited for once the server is stopping: it was accepted, and its
/// request may be under way.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(1);

/// What one connection does, for the decision whether it may be closed when the server is stopping.
#[derive(Default)]
pub(super) struct Activity {
    /// Notified at each request; keeps the notification of the first one.
    requested: Notify,
    handlers: AtomicUsize,
    written: AtomicU64,
}

/// Counts a handler of a connection as running, until it is dropped.
pub(super) struct Handling(Arc<Activity>);

impl Activity {
    pub(super) fn handling(self: &Arc<Self>) -> Handling {
        self.requested.notify_one();
        self.handlers.fetch_add(1, Ordering::Relaxed);
        Handling(Arc::clone(self))
    }

    /// Resolves when the server is stopping and the connection has had a request, or gets none in a moment.
    pub(super) async fn served_once(&self, stopping: &CancellationToken) {
        stopping.cancelled().await;
        let requested = self.requested.notified();
        timeout(FIRST_REQUEST_TIMEOUT, requested).await.ok();
    }

    /// Resolves when the server is stopping and the connection does nothing: no handler runs, nothing is
    /// written. Such a peer does not read its answer, or does not end its request.
    pub(super) async fn stuck(&self, stopping: &CancellationToken) {
        stopping.cancelled().await;
        loop {
            let before = self.written.load(Ordering::Relaxed);
            sleep(STUCK_AFTER).await;
            let idle = self.handlers.load(Ordering::Relaxed) == 0;
            if idle && self.written.load(Ordering::Relaxed) == before {
                return;
            }
        }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.handlers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A TCP stream whose writes fail when none of them makes progress for `write_timeout`.
pub(super) struct Watched {
    stream: TcpStream,
    activity: Arc<Activity>,
    write_timeout: Duration,
    /// Runs while the kernel takes no bytes.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>, write_timeout: Duration) -> Self {
        if let Err(error) = prepare(&stream, write_timeout) {
            tracing::debug!(%error, "cannot set the options of a connection");
        }
        Self {
            stream,
            activity,
            write_timeout,
            stalled: None,
        }
    }

    /// Passes on what a write did, or fails if the kernel has taken no bytes for too long.
    fn progress(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            self.stalled = None;
            let bytes = written.as_ref().map_or(0, |bytes| *bytes as u64);
            self.activity.written.fetch_add(bytes, Ordering::Relaxed);
            return Poll::Ready(written);
        }
        let timer = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(self.write_timeout)));
        ready!(timer.as_mut().poll(cx));
        // The peer gets a reset: the kernel would keep the unsent bytes of an orderly end.
        self.stream.set_zero_linger().unwrap_or_default();
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the peer does not read",
        )))
    }
}

/// Sends small answers at once, keeps few unsent bytes, and gives up on a peer that acknowledges nothing.
fn prepare(stream: &TcpStream, write_timeout: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(stream);
        socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
        // Also bounds how long the kernel keeps bytes of a connection that is closed already.
        socket.set_tcp_user_timeout(Some(write_timeout))?;
    }
    Ok(())
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.progress(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.progress(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
