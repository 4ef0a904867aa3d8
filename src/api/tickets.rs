//! Tickets and sessions: short-lived stand-ins for a key where a header cannot be sent, held in memory only.

use crate::fault::{Fault, Kind, Result};
use crate::model::Role;
use crate::units::Instant;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long a ticket lives, milliseconds.
const TICKET_MS: i64 = 60_000;
/// How long the ticket in the start-up line lives; it opens one session, once.
const FIRST_TICKET_MS: i64 = 3_600_000;
/// How long a session lives, milliseconds.
const SESSION_MS: i64 = 12 * 3_600_000;
/// How many of each are held at once.
const MOST: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Pass {
    role: Role,
    until: Instant,
    session: bool,
}

/// The tickets and sessions that are good just now.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<HashMap<String, Pass>>);

impl Tickets {
    /// A ticket of 60 seconds for `role`.
    ///
    /// # Errors
    /// Too many at once, or no randomness from the system.
    pub fn issue(&self, role: Role, now: Instant) -> Result<String> {
        self.add(Pass { role, until: Instant(now.0 + TICKET_MS), session: false }, now)
    }
    /// The ticket for the URL printed at start: an hour, for one session.
    ///
    /// # Errors
    /// As [`Tickets::issue`].
    pub fn issue_first(&self, role: Role, now: Instant) -> Result<String> {
        self.add(Pass { role, until: Instant(now.0 + FIRST_TICKET_MS), session: false }, now)
    }
    /// Turns a ticket into a session of twelve hours; the ticket is spent. Gives token, role and end.
    ///
    /// # Errors
    /// A ticket that is unknown, spent or over.
    pub fn exchange(&self, ticket: &str, now: Instant) -> Result<(String, Role, Instant)> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A session's token offered as a ticket must not end the session.
        let is_ticket = held.get(ticket).is_some_and(|pass| !pass.session);
        let spent = if is_ticket { held.remove(ticket) } else { None };
        drop(held);
        let pass = spent
            .filter(|pass| pass.until > now)
            .ok_or_else(|| Fault::new(Kind::Unauthorized, "the ticket is unknown, spent or over").about("ticket"))?;
        let until = Instant(now.0 + SESSION_MS);
        Ok((self.add(Pass { role: pass.role, until, session: true }, now)?, pass.role, until))
    }
    /// The role of a session that is good at `now`.
    pub fn session_role(&self, token: &str, now: Instant) -> Option<Role> {
        self.role(token, now, true)
    }
    /// The role of a ticket that is good at `now`. A session's token is none: it must not stand in a URL.
    pub fn ticket_role(&self, ticket: &str, now: Instant) -> Option<Role> {
        self.role(ticket, now, false)
    }
    fn role(&self, token: &str, now: Instant, session: bool) -> Option<Role> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(token).filter(|pass| pass.until > now && pass.session == session).map(|pass| pass.role)
    }
    fn add(&self, pass: Pass, now: Instant) -> Result<String> {
        let mut bits = [0u8; 32];
        getrandom::fill(&mut bits).map_err(|e| Fault::new(Kind::Io, format!("no random bits: {e}")))?;
        let token: String = bits.iter().map(|b| format!("{b:02x}")).collect();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, pass| pass.until > now);
        if held.len() >= MOST {
            return Err(Fault::new(Kind::TooMany, format!("{MOST} tickets and sessions are open")));
        }
        held.insert(token.clone(), pass);
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_opens_one_session_and_ends() {
        let tickets = Tickets::default();
        let ticket = tickets.issue(Role::Operator, Instant(0)).unwrap();
        assert_eq!(tickets.ticket_role(&ticket, Instant(59_999)), Some(Role::Operator));
        assert_eq!(tickets.ticket_role(&ticket, Instant(60_000)), None);
        let (token, role, _) = tickets.exchange(&ticket, Instant(1)).unwrap();
        assert_eq!(role, Role::Operator);
        assert!(tickets.exchange(&ticket, Instant(2)).is_err() && tickets.exchange(&token, Instant(2)).is_err());
        assert!(
            tickets.session_role(&token, Instant(2)).is_some() && tickets.ticket_role(&token, Instant(2)).is_none()
        );
    }
}
