//! `/collections/{c}/items`: features by box, time and property, paged by a cursor; one by its id.

use super::attachments;
use super::state::show;
use crate::api::ask::Ask;
use crate::api::encode::{derived, feature, segment};
use crate::api::openapi::Operation;
use crate::api::params::{self, Form, Param, VARIANT};
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::query::{Cursor, Features};
use crate::store::{Row, Snapshot};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;

const SKIP_GEOMETRY: Param = Param::new("skipGeometry", Form::Bool, "Leave the geometry out.");
const DATETIME: Param = Param::new("datetime", Form::DateTime, "An instant or interval in which the item was valid.");

const ITEMS: &[Param] = &[
    Param::new("bbox", Form::Bbox, "A box: west,south,east,north or west,south,low,east,north,high."),
    DATETIME,
    VARIANT,
    Param::new("limit", Form::Rows(1), "How many items at most; 10 unless told."),
    Param::new("cursor", Form::Text, "Where the page begins; from a next link."),
    SKIP_GEOMETRY,
    Param::new("id", Form::Text, "Only the item of this id."),
    Param::new("class", Form::Text, "Only items of this class."),
    Param::new("name", Form::Text, "Only items of this name."),
    Param::new("parent", Form::Text, "Only items that are part of the asset of this id."),
    Param::new("storey", Form::Text, "Only items on the storey of this label."),
    Param::new("dataset", Form::Text, "Only items that this dataset brought."),
    Param::new("site", Form::Text, "Only items of this site."),
];
const ITEM: &[Param] = &[DATETIME, VARIANT, SKIP_GEOMETRY];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/collections/{collectionId}/items", "getItems", "Items of a collection.", city::features)
        .knows(ITEMS)
        .in_form("application/geo+json"),
    Operation::get(
        "/collections/{collectionId}/items/{featureId}",
        "getItem",
        "One item by the source's own id.",
        city::feature,
    )
    .knows(ITEM)
    .in_form("application/geo+json"),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/collections/{c}/items", get(items)).route("/collections/{c}/items/{id}", get(item))
}

async fn items(ask: Ask<String>) -> Answer {
    let params = ask.params(ITEMS)?;
    let boxes = params.bbox("bbox")?;
    let when = params.get("datetime").map(|t| params::interval("datetime", t)).transpose()?;
    let after = params.get("cursor").map(Cursor::decode).transpose()?;
    let limit = params.rows("limit", 10, &ask.city.settings.limits);
    let snapshots = ask.seen(&params).await?;
    let scope = ask.scope(&snapshots, &ask.path)?;
    ask.answer("application/geo+json", move |ask| {
        let equal = ["id", "class", "name", "parent", "storey", "dataset", "site"];
        let equal = equal.into_iter().filter_map(|n| params.get(n).map(|value| (n, value))).collect();
        let visible = ask.caller.reads;
        let page = Features { scope, boxes, when, equal, visible, after, limit }.ask(&snapshots);
        let skip = params.is_true("skipGeometry");
        let mut features = Vec::with_capacity(page.rows.len());
        for (i, row) in &page.rows {
            if let Some(snapshot) = snapshots.get(*i) {
                features.extend(live(ask, snapshot, *row, skip, when.is_none())?);
            }
        }
        let at = format!("{}/collections/{}", ask.base(), segment(&ask.path));
        let path = format!("{at}/items");
        let own = ask.uri.query().map_or(path.clone(), |q| format!("{path}?{q}"));
        let mut links = vec![
            json!({ "href": own, "rel": "self", "type": "application/geo+json" }),
            json!({ "href": at, "rel": "collection", "type": "application/json" }),
        ];
        if let Some(next) = &page.next {
            let rest = params.pairs().iter().filter(|(n, _)| n != "cursor");
            let mut query: String = rest.map(|(n, v)| format!("{n}={}&", segment(v))).collect();
            query.push_str(&format!("cursor={}", next.encode()));
            links.push(json!({ "href": format!("{path}?{query}"), "rel": "next", "type": "application/geo+json" }));
        }
        Ok(json!({
            "type": "FeatureCollection", "features": features, "links": links,
            "numberMatched": page.matched, "numberReturned": page.rows.len(),
        }))
    })
    .await
}

async fn item(ask: Ask<(String, String)>) -> Answer {
    let params = ask.params(ITEM)?;
    let when = params.get("datetime").map(|t| params::interval("datetime", t)).transpose()?;
    let snapshots = ask.seen(&params).await?;
    let scope = ask.scope(&snapshots, &ask.path.0)?;
    ask.answer("application/geo+json", move |ask| {
        let (name, id) = &ask.path;
        let found = find(&snapshots, id, when.map(|(_, end)| end));
        let seen = found.into_iter().find(|(snapshot, row)| {
            snapshot.asset(*row).is_some_and(|a| scope.holds(&a) && ask.caller.reads.contains(a.class().collection()))
        });
        let missing = || Fault::not_found(format!("'{name}' has no item '{id}'")).about("featureId");
        let (snapshot, row) = seen.ok_or_else(missing)?;
        let mut body = live(ask, snapshot, row, params.is_true("skipGeometry"), when.is_none())?.ok_or_else(missing)?;
        let at = format!("{}/collections/{}", ask.base(), segment(name));
        if let Some(addresses) = derived::addresses(snapshot, row, ask.caller.reads).filter(|_| when.is_none()) {
            body["properties"]["addresses"] = addresses;
        }
        let variant = params.get(VARIANT.name).map(|name| format!("?variant={}", segment(name))).unwrap_or_default();
        let own = format!("{at}/items/{}{variant}", segment(id));
        let mut links = vec![
            json!({ "href": own, "rel": "self", "type": "application/geo+json" }),
            json!({ "href": at, "rel": "collection", "type": "application/json" }),
        ];
        if let Some(asset) = snapshot.asset(row) {
            links.extend(attachments::links(&ask.base(), &ask.city, asset.id()));
        }
        body["links"] = Value::Array(links);
        Ok(body)
    })
    .await
}

/// Where an id is: the source's own, or a uid `site/dataset/id`; in every site that has it.
pub fn find<'a>(
    snapshots: &'a [Arc<Snapshot>],
    id: &str,
    when: Option<crate::units::Instant>,
) -> Vec<(&'a Snapshot, Row)> {
    let look = |snapshot: &'a Arc<Snapshot>, id: &str| {
        let row = when.map_or_else(|| snapshot.find(id), |t| snapshot.find_at(id, t))?;
        Some((&**snapshot, row))
    };
    let found: Vec<_> = snapshots.iter().filter_map(|s| look(s, id)).collect();
    if !found.is_empty() {
        return found;
    }
    let mut parts = id.splitn(3, '/');
    let (Some(site), Some(dataset), Some(own)) = (parts.next(), parts.next(), parts.next()) else { return found };
    let of_site = snapshots.iter().filter(|s| s.site().as_str() == site);
    let here = of_site.filter_map(|s| look(s, own));
    here.filter(|(s, row)| s.asset(*row).is_some_and(|a| a.dataset().as_str() == dataset)).collect()
}

/// A feature with its live state as this caller may see it; the state of another time is not known here.
fn live<P>(ask: &Ask<P>, snapshot: &Snapshot, row: Row, skip_geometry: bool, now: bool) -> Result<Option<Value>> {
    let reads = ask.caller.reads;
    let Some(mut feature) = feature::feature(snapshot, row, skip_geometry, reads)? else { return Ok(None) };
    let state = snapshot.asset(row).filter(|_| now).and_then(|a| ask.city.store.pulse().of(a.id(), reads));
    if let Some(mut shown) = state.and_then(|state| show(&state, false)) {
        if let Some(alarm) = shown.remove("alarm") {
            feature["properties"]["alarm"] = alarm;
        }
        if !shown.is_empty() {
            feature["properties"]["state"] = Value::Object(shown);
        }
    }
    Ok(Some(feature))
}
