//! `/collections`, `/collections/{c}`: what there is to ask for (OGC API Features Part 1 §7.13–7.14).

use super::landing::base;
use crate::api::caller::Caller;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::params::Params;
use crate::api::problem::Answer;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::geom::Bounds;
use crate::model::Collection;
use crate::query::Scope;
use crate::store::Snapshot;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    operation("/collections", "getCollections", "The collections."),
    operation("/collections/{collectionId}", "getCollection", "One collection."),
];

const fn operation(path: &'static str, id: &'static str, about: &'static str) -> Operation {
    Operation { method: "get", path, id, about, params: &[], media: "application/json", keyed: false }
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/collections", get(list)).route("/collections/{c}", get(one))
}

/// A snapshot of each site, in the order of their codes.
pub fn snapshots(city: &City) -> Vec<Arc<Snapshot>> {
    city.store.sites().iter().map(|site| site.snapshot()).collect()
}

/// The collection called `name`, if it is there for this caller.
///
/// # Errors
/// 404 for one that does not exist or may not be seen; 401 where a key would show it.
pub fn scope(city: &City, caller: &Caller, snapshots: &[Arc<Snapshot>], name: &str) -> Result<Scope> {
    let scope = Scope::named(name, snapshots).ok_or_else(|| {
        Fault::not_found(format!("there is no collection '{name}'")).about("collectionId").remedy("see /collections")
    })?;
    match &scope {
        Scope::Classes(collection) if !caller.may_read(city, *collection) => {
            caller.require(crate::model::Right::ReadGuarded)?;
            Ok(scope)
        }
        _ => Ok(scope),
    }
}

async fn list(State(city): State<City>, caller: Caller, uri: Uri, headers: HeaderMap) -> Answer {
    Params::read(&uri, &[])?;
    let base = base(&headers);
    let snapshots = snapshots(&city);
    let mut all = vec![describe(&base, &snapshots, &Scope::All, "assets", "Every asset")];
    for collection in Collection::SERVED.into_iter().filter(|c| caller.may_read(&city, *c)) {
        all.push(describe(&base, &snapshots, &Scope::Classes(collection), collection.name(), collection.name()));
    }
    for dataset in snapshots.iter().flat_map(|s| s.datasets()) {
        let name = dataset.name.as_str();
        all.push(describe(&base, &snapshots, &Scope::Dataset(name.to_owned()), name, &dataset.title));
        for layer in &dataset.layers {
            let scope = Scope::Layer(name.to_owned(), layer.to_string());
            all.push(describe(&base, &snapshots, &scope, &format!("{name}.{layer}"), layer));
        }
    }
    let links = json!([{ "href": format!("{base}/collections"), "rel": "self", "type": "application/json" }]);
    encode::json(&headers, "application/json", &json!({ "links": links, "collections": all }))
}

async fn one(
    State(city): State<City>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    Params::read(&uri, &[])?;
    let snapshots = snapshots(&city);
    let scope = scope(&city, &caller, &snapshots, &name)?;
    let title = snapshots.iter().flat_map(|s| s.datasets()).find(|d| d.name.as_str() == name);
    let title = title.map_or(name.as_str(), |dataset| dataset.title.as_str());
    encode::json(&headers, "application/json", &describe(&base(&headers), &snapshots, &scope, &name, title))
}

fn describe(base: &str, snapshots: &[Arc<Snapshot>], scope: &Scope, name: &str, title: &str) -> Value {
    let at = format!("{base}/collections/{name}");
    let mut value = json!({
        "id": name, "title": title, "itemType": "feature",
        "crs": ["http://www.opengis.net/def/crs/OGC/0/CRS84h", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
        "storageCrs": "http://www.opengis.net/def/crs/OGC/0/CRS84h",
        "links": [
            { "href": at, "rel": "self", "type": "application/json" },
            { "href": format!("{at}/items"), "rel": "items", "type": "application/geo+json" },
            { "href": format!("{at}/3dtiles/tileset.json"), "rel": "http://www.opengis.net/def/rel/ogc/1.0/3dtiles",
                "type": "application/json" },
        ],
    });
    let extent = match scope {
        Scope::All | Scope::Classes(_) => snapshots.iter().fold(Bounds::EMPTY, |b, s| b.union(s.extent())),
        Scope::Dataset(name) | Scope::Layer(name, _) => {
            let of = snapshots.iter().filter(|s| s.datasets().iter().any(|d| d.name.as_str() == name));
            of.fold(Bounds::EMPTY, |b, s| b.union(s.extent()))
        }
    };
    if !extent.is_empty() {
        let (min, max) = (extent.min, extent.max);
        value["extent"] = json!({ "spatial": { "bbox": [[min[0], min[1], min[2], max[0], max[1], max[2]]],
            "crs": "http://www.opengis.net/def/crs/OGC/0/CRS84h" } });
    }
    value
}
