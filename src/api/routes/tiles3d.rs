//! `/3dtiles`, `/collections/{c}/3dtiles`: 3D Tiles of the whole map and of every collection.

use super::collections::{scope, snapshots};
use super::items::offload;
use crate::api::caller::Caller;
use crate::api::encode;
use crate::api::openapi::Operation;
use crate::api::params::Params;
use crate::api::problem::Answer;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::lod::View;
use crate::model::{Class, DatasetName, SiteCode};
use crate::query::Scope;
use crate::store::Snapshot;
use crate::tiles::{Plan, tiles3d};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    tileset("/3dtiles/tileset.json", "getMapTileset", "3D Tiles 1.1 of the whole map, one tileset for each site."),
    tileset("/3dtiles/{siteId}/tileset.json", "getSiteTileset", "3D Tiles 1.1 of one site's map."),
    tile("/3dtiles/{siteId}/{tile}", "getMapTile"),
    tileset("/collections/{collectionId}/3dtiles/tileset.json", "getTileset", "3D Tiles 1.1 of a collection."),
    tileset(
        "/collections/{collectionId}/3dtiles/{siteId}/tileset.json",
        "getCollectionSiteTileset",
        "3D Tiles 1.1 of a collection in one site.",
    ),
    tile("/collections/{collectionId}/3dtiles/{siteId}/{tile}", "getTile"),
];

const fn tileset(path: &'static str, id: &'static str, about: &'static str) -> Operation {
    Operation { method: "get", path, id, about, params: &[], media: "application/json", keyed: false }
}

const fn tile(path: &'static str, id: &'static str) -> Operation {
    let about = "The GLB content of a tile; its name is in the tileset and never means other bytes.";
    Operation { method: "get", path, id, about, params: &[], media: "model/gltf-binary", keyed: false }
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/3dtiles/tileset.json", get(map))
        .route("/3dtiles/{site}/{file}", get(map_file))
        .route("/collections/{c}/3dtiles/tileset.json", get(collection))
        .route("/collections/{c}/3dtiles/{site}/{file}", get(collection_file))
}

async fn map(State(city): State<City>, caller: Caller, uri: Uri, headers: HeaderMap) -> Answer {
    Params::read(&uri, &[])?;
    let body = offload(move || {
        let plans = plans(&city, &caller, &snapshots(&city), &View::Map)?;
        Ok(tiles3d::of_sites(&plans.iter().map(AsRef::as_ref).collect::<Vec<_>>()))
    })
    .await?;
    Ok(encode::tagged(&headers, "application/json", body))
}

/// A collection's tileset: of its site when there is one, else of its sites' tilesets.
async fn collection(
    State(city): State<City>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    Params::read(&uri, &[])?;
    let body = offload(move || {
        let mut snapshots = snapshots(&city);
        let view = view(scope(&city, &caller, &snapshots, &name)?)?;
        if let View::Dataset { name, .. } = &view {
            snapshots.retain(|s| s.datasets().iter().any(|d| d.name == *name));
        }
        let plans = plans(&city, &caller, &snapshots, &view)?;
        Ok(match plans.as_slice() {
            [only] => tiles3d::of_site(only, &format!("{}/", only.snapshot().site())),
            several => tiles3d::of_sites(&several.iter().map(AsRef::as_ref).collect::<Vec<_>>()),
        })
    })
    .await?;
    Ok(encode::tagged(&headers, "application/json", body))
}

async fn map_file(
    State(city): State<City>,
    caller: Caller,
    Path((site, name)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    Params::read(&uri, &[])?;
    file(city, caller, View::Map, site, name, headers).await
}

async fn collection_file(
    State(city): State<City>,
    caller: Caller,
    Path((collection, site, name)): Path<(String, String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    Params::read(&uri, &[])?;
    let view = view(scope(&city, &caller, &snapshots(&city), &collection)?)?;
    file(city, caller, view, site, name, headers).await
}

/// A site's `tileset.json`, or one of its tiles.
async fn file(city: City, caller: Caller, view: View, site: String, name: String, headers: HeaderMap) -> Answer {
    let snapshot = SiteCode::new(&site).ok().and_then(|code| city.store.site(&code)).map(|s| s.snapshot());
    let snapshot = snapshot.ok_or_else(|| Fault::not_found(format!("there is no site '{site}'")).about("siteId"))?;
    if name == "tileset.json" {
        let body = offload(move || {
            let allowed = |class: Class| caller.may_read(&city, class.collection());
            Ok(tiles3d::of_site(&*city.tiles.plan(&snapshot, &view, &allowed)?, ""))
        })
        .await?;
        return Ok(encode::tagged(&headers, "application/json", body));
    }
    let unknown = || Fault::not_found(format!("there is no tile '{name}'")).about("tile");
    let hash = name.strip_suffix(".glb").filter(|h| h.len() == 32).and_then(|h| u128::from_str_radix(h, 16).ok());
    let hash = hash.ok_or_else(unknown)?;
    let bytes = offload(move || {
        let allowed = |class: Class| caller.may_read(&city, class.collection());
        city.tiles.tile(&snapshot, &view, &allowed, hash)
    })
    .await?;
    Ok(immutable(&headers, hash, bytes))
}

/// A tile for good: its address names its bytes, so a caller that has it need never ask again.
fn immutable(headers: &HeaderMap, hash: u128, bytes: Arc<[u8]>) -> Response {
    let tag = format!("W/\"{hash:032x}\"");
    let mut response = if encode::is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(Bytes::from_owner(bytes)));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("model/gltf-binary"));
        response
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, forever);
    response
}

fn view(scope: Scope) -> Result<View> {
    Ok(match scope {
        Scope::All => View::Assets,
        Scope::Classes(collection) => View::Collection(collection),
        Scope::Dataset(name) => View::Dataset { name: DatasetName::new(&name)?, layer: None },
        Scope::Layer(name, layer) => View::Dataset { name: DatasetName::new(&name)?, layer: Some(layer.into()) },
    })
}

fn plans(city: &City, caller: &Caller, snapshots: &[Arc<Snapshot>], view: &View) -> Result<Vec<Arc<Plan>>> {
    let allowed = |class: Class| caller.may_read(city, class.collection());
    snapshots.iter().map(|snapshot| city.tiles.plan(snapshot, view, &allowed)).collect()
}
