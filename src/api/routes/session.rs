//! `/session`, `/tickets`: a page turns its start ticket into a session, and a session into tickets for streams.

use crate::api::caller::Caller;
use crate::api::openapi::Operation;
use crate::api::problem::Answer;
use crate::api::state::City;
use crate::fault::{Fault, Kind};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    operation("/session", "postSession", "Exchanges a ticket for a session token.", false),
    operation("/tickets", "postTicket", "A ticket of 60 seconds for an event stream or a picture in a page.", true),
];

const fn operation(path: &'static str, id: &'static str, about: &'static str, keyed: bool) -> Operation {
    Operation { method: "post", path, id, about, params: &[], media: "application/json", keyed }
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/session", post(session)).route("/tickets", post(ticket))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    ticket: String,
}

async fn session(State(city): State<City>, body: Bytes) -> Answer {
    let Exchange { ticket } = serde_json::from_slice(&body)
        .map_err(|e| Fault::bad_input(format!("the body is not {{\"ticket\": …}}: {e}")).about("ticket"))?;
    let (token, role, until) = city.tickets.exchange(&ticket, (city.clock)())?;
    let body = Json(json!({ "token": token, "role": role.name(), "expires": until.to_string() }));
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], body).into_response())
}

async fn ticket(State(city): State<City>, caller: Caller) -> Answer {
    let Some(role) = caller.role else {
        return Err(Fault::new(Kind::Unauthorized, "a ticket is made from a key or a session").into());
    };
    let ticket = city.tickets.issue(role, (city.clock)())?;
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "ticket": ticket }))).into_response())
}
