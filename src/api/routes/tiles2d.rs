//! `/tiles`, `/collections/{c}/tiles`, `/tileMatrixSets`: vector tiles of the flat map (OGC API Tiles Part 1, OGC 20-057).

use crate::api::ask::Ask;
use crate::api::encode::coded::wanted;
use crate::api::encode::{self, Coded};
use crate::api::openapi::Operation;
use crate::api::params::{self, Form, Param, Params};
use crate::api::problem::Answer;
use crate::api::schema::{self, Schema, flat};
use crate::api::state::City;
use crate::fault::{Fault, Result};
use crate::geom::Bounds;
use crate::index::Hex;
use crate::model::Collection;
use crate::query::{Features, Measure, Scope, hexagons};
use crate::store::Snapshot;
use crate::tiles::mvt::{self, Described, Finished, Key, Part, Reader, Tallied, Tile, WEB_MERCATOR_QUAD};
use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const MEDIA: &str = "application/vnd.mapbox-vector-tile";

const FORM: Param = Param::new("f", Form::OneOf(&["mvt"]), "The form of the tile.");
const META: Param = Param::new("f", Form::OneOf(&["json", "tilejson"]), "Tileset metadata, or TileJSON 3.0.");
const COLLECTIONS: Param = Param::new("collections", Form::Texts, "Only the layers of these collections.");
const DATETIME: Param = Param::new("datetime", Form::DateTime, "An instant or interval in which the asset was valid.");
const CLASS: Param = Param::new("class", Form::Text, "Only assets of this class.");
const STOREY: Param = Param::new("storey", Form::Text, "Only assets on the storey of this label.");
const DATASET: Param = Param::new("dataset", Form::Text, "Only assets that this dataset brought.");
const SITE: Param = Param::new("site", Form::Text, "Only assets of this site.");
const PROPERTIES: Param =
    Param::new("properties", Form::Texts, "Of the sources' attributes only these, which then are never left out.");
const AGGREGATE: Param = Param::new(
    "aggregate",
    Form::OneOf(&["h3", "heat"]),
    "Counts in place of assets: hexagons of H3, or their middles as points with a weight. An asset counts where its middle is.",
);
const RESOLUTION: Param =
    Param::new("resolution", Form::Integer(0, 15), "The resolution of the hexagons; by the level unless told.");
const PROPERTY: Param = Param::new(
    "property",
    Form::Text,
    "A number to sum up in hexagons: an attribute, or a live value such as state.temperature.",
);

const TILE: &[Param] = &[FORM, DATETIME, CLASS, STOREY, DATASET, SITE, PROPERTIES, AGGREGATE, RESOLUTION, PROPERTY];
const MAP_TILE: &[Param] =
    &[FORM, COLLECTIONS, DATETIME, CLASS, STOREY, DATASET, SITE, PROPERTIES, AGGREGATE, RESOLUTION, PROPERTY];
const TILESET: &[Param] = &[META, DATETIME, CLASS, STOREY, DATASET, SITE, PROPERTIES, AGGREGATE, RESOLUTION, PROPERTY];
const MAP_TILESET: &[Param] =
    &[META, COLLECTIONS, DATETIME, CLASS, STOREY, DATASET, SITE, PROPERTIES, AGGREGATE, RESOLUTION, PROPERTY];
const STYLE: &[Param] = TILE.split_at(1).1;
const MAP_STYLE: &[Param] = MAP_TILE.split_at(1).1;

/// What these routes say of themselves.
pub const OPERATIONS: &[Operation] = &[
    Operation::get("/tileMatrixSets", "getTileMatrixSets", "The tile matrix sets there are.", flat::matrix_sets),
    Operation::get("/tileMatrixSets/{tileMatrixSetId}", "getTileMatrixSet", "One tile matrix set.", flat::matrix_set),
    Operation::get("/tiles", "getMapTilesets", "The vector tilesets of the whole map.", flat::tilesets),
    metadata("/tiles/{tileMatrixSetId}", "getMapVectorTileset").knows(MAP_TILESET),
    tile_of("/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", "getMapVectorTile").knows(MAP_TILE),
    style_of("/tiles/style.json", "getMapStyle").knows(MAP_STYLE),
    Operation::get(
        "/collections/{collectionId}/tiles",
        "getTilesets",
        "The vector tilesets of a collection.",
        flat::tilesets,
    ),
    metadata("/collections/{collectionId}/tiles/{tileMatrixSetId}", "getVectorTileset").knows(TILESET),
    tile_of("/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", "getVectorTile")
        .knows(TILE),
    style_of("/collections/{collectionId}/tiles/style.json", "getStyle").knows(STYLE),
];

const fn metadata(path: &'static str, id: &'static str) -> Operation {
    Operation::get(path, id, "What there is to know of a vector tileset.", flat::tileset as Schema)
}

const fn tile_of(path: &'static str, id: &'static str) -> Operation {
    let about =
        "A Mapbox vector tile, one layer a collection; Cimbra-Left-Out says how many assets were too many for it.";
    Operation::get(path, id, about, schema::bytes).in_form(MEDIA)
}

const fn style_of(path: &'static str, id: &'static str) -> Operation {
    Operation::get(path, id, "A MapLibre style of these tiles, version 8.", flat::style as Schema)
}

/// The routes.
pub fn routes() -> Router<City> {
    Router::new()
        .route("/tileMatrixSets", get(matrix_sets))
        .route("/tileMatrixSets/{set}", get(matrix_set))
        .route("/tiles", get(async |ask: Ask| list(ask, None).await))
        .route("/tiles/style.json", get(async |ask: Ask| style(ask, None, MAP_STYLE).await))
        .route("/tiles/{set}", get(map_tileset))
        .route("/tiles/{set}/{z}/{row}/{col}", get(map_tile))
        .route("/collections/{c}/tiles", get(collection_list))
        .route("/collections/{c}/tiles/style.json", get(collection_style))
        .route("/collections/{c}/tiles/{set}", get(collection_tileset))
        .route("/collections/{c}/tiles/{set}/{z}/{row}/{col}", get(collection_tile))
}

async fn matrix_sets(ask: Ask) -> Answer {
    ask.params(&[])?;
    ask.json("application/json", &mvt::matrix_sets(&ask.base()))
}

async fn matrix_set(ask: Ask<String>) -> Answer {
    ask.params(&[])?;
    known_set(&ask.path)?;
    ask.json("application/json", &mvt::matrix_set())
}

fn known_set(name: &str) -> Result<()> {
    if name == WEB_MERCATOR_QUAD {
        return Ok(());
    }
    let detail = format!("there is no tile matrix set '{name}'");
    Err(Fault::not_found(detail).about("tileMatrixSetId").remedy(format!("take {WEB_MERCATOR_QUAD}")))
}

async fn collection_list(ask: Ask<String>) -> Answer {
    let name = ask.path.clone();
    list(ask, Some(name)).await
}

async fn collection_style(ask: Ask<String>) -> Answer {
    let name = ask.path.clone();
    style(ask, Some(name), STYLE).await
}

async fn map_tileset(ask: Ask<String>) -> Answer {
    let set = ask.path.clone();
    tileset(ask, None, &set, MAP_TILESET).await
}

async fn collection_tileset(ask: Ask<(String, String)>) -> Answer {
    let (name, set) = ask.path.clone();
    tileset(ask, Some(name), &set, TILESET).await
}

async fn map_tile(ask: Ask<(String, String, String, String)>) -> Answer {
    let (set, z, row, col) = ask.path.clone();
    tile(ask, None, [&set, &z, &row, &col], MAP_TILE).await
}

async fn collection_tile(ask: Ask<(String, String, String, String, String)>) -> Answer {
    let (name, set, z, row, col) = ask.path.clone();
    tile(ask, Some(name), [&set, &z, &row, &col], TILE).await
}

async fn list<P>(ask: Ask<P>, collection: Option<String>) -> Answer {
    ask.params(&[])?;
    let question = Question::read(&ask, collection, Params::default())?;
    let of = question.described(&ask);
    let own = json!([{ "href": of.at, "rel": "self", "type": "application/json" }]);
    ask.json("application/json", &json!({ "links": own, "tilesets": [mvt::listed(&of)] }))
}

async fn tileset<P>(ask: Ask<P>, collection: Option<String>, set: &str, known: &[Param]) -> Answer {
    let params = ask.params(known)?;
    known_set(set)?;
    let tilejson = params.get("f") == Some("tilejson");
    let of = Question::read(&ask, collection, params)?.described(&ask);
    ask.json("application/json", &if tilejson { mvt::tilejson(&of) } else { mvt::tileset(&of) })
}

async fn style<P>(ask: Ask<P>, collection: Option<String>, known: &[Param]) -> Answer {
    let question = Question::read(&ask, collection, ask.params(known)?)?;
    ask.json("application/json", &mvt::style(&question.described(&ask), question.form))
}

async fn tile<P>(ask: Ask<P>, collection: Option<String>, [set, z, row, col]: [&str; 4], known: &[Param]) -> Answer {
    let params = ask.params(known)?;
    known_set(set)?;
    let tile = Tile::parse(z, row, col).ok_or_else(|| {
        let detail = format!("there is no tile {z}/{row}/{col}");
        Fault::not_found(detail).about("tile").remedy(format!("levels are 0 to {}, then row and column", Tile::DEEPEST))
    })?;
    let question = Question::read(&ask, collection, params)?;
    let (city, coding) = (ask.city.clone(), wanted(&ask.headers));
    let (left_out, tag, coded) = ask
        .work(move || {
            let Finished { bytes, left_out, .. } = question.tile(&city, tile)?;
            Ok((left_out, xxh3_64(&bytes), Coded::new(&city, bytes, None, coding)?))
        })
        .await?;
    let mut response = encode::with_tag(&ask.headers, MEDIA, tag, || coded.response());
    if left_out > 0 {
        let left_out = HeaderValue::from(left_out);
        response.headers_mut().insert(HeaderName::from_static("cimbra-left-out"), left_out);
    }
    Ok(response)
}

/// What tiles are asked for, of which cities, by whom.
struct Question {
    snapshots: Vec<Arc<Snapshot>>,
    collection: Option<String>,
    /// The layers with what is in each.
    layers: Vec<(String, Scope)>,
    form: Option<mvt::Form>,
    only: Option<Vec<String>>,
    measure: Option<Measure>,
    params: Params,
    /// What each tile is asked with, in one spelling.
    query: String,
    reads: crate::model::Collections,
}

impl Question {
    fn read<P>(ask: &Ask<P>, collection: Option<String>, params: Params) -> Result<Self> {
        let (snapshots, reads) = (ask.snapshots(), ask.caller.reads);
        let layers = match &collection {
            Some(name) => vec![(name.clone(), ask.scope(&snapshots, name)?)],
            None => map_layers(reads, params.get("collections"))?,
        };
        let form = params.get("aggregate").map(|word| match word {
            "heat" => mvt::Form::Heat,
            _ => mvt::Form::Hexagons,
        });
        let needs = |name: &str| {
            let detail = format!("'{name}' says something of hexagons, and 'aggregate' is not given");
            Fault::parameter(name, detail).remedy("add aggregate=h3 or aggregate=heat")
        };
        if let Some(name) = ["resolution", "property"].into_iter().find(|n| form.is_none() && params.get(n).is_some()) {
            return Err(needs(name));
        }
        if form.is_some() && params.get("properties").is_some() {
            let detail = "a hexagon has no attributes of the sources";
            return Err(Fault::parameter("properties", detail).remedy("take property=NAME for a number"));
        }
        let measure = params.get("property").map(Measure::named);
        if measure.as_ref().is_some_and(Measure::is_live) && params.get("datetime").is_some() {
            return Err(Fault::parameter("property", "live values are those of now").remedy("leave 'datetime' out"));
        }
        let texts = |text: &str| text.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect();
        let only = params.get("properties").map(texts);
        let mut told: Vec<_> = params.pairs().iter().filter(|(name, _)| name != "f").collect();
        told.sort();
        let told: Vec<String> = told.iter().map(|(n, v)| format!("{n}={}", encode::segment(v))).collect();
        let query = told.join("&");
        Ok(Self { snapshots, collection, layers, form, only, measure, params, query, reads })
    }

    fn described<P>(&self, ask: &Ask<P>) -> Described {
        let base = ask.base();
        let at = match &self.collection {
            Some(name) => format!("{base}/collections/{}/tiles", encode::segment(name)),
            None => format!("{base}/tiles"),
        };
        let extents = self
            .layers
            .iter()
            .flat_map(|(_, scope)| self.snapshots.iter().map(|s| s.extent_of(scope.collections(s).and(self.reads))));
        let bounds = extents.fold(Bounds::EMPTY, Bounds::union);
        let layers = self.layers.iter().map(|(name, _)| name.clone()).collect();
        let title = self.collection.clone().unwrap_or_else(|| "The whole map".to_owned());
        Described { title, base, at, query: self.query.clone(), layers, tallied: self.form.is_some(), bounds }
    }

    fn tile(mut self, city: &City, tile: Tile) -> Result<Finished> {
        let shown = tile.bounds(mvt::BUFFER);
        let now = self.params.get("datetime").is_none();
        if now && self.form.is_none() {
            // A commit in a site that is elsewhere changes nothing here.
            self.snapshots.retain(|snapshot| {
                let extent = snapshot.extent_of(self.reads);
                !extent.is_empty() && extent.intersects(&shown)
            });
        }
        let sites = self.snapshots.iter().map(|s| (s.site().clone(), s.revision())).collect();
        let question = format!("{}?{}", self.collection.as_deref().unwrap_or("/"), self.query);
        let key = Key { sites, rights: self.reads, question, tile };
        match self.measure.as_ref().is_some_and(Measure::is_live) {
            true => self.make(city, tile, &shown),
            false => city.flat.tile(&key, || self.make(city, tile, &shown)),
        }
    }

    fn make(&self, city: &City, tile: Tile, shown: &Bounds) -> Result<Finished> {
        let Some(form) = self.form else {
            let rows = |scope: &Scope| Ok(self.features(scope, shown)?.ask(&self.snapshots).rows);
            let parts = self.layers.iter().map(|(name, scope)| Ok(Part { name: name.clone(), rows: rows(scope)? }));
            let reader = Reader { rights: self.reads, only: self.only.as_deref() };
            return mvt::encode(&self.snapshots, parts.collect::<Result<_>>()?, tile, reader);
        };
        // Points run into each other; for that they must be close.
        let finer = u8::from(form == mvt::Form::Heat);
        let own = (Hex::resolution_at(tile.zoom()) + finer).min(Hex::FINEST);
        let asked = self.params.integer("resolution").and_then(|n| u8::try_from(n).ok());
        let resolution = asked.unwrap_or(own);
        let mut tallied = Vec::new();
        for (name, scope) in &self.layers {
            let features = self.features(scope, shown)?;
            let found =
                hexagons(&features, shown, resolution, self.measure.as_ref(), &self.snapshots, city.store.pulse())?;
            let measured = self.measure.is_some();
            let found = found.into_iter().map(|(hex, tally)| Tallied {
                hex,
                count: tally.count,
                measured: measured.then_some((tally.values, tally.sum, tally.least, tally.most)),
            });
            tallied.push((name.as_str(), found.collect::<Vec<_>>()));
        }
        mvt::encode_hexagons(&tallied, tile, form)
    }

    fn features(&self, scope: &Scope, shown: &Bounds) -> Result<Features<'_>> {
        let when = self.params.get("datetime").map(|t| params::interval("datetime", t)).transpose()?;
        let equal = ["class", "storey", "dataset", "site"];
        let equal = equal.into_iter().filter_map(|n| self.params.get(n).map(|value| (n, value))).collect();
        let boxes = Some(vec![*shown]);
        Ok(Features { scope: scope.clone(), boxes, when, equal, visible: self.reads, after: None, limit: usize::MAX })
    }
}

/// One layer for each collection that may be read, or for those named.
fn map_layers(reads: crate::model::Collections, named: Option<&str>) -> Result<Vec<(String, Scope)>> {
    let all = || Collection::ALL.into_iter().filter(|c| reads.contains(*c));
    let layer = |c: Collection| (c.name().to_owned(), Scope::Classes(c));
    let Some(named) = named else { return Ok(all().map(layer).collect()) };
    let one = |name: &str| {
        let found = all().find(|c| c.name() == name).map(layer);
        found.ok_or_else(|| {
            let names: Vec<_> = all().map(Collection::name).collect();
            Fault::parameter("collections", format!("the map has no layer '{name}'"))
                .remedy(format!("it has {}", names.join(", ")))
        })
    };
    named.split(',').map(|name| one(name.trim())).collect()
}
