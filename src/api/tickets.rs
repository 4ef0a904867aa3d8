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
    /// The short id of the key that it goes back to, also over a session; or what the server made it for at its start.
    origin: String,
    /// The share (`Caller::share`) of whoever made it.
    maker: String,
    until: Instant,
    kind: Kind,
}

/// What is known of a ticket or session that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its role.
    pub role: Role,
    /// The short id of the key that it goes back to.
    pub origin: String,
    /// Under what its requests are counted: a session's own share, a ticket's maker's.
    pub share: String,
}

/// The tickets and sessions that are good just now.
#[derive(Debug)]
pub struct Tickets {
    held: Mutex<HashMap<String, Pass>>,
    /// How many may go back to one key, itself or over its sessions. Only keys make them, so nobody has a part in what another
    /// may have, and the number of keys bounds them all.
    most: usize,
}

impl Tickets {
    /// None yet; at most `most` for each key.
    pub fn new(most: usize) -> Self {
        Self { held: Mutex::default(), most }
    }
    /// A ticket of 60 seconds for `role`, going back to the key `origin`, made by a caller of the share `maker`, under which
    /// what is asked with it counts.
    ///
    /// # Errors
    /// Too many at once that go back to this key; no randomness from the system.
    pub fn issue(&self, role: Role, origin: &str, maker: &str, now: Instant) -> Result<String> {
        self.make(Kind::Ticket, role, origin, maker, Instant(now.0 + TICKET_MS), now)
    }
    /// The ticket for the URL printed at start: an hour, for one session. `origin` says what the server makes it for.
    ///
    /// # Errors
    /// As [`Tickets::issue`].
    pub fn issue_first(&self, role: Role, origin: &str, now: Instant) -> Result<String> {
        self.make(Kind::First, role, origin, origin, Instant(now.0 + FIRST_TICKET_MS), now)
    }
    /// A ticket of 60 seconds that opens one session, for a portal's URL; otherwise as [`Tickets::issue`].
    ///
    /// # Errors
    /// As [`Tickets::issue`].
    pub fn issue_opening(&self, role: Role, origin: &str, maker: &str, now: Instant) -> Result<String> {
        self.make(Kind::First, role, origin, maker, Instant(now.0 + TICKET_MS), now)
    }
    /// Turns a ticket that opens a session, such as the start-up line's, into one of twelve hours; the ticket is spent. Gives token, role and end.
    ///
    /// # Errors
    /// A ticket that is unknown, spent or over.
    pub fn exchange(&self, ticket: &str, now: Instant) -> Result<(String, Role, Instant)> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
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
    /// A session that is good at `now`.
    pub fn session(&self, token: &str, now: Instant) -> Option<Held> {
        let Pass { role, origin, .. } = self.good(token, now, Kind::Session)?;
        Some(Held { role, origin, share: format!("session {}", token.get(..16)?) })
    }
    /// A ticket that is good at `now`. A session's token is none: it must not stand in a URL.
    pub fn ticket(&self, ticket: &str, now: Instant) -> Option<Held> {
        let Pass { role, origin, maker, .. } = self.good(ticket, now, Kind::Ticket)?;
        Some(Held { role, origin, share: maker })
    }
    fn good(&self, token: &str, now: Instant, kind: Kind) -> Option<Pass> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(token).filter(|pass| pass.until > now && pass.kind == kind).cloned()
    }
    fn make(&self, kind: Kind, role: Role, origin: &str, maker: &str, until: Instant, now: Instant) -> Result<String> {
        self.add(Pass { role, origin: origin.to_owned(), maker: maker.to_owned(), until, kind }, now)
    }
    fn add(&self, pass: Pass, now: Instant) -> Result<String> {
        let mut bits = [0u8; 32];
        getrandom::fill(&mut bits).map_err(|e| Fault::new(fault::Kind::Io, format!("no random bits: {e}")))?;
        let token: String = bits.iter().map(|b| format!("{b:02x}")).collect();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, pass| pass.until > now);
        let most = self.most;
        if held.values().filter(|other| other.origin == pass.origin).count() >= most {
            let yours = format!("{most} tickets and sessions of this key are open");
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
        let tickets = Tickets::new(10);
        let ticket = tickets.issue(Role::Operator, "1a2b", "k1", Instant(0)).unwrap();
        let held = Held { role: Role::Operator, origin: "1a2b".to_owned(), share: "k1".to_owned() };
        assert_eq!(tickets.ticket(&ticket, Instant(59_999)), Some(held));
        assert_eq!(tickets.ticket(&ticket, Instant(60_000)), None);
        assert!(tickets.exchange(&ticket, Instant(1)).is_err(), "a ticket of a URL opens no session");
        let ticket = tickets.issue_first(Role::Operator, "start", Instant(0)).unwrap();
        assert_eq!(tickets.ticket(&ticket, Instant(1)), None);
        let (token, role, _) = tickets.exchange(&ticket, Instant(1)).unwrap();
        assert_eq!(role, Role::Operator);
        assert!(tickets.exchange(&ticket, Instant(2)).is_err() && tickets.exchange(&token, Instant(2)).is_err());
        assert!(tickets.session(&token, Instant(2)).is_some() && tickets.ticket(&token, Instant(2)).is_none());
    }

    #[test]
    fn no_key_takes_what_another_may_have_not_even_over_many_sessions() {
        let tickets = Tickets::new(20);
        let session = || {
            let ticket = tickets.issue_opening(Role::Viewer, "1a2b", "1a2b", Instant(0)).unwrap();
            let (token, ..) = tickets.exchange(&ticket, Instant(0)).unwrap();
            tickets.session(&token, Instant(0)).unwrap()
        };
        let sessions: Vec<Held> = (0..5).map(|_| session()).collect();
        assert!(sessions.iter().all(|s| s.origin == "1a2b") && sessions[0].share != sessions[1].share);
        let issue = |of: &Held, at| tickets.issue(Role::Viewer, &of.origin, &of.share, Instant(at));
        let made = sessions.iter().cycle().take(100).take_while(|of| issue(of, 0).is_ok()).count();
        assert_eq!(made, 15, "five sessions and fifteen tickets are twenty");
        assert!(tickets.issue(Role::Viewer, "3c4d", "3c4d", Instant(0)).is_ok());
        assert!(issue(&sessions[0], TICKET_MS).is_ok(), "tickets make room when they are over");
    }
}
