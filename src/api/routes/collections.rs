//! `/collections`, `/collections/{c}`: what there is to ask for (OGC API Features Part 1 §7.13–7.14).

use crate::api::ask::Ask;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::problem::Answer;
use crate::api::schema::city;
use crate::api::state::City;
use crate::fault::{Fault, Kind};
use crate::geom::Bounds;
use crate::model::{Collection, Collections, Right};
use crate::query::Scope;
use crate::store::{Content, Coverage, Snapshot};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/collections", "getCollections", "The collections.", city::collections),
    Operation::get("/collections/{collectionId}", "getCollection", "One collection.", city::collection),
    Operation::get(
        "/collections/{collectionId}",
        "deleteCollection",
        "Removes a dataset that is a raster, a tileset or a point cloud; its file stays among the store's sources.",
        city::removed,
    )
    .deletes()
    .refuses(&[409]),
];

/// The routes.
pub fn routes() -> Router<City> {
    Router::new().route("/collections", get(list)).route("/collections/{c}", get(one).delete(remove))
}

async fn list(ask: Ask) -> Answer {
    ask.params(&[])?;
    ask.answer("application/json", |ask| {
        let (base, snapshots) = (ask.base(), ask.snapshots());
        let all = listed(&snapshots, ask.caller.reads).into_iter();
        let mut all: Vec<_> = all.map(|one| describe(&base, &snapshots, &one, ask.caller.reads)).collect();
        for coverage in ask.coverages() {
            // Two sites may have a dataset of the same name: it is one collection.
            if all.iter().all(|one| one["id"] != coverage.dataset().as_str()) {
                all.push(describe_coverage(&base, &coverage));
            }
        }
        let links = json!([{ "href": format!("{base}/collections"), "rel": "self", "type": "application/json" }]);
        Ok(json!({ "links": links, "collections": all }))
    })
    .await
}

async fn one(ask: Ask<String>) -> Answer {
    ask.params(&[])?;
    ask.answer("application/json", |ask| {
        let snapshots = ask.snapshots();
        if let Some(coverage) = ask.coverages().into_iter().find(|c| c.dataset().as_str() == ask.path) {
            return Ok(describe_coverage(&ask.base(), &coverage));
        }
        let scope = ask.scope(&snapshots, &ask.path)?;
        let known = listed(&snapshots, ask.caller.reads).into_iter().find(|one| one.scope == scope);
        let one = known.ok_or_else(|| Fault::internal(format!("the collection '{}' is not listed", ask.path)))?;
        Ok(describe(&ask.base(), &snapshots, &one, ask.caller.reads))
    })
    .await
}

/// Removes the coverage of this name from every site that has it.
async fn remove(ask: Ask<String>) -> Answer {
    ask.params(&[])?;
    ask.caller.require(Right::Import)?;
    let coverages = ask.coverages().into_iter().filter(|c| c.dataset().as_str() == ask.path);
    let found: Vec<_> = coverages.filter_map(|c| Some((ask.city.store.site(c.site())?, c.dataset().clone()))).collect();
    if found.is_empty() {
        ask.scope(&ask.snapshots(), &ask.path)?;
        let detail = format!("'{}' is made of assets, which an import of their dataset ends", ask.path);
        return Err(Fault::new(Kind::Conflict, detail).about("collectionId").into());
    }
    let now = (ask.city.clock)();
    let count = found.len();
    ask.work(move || found.iter().try_for_each(|(site, name)| site.remove_coverage(name, now).map(drop))).await?;
    Ok(Json(json!({ "removed": count })).into_response())
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
            { "href": format!("{at}/tiles"), "rel": "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector",
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

/// A coverage as a collection: no items, but where it is served.
fn describe_coverage(base: &str, coverage: &Coverage) -> Value {
    let id = coverage.dataset().as_str();
    let (rel, href, media) = match coverage.content() {
        Content::Terrain(_) => ("tiles", format!("{base}/terrain/layer.json"), "application/json"),
        Content::Imagery(_) => ("tiles", format!("{base}/imagery/{}", encode::segment(id)), "application/json"),
        Content::Tileset(_) => (
            "http://www.opengis.net/def/rel/ogc/1.0/3dtiles",
            format!("{base}/adopted/{}/{}/tileset.json", coverage.site(), encode::segment(id)),
            "application/json",
        ),
    };
    let (min, max) = (coverage.bounds().min, coverage.bounds().max);
    json!({
        "id": id, "title": coverage.title(),
        "crs": ["http://www.opengis.net/def/crs/OGC/0/CRS84h"],
        "storageCrs": "http://www.opengis.net/def/crs/OGC/0/CRS84h",
        "links": [
            { "href": format!("{base}/collections/{}", encode::segment(id)), "rel": "self", "type": "application/json" },
            { "href": href, "rel": rel, "type": media },
        ],
        "extent": { "spatial": { "bbox": [[min[0], min[1], min[2], max[0], max[1], max[2]]],
            "crs": "http://www.opengis.net/def/crs/OGC/0/CRS84h" } },
    })
}
