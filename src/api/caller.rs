//! Who asks: the key, session or ticket of a request, and what it may see and do.

use super::problem::Problem;
use super::state::City;
use crate::fault::{Fault, Kind, Result};
use crate::model::{Collection, Right, Role};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The one who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The role of its key, session or ticket; none without one.
    pub role: Option<Role>,
    /// Whether it sent a key, not a session or ticket made from one.
    pub has_key: bool,
    /// What to call it in the audit: a key's short id, `session`, `anonymous`.
    pub name: String,
}

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
    /// Whether assets of `collection` are there for this caller.
    pub fn may_read(&self, city: &City, collection: Collection) -> bool {
        match self.role {
            Some(role) => !collection.is_guarded() || role.has(Right::ReadGuarded),
            None => !collection.is_guarded() && city.settings.is_public(collection.name()),
        }
    }
    /// # Errors
    /// 401 when nothing at all is open without a key.
    pub fn require_read(&self, city: &City) -> Result<()> {
        if self.role.is_some() || city.settings.public_layers.as_ref().is_none_or(|layers| !layers.is_empty()) {
            return Ok(());
        }
        Err(Fault::new(Kind::Unauthorized, "nothing is open without a key here"))
    }
}

impl FromRequestParts<City> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, city: &City) -> std::result::Result<Self, Problem> {
        // The router has looked already; asking again would compare every key twice.
        match parts.extensions.get::<Self>() {
            Some(caller) => Ok(caller.clone()),
            None => Self::of(parts, city).map_err(Problem::from),
        }
    }
}

impl Caller {
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
        let offered = bearer.or_else(|| header("x-api-key")).map(str::trim);
        let now = (city.clock)();
        if let Some(token) = offered {
            if let Some(info) = city.keys.verify(token) {
                return Ok(Self { role: Some(info.role), has_key: true, name: info.id });
            }
            let role = city.tickets.session_role(token, now);
            return match role {
                Some(_) => Ok(Self { role, has_key: false, name: "session".to_owned() }),
                None => Err(Fault::new(Kind::Unauthorized, "the key is not known, or its session is over")),
            };
        }
        // Only event streams and pictures take a ticket in the URL: a page cannot give them a header.
        let takes_ticket = ["/live", "/views"].iter().any(|p| parts.uri.path().starts_with(p));
        let pairs = parts.uri.query().filter(|_| takes_ticket).unwrap_or_default().split('&');
        match pairs.filter_map(|pair| pair.strip_prefix("ticket=")).next().map(|t| city.tickets.ticket_role(t, now)) {
            Some(None) => Err(Fault::new(Kind::Unauthorized, "the ticket is unknown or over").about("ticket")),
            Some(role) => Ok(Self { role, has_key: false, name: "ticket".to_owned() }),
            None => Ok(Self { role: None, has_key: false, name: "anonymous".to_owned() }),
        }
    }
}
