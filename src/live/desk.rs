//! What people do to alarms: acknowledge, clear, comment.

use crate::fault::{Fault, Kind, Result};
use crate::model::{Alarm, AlarmState, Comment};
use crate::store::Store;
use crate::units::Instant;
use std::sync::Arc;

/// The longest comment, in characters.
const LONGEST: usize = 2_000;
/// The most comments on one alarm.
const MOST: usize = 200;

/// Someone has seen the alarm. Seen before, nothing changes; an alarm that is over stays over and is seen.
///
/// # Errors
/// No such alarm; what the disk says.
pub fn acknowledge(store: &Store, id: u64, by: &str, at: Instant) -> Result<Arc<Alarm>> {
    store.act(id, |alarm| {
        if alarm.acknowledged.is_none() {
            alarm.acknowledged = Some((by.to_owned(), at));
            if alarm.state.is_active() {
                alarm.state = AlarmState::Acknowledged;
            }
        }
        Ok(())
    })
}

/// Someone ends the alarm by hand. The next reading that is still in danger raises a new one. Over already, nothing changes.
///
/// # Errors
/// No such alarm; what the disk says.
pub fn clear(store: &Store, id: u64, by: &str, at: Instant) -> Result<Arc<Alarm>> {
    store.act(id, |alarm| {
        if alarm.state.is_active() {
            alarm.state = AlarmState::Cleared;
            alarm.cleared_at = Some(at);
            alarm.message = format!("cleared by {by}");
            alarm.acknowledged.get_or_insert_with(|| (by.to_owned(), at));
        }
        Ok(())
    })
}

/// Someone writes about the alarm.
///
/// # Errors
/// No such alarm; no text, one over 2,000 characters, or a 201st comment; what the disk says.
pub fn comment(store: &Store, id: u64, by: &str, text: &str, at: Instant) -> Result<Arc<Alarm>> {
    let text = text.trim();
    if !(1..=LONGEST).contains(&text.chars().count()) {
        return Err(Fault::parameter("text", format!("a comment has 1 to {LONGEST} characters")));
    }
    store.act(id, |alarm| {
        if alarm.comments.len() >= MOST {
            return Err(Fault::new(Kind::TooLarge, format!("an alarm takes {MOST} comments")));
        }
        alarm.comments.push(Comment { by: by.to_owned(), at, text: text.to_owned() });
        Ok(())
    })
}
