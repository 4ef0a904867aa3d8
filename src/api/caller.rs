//! Who asks: the key, session or ticket of a request, and what it may see and do.

use super::state::City;
use super::tickets::Held;
use crate::fault::{Fault, Kind, Result};
use crate::model::{Collections, Right, Role};
use crate::store::Overlay;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use std::net::SocketAddr;

/// The one who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The role of its key, session or ticket; none without one.
    pub role: Option<Role>,
    /// Whether it sent a key, not a session or ticket made from one.
    pub has_key: bool,
    /// What to call it in the audit and on alarms: `key 1a2b3c4d` by the key's short id, `session of 1a2b3c4d`, `ticket of
    /// 1a2b3c4d`, `anonymous`.
    pub name: String,
    /// The short id of the key that it has or that its session or ticket goes back to; empty without one.
    pub origin: String,
    /// Under what its requests, streams and tickets are counted: its key, its own session, its address without either. A ticket
    /// counts for whoever made it. Nobody else has a part in it, so that nobody uses up what another may have.
    pub share: String,
    /// The address it asks from; empty where that is not known.
    pub peer: String,
    /// The collections whose assets are there for it.
    pub reads: Collections,
}

/// In whose name a request without a key was answered, where the answer itself tells: a ticket in its body. For the audit.
#[derive(Debug, Clone)]
pub struct ActedAs(pub String);

impl Caller {
    /// # Errors
    /// 401 without a key, 403 when the key's role does not carry `right`.
    pub fn require(&self, right: Right) -> Result<()> {
        match self.role {
            None => Err(Fault::new(Kind::Unauthorized, "this needs a key")
                .remedy("send 'Authorization: Bearer …'; 'cimbra key create --role …' makes one")),
            Some(role) if role.has(right) => Ok(()),
            Some(role) => Err(Fault::new(Kind::Forbidden, format!("a key of role {} may not do this", role.name()))),
        }
    }
    /// Whether this caller may know of a variant: of assets that it changes, or because they may change it themselves.
    pub fn knows(&self, variant: &Overlay) -> bool {
        variant.counts(self.reads).iter().any(|count| *count > 0) || self.require(Right::Import).is_ok()
    }
    /// # Errors
    /// 401 when nothing at all is open without a key.
    pub fn require_read(&self) -> Result<()> {
        if self.role.is_none() && self.reads.is_empty() {
            return Err(Fault::new(Kind::Unauthorized, "nothing is open without a key here"));
        }
        Ok(())
    }

    /// Who sent the request with these headers and this URL.
    ///
    /// # Errors
    /// 401 for a key, session or ticket that is offered and not good.
    pub fn of(parts: &Parts, city: &City) -> Result<Self> {
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
        let bearer = header("authorization")
            .and_then(|v| v.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|peer| peer.0.ip().to_string()).unwrap_or_default();
        let caller = |role: Option<Role>, has_key, name: String, origin: String, share| {
            let reads = Collections::of(|collection| match role {
                Some(role) => !collection.is_guarded() || role.has(Right::ReadGuarded),
                None => !collection.is_guarded() && city.settings.is_public(collection.name()),
            });
            Self { role, has_key, name, origin, share, peer: peer.clone(), reads }
        };
        let now = (city.clock)();
        if let Some(token) = bearer.or_else(|| header("x-api-key")).map(str::trim) {
            if let Some(info) = city.keys.verify(token) {
                return Ok(caller(Some(info.role), true, format!("key {}", info.id), info.id.clone(), info.id));
            }
            return match city.tickets.session(token, now) {
                Some(Held { role, origin, share }) => {
                    Ok(caller(Some(role), false, format!("session of {origin}"), origin, share))
                }
                None => Err(Fault::new(Kind::Unauthorized, "the key is not known, or its session is over")),
            };
        }
        // Only event streams and pictures take a ticket in the URL: a page cannot give them a header.
        let takes_ticket = ["/live", "/views"].iter().any(|p| parts.uri.path().starts_with(p));
        let pairs = parts.uri.query().filter(|_| takes_ticket).unwrap_or_default().split('&');
        match pairs.filter_map(|pair| pair.strip_prefix("ticket=")).next().map(|t| city.tickets.ticket(t, now)) {
            Some(None) => Err(Fault::new(Kind::Unauthorized, "the ticket is unknown or over").about("ticket")),
            Some(Some(Held { role, origin, share })) => {
                Ok(caller(Some(role), false, format!("ticket of {origin}"), origin, share))
            }
            None => Ok(caller(None, false, "anonymous".to_owned(), String::new(), peer.clone())),
        }
    }
}
