//! Schemas of the ground: terrain, imagery, and heights.

use super::city::link;
use super::{closed, list, maybe, number, numbers, text, whole, word, words};
use serde_json::{Value, json};

/// The terrain layer as clients read it.
pub fn layer() -> Value {
    let range = closed("TileRange", ["startX", "startY", "endX", "endY"].map(|name| (name, whole())));
    let fields = [
        ("tilejson", word("2.1.0")),
        ("name", text()),
        ("description", text()),
        ("version", text()),
        ("format", word("quantized-mesh-1.0")),
        ("scheme", word("tms")),
        ("projection", word("EPSG:4326")),
        ("extensions", list(words(&["octvertexnormals"]))),
        ("tiles", list(text())),
        ("bounds", numbers(4)),
        ("minzoom", whole()),
        ("maxzoom", whole()),
        ("available", list(list(range))),
    ];
    closed("TerrainLayer", fields)
}

/// The ground at a place: `height` in metres above the ellipsoid, `groundHeight` as the source says it; null without ground.
pub fn height() -> Value {
    let fields = [
        ("lon", number()),
        ("lat", number()),
        ("height", maybe("number")),
        ("groundHeight", maybe("number")),
        ("dataset", maybe("string")),
        ("site", maybe("string")),
        ("resolution", maybe("number")),
        ("method", maybe("string")),
    ];
    closed("Height", fields)
}

/// The ground at many places, in their order.
pub fn heights() -> Value {
    closed("Heights", [("heights", list(height()))])
}

/// Places to ask for: longitude and latitude each.
pub fn places() -> Value {
    let place = json!({ "type": "array", "items": number(), "minItems": 2, "maxItems": 2 });
    closed("Places", [("points", list(place))])
}

/// A picture as TileJSON 3.0 has it.
pub fn imagery() -> Value {
    let fields = [
        ("tilejson", word("3.0.0")),
        ("name", text()),
        ("version", text()),
        ("scheme", word("xyz")),
        ("tiles", list(text())),
        ("minzoom", whole()),
        ("maxzoom", whole()),
        ("bounds", numbers(4)),
        ("center", numbers(3)),
    ];
    closed("TileJson", fields)
}

/// The pictures.
pub fn imageries() -> Value {
    let one = closed("Imagery", [("id", text()), ("site", text()), ("title", text()), ("links", list(link()))]);
    closed("Imageries", [("imagery", list(one))])
}
