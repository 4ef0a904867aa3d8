//! `/state/{collection}`: the live state of a collection's assets, whole or what changed since a sequence number.

use super::collections::{scope, snapshots};
use super::items::{find, offload};
use crate::api::caller::Caller;
use crate::api::encode::{self, live};
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param, Params};
use crate::api::problem::Answer;
use crate::api::state::City;
use crate::store::{AssetState, Snapshot};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const STATE: &[Param] = &[Param::new(
    "since",
    Form::Integer(0, (1 << 53) - 1),
    "Only assets whose state changed after this sequence number; an alarm that is over is null.",
)];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[Operation {
    method: "get",
    path: "/state/{collectionId}",
    id: "getState",
    about: "Latest values and active alarms by asset id, with the sequence number to go on from.",
    params: STATE,
    media: "application/json",
    keyed: false,
}];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/state/{c}", get(state))
}

async fn state(
    State(city): State<City>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let params = Params::read(&uri, STATE)?;
    let since = params.integer("since").and_then(|n| u64::try_from(n).ok());
    let snapshots = snapshots(&city);
    let scope = scope(&city, &caller, &snapshots, &name)?;
    let body = offload(move || {
        let (seq, changed) = since.map_or_else(|| city.store.standing(), |seq| city.store.pulse().since(seq));
        let mut features = Map::new();
        for (id, state) in &changed {
            let Some((snapshot, row)) = find(&snapshots, id, None).into_iter().next() else { continue };
            let shown = snapshot
                .asset(row)
                .filter(|a| scope.holds(a) && caller.may_read(&city, a.class().collection()))
                .and_then(|_| show(&city, &caller, state, since.is_some()));
            if let Some(shown) = shown {
                features.insert(id.to_string(), Value::Object(shown));
            }
        }
        Ok(json!({ "seq": seq, "features": features }))
    })
    .await?;
    encode::json(&headers, "application/json", &body)
}

/// A state as this caller may see it; `None` for one with nothing in it. `over` keeps the null of an alarm that is over.
pub fn show(city: &City, caller: &Caller, state: &AssetState, over: bool) -> Option<Map<String, Value>> {
    let mut shown = live::state(state);
    let hidden = state.alarm.is_some_and(|mark| !caller.may_read(city, mark.collection));
    if hidden || (state.alarm.is_none() && !over) {
        shown.remove("alarm");
    }
    (!shown.is_empty()).then_some(shown)
}

/// The whole live state that this caller may see: sequence number, and state by asset id.
pub fn whole(city: &City, caller: &Caller, snapshots: &[Arc<Snapshot>]) -> (u64, Map<String, Value>) {
    let (seq, all) = city.store.standing();
    let mut features = Map::new();
    for (id, state) in &all {
        let found = find(snapshots, id, None).into_iter().next().and_then(|(s, row)| s.asset(row));
        if found.is_some_and(|a| caller.may_read(city, a.class().collection()))
            && let Some(shown) = show(city, caller, state, false)
        {
            features.insert(id.to_string(), Value::Object(shown));
        }
    }
    (seq, features)
}
