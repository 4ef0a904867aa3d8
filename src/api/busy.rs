//! How many requests or streams each caller has at once.

use crate::fault::{Fault, Kind, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts what is in work, by caller.
#[derive(Debug, Clone, Default)]
pub struct Busy(Arc<Mutex<HashMap<String, usize>>>);

/// One place among those that a caller has; given back when dropped.
#[derive(Debug)]
pub struct Slot(Busy, String);

impl Busy {
    /// A place for `caller`, named by its share, who may have `most` at once; `what` names them in the refusal.
    ///
    /// # Errors
    /// [`Kind::TooMany`] when it has that many.
    pub fn enter(&self, caller: String, most: usize, what: &str) -> Result<Slot> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(caller.clone()).or_default();
        if *count >= most {
            return Err(Fault::new(Kind::TooMany, format!("more than {most} {what} at once")));
        }
        *count += 1;
        Ok(Slot(self.clone(), caller))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.1);
            }
        }
    }
}
