//! The wall clock.

use crate::units::{Clock, Instant};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time now, by the system's clock.
pub fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The system's clock as the rooms take it.
pub fn system() -> Clock {
    Arc::new(now)
}
