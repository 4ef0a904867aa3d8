//! `/session`, `/tickets`: a page turns its start ticket into a session, and a session into tickets for streams.

use crate::api::ask::Ask;
use crate::api::caller::{ActedAs, Caller};
use crate::api::openapi::Operation;
use crate::api::params::{self, Form, Param};
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::fault::{Fault, Kind};
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::post("/session", "postSession", "Exchanges a ticket for a session token.", 201, schema::live::session)
        .takes("application/json", schema::live::exchange)
        .keyed(false),
    Operation::post(
        "/tickets",
        "postTicket",
        "A ticket of 60 seconds for an event stream or a picture in a page.",
        201,
        schema::live::ticket,
    )
    .knows(TICKET),
];

const TICKET: &[Param] = &[Param::new(
    "opens",
    Form::OneOf(&["session"]),
    "Makes a ticket for the portal's URL instead, which opens one session; takes a key.",
)];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/session", post(session)).route("/tickets", post(ticket))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    ticket: String,
}

async fn session(ask: Ask, body: Bytes) -> Answer {
    let Exchange { ticket } = serde_json::from_slice(&body)
        .map_err(|e| Fault::bad_input(format!("the body is not {{\"ticket\": …}}: {e}")).about("ticket"))?;
    let now = (ask.city.clock)();
    let (token, role, until) = ask.city.tickets.exchange(&ticket, now)?;
    let opened = ask.city.tickets.session(&token, now).map(|held| ActedAs(format!("ticket of {}", held.origin)));
    let body = Json(json!({ "token": token, "role": role.name(), "expires": until.to_string() }));
    let mut response = (StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], body).into_response();
    if let Some(opened) = opened {
        response.extensions_mut().insert(opened);
    }
    Ok(response)
}

async fn ticket(ask: Ask, body: Bytes) -> Answer {
    let params = ask.params(TICKET)?;
    params::nothing(&body)?;
    let Caller { role, has_key, origin, share, .. } = &ask.caller;
    let Some(role) = *role else {
        return Err(Fault::new(Kind::Unauthorized, "a ticket is made from a key or a session").into());
    };
    let now = (ask.city.clock)();
    let ticket = match params.get("opens") {
        // A session that could open the next one would never end.
        Some(_) if !has_key => {
            return Err(Fault::new(Kind::Forbidden, "only a key makes a ticket that opens a session")
                .about("opens")
                .into());
        }
        Some(_) => ask.city.tickets.issue_opening(role, origin, share, now)?,
        None => ask.city.tickets.issue(role, origin, share, now)?,
    };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "ticket": ticket }))).into_response())
}
