//! `/state/{collection}`: the live state of a collection's assets, whole or what changed since a sequence number.

use super::items::find;
use crate::api::ask::Ask;
use crate::api::encode::live;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::model::{AssetId, Collections};
use crate::query::Scope;
use crate::store::{AssetState, Snapshot, Store};
use axum::Router;
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const STATE: &[Param] = &[Param::new(
    "since",
    Form::Integer(0, (1 << 53) - 1),
    "Only assets whose state changed after this sequence number; an alarm that is over is null.",
)];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] =
    &[Operation::get("/state/{collectionId}", "getState", ABOUT, schema::live::state).knows(STATE)];

const ABOUT: &str = "Latest values and active alarms by asset id, with the sequence number to go on from.";

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/state/{c}", get(state))
}

async fn state(ask: Ask<String>) -> Answer {
    let since = ask.params(STATE)?.integer("since").and_then(|n| u64::try_from(n).ok());
    let snapshots = ask.snapshots();
    let scope = ask.scope(&snapshots, &ask.path)?;
    ask.answer("application/json", move |ask| {
        let reads = ask.caller.reads;
        let (seq, states) = match since {
            Some(seq) => ask.city.store.pulse().since(seq, reads),
            None => ask.city.store.standing(reads),
        };
        Ok(json!({ "seq": seq, "features": features(&snapshots, &scope, reads, &states, since.is_some()) }))
    })
    .await
}

/// The whole live state that somebody may see who may read `reads`: sequence number, and state by asset id.
pub fn whole(store: &Store, reads: Collections) -> (u64, Map<String, Value>) {
    let snapshots: Vec<_> = store.sites().iter().map(|site| site.snapshot()).collect();
    let (seq, states) = store.standing(reads);
    (seq, features(&snapshots, &Scope::All, reads, &states, false))
}

/// States by asset id, of those assets that are in the scope and may be read.
fn features(
    snapshots: &[Arc<Snapshot>],
    scope: &Scope,
    reads: Collections,
    states: &[(AssetId, AssetState)],
    over: bool,
) -> Map<String, Value> {
    let seen = |id: &str| {
        let mut assets = find(snapshots, id, None).into_iter().filter_map(|(snapshot, row)| snapshot.asset(row));
        assets.any(|asset| scope.holds(&asset) && reads.contains(asset.class().collection()))
    };
    let shown = states.iter().filter(|(id, _)| seen(id));
    shown.filter_map(|(id, state)| Some((id.to_string(), Value::Object(show(state, over)?)))).collect()
}

/// A state as JSON; `None` for one with nothing in it. `over` says null where there is no alarm: it may be over.
pub fn show(state: &AssetState, over: bool) -> Option<Map<String, Value>> {
    let mut shown = live::values(&state.values);
    if over || state.alarm.is_some() {
        shown.insert("alarm".to_owned(), state.alarm.as_ref().map_or(Value::Null, live::mark));
    }
    (!shown.is_empty()).then_some(shown)
}
