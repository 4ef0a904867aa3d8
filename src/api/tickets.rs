//! Tickets and sessions: short-lived stand-ins for a key where a header cannot be sent, held in memory only.

use crate::fault::{self, Fault, Result};
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Opens one session: the ticket in a portal's URL, such as the start-up line prints.
    First,
    /// Stands in a URL for a minute and opens nothing: URLs end up in logs.
    Ticket,
    /// Stands in a header.
    Session,
}

#[derive(Debug, Clone, Copy)]
struct Pass {
    role: Role,
    until: Instant,
    kind: Kind,
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
        self.add(Pass { role, until: Instant(now.0 + TICKET_MS), kind: Kind::Ticket }, now)
    }
    /// The ticket for the URL printed at start: an hour, for one session.
    ///
    /// # Errors
    /// As [`Tickets::issue`].
    pub fn issue_first(&self, role: Role, now: Instant) -> Result<String> {
        self.add(Pass { role, until: Instant(now.0 + FIRST_TICKET_MS), kind: Kind::First }, now)
    }
    /// A ticket of 60 seconds that opens one session, for a portal's URL.
    ///
    /// # Errors
    /// As [`Tickets::issue`].
    pub fn issue_opening(&self, role: Role, now: Instant) -> Result<String> {
        self.add(Pass { role, until: Instant(now.0 + TICKET_MS), kind: Kind::First }, now)
    }
    /// Turns a ticket that opens a session, such as the start-up line's, into one of twelve hours; the ticket is spent. Gives token, role and end.
    ///
    /// # Errors
    /// A ticket that is unknown, spent or over.
    pub fn exchange(&self, ticket: &str, now: Instant) -> Result<(String, Role, Instant)> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Anything else that is offered stays what it is.
        let is_ticket = held.get(ticket).is_some_and(|pass| pass.kind == Kind::First);
        let spent = if is_ticket { held.remove(ticket) } else { None };
        drop(held);
        let pass = spent.filter(|pass| pass.until > now).ok_or_else(|| {
            Fault::new(fault::Kind::Unauthorized, "the ticket is unknown, spent or over").about("ticket")
        })?;
        let until = Instant(now.0 + SESSION_MS);
        Ok((self.add(Pass { role: pass.role, until, kind: Kind::Session }, now)?, pass.role, until))
    }
    /// The role of a session that is good at `now`.
    pub fn session_role(&self, token: &str, now: Instant) -> Option<Role> {
        self.role(token, now, Kind::Session)
    }
    /// The role of a ticket that is good at `now`. A session's token is none: it must not stand in a URL.
    pub fn ticket_role(&self, ticket: &str, now: Instant) -> Option<Role> {
        self.role(ticket, now, Kind::Ticket)
    }
    fn role(&self, token: &str, now: Instant, kind: Kind) -> Option<Role> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(token).filter(|pass| pass.until > now && pass.kind == kind).map(|pass| pass.role)
    }
    fn add(&self, pass: Pass, now: Instant) -> Result<String> {
        let mut bits = [0u8; 32];
        getrandom::fill(&mut bits).map_err(|e| Fault::new(fault::Kind::Io, format!("no random bits: {e}")))?;
        let token: String = bits.iter().map(|b| format!("{b:02x}")).collect();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, pass| pass.until > now);
        if held.len() >= MOST {
            return Err(Fault::new(fault::Kind::TooMany, format!("{MOST} tickets and sessions are open")));
        }
        held.insert(token.clone(), pass);
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ticket_opens_one_session_and_a_ticket_of_a_url_none() {
        let tickets = Tickets::default();
        let ticket = tickets.issue(Role::Operator, Instant(0)).unwrap();
        assert_eq!(tickets.ticket_role(&ticket, Instant(59_999)), Some(Role::Operator));
        assert_eq!(tickets.ticket_role(&ticket, Instant(60_000)), None);
        assert!(tickets.exchange(&ticket, Instant(1)).is_err(), "a ticket of a URL opens no session");
        let ticket = tickets.issue_first(Role::Operator, Instant(0)).unwrap();
        assert_eq!(tickets.ticket_role(&ticket, Instant(1)), None);
        let (token, role, _) = tickets.exchange(&ticket, Instant(1)).unwrap();
        assert_eq!(role, Role::Operator);
        assert!(tickets.exchange(&ticket, Instant(2)).is_err() && tickets.exchange(&token, Instant(2)).is_err());
        assert!(
            tickets.session_role(&token, Instant(2)).is_some() && tickets.ticket_role(&token, Instant(2)).is_none()
        );
    }
}
