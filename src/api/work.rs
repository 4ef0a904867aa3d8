//! Blocking work off the async threads: how much goes on at once, whose place it keeps until it has ended, and its time.

use super::busy::Slot;
use crate::fault::{Fault, Kind, Result};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for the blocking work of all callers together.
#[derive(Debug, Clone)]
pub struct Work(Arc<Semaphore>);

impl Work {
    /// Room for `most` pieces of work at once.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))))
    }
    /// Runs `work`. A caller that is gone by then leaves it to finish, and `slot` is held until it has: who hangs up and comes
    /// again would otherwise have as much in work as it likes.
    ///
    /// # Errors
    /// What the work gives, [`Kind::Unavailable`] when there is no room for it, that it panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        slot: Arc<Slot>,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let room = self.0.clone().try_acquire_owned().map_err(|_| {
            Fault::new(Kind::Unavailable, "the server has as much in work as it takes on at once")
                .remedy("send the request again a little later")
        })?;
        finish(slot, room, work).await
    }
    /// As [`Work::run`], waiting for room: for an answer that has begun and can no longer be refused.
    ///
    /// # Errors
    /// What the work gives, that it panicked.
    pub async fn run_in_turn<T: Send + 'static>(
        &self,
        slot: Arc<Slot>,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let room = self.0.clone().acquire_owned().await;
        finish(slot, room.map_err(|e| Fault::internal(format!("the room for work: {e}")))?, work).await
    }
}

async fn finish<T: Send + 'static>(
    slot: Arc<Slot>,
    room: OwnedSemaphorePermit,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let held = (slot, room);
    let done = tokio::task::spawn_blocking(move || {
        let _held = held;
        work()
    });
    done.await.map_err(|e| Fault::internal(format!("a question stopped: {e}")))?
}

/// The time a request has.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    end: Instant,
    seconds: u64,
}

impl Deadline {
    /// `seconds` from now.
    pub fn after(seconds: u64) -> Self {
        Self { end: Instant::now() + Duration::from_secs(seconds), seconds }
    }
    /// What a request is told whose time is over.
    pub fn fault(&self) -> Fault {
        Fault::new(Kind::Unavailable, format!("no answer within {} s", self.seconds))
    }
    /// `found` as long as there is time; then the fault. For long reads, which nobody waits for any more.
    pub fn keep<T>(self, found: impl Iterator<Item = Result<T>>) -> impl Iterator<Item = Result<T>> {
        found.map(move |one| if Instant::now() < self.end { one } else { Err(self.fault()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::busy::Busy;
    use std::sync::mpsc;

    fn enter(busy: &Busy) -> Result<Arc<Slot>> {
        busy.enter("someone".to_owned(), 1, "requests").map(Arc::new)
    }

    #[tokio::test]
    async fn who_hangs_up_keeps_its_place_and_its_room_until_the_work_has_ended() {
        let (busy, work) = (Busy::default(), Work::new(1));
        let (end, ended) = mpsc::channel::<()>();
        let asked = work.run(enter(&busy).unwrap(), move || ended.recv().map_err(|e| Fault::internal(e.to_string())));
        // The answer is waited for a moment, then given up, as when a connection closes.
        assert!(tokio::time::timeout(Duration::from_millis(20), asked).await.is_err());
        assert_eq!(enter(&busy).unwrap_err().kind, Kind::TooMany);
        let other = busy.enter("another".to_owned(), 1, "requests").map(Arc::new).unwrap();
        assert_eq!(work.run(other.clone(), || Ok(1)).await.unwrap_err().kind, Kind::Unavailable);
        end.send(()).unwrap();
        assert_eq!(work.run_in_turn(other, || Ok(1)).await.unwrap(), 1);
        assert!(enter(&busy).is_ok());
    }

    #[test]
    fn a_long_read_stops_when_its_time_is_over() {
        let mut read = 0;
        let endless = std::iter::repeat_with(|| {
            read += 1;
            Ok(read)
        });
        let end = Deadline::after(0).keep(endless).find(Result::is_err);
        assert_eq!(end.unwrap().unwrap_err().kind, Kind::Unavailable);
        assert!(Deadline::after(60).keep([Ok(1), Ok(2)].into_iter()).all(|one| one.is_ok()));
        assert_eq!(read, 1);
    }
}
