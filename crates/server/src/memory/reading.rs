//! Reads the body of a request into memory for which a budget has room.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use recado_core::FieldErrors;

use super::budget::Room;
use crate::api::error::{ApiError, Reason};

/// Bytes of each body that are not counted: so that calls of the usual size are read while large ones have
/// taken the whole budget. The number of connections bounds them.
const FREE_BYTES: usize = 16 * 1024;

/// Longest that a client may take to send a body.
const DEADLINE: Duration = Duration::from_secs(10);

/// Reads a body of at most `most` bytes.
pub(crate) async fn read(body: Body, most: usize, room: &mut Room) -> Result<Vec<u8>, ApiError> {
    let whole = tokio::time::timeout(DEADLINE, collect(body, most, room)).await;
    whole.unwrap_or_else(|_| Err(FieldErrors::root("The body took longer than 10 seconds").into()))
}

async fn collect(mut body: Body, most: usize, room: &mut Room) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| FieldErrors::root("The body ended early"))?;
        let data: Bytes = frame.into_data().unwrap_or_default();
        let size = bytes.len() + data.len();
        if size > most {
            return Err(too_large(most));
        }
        if !room.grow(counted(size) - counted(bytes.len())) {
            return Err(ApiError::new(
                Reason::Unavailable,
                "Too many large bodies are being read",
            ));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

const fn counted(size: usize) -> usize {
    size.saturating_sub(FREE_BYTES)
}

fn too_large(most: usize) -> ApiError {
    let most = match most / 1024 {
        kib if kib < 1024 => format!("{kib} KiB"),
        kib => format!("{} MiB", kib / 1024),
    };
    ApiError::new(
        Reason::BodyTooLarge,
        format!("The body is over {most}: send a smaller one"),
    )
}
