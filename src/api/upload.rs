//! Bodies that are too large to be held: streamed to a writer off the async threads.

use crate::fault::{Fault, Kind, Result};
use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::mpsc;

/// An upload of which nothing comes for so long is given up.
const STALLED: Duration = Duration::from_secs(30);

/// Streams a body of at most `most` bytes into what `make` makes, which is given back.
///
/// # Errors
/// 413 for more bytes, 400 for a body that stalls or breaks off, what the writer says.
pub async fn receive<W: Send + 'static>(
    body: Body,
    most: u64,
    make: impl FnOnce() -> Result<W> + Send + 'static,
    write: fn(&mut W, &[u8]) -> Result<()>,
) -> Result<W> {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(16);
    let writer = tokio::task::spawn_blocking(move || {
        let mut to = make()?;
        while let Some(bytes) = receiver.blocking_recv() {
            write(&mut to, &bytes)?;
        }
        Ok(to)
    });
    let (mut stream, mut size, mut broken) = (body.into_data_stream(), 0_u64, None);
    loop {
        let Ok(part) = tokio::time::timeout(STALLED, stream.next()).await else {
            broken = Some(Fault::bad_input(format!("nothing came for {} s", STALLED.as_secs())));
            break;
        };
        let Some(part) = part else { break };
        let part = match part {
            Ok(part) => part,
            Err(error) => {
                broken = Some(Fault::bad_input(format!("the upload broke off: {error}")));
                break;
            }
        };
        size += part.len() as u64;
        if size > most {
            broken = Some(Fault::new(Kind::TooLarge, format!("an upload is at most {most} bytes")));
            break;
        }
        // A writer that is gone has failed, and says why below.
        if sender.send(part).await.is_err() {
            break;
        }
    }
    drop(sender);
    let written = writer.await.map_err(|e| Fault::internal(format!("the upload's writer stopped: {e}")))?;
    broken.map_or(written, Err)
}
