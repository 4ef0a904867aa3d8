//! Schemas of the flat map: tile matrix sets, tilesets, TileJSON, styles.

use super::city::link;
use super::{any, boolean, closed, list, map, number, numbers, open, optional, text, whole, word, words};
use serde_json::{Value, json};

/// The tile matrix sets there are.
pub fn matrix_sets() -> Value {
    let one =
        closed("TileMatrixSetItem", [("id", text()), ("title", text()), ("uri", text()), ("links", list(link()))]);
    closed("TileMatrixSets", [("tileMatrixSets", list(one))])
}

/// A tile matrix set (OGC 17-083r4).
pub fn matrix_set() -> Value {
    let fields = [
        ("id", text()),
        ("scaleDenominator", number()),
        ("cellSize", number()),
        ("cornerOfOrigin", words(&["topLeft", "bottomLeft"])),
        ("pointOfOrigin", numbers(2)),
        ("tileWidth", whole()),
        ("tileHeight", whole()),
        ("matrixWidth", whole()),
        ("matrixHeight", whole()),
    ];
    let fields = [
        ("id", text()),
        ("title", text()),
        ("uri", text()),
        ("crs", text()),
        ("orderedAxes", list(text())),
        ("wellKnownScaleSet", text()),
        ("tileMatrices", list(closed("TileMatrix", fields))),
    ];
    closed("TileMatrixSet", fields)
}

fn common() -> [(&'static str, Value); 5] {
    [
        ("title", text()),
        ("dataType", word("vector")),
        ("crs", text()),
        ("tileMatrixSetURI", text()),
        ("links", list(optional(link(), [("templated", boolean())]))),
    ]
}

/// The tilesets of a collection or the map.
pub fn tilesets() -> Value {
    closed("Tilesets", [("links", list(link())), ("tilesets", list(closed("TilesetItem", common())))])
}

/// A tileset's metadata; TileJSON 3.0 where that is asked for.
pub fn tileset() -> Value {
    let [title, kind, crs, uri, links] = common();
    let layer = closed("TilesetLayer", [("id", text()), ("dataType", word("vector")), ("propertiesSchema", any())]);
    let limits = ["minTileRow", "maxTileRow", "minTileCol", "maxTileCol"].map(|name| (name, whole()));
    let limits = optional(closed("TileMatrixLimits", limits), [("tileMatrix", text())]);
    let around = closed("BoundingBox", [("lowerLeft", numbers(2)), ("upperRight", numbers(2)), ("crs", text())]);
    let fields = [
        title,
        ("description", text()),
        kind,
        crs,
        uri,
        links,
        ("layers", list(layer)),
        ("tileMatrixSetLimits", list(limits)),
    ];
    let own = optional(closed("Tileset2D", fields), [("boundingBox", around)]);
    json!({ "oneOf": [own, tilejson()] })
}

fn tilejson() -> Value {
    let layer = [("id", text()), ("minzoom", whole()), ("maxzoom", whole()), ("fields", map(text()))];
    let fields = [
        ("tilejson", word("3.0.0")),
        ("name", text()),
        ("description", text()),
        ("scheme", word("xyz")),
        ("tiles", list(text())),
        ("minzoom", whole()),
        ("maxzoom", whole()),
        ("vector_layers", list(closed("VectorLayer", layer))),
    ];
    optional(closed("VectorTileJson", fields), [("bounds", numbers(4)), ("center", numbers(3))])
}

/// A MapLibre style, version 8.
pub fn style() -> Value {
    let fields =
        [("version", json!({ "const": 8 })), ("name", text()), ("sources", map(any())), ("layers", list(any()))];
    open("MapStyle", fields)
}
