//! What a client is told of vector tiles: tileset metadata (OGC 17-083r4 §7, OGC 20-057 §9), TileJSON 3.0, the tile matrix set.

use super::feature::OWN;
use super::grid::Tile;
use super::tile::{BYTES, FEATURES};
use crate::crs::HALF_SQUARE;
use crate::geom::Bounds;
use serde_json::{Map, Value, json};

/// The identifier of the one tile matrix set.
pub const WEB_MERCATOR_QUAD: &str = "WebMercatorQuad";
/// Its URI.
const URI: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
/// Its coordinate reference system.
const CRS: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";

/// A tileset to tell of.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// What people call it.
    pub title: String,
    /// The absolute address of the server.
    pub base: String,
    /// The absolute address of the list of tilesets that it is in: `…/tiles`.
    pub at: String,
    /// What each tile is asked with besides its form, percent-encoded: `class=door&resolution=9`; empty for nothing.
    pub query: String,
    /// The layers by name.
    pub layers: Vec<String>,
    /// The properties of a hexagon rather than of an asset.
    pub tallied: bool,
    /// Around everything, in longitude, latitude and height; may be empty.
    pub bounds: Bounds,
}

impl Described {
    /// The address of the tileset in a form.
    fn own(&self, form: &str) -> String {
        format!("{}/{WEB_MERCATOR_QUAD}?f={form}{}", self.at, self.more())
    }
    fn more(&self) -> String {
        if self.query.is_empty() { String::new() } else { format!("&{}", self.query) }
    }
    /// The template of the tiles' addresses, with these words for level, row and column.
    fn tiles(&self, [z, row, col]: [&str; 3]) -> String {
        format!("{}/{WEB_MERCATOR_QUAD}/{{{z}}}/{{{row}}}/{{{col}}}?f=mvt{}", self.at, self.more())
    }
    /// West, south, east, north within what the square holds.
    fn box_in_square(&self) -> Option<[f64; 4]> {
        let square = Tile::new(0, 0, 0)?.bounds(0);
        let within = |c: f64, k: usize| c.clamp(square.min[k], square.max[k]);
        let (min, max) = (self.bounds.min, self.bounds.max);
        (!self.bounds.is_empty()).then(|| [within(min[0], 0), within(min[1], 1), within(max[0], 0), within(max[1], 1)])
    }
    /// The level at which everything is about as wide as a tile.
    pub fn zoom(&self) -> u8 {
        let [width, height, _] = if self.bounds.is_empty() { [360.0; 3] } else { self.bounds.size() };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the levels there are")]
        let level = (360.0 / width.max(2.0 * height).max(1e-9)).log2().clamp(0.0, f64::from(Tile::FULL)) as u8;
        level
    }
    /// The properties that features have besides those of their sources, and of what kind they are.
    fn fields(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        const TALLIED: [&str; 9] = ["id", "resolution", "count", "values", "sum", "mean", "min", "max", "weight"];
        let names: &[&str] = if self.tallied { &TALLIED } else { &OWN };
        let number = |name: &str| name.ends_with("height") || (self.tallied && name != "id");
        names.iter().map(move |name| (*name, if number(name) { "number" } else { "string" }))
    }
    fn about(&self) -> String {
        if self.tallied {
            return "Each hexagon counts all that lies in it, wherever tiles end.".to_owned();
        }
        format!(
            "At most {FEATURES} features and {BYTES} bytes in a tile: layers share the room, small ones first; where it is short \
             a layer loses its sources' attributes (name those you need with 'properties'), then its smallest features, and \
             Cimbra-Left-Out says how many. Small things are drawn a pixel wide."
        )
    }
}

/// The tileset's metadata.
pub fn tileset(of: &Described) -> Value {
    let mut properties = Map::new();
    properties.extend(of.fields().map(|(name, kind)| (name.to_owned(), json!({ "type": kind }))));
    let schema = json!({ "type": "object", "properties": properties });
    let layer = |name: &String| json!({ "id": name, "dataType": "vector", "propertiesSchema": schema });
    let mut value = json!({
        "title": of.title, "description": of.about(), "dataType": "vector", "crs": CRS, "tileMatrixSetURI": URI,
        "links": [
            { "href": of.own("json"), "rel": "self", "type": "application/json" },
            { "href": of.own("tilejson"), "rel": "alternate", "type": "application/json", "title": "TileJSON" },
            { "href": style_at(of), "rel": "describedby", "type": "application/json", "title": "MapLibre style" },
            matrix_set_link(&of.base),
            { "href": of.tiles(["tileMatrix", "tileRow", "tileCol"]), "rel": "item",
                "type": "application/vnd.mapbox-vector-tile", "templated": true },
        ],
        "layers": of.layers.iter().map(layer).collect::<Vec<_>>(),
        "tileMatrixSetLimits": limits(of),
    });
    if let Some([west, south, east, north]) = of.box_in_square() {
        value["boundingBox"] = json!({ "lowerLeft": [west, south], "upperRight": [east, north],
            "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84" });
    }
    value
}

/// Where the TileJSON of a tileset is.
pub fn tilejson_at(of: &Described) -> String {
    of.own("tilejson")
}

/// Where the style of these tiles is.
fn style_at(of: &Described) -> String {
    let query = if of.query.is_empty() { String::new() } else { format!("?{}", of.query) };
    format!("{}/style.json{query}", of.at)
}

/// Which tiles are not empty for sure to ask for, by level.
fn limits(of: &Described) -> Vec<Value> {
    if of.bounds.is_empty() {
        return Vec::new();
    }
    let level = |z| {
        let [[top, bottom], [left, right]] = Tile::range(z, &of.bounds);
        json!({ "tileMatrix": z.to_string(), "minTileRow": top, "maxTileRow": bottom, "minTileCol": left,
            "maxTileCol": right })
    };
    (0..=Tile::DEEPEST).map(level).collect()
}

/// The same as TileJSON 3.0.0.
pub fn tilejson(of: &Described) -> Value {
    let mut fields = Map::new();
    let word = |kind: &str| if kind == "number" { "Number" } else { "String" };
    fields.extend(of.fields().map(|(name, kind)| (name.to_owned(), json!(word(kind)))));
    let layer = |name: &String| json!({ "id": name, "minzoom": 0, "maxzoom": Tile::FULL, "fields": fields });
    let mut value = json!({
        "tilejson": "3.0.0", "name": of.title, "description": of.about(), "scheme": "xyz",
        "tiles": [of.tiles(["z", "y", "x"])],
        "minzoom": 0, "maxzoom": Tile::FULL,
        "vector_layers": of.layers.iter().map(layer).collect::<Vec<_>>(),
    });
    if let Some([west, south, east, north]) = of.box_in_square() {
        value["bounds"] = json!([west, south, east, north]);
        value["center"] = json!([(west + east) / 2.0, (south + north) / 2.0, of.zoom()]);
    }
    value
}

/// The link to the tile matrix set (OGC 20-057 §9.2).
pub fn matrix_set_link(base: &str) -> Value {
    json!({ "href": format!("{base}/tileMatrixSets/{WEB_MERCATOR_QUAD}"),
        "rel": "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme", "type": "application/json" })
}

/// A tileset as an entry of a list.
pub fn listed(of: &Described) -> Value {
    json!({ "title": of.title, "dataType": "vector", "crs": CRS, "tileMatrixSetURI": URI, "links": [
        { "href": of.own("json"), "rel": "self", "type": "application/json" }, matrix_set_link(&of.base),
    ] })
}

/// The tile matrix set itself (OGC 17-083r4 §6 and annex D.1).
pub fn matrix_set() -> Value {
    let level = |z: u8| {
        let across = 1_u32 << z;
        let cell = 2.0 * HALF_SQUARE / 256.0 / f64::from(across);
        // A pixel of the standard is 0.28 mm wide.
        json!({ "id": z.to_string(), "scaleDenominator": cell / 0.000_28, "cellSize": cell, "cornerOfOrigin": "topLeft",
            "pointOfOrigin": [-HALF_SQUARE, HALF_SQUARE], "tileWidth": 256, "tileHeight": 256, "matrixWidth": across,
            "matrixHeight": across })
    };
    json!({
        "id": WEB_MERCATOR_QUAD, "title": "Google Maps Compatible for the World", "uri": URI, "crs": CRS,
        "orderedAxes": ["E", "N"], "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": (0..=Tile::DEEPEST).map(level).collect::<Vec<_>>(),
    })
}

/// The tile matrix sets there are.
pub fn matrix_sets(base: &str) -> Value {
    let at = format!("{base}/tileMatrixSets/{WEB_MERCATOR_QUAD}");
    json!({ "tileMatrixSets": [{ "id": WEB_MERCATOR_QUAD, "title": "Google Maps Compatible for the World", "uri": URI,
        "links": [{ "href": at, "rel": "self", "type": "application/json" }] }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_set_is_the_registered_one() {
        let set = matrix_set();
        let near = |value: &Value, expected: f64| (value.as_f64().unwrap() / expected - 1.0).abs() < 1e-12;
        // OGC 07-057r7 (WMTS 1.0.0), annex E.4: levels 0 and 9.
        let first = &set["tileMatrices"][0];
        assert!(near(&first["scaleDenominator"], 559_082_264.028_717_8));
        assert!(near(&set["tileMatrices"][9]["scaleDenominator"], 1_091_957.546_931_089));
        assert!(near(&first["cellSize"], 156_543.033_928_041));
        let last = &set["tileMatrices"][24];
        assert_eq!((&last["id"], &last["matrixWidth"]), (&json!("24"), &json!(16_777_216)));
        assert!(near(&first["pointOfOrigin"][1], 20_037_508.342_789_2));
    }
}
