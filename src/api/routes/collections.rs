//! `/collections`, `/collections/{c}`: what there is to ask for (OGC API Features Part 1 §7.13–7.14).

use crate::api::ask::Ask;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::Fault;
use crate::geom::Bounds;
use crate::model::{Collection, Collections};
use crate::query::Scope;
use crate::store::Snapshot;
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/collections", "getCollections", "The collections.", city::collections),
    Operation::get("/collections/{collectionId}", "getCollection", "One collection.", city::collection),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/collections", get(list)).route("/collections/{c}", get(one))
}

async fn list(ask: Ask) -> Answer {
    ask.params(&[])?;
    ask.answer("application/json", |ask| {
        let (base, snapshots) = (ask.base(), ask.snapshots());
        let all = listed(&snapshots, ask.caller.reads).into_iter();
        let all: Vec<_> = all.map(|one| describe(&base, &snapshots, &one, ask.caller.reads)).collect();
        let links = json!([{ "href": format!("{base}/collections"), "rel": "self", "type": "application/json" }]);
        Ok(json!({ "links": links, "collections": all }))
    })
    .await
}

async fn one(ask: Ask<String>) -> Answer {
    ask.params(&[])?;
    ask.answer("application/json", |ask| {
        let snapshots = ask.snapshots();
        let scope = ask.scope(&snapshots, &ask.path)?;
        let known = listed(&snapshots, ask.caller.reads).into_iter().find(|one| one.scope == scope);
        let one = known.ok_or_else(|| Fault::internal(format!("the collection '{}' is not listed", ask.path)))?;
        Ok(describe(&ask.base(), &snapshots, &one, ask.caller.reads))
    })
    .await
}

/// A collection that is there for a caller.
struct Listed {
    scope: Scope,
    id: String,
    title: String,
}

/// All collections of which something is there for who may read `reads`; those of the classes also while they are empty.
fn listed(snapshots: &[Arc<Snapshot>], reads: Collections) -> Vec<Listed> {
    let mut all = vec![Listed { scope: Scope::All, id: "assets".to_owned(), title: "Every asset".to_owned() }];
    for collection in Collection::SERVED.into_iter().filter(|c| reads.contains(*c)) {
        let name = collection.name().to_owned();
        all.push(Listed { scope: Scope::Classes(collection), id: name.clone(), title: name });
    }
    // Two sites may have a dataset of the same name: it is one collection.
    let mut known = HashSet::new();
    for snapshot in snapshots {
        for dataset in snapshot.datasets() {
            let name = &dataset.name;
            let whole =
                Listed { scope: Scope::Dataset(name.clone()), id: name.to_string(), title: dataset.title.clone() };
            let layers = dataset.layers.iter().map(|layer| Listed {
                scope: Scope::Layer(name.clone(), layer.clone()),
                id: format!("{name}.{layer}"),
                title: layer.to_string(),
            });
            let seen = std::iter::once(whole).chain(layers);
            let seen = seen.filter(|one| !one.scope.collections(snapshot).and(reads).is_empty());
            all.extend(seen.filter(|one| known.insert(one.id.clone())));
        }
    }
    all
}

/// A collection's extent is that of the classes that the caller may read of it: a dataset shares theirs with its site.
fn describe(base: &str, snapshots: &[Arc<Snapshot>], one: &Listed, reads: Collections) -> Value {
    let at = format!("{base}/collections/{}", encode::segment(&one.id));
    let mut value = json!({
        "id": one.id, "title": one.title, "itemType": "feature",
        "crs": ["http://www.opengis.net/def/crs/OGC/0/CRS84h", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
        "storageCrs": "http://www.opengis.net/def/crs/OGC/0/CRS84h",
        "links": [
            { "href": at, "rel": "self", "type": "application/json" },
            { "href": format!("{at}/items"), "rel": "items", "type": "application/geo+json" },
            { "href": format!("{at}/3dtiles/tileset.json"), "rel": "http://www.opengis.net/def/rel/ogc/1.0/3dtiles",
                "type": "application/json" },
        ],
    });
    let extents = snapshots.iter().map(|s| s.extent_of(one.scope.collections(s).and(reads)));
    let extent = extents.fold(Bounds::EMPTY, Bounds::union);
    if !extent.is_empty() {
        let (min, max) = (extent.min, extent.max);
        value["extent"] = json!({ "spatial": { "bbox": [[min[0], min[1], min[2], max[0], max[1], max[2]]],
            "crs": "http://www.opengis.net/def/crs/OGC/0/CRS84h" } });
    }
    value
}
