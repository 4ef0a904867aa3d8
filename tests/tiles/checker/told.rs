//! Subtrees that tell volumes and errors of their tiles: a sound tileset of them, and what is broken in it one thing at a time.

use super::of;
use super::sound::{Bin, File, Files, cuboid, triangle};
use cimbra::formats::tiles3d::check::{CheckLimits, Rule};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Break = fn(&mut Files);

const FIRST: &str = "s/0.0.0.subtree";
/// The views of a subtree: availabilities first, where there are any, then these in order.
const BOXES: usize = 0;
const ERRORS: usize = 1;
const CONTENTS: usize = 2;

fn cube([x, y, z]: [f64; 3], h: f64) -> [f64; 12] {
    [x, y, z, h, 0.0, 0.0, 0.0, h, 0.0, 0.0, 0.0, h]
}

/// A subtree of two levels with what it tells of each tile and each content.
fn subtree(availability: [Value; 3], tiles: &[([f64; 12], f64)], contents: &[[f64; 12]]) -> File {
    let mut bin = Bin::default();
    let bytes = |numbers: &mut dyn Iterator<Item = f64>| numbers.flat_map(f64::to_le_bytes).collect::<Vec<u8>>();
    bin.view(&bytes(&mut tiles.iter().flat_map(|t| t.0)), None);
    bin.view(&bytes(&mut tiles.iter().map(|t| t.1)), None);
    bin.view(&bytes(&mut contents.iter().copied().flatten()), None);
    let [tile, content, below] = availability.map(|bits| {
        let Some(stream) = bits.as_u64() else { return bits };
        let length = if stream > 0xff { 2 } else { 1 };
        let view = bin.view(&stream.to_le_bytes()[..length], None);
        json!({ "bitstream": view, "availableCount": stream.count_ones() })
    });
    let json = json!({ "buffers": [{ "byteLength": bin.bytes.len() }], "bufferViews": bin.views,
        "tileAvailability": tile, "contentAvailability": [content], "childSubtreeAvailability": below,
        "tileMetadata": 0, "contentMetadata": [1], "propertyTables": [
            { "class": "tile", "count": tiles.len(), "properties": { "around": { "values": BOXES }, "error": { "values": ERRORS } } },
            { "class": "content", "count": contents.len(), "properties": { "around": { "values": CONTENTS } } }] });
    File::Subtree(json, bin.bytes)
}

/// A quadtree whose tiles lie elsewhere than their level and coordinates imply.
pub fn sound() -> Files {
    let box_of = |semantic: &str| json!({ "type": "SCALAR", "componentType": "FLOAT64", "array": true, "count": 12, "required": true, "semantic": semantic });
    let error = json!({ "type": "SCALAR", "componentType": "FLOAT64", "semantic": "TILE_GEOMETRIC_ERROR" });
    let tileset = json!({ "asset": { "version": "1.1" }, "geometricError": 50, "root": {
            "boundingVolume": cuboid([0.0; 3], 8.0), "geometricError": 8, "refine": "REPLACE", "content": { "uri": "i/{level}.{x}.{y}.glb" },
            "implicitTiling": { "subdivisionScheme": "QUADTREE", "subtreeLevels": 2, "availableLevels": 3,
                "subtrees": { "uri": "s/{level}.{x}.{y}.subtree" } } },
        "schema": { "id": "s", "classes": {
            "tile": { "properties": { "around": box_of("TILE_BOUNDING_BOX"), "error": error } },
            "content": { "properties": { "around": box_of("CONTENT_BOUNDING_BOX") } } } } });
    // The root, 1.0.0 and 1.1.1, which has 2.2.2 below it.
    let tiles = [(cube([0.0; 3], 8.0), 6.0), (cube([5.5, 5.0, 0.5], 1.0), 0.0), (cube([-4.0, -4.0, 0.0], 3.5), 3.0)];
    let first = subtree(
        [json!(0b10011), json!(0b10010), json!(1 << 12)],
        &tiles,
        &[cube([5.5, 5.0, 0.5], 0.5), cube([-1.5, -2.0, 0.5], 0.6)],
    );
    let none = json!({ "constant": 0, "availableCount": 0 });
    let second =
        subtree([json!(1), json!(1), none], &[(cube([-4.5, -5.0, 0.5], 1.0), 0.0)], &[cube([-4.5, -5.0, 0.5], 0.5)]);
    let files = [
        ("tileset.json", File::Json(tileset)),
        (FIRST, first),
        ("s/2.2.2.subtree", second),
        ("i/1.0.0.glb", triangle([5.0, 5.0, 0.0])),
        ("i/1.1.1.glb", triangle([-2.0, -2.0, 0.0])),
        ("i/2.2.2.glb", triangle([-5.0, -5.0, 0.0])),
    ];
    Files(files.into_iter().map(|(name, file)| (name.to_owned(), file)).collect::<BTreeMap<_, _>>())
}

/// Writes the number `k` of a view.
fn number(files: &mut Files, name: &str, view: usize, k: usize, value: f64) {
    files.view(name, view)[8 * k..8 * k + 8].copy_from_slice(&value.to_le_bytes());
}

fn table(files: &mut Files, pointer: &str, value: Value) {
    files.set(FIRST, &format!("/propertyTables/{pointer}"), Some(value));
}

const CASES: &[(Rule, &str, Break)] = &[
    (Rule::VertexOutside, "a tile's box by 2 mm", |f| {
        number(f, FIRST, BOXES, 12 + 3, 0.498);
        f.set(FIRST, "/contentMetadata", None);
    }),
    (Rule::VertexOutside, "a content's box by 2 mm", |f| number(f, FIRST, CONTENTS, 3, 0.498)),
    (Rule::VertexOutside, "the box of a tile above, in another subtree", |f| number(f, FIRST, BOXES, 24 + 1, -1.0)),
    (Rule::ContentVolume, "beyond its tile's", |f| number(f, FIRST, CONTENTS, 5 + 6, 2.5)),
    (Rule::ErrorGrows, "from a tile to its child", |f| number(f, FIRST, ERRORS, 2, 6.5)),
    (Rule::ErrorGrows, "from tileset.json to the first subtree", |f| number(f, FIRST, ERRORS, 0, 8.5)),
    (Rule::LeafError, "of a leaf of a subtree below", |f| number(f, "s/2.2.2.subtree", ERRORS, 0, 1.0)),
    (Rule::ErrorValue, "no number", |f| number(f, FIRST, ERRORS, 2, f64::NAN)),
    (Rule::ErrorValue, "below 0", |f| number(f, FIRST, ERRORS, 1, -1.0)),
    (Rule::Box, "flat", |f| number(f, FIRST, BOXES, 24 + 11, 0.0)),
    (Rule::Table, "of another count", |f| table(f, "0/count", json!(4))),
    (Rule::Table, "a class that there is not", |f| table(f, "0/class", json!("other"))),
    (Rule::Table, "without a required property", |f| f.set(FIRST, "/propertyTables/0/properties/around", None)),
    (Rule::Table, "a property that the class lacks", |f| table(f, "0/properties/more", json!({ "values": 0 }))),
    (Rule::Table, "that is not there", |f| f.set(FIRST, "/tileMetadata", Some(json!(2)))),
    (Rule::Table, "without a schema", |f| f.set("tileset.json", "/schema", None)),
    (Rule::ColumnLength, "a number too few", |f| {
        f.set(FIRST, &format!("/bufferViews/{ERRORS}/byteLength"), Some(json!(16)));
    }),
    (Rule::SubtreeBuffer, "a column beyond its buffer", |f| {
        f.set(FIRST, &format!("/bufferViews/{ERRORS}/byteOffset"), Some(json!(8000)));
    }),
    (Rule::SchemaType, "errors of whole numbers", |f| {
        f.set("tileset.json", "/schema/classes/tile/properties/error/componentType", Some(json!("UINT8")));
    }),
    (Rule::SchemaType, "boxes of eleven numbers", |f| {
        f.set("tileset.json", "/schema/classes/content/properties/around/count", Some(json!(11)));
    }),
    (Rule::Implicit, "contents that are tilesets", |f| {
        f.set("tileset.json", "/root/content/uri", Some(json!("i/{level}.{x}.{y}.json")));
        for name in ["1.0.0", "1.1.1", "2.2.2"] {
            let content = f.0[&format!("i/{name}.glb")].clone();
            f.0.insert(format!("i/{name}.json"), content);
        }
    }),
];

#[test]
fn what_subtrees_tell_is_taken_in_place_of_what_is_implied() {
    let report = of(&sound(), &CheckLimits::default());
    assert!(report.is_clean() && report.not_looked_into.is_empty(), "{}", report.text());
    let counts = report.counts;
    assert_eq!((counts.subtrees, counts.tiles, counts.contents, counts.levels), (2, 4, 3, 3));
    // Without what is told each content lies outside its quarter.
    let mut files = sound();
    for name in [FIRST, "s/2.2.2.subtree"] {
        files.set(name, "/tileMetadata", None);
        files.set(name, "/contentMetadata", None);
    }
    let totals = of(&files, &CheckLimits::default()).totals;
    assert_eq!(totals.into_iter().collect::<Vec<_>>(), [(Rule::VertexOutside.name(), 3)]);
}

#[test]
fn each_mistake_in_what_is_told_is_found_and_nothing_else() {
    let mut wrong = String::new();
    for (rule, name, breaks) in CASES {
        let mut files = sound();
        breaks(&mut files);
        let report = of(&files, &CheckLimits::default());
        let found: Vec<&str> = report.totals.keys().copied().collect();
        if found != [rule.name()] {
            wrong.push_str(&format!("{} ({name}) gives {found:?}:\n{}\n", rule.name(), report.text()));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
