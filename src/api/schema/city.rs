//! Schemas of the city itself: features, collections, tilesets, pictures' picks.

use super::{any, boolean, closed, list, map, maybe, number, numbers, open, optional, text, whole, word, words};
use serde_json::{Value, json};

/// A link of RFC 8288, as OGC API Common writes it.
pub fn link() -> Value {
    optional(closed("Link", [("href", text()), ("rel", text())]), [("type", text()), ("title", text())])
}

/// The landing page.
pub fn landing() -> Value {
    closed("LandingPage", [("title", text()), ("description", text()), ("links", list(link()))])
}

/// The conformance classes.
pub fn conformance() -> Value {
    closed("Conformance", [("conformsTo", list(text()))])
}

/// The OpenAPI document.
pub fn document() -> Value {
    open("OpenApi", [("openapi", text()), ("info", any()), ("paths", map(any()))])
}

/// One collection.
pub fn collection() -> Value {
    let bbox = closed("Spatial", [("bbox", list(numbers(6))), ("crs", text())]);
    let fields =
        [("id", text()), ("title", text()), ("crs", list(text())), ("storageCrs", text()), ("links", list(link()))];
    let more = [("itemType", word("feature")), ("extent", closed("Extent", [("spatial", bbox)]))];
    optional(closed("Collection", fields), more)
}

/// How many datasets or variants were removed.
pub fn removed() -> Value {
    closed("Removed", [("removed", whole())])
}

/// The collections.
pub fn collections() -> Value {
    closed("Collections", [("links", list(link())), ("collections", list(collection()))])
}

fn geometry() -> Value {
    let types = ["Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"];
    let shape = closed("Geometry", [("type", words(&types)), ("coordinates", json!({ "type": "array" }))]);
    json!({ "oneOf": [{ "type": "null" }, shape] })
}

/// A GeoJSON feature (RFC 7946); its properties hold the source's attributes besides.
pub fn feature() -> Value {
    let own = [
        ("class", text()),
        ("name", text()),
        ("collection", text()),
        ("parent", maybe("string")),
        ("storey", maybe("string")),
        ("dataset", text()),
    ];
    let properties =
        optional(open("Properties", own), [("state", map(super::live::value())), ("alarm", super::live::mark())]);
    let fields = [
        ("type", word("Feature")),
        ("id", text()),
        ("uid", text()),
        ("geometry", geometry()),
        ("properties", properties),
    ];
    optional(closed("Feature", fields), [("bbox", numbers(6)), ("links", list(link()))])
}

/// A page of features.
pub fn features() -> Value {
    let fields = [
        ("type", word("FeatureCollection")),
        ("features", list(feature())),
        ("links", list(link())),
        ("numberMatched", whole()),
        ("numberReturned", whole()),
    ];
    closed("FeatureCollection", fields)
}

/// What a search has found, best first.
pub fn found() -> Value {
    let fields = [("type", word("FeatureCollection")), ("features", list(feature())), ("numberReturned", whole())];
    closed("Found", fields)
}

/// How the networks or grids of each site hold together.
pub fn checks() -> Value {
    let network = closed(
        "NetworkSummary",
        [
            ("network", text()),
            ("nodes", whole()),
            ("valves", whole()),
            ("segments", whole()),
            ("metres", number()),
            ("components", whole()),
            ("loops", whole()),
        ],
    );
    let site = optional(
        closed("SiteCheck", [("site", text()), ("findings", list(checked())), ("numberMatched", whole())]),
        [("networks", list(network)), ("grids", whole()), ("squareMetres", number())],
    );
    closed("Checks", [("sites", list(site))])
}

/// What a node of a network is connected with.
pub fn connected() -> Value {
    let fields = [
        ("site", text()),
        ("network", maybe("string")),
        ("nodes", list(text())),
        ("segments", list(text())),
        ("numberMatched", whole()),
        ("numberReturned", whole()),
    ];
    closed("Connected", fields)
}

/// What differs between two times.
pub fn difference() -> Value {
    let volume = closed("Volumes", [("from", maybe("number")), ("to", maybe("number"))]);
    let words = words(&["added", "removed", "renewed", "moved", "reshaped", "reattributed"]);
    let fields = [("site", text()), ("id", text()), ("class", text()), ("name", text()), ("change", list(words))];
    let change = optional(
        closed("Change", fields),
        [("was", text()), ("moved", number()), ("attributes", list(text())), ("volume", volume)],
    );
    let fields = [
        ("from", super::instant()),
        ("to", super::instant()),
        ("added", whole()),
        ("removed", whole()),
        ("changed", whole()),
        ("unchanged", whole()),
        ("numberMatched", whole()),
        ("numberReturned", whole()),
        ("changes", list(change)),
        ("links", list(link())),
    ];
    closed("Difference", fields)
}

/// A tileset of 3D Tiles 1.1, as far as every tileset has it.
pub fn tileset() -> Value {
    let tile = open(
        "Tile",
        [("boundingVolume", open("BoundingVolume", [("box", numbers(12))])), ("geometricError", number())],
    );
    let asset = open("Asset", [("version", word("1.1"))]);
    open("Tileset", [("asset", asset), ("geometricError", number()), ("root", tile)])
}

/// The 3D Tiles styles there are.
pub fn styles() -> Value {
    let link = optional(link(), [("templated", boolean())]);
    closed(
        "Styles",
        [("styles", list(closed("StyleItem", [("id", text()), ("title", text()), ("links", list(link))])))],
    )
}

/// A 3D Tiles style (OGC 22-025r4).
pub fn style() -> Value {
    open("TilesStyle", [("color", any())])
}

/// The asset under a pixel.
pub fn pick() -> Value {
    let fields = [
        ("id", text()),
        ("uid", text()),
        ("class", text()),
        ("collection", text()),
        ("name", text()),
        ("storey", maybe("string")),
    ];
    let nothing = json!({ "type": "null" });
    closed(
        "Pick",
        [
            ("asset", json!({ "oneOf": [nothing, closed("PickedAsset", fields)] })),
            ("point", json!({ "oneOf": [nothing, numbers(3)] })),
        ],
    )
}

/// Liveness.
pub fn live() -> Value {
    closed("Live", [("status", word("live"))])
}

/// Readiness, and what is missing.
pub fn ready() -> Value {
    closed("Ready", [("status", word("ready")), ("missing", list(text()))])
}

fn severity() -> Value {
    words(&["info", "warning"])
}

/// One thing that is wrong with an object.
fn finding() -> Value {
    let fields = [
        ("id", text()),
        ("class", text()),
        ("kind", text()),
        ("severity", severity()),
        ("count", whole()),
        ("repaired", boolean()),
        ("said", text()),
    ];
    optional(closed("Finding", fields), [("near", numbers(3))])
}

fn lightweight() -> Value {
    let fields = [("triangles", whole()), ("instances", whole()), ("shapes", whole()), ("shape_triangles", whole())];
    let light = [
        ("light_triangles", whole()),
        ("light_shape_triangles", whole()),
        ("ratio", number()),
        ("error_metres", number()),
    ];
    optional(closed("Lightweight", fields), light)
}

fn points() -> Value {
    let fields = [
        ("read", whole()),
        ("withheld", whole()),
        ("kept", whole()),
        ("classes", map(whole())),
        ("extent", numbers(6)),
        ("density", number()),
    ];
    closed("PointCount", fields)
}

/// A file attached to an asset.
pub fn attachment() -> Value {
    let fields = [
        ("sha256", text()),
        ("name", text()),
        ("type", text()),
        ("bytes", whole()),
        ("time", super::instant()),
        ("href", text()),
    ];
    optional(closed("Attachment", fields), [("by", text())])
}

/// The files attached to an asset.
pub fn attachments() -> Value {
    closed("Attachments", [("attachments", list(attachment()))])
}

/// What a check of the city has found.
fn checked() -> Value {
    let fields = [("object", text()), ("check", text()), ("detail", text())];
    optional(closed("CheckFinding", fields), [("others", list(text())), ("place", numbers(3))])
}

/// The report of an import.
pub fn report() -> Value {
    let renamed = closed("Renamed", [("id", text()), ("renamed", text())]);
    let renewed = closed("Renewed", [("was", text()), ("id", text())]);
    let total =
        [("severity", severity()), ("objects", whole()), ("count", whole()), ("repaired", whole()), ("what", text())];
    let total = closed("FindingTotal", total);
    let refused = optional(closed("Refused", [("object", text()), ("reason", text())]), [("class", text())]);
    let fields = [
        ("file", text()),
        ("notes", list(text())),
        ("classes", map(whole())),
        ("objects", whole()),
        ("added", whole()),
        ("replaced", whole()),
        ("unchanged", whole()),
        ("removed", whole()),
        ("renamed", list(renamed)),
        ("renewed", list(renewed)),
        ("refused", list(refused)),
        ("findings", list(finding())),
        ("finding_totals", map(total)),
        ("seconds", number()),
    ];
    let file = optional(
        closed("FileReport", fields),
        [
            ("format", text()),
            ("dataset", text()),
            ("site", text()),
            ("frame", text()),
            ("accuracy_metres", number()),
            ("moved_metres", number()),
            ("under_new_ids", whole()),
            ("lightweight", lightweight()),
            ("points", points()),
            ("error", text()),
            ("revision", whole()),
        ],
    );
    let fields = [
        ("check", boolean()),
        ("objects", whole()),
        ("refused", whole()),
        ("seconds", number()),
        ("files", list(file)),
    ];
    optional(closed("ImportReport", fields), [("left_out", list(text()))])
}

fn of_dataset() -> [(&'static str, Value); 13] {
    [
        ("id", text()),
        ("site", text()),
        ("title", text()),
        ("crs", text()),
        ("sha256", maybe("string")),
        ("imported", text()),
        ("layers", list(text())),
        ("description", maybe("string")),
        ("owner", maybe("string")),
        ("licence", maybe("string")),
        ("accuracy", maybe("number")),
        ("standing", words(&["published", "withdrawn"])),
        ("counts", map(whole())),
    ]
}

/// The catalogue.
pub fn datasets() -> Value {
    closed("Datasets", [("datasets", list(closed("CatalogueEntry", of_dataset())))])
}

/// The planning variants.
pub fn variants() -> Value {
    let fields = [
        ("id", text()),
        ("site", text()),
        ("changed", super::instant()),
        ("datasets", list(text())),
        ("added", whole()),
        ("replaced", whole()),
        ("removed", whole()),
    ];
    closed("Variants", [("variants", list(closed("Variant", fields)))])
}

/// A dataset with its editions.
pub fn dataset() -> Value {
    let edition = closed(
        "Edition",
        [
            ("revision", whole()),
            ("at", text()),
            ("title", text()),
            ("crs", text()),
            ("sha256", maybe("string")),
            ("assets", maybe("integer")),
            ("standing", words(&["published", "withdrawn", "deleted"])),
        ],
    );
    optional(closed("Dataset", of_dataset()), [("editions", list(edition))])
}

/// What may be said of a dataset.
pub fn entry() -> Value {
    let none: [(&str, Value); 0] = [];
    optional(closed("DatasetEntry", none), [("description", text()), ("owner", text()), ("licence", text())])
}

/// What managing a dataset did.
pub fn managed() -> Value {
    let counts =
        ["revision", "added", "replaced", "removed", "unchanged", "alarmsCleared", "orphans", "attachmentsRemoved"];
    closed("Managed", counts.map(|name| (name, whole())))
}

/// How far an import in work has come.
pub fn running() -> Value {
    let phase = words(&["reading", "taking", "checking", "committing"]);
    let fields = [("file", text()), ("phase", phase), ("read", whole()), ("objects", whole())];
    let [file, phase, read, objects] = fields;
    closed("RunningImport", [("status", word("running")), file, phase, read, objects])
}

/// An import's report, or how far one in work has come.
pub fn job() -> Value {
    json!({ "oneOf": [report(), running()] })
}
