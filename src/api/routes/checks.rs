//! `/checks/…`: whether the city's networks and grids hold together; `/networks/connected`: what a node is connected with.

use crate::api::ask::Ask;
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param};
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::model::{Collection, Finding, Summary};
use crate::query::{cover, network};
use crate::store::Snapshot;
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::HashSet;

const LIMIT: &[Param] =
    &[Param::new("limit", Form::Rows(1), "How many findings of each site at most; 1000 unless told.")];
const CONNECTED: &[Param] = &[
    Param::new("id", Form::Text, "The node to begin at: a manhole, a valve, a hydrant.").needed(),
    Param::new("closed", Form::Texts, "Ids of nodes that let nothing through."),
    Param::new("limit", Form::Rows(1), "How many nodes and how many segments at most; 1000 unless told."),
];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get(
        "/checks/networks",
        "checkNetworks",
        "What does not hold together in the networks of pipes.",
        city::checks,
    )
    .knows(LIMIT),
    Operation::get("/checks/grids", "checkGrids", "Overlaps and gaps of the responsibility grids.", city::checks)
        .knows(LIMIT),
    Operation::get(
        "/networks/connected",
        "getConnected",
        "What a node of a network is connected with.",
        city::connected,
    )
    .knows(CONNECTED)
    .refuses(&[404]),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/checks/networks", get(networks))
        .route("/checks/grids", get(grids))
        .route("/networks/connected", get(connected))
}

async fn networks(ask: Ask) -> Answer {
    let params = ask.params(LIMIT)?;
    let limit = params.rows("limit", 1000, &ask.city.settings.limits);
    may_read(&ask, Collection::Pipes)?;
    ask.answer("application/json", move |ask| {
        let site = |snapshot: &Snapshot| -> Result<Option<Value>> {
            let network = network(snapshot, ask.caller.reads)?;
            let summaries = network.summaries();
            if summaries.is_empty() && network.segments.is_empty() {
                return Ok(None);
            }
            let mut of = told(snapshot, network.findings(), limit);
            of["networks"] = summaries.iter().map(summary).collect();
            Ok(Some(of))
        };
        let sites: Result<Vec<_>> = ask.snapshots().iter().filter_map(|s| site(s).transpose()).collect();
        Ok(json!({ "sites": sites? }))
    })
    .await
}

async fn grids(ask: Ask) -> Answer {
    let params = ask.params(LIMIT)?;
    let limit = params.rows("limit", 1000, &ask.city.settings.limits);
    may_read(&ask, Collection::Grids)?;
    ask.answer("application/json", move |ask| {
        let site = |snapshot: &Snapshot| -> Result<Option<Value>> {
            let Some(cover) = cover(snapshot)? else { return Ok(None) };
            let mut of = told(snapshot, cover.findings(), limit);
            of["grids"] = json!(cover.grids);
            of["squareMetres"] = json!(cover.square_metres);
            Ok(Some(of))
        };
        let sites: Result<Vec<_>> = ask.snapshots().iter().filter_map(|s| site(s).transpose()).collect();
        Ok(json!({ "sites": sites? }))
    })
    .await
}

async fn connected(ask: Ask) -> Answer {
    let params = ask.params(CONNECTED)?;
    let limit = params.rows("limit", 1000, &ask.city.settings.limits);
    let id = params.get("id").filter(|id| !id.is_empty()).map(str::to_owned);
    let id = id.ok_or_else(|| Fault::parameter("id", "'id' is needed: the node to begin at"))?;
    let closed: HashSet<String> =
        params.get("closed").into_iter().flat_map(|ids| ids.split(',')).map(|id| id.trim().to_owned()).collect();
    may_read(&ask, Collection::Pipes)?;
    ask.answer("application/json", move |ask| {
        for snapshot in ask.snapshots() {
            // Who is asked for decides where to look; only its site's networks are read.
            if snapshot.find(&id).is_none() {
                continue;
            }
            let network = network(&snapshot, ask.caller.reads)?;
            let Some(start) = network.node(&id) else { continue };
            let is_closed = |at: usize| network.nodes.get(at).is_some_and(|node| closed.contains(&*node.id));
            let (nodes, segments) = network.reached(start, is_closed);
            let matched = nodes.len() + segments.len();
            let nodes: Vec<_> =
                nodes.iter().filter_map(|at| network.nodes.get(*at)).take(limit).map(|n| n.id.clone()).collect();
            let segments: Vec<_> =
                segments.iter().filter_map(|at| network.segments.get(*at)).take(limit).map(|s| s.id.clone()).collect();
            let utility = network.nodes.get(start).and_then(|node| node.utility).map(|utility| utility.word());
            return Ok(json!({ "site": snapshot.site().as_str(), "network": utility,
                "numberMatched": matched, "numberReturned": nodes.len() + segments.len(),
                "nodes": nodes.iter().map(|id| &**id).collect::<Vec<_>>(),
                "segments": segments.iter().map(|id| &**id).collect::<Vec<_>>() }));
        }
        Err(Fault::not_found(format!("no network has a node '{id}'")).about("id"))
    })
    .await
}

/// # Errors
/// 401 or 404 as for the items of the collection.
fn may_read(ask: &Ask, collection: Collection) -> Result<()> {
    if ask.caller.reads.contains(collection) {
        return Ok(());
    }
    ask.caller.require(crate::model::Right::ReadGuarded)
}

/// A site's findings, at most `limit` of them, and how many there are.
fn told(snapshot: &Snapshot, findings: Vec<Finding>, limit: usize) -> Value {
    let matched = findings.len();
    let shown = findings.into_iter().take(limit).map(|Finding { object, check, detail, others, place }| {
        let mut finding = json!({ "object": object, "check": check, "detail": detail });
        if !others.is_empty() {
            finding["others"] = json!(others);
        }
        if let Some(place) = place {
            finding["place"] = json!(place);
        }
        finding
    });
    json!({ "site": snapshot.site().as_str(), "findings": shown.collect::<Vec<_>>(), "numberMatched": matched })
}

fn summary(of: &Summary) -> Value {
    let Summary { utility, nodes, valves, segments, length, components, loops } = of;
    json!({ "network": utility.word(), "nodes": nodes, "valves": valves, "segments": segments, "metres": length,
        "components": components, "loops": loops })
}
