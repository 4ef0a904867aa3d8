//! `/state/{collection}`: the live state of a collection's assets, whole or what changed since a sequence number.

use super::items::find;
use crate::api::ask::Ask;
use crate::api::encode::{self, live};
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::model::{AssetId, Collections};
use crate::query::Scope;
use crate::store::{AssetState, Snapshot, Store};
use crate::tiles;
use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const STATE: &[Param] = &[
    Param::new(
        "since",
        Form::Integer(0, (1 << 53) - 1),
        "Only assets whose state changed after this sequence number; an alarm that is over is null.",
    ),
    Param::new(
        "f",
        Form::OneOf(&["json", "bin"]),
        "JSON, or the binary of docs/live-tiles.md; unless told, binary for who accepts application/octet-stream and not JSON.",
    ),
];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] =
    &[Operation::get("/state/{collectionId}", "getState", ABOUT, schema::live::state).knows(STATE)];

const ABOUT: &str = "Latest values and active alarms by asset id, with the sequence number to go on from.";

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/state/{c}", get(state))
}

async fn state(ask: Ask<String>) -> Answer {
    let params = ask.params(STATE)?;
    let since = params.integer("since").and_then(|n| u64::try_from(n).ok());
    let binary = params.get("f").map_or_else(|| wants_bytes(&ask.headers), |f| f == "bin");
    let snapshots = ask.snapshots();
    let scope = ask.scope(&snapshots, &ask.path)?;
    let answer = move |ask: &Ask<String>| {
        let reads = ask.caller.reads;
        let (seq, states) = match since {
            Some(seq) => ask.city.store.pulse().since(seq, reads),
            None => ask.city.store.standing(reads),
        };
        (seq, seen(&snapshots, &scope, reads, states))
    };
    if binary {
        let own = ask.clone();
        let body = ask.work(move || {
            let (seq, mut states) = answer(&own);
            states.retain(|(_, state)| since.is_some() || *state != AssetState::default());
            Ok(tiles::state::encode(seq, since.is_some(), &states))
        });
        return Ok(encode::tagged(&ask.headers, tiles::state::MEDIA, body.await?));
    }
    ask.answer("application/json", move |ask| {
        let (seq, states) = answer(ask);
        Ok(json!({ "seq": seq, "features": features(&states, since.is_some()) }))
    })
    .await
}

/// Whether `Accept` names bytes and no JSON.
fn wants_bytes(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut media = accepted.flat_map(|text| text.split(',')).filter_map(|one| one.split(';').next()).map(str::trim);
    let mut bytes = false;
    media.all(|name| {
        bytes |= name.eq_ignore_ascii_case(tiles::state::MEDIA);
        !name.eq_ignore_ascii_case("application/json")
    }) && bytes
}

/// The whole live state that somebody may see who may read `reads`: sequence number, and state by asset id.
pub fn whole(store: &Store, reads: Collections) -> (u64, Map<String, Value>) {
    let snapshots: Vec<_> = store.sites().iter().map(|site| site.snapshot()).collect();
    let (seq, states) = store.standing(reads);
    (seq, features(&seen(&snapshots, &Scope::All, reads, states), false))
}

/// The states of those assets that are in the scope and may be read.
pub(super) fn seen(
    snapshots: &[Arc<Snapshot>],
    scope: &Scope,
    reads: Collections,
    mut states: Vec<(AssetId, AssetState)>,
) -> Vec<(AssetId, AssetState)> {
    states.retain(|(id, _)| {
        let mut assets = find(snapshots, id, None).into_iter().filter_map(|(snapshot, row)| snapshot.asset(row));
        assets.any(|asset| scope.holds(&asset) && reads.contains(asset.class().collection()))
    });
    states
}

/// States by asset id.
fn features(states: &[(AssetId, AssetState)], over: bool) -> Map<String, Value> {
    states.iter().filter_map(|(id, state)| Some((id.to_string(), Value::Object(show(state, over)?)))).collect()
}

/// A state as JSON; `None` for one with nothing in it. `over` says null where there is no alarm: it may be over.
pub fn show(state: &AssetState, over: bool) -> Option<Map<String, Value>> {
    let mut shown = live::values(&state.values);
    if over || state.alarm.is_some() {
        shown.insert("alarm".to_owned(), state.alarm.as_ref().map_or(Value::Null, live::mark));
    }
    (!shown.is_empty()).then_some(shown)
}
