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
/// How many are held at once.
const MOST: usize = 10_000;
/// How many of them one caller may have made, so that none takes the room of all.
const MOST_EACH: usize = 1_000;
/// Who made the ticket in the start-up line.
const START: &str = "start";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Opens one session: the ticket in a portal's URL, such as the start-up line prints.
    First,
    /// Stands in a URL for a minute and opens nothing: URLs end up in logs.
    Ticket,
    /// Stands in a header.
    Session,
}

#[derive(Debug, Clone)]
struct Pass {
    role: Role,
    /// The share (`Caller::share`) of whoever made it.
    maker: String,
    until: Instant,
    kind: Kind,
}

/// The tickets and sessions that are good just now.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<HashMap<String, Pass>>);

impl Tickets {
    /// A ticket of 60 seconds for `role`, made by a caller of the share `maker`, for which it counts.
    ///
    /// # Errors
    /// Too many at once, of the maker or of all; no randomness from the system.
    pub fn issue(&self, role: Role, maker: &str, now: Instant) -> Result<String> {
        self.add(Pass { role, maker: maker.to_owned(), until: Instant(now.0 + TICKET_MS), kind: Kind::Ticket }, now)
    }
    /// The ticket for the URL printed at start: an hour, for one session.
    ///
    /// # Errors
    /// As [`Tickets::issue`].
    pub fn issue_first(&self, role: Role, now: Instant) -> Result<String> {
        let until = Instant(now.0 + FIRST_TICKET_MS);
        self.add(Pass { role, maker: START.to_owned(), until, kind: Kind::First }, now)
    }
    /// A ticket of 60 seconds that opens one session, for a portal's URL; otherwise as [`Tickets::issue`].
    ///
    /// # Errors
    /// As [`Tickets::issue`].
    pub fn issue_opening(&self, role: Role, maker: &str, now: Instant) -> Result<String> {
        self.add(Pass { role, maker: maker.to_owned(), until: Instant(now.0 + TICKET_MS), kind: Kind::First }, now)
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
        let (role, until) = (pass.role, Instant(now.0 + SESSION_MS));
        Ok((self.add(Pass { until, kind: Kind::Session, ..pass }, now)?, role, until))
    }
    /// The role of a session that is good at `now`, and the share it counts under: its own.
    pub fn session(&self, token: &str, now: Instant) -> Option<(Role, String)> {
        let pass = self.good(token, now, Kind::Session)?;
        Some((pass.role, format!("session {}", token.get(..16)?)))
    }
    /// The role of a ticket that is good at `now`, and the share it counts under: its maker's. A session's token is none: it
    /// must not stand in a URL.
    pub fn ticket(&self, ticket: &str, now: Instant) -> Option<(Role, String)> {
        self.good(ticket, now, Kind::Ticket).map(|pass| (pass.role, pass.maker))
    }
    fn good(&self, token: &str, now: Instant, kind: Kind) -> Option<Pass> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(token).filter(|pass| pass.until > now && pass.kind == kind).cloned()
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
        if held.values().filter(|other| other.maker == pass.maker).count() >= MOST_EACH {
            let yours = format!("{MOST_EACH} tickets and sessions of yours are open");
            return Err(Fault::new(fault::Kind::TooMany, yours).remedy("a ticket is over after 60 seconds"));
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
        let ticket = tickets.issue(Role::Operator, "k1", Instant(0)).unwrap();
        assert_eq!(tickets.ticket(&ticket, Instant(59_999)), Some((Role::Operator, "k1".to_owned())));
        assert_eq!(tickets.ticket(&ticket, Instant(60_000)), None);
        assert!(tickets.exchange(&ticket, Instant(1)).is_err(), "a ticket of a URL opens no session");
        let ticket = tickets.issue_first(Role::Operator, Instant(0)).unwrap();
        assert_eq!(tickets.ticket(&ticket, Instant(1)), None);
        let (token, role, _) = tickets.exchange(&ticket, Instant(1)).unwrap();
        assert_eq!(role, Role::Operator);
        assert!(tickets.exchange(&ticket, Instant(2)).is_err() && tickets.exchange(&token, Instant(2)).is_err());
        assert!(tickets.session(&token, Instant(2)).is_some() && tickets.ticket(&token, Instant(2)).is_none());
    }

    #[test]
    fn sessions_count_each_for_itself_and_nobody_takes_the_room_of_all() {
        let tickets = Tickets::default();
        let share = || {
            let ticket = tickets.issue_opening(Role::Viewer, "k1", Instant(0)).unwrap();
            let (token, ..) = tickets.exchange(&ticket, Instant(0)).unwrap();
            tickets.session(&token, Instant(0)).unwrap().1
        };
        let (one, other) = (share(), share());
        assert_ne!(one, other);
        let made = (0..MOST).take_while(|_| tickets.issue(Role::Viewer, &one, Instant(0)).is_ok()).count();
        assert_eq!(made, MOST_EACH);
        assert!(tickets.issue(Role::Viewer, &other, Instant(0)).is_ok());
        assert!(tickets.issue(Role::Viewer, &one, Instant(TICKET_MS)).is_ok(), "tickets make room when they are over");
    }
}
