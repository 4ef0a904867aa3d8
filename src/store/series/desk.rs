//! What people do to alarms and rules; durable, and told in the order in which it was done.

use super::super::archive::embedded::Changes;
use super::{Changed, Series};
use crate::fault::{Fault, Kind, Result};
use crate::model::{Alarm, Rule};
use std::sync::{Arc, PoisonError};

impl Series {
    /// Changes the alarm `id` with `act`, durably, then tells it; gives the alarm as it is now.
    ///
    /// # Errors
    /// [`Kind::NotFound`] without such an alarm, what `act` refuses, what the disk says.
    pub(in crate::store) fn act(
        &self,
        id: u64,
        act: impl FnOnce(&mut Alarm) -> Result<()>,
        tell: &dyn Fn(&Changed),
    ) -> Result<Arc<Alarm>> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = self.alarm(id)? else {
            return Err(Fault::not_found(format!("there is no alarm {id}")).about("alarm"));
        };
        let mut alarm = Alarm::clone(&found);
        act(&mut alarm)?;
        if alarm == *found {
            return Ok(found);
        }
        let head = self.next_head(self.table().head);
        self.ledger.commit(&Changes { alarms: std::slice::from_ref(&alarm), head, ..Changes::default() })?;
        let alarm = Arc::new(alarm);
        {
            let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
            table.head = head;
            table.put_alarm(alarm.clone());
        }
        tell(&Changed { alarms: vec![alarm.clone()], ..Changed::default() });
        Ok(alarm)
    }

    /// Keeps rules, replacing those of the same id.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] beyond 1,000 rules, what the disk says.
    pub(in crate::store) fn put_rules(&self, rules: &[Rule]) -> Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.table().rules.len();
        if known + rules.len() > 1_000 {
            return Err(Fault::new(Kind::TooLarge, "a store holds 1,000 alarm rules at most"));
        }
        let head = self.next_head(self.table().head);
        self.ledger.commit(&Changes { rules, head, ..Changes::default() })?;
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.head = head;
        table.rules.extend(rules.iter().map(|r| (r.id.clone(), Arc::new(r.clone()))));
        Ok(())
    }
}
