//! `/3dtiles`, `/collections/{c}/3dtiles`: 3D Tiles of the whole map and of every collection.

use crate::api::ask::Ask;
use crate::api::encode::coded::wanted;
use crate::api::encode::{self, Coded};
use crate::api::openapi::Operation;
use crate::api::params::{Form, Param, Params, VARIANT};
use crate::api::problem::Answer;
use crate::api::schema;
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::filter::Filter;
use crate::lod::{Less, Tiling, View};
use crate::model::Collections;
use crate::query::Scope;
use crate::store::Snapshot;
use crate::tiles::tiles3d::{self, Compression, Manner};
use crate::tiles::{Address, Plan, Quarter, Tiles};
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

const DATETIME: Param = Param::new("datetime", Form::Instant, "As the city was at this time.");
const STOREY: Param = Param::new("storey", Form::Text, "Only what has this storey's label.");
const FILTER: Param = Param::new(
    "filter",
    Form::Text,
    "Only what matches this CQL2 text; a building comes with all that it is made of. What is asked is what a caller may see.",
);
const FILTER_LANG: Param = Param::new("filter-lang", Form::OneOf(&["cql2-text"]), "The filter's language.");
const COMPRESSION: Param = Param::new(
    "compression",
    Form::OneOf(&["none", "meshopt"]),
    "How vertices and triangles are kept: `meshopt` (EXT_meshopt_compression) for readers that have its decoder; none unless told. It is asked of a tileset, whose tiles then have names of their own, and says nothing to a tile.",
);
/// How the tiles of a tileset are told.
pub const TILING: Param = Param::new(
    "tiling",
    Form::OneOf(&["explicit", "implicit"]),
    "How the tiles are told: one by one in JSON, or `implicit`, by subtrees of quadtrees, and of octrees for what is taller than it is wide and for point clouds (3D Tiles 1.1, clause 7), as far as nothing in it opens further; explicit unless told. Both have the same contents. It is asked of a tileset, and says nothing to a tile.",
);
/// Of files too, because CesiumJS asks for each of them with what the tileset was asked with; their names tell how they are written.
const TILES: &[Param] = &[DATETIME, VARIANT, STOREY, FILTER, FILTER_LANG, COMPRESSION, TILING];

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    tileset("/3dtiles/tileset.json", "getMapTileset", "3D Tiles 1.1 of the whole map, one tileset for each site.")
        .refuses(&[404]),
    tileset("/3dtiles/{siteId}/tileset.json", "getSiteTileset", "3D Tiles 1.1 of one site's map."),
    tile("/3dtiles/{siteId}/{tile}", "getMapTile"),
    quarter("/3dtiles/{siteId}/implicit/{tiling}/{level}/{x}/{y}", "getMapQuarter"),
    tileset("/collections/{collectionId}/3dtiles/tileset.json", "getTileset", "3D Tiles 1.1 of a collection."),
    tileset(
        "/collections/{collectionId}/3dtiles/{siteId}/tileset.json",
        "getCollectionSiteTileset",
        "3D Tiles 1.1 of a collection in one site.",
    ),
    tile("/collections/{collectionId}/3dtiles/{siteId}/{tile}", "getTile"),
    quarter("/collections/{collectionId}/3dtiles/{siteId}/implicit/{tiling}/{level}/{x}/{y}", "getQuarter"),
];

const fn tileset(path: &'static str, id: &'static str, about: &'static str) -> Operation {
    Operation::get(path, id, about, schema::city::tileset).knows(TILES)
}

const fn tile(path: &'static str, id: &'static str) -> Operation {
    let about = "The GLB content of a tile, or (.json) a part of the tileset; its name is in the tileset and never means other bytes.";
    Operation::get(path, id, about, schema::bytes).in_form("model/gltf-binary").knows(TILES)
}

const fn quarter(path: &'static str, id: &'static str) -> Operation {
    let about = "The GLB content of a tile of an implicit tiling (`y` ends in `.glb`; of an octree it is `y-z`), or the subtree that begins there (`.subtree`). It is of the city as it is now: ask again with `If-None-Match`.";
    Operation::get(path, id, about, schema::bytes).in_form("model/gltf-binary").knows(TILES)
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/3dtiles/tileset.json", get(map))
        .route("/3dtiles/{site}/{file}", get(map_file))
        .route("/3dtiles/{site}/implicit/{tiling}/{level}/{x}/{file}", get(map_quarter))
        .route("/collections/{c}/3dtiles/tileset.json", get(collection))
        .route("/collections/{c}/3dtiles/{site}/{file}", get(collection_file))
        .route("/collections/{c}/3dtiles/{site}/implicit/{tiling}/{level}/{x}/{file}", get(collection_quarter))
}

async fn map(ask: Ask) -> Answer {
    let params = ask.params(TILES)?;
    let (view, manner) = (narrowed(View::Map, &params)?, manner(&params));
    let (snapshots, tiles, reads) = (ask.seen(&params).await?, ask.city.tiles.clone(), ask.caller.reads);
    // What lies beside the assets is no part of what a view leaves of them.
    let whole = view == View::Map;
    let beside = if whole { tiles3d::Beside::among(&ask.coverages(), "../", manner.tiling) } else { Vec::new() };
    let body = ask.work(move || {
        let plans = plans(&tiles, &snapshots, &view, reads)?;
        tiles3d::of_sites(&plans.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &beside, manner)
    });
    Ok(encode::tagged(&ask.headers, "application/json", body.await?))
}

/// A collection's tileset: of its site when there is one, else of its sites' tilesets.
async fn collection(ask: Ask<String>) -> Answer {
    let params = ask.params(TILES)?;
    let manner = manner(&params);
    let (mut snapshots, tiles, reads) = (ask.seen(&params).await?, ask.city.tiles.clone(), ask.caller.reads);
    let scope = ask.scope(&snapshots, &ask.path)?;
    let view = narrowed(view(scope.clone()), &params)?;
    let body = ask.work(move || {
        if matches!(scope, Scope::Dataset(_) | Scope::Layer(..)) {
            snapshots.retain(|s| !scope.collections(s).and(reads).is_empty());
        }
        let plans = plans(&tiles, &snapshots, &view, reads)?;
        match plans.as_slice() {
            [only] => tiles3d::of_site(only, manner, &format!("{}/", only.snapshot().site())),
            several => {
                let plans: Vec<&Plan> = several.iter().map(AsRef::as_ref).collect();
                tiles3d::of_sites(&plans, &[], manner)
            }
        }
    });
    Ok(encode::tagged(&ask.headers, "application/json", body.await?))
}

async fn map_file(ask: Ask<(String, String)>) -> Answer {
    let (site, name) = ask.path.clone();
    file(ask, None, &site, &name).await
}

async fn collection_file(ask: Ask<(String, String, String)>) -> Answer {
    let (collection, site, name) = ask.path.clone();
    file(ask, Some(&collection), &site, &name).await
}

/// What is asked of one site: the view, and the snapshots of all, the site's own among them.
struct Asked {
    params: Params,
    view: View,
    all: Vec<Arc<Snapshot>>,
    snapshot: Arc<Snapshot>,
}

impl Asked {
    /// Of a collection, or of the whole map.
    async fn of<P>(ask: &Ask<P>, collection: Option<&str>, site: &str) -> Result<Self> {
        let params = ask.params(TILES)?;
        let all = ask.seen(&params).await?;
        let whole = collection.map_or(Ok(View::Map), |name| ask.scope(&all, name).map(view))?;
        let found = all.iter().find(|s| s.site().as_str() == site).cloned();
        let snapshot = found.ok_or_else(|| Fault::not_found(format!("there is no site '{site}'")).about("siteId"))?;
        Ok(Self { view: narrowed(whole, &params)?, params, all, snapshot })
    }
}

/// A site's `tileset.json`, or one of its tiles.
async fn file<P>(ask: Ask<P>, collection: Option<&str>, site: &str, name: &str) -> Answer {
    let Asked { params, view, all, snapshot } = Asked::of(&ask, collection, site).await?;
    let manner = manner(&params);
    let (tiles, reads) = (ask.city.tiles.clone(), ask.caller.reads);
    if name == "tileset.json" {
        let body = ask.work(move || {
            let plan = tiles.plan(&snapshot, &view, reads)?;
            // A site whose assets lack what the filter names is empty beside others that have it.
            if !plan.unknown().is_empty() {
                plans(&tiles, &all, &view, reads)?;
            }
            tiles3d::of_site(&plan, manner, "")
        });
        return Ok(encode::tagged(&ask.headers, "application/json", body.await?));
    }
    let unknown = || Fault::not_found(format!("there is no tile '{name}'")).about("tile");
    let address: Address = name.parse().map_err(|_| unknown())?;
    let (city, coding) = (ask.city.clone(), wanted(&ask.headers));
    let known = encode::is_known(&ask.headers, &tag(address));
    // What is at hand needs no other thread.
    let hash = if let Address::Tile(hash) = address { Some(hash) } else { None };
    let at_hand =
        tiles.kept(&snapshot, &view, reads, address).and_then(|bytes| Coded::kept(&city, bytes, hash, coding));
    if let Some(coded) = at_hand {
        return Ok(answer(address, (!known).then_some(coded), HeaderValue::from_static(FOR_GOOD)));
    }
    let coded = ask.work(move || {
        // What a caller has need not be made anew, as long as the name is still one.
        if known && tiles.names(&snapshot, &view, reads, address)? {
            return Ok(None);
        }
        let bytes = tiles.tile(&snapshot, &view, reads, address)?;
        // A document also says what its view is asked with.
        Coded::new(&city, bytes, hash, coding).map(Some)
    });
    Ok(answer(address, coded.await?.filter(|_| !known), HeaderValue::from_static(FOR_GOOD)))
}

async fn map_quarter(ask: Ask<(String, String, String, String, String)>) -> Answer {
    let (site, tiling, level, x, file) = ask.path.clone();
    quarter_of(ask, None, &site, [&tiling, &level, &x, &file]).await
}

async fn collection_quarter(ask: Ask<(String, String, String, String, String, String)>) -> Answer {
    let (collection, site, tiling, level, x, file) = ask.path.clone();
    quarter_of(ask, Some(&collection), &site, [&tiling, &level, &x, &file]).await
}

/// What is at a place of an implicit tiling. The place stays while the city changes, so its bytes are to be asked for again each time,
/// by the tag that a content has as a file of its own: one that has not changed is told without being made.
async fn quarter_of<P>(
    ask: Ask<P>,
    collection: Option<&str>,
    site: &str,
    [tiling, level, x, file]: [&str; 4],
) -> Answer {
    let Asked { view, snapshot, .. } = Asked::of(&ask, collection, site).await?;
    let quarter = Quarter::read(tiling, level, x, file);
    let quarter =
        quarter.ok_or_else(|| Fault::not_found(format!("there is no tile '{level}/{x}/{file}'")).about("y"))?;
    let (tiles, reads, headers) = (ask.city.tiles.clone(), ask.caller.reads, ask.headers.clone());
    if quarter.subtree {
        let body = ask.work(move || tiles.plan(&snapshot, &view, reads)?.subtree_at(&quarter));
        return Ok(encode::tagged(&ask.headers, "application/octet-stream", body.await?));
    }
    let (city, coding) = (ask.city.clone(), wanted(&ask.headers));
    let found = ask.work(move || {
        let plan = tiles.plan(&snapshot, &view, reads)?;
        let address = plan.content_at(&quarter)?;
        let name = if let Address::Tile(hash) = address { Some(hash) } else { None };
        let known = encode::is_known(&headers, &tag(address));
        let coded = || Coded::new(&city, tiles.content(&plan, &quarter)?, name, coding);
        Ok((address, if known { None } else { Some(coded()?) }))
    });
    let (address, coded) = found.await?;
    Ok(answer(address, coded, HeaderValue::from_static("no-cache")))
}

/// An address names its bytes, so a caller that has them need never ask again.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

fn tag(address: Address) -> String {
    format!("W/\"{address}\"")
}

/// What an address names; nothing for a caller who has it.
fn answer(address: Address, coded: Option<Coded>, kept: HeaderValue) -> Response {
    let mut response = match coded {
        None => StatusCode::NOT_MODIFIED.into_response(),
        Some(coded) => {
            let mut response = coded.response();
            let media = match address {
                Address::Tile(_) => "model/gltf-binary",
                Address::Tileset(_) => "application/json",
            };
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
            response
        }
    };
    if let Ok(tag) = HeaderValue::from_str(&tag(address)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}

/// How a tileset is to be written.
fn manner(params: &Params) -> Manner {
    let compression =
        if params.get("compression") == Some("meshopt") { Compression::Meshopt } else { Compression::None };
    let tiling = if params.get("tiling") == Some("implicit") { Tiling::Implicit } else { Tiling::Explicit };
    Manner { compression, tiling }
}

/// The view at the time, of the storey, and of what matches the filter that are asked for.
fn narrowed(view: View, params: &Params) -> Result<View> {
    let at = params.get("datetime").map(|t| t.parse().map_err(|fault: Fault| fault.about("datetime"))).transpose()?;
    let storey = params.get("storey").map(Into::into);
    let filter = params.get("filter").map(|text| text.parse::<Filter>().map(|_| text.into())).transpose()?;
    let is_whole = at.is_none() && storey.is_none() && filter.is_none();
    Ok(if is_whole { view } else { View::Less(Arc::new(Less { view, at, storey, filter })) })
}

/// The view of what a collection's name means.
pub(crate) fn view(scope: Scope) -> View {
    match scope {
        Scope::All => View::Assets,
        Scope::Classes(collection) => View::Collection(collection),
        Scope::Dataset(name) => View::Dataset { name, layer: None },
        Scope::Layer(name, layer) => View::Dataset { name, layer: Some(layer) },
    }
}

fn plans(tiles: &Tiles, snapshots: &[Arc<Snapshot>], view: &View, reads: Collections) -> Result<Vec<Arc<Plan>>> {
    let plans: Vec<_> = snapshots.iter().map(|snapshot| tiles.plan(snapshot, view, reads)).collect::<Result<_>>()?;
    known(&plans)?;
    Ok(plans)
}

/// A property that no asset of any of these has is a slip.
fn known(plans: &[Arc<Plan>]) -> Result<()> {
    let unknown = plans.split_first().and_then(|(first, others)| {
        first.unknown().iter().find(|name| others.iter().all(|plan| plan.unknown().contains(name)))
    });
    unknown.map_or(Ok(()), |name| Err(Filter::unknown(name)))
}
