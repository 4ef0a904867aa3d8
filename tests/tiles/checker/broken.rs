//! Each rule of the checker against one thing that is broken in a sound tileset.

use super::of;
use super::sound::{File, Files, sound};
use cimbra::formats::tiles3d::check::{CheckLimits, Rule, Severity};
use serde_json::{Value, json};

type Break = fn(&mut Files);

const META: &str = "/extensions/EXT_structural_metadata";
const TILING: &str = "/root/children/2/implicitTiling";

fn set(files: &mut Files, name: &str, pointer: &str, value: Value) {
    files.set(name, pointer, Some(value));
}

fn of_root(files: &mut Files, pointer: &str, value: Value) {
    set(files, "tileset.json", &format!("/root{pointer}"), value);
}

fn of_a(files: &mut Files, pointer: &str, value: Value) {
    set(files, "a.glb", pointer, value);
}

fn of_b(files: &mut Files, pointer: &str, value: Value) {
    set(files, "b.glb", pointer, value);
}

fn of_column(files: &mut Files, pointer: &str, value: Value) {
    of_a(files, &format!("{META}/propertyTables/0/properties{pointer}"), value);
}

fn of_schema(files: &mut Files, pointer: &str, value: Value) {
    of_a(files, &format!("{META}/schema{pointer}"), value);
}

fn of_subtree(files: &mut Files, pointer: &str, value: Value) {
    set(files, "s/0.0.0.subtree", pointer, value);
}

/// Sets the bits of a view of the first subtree, and counts them.
fn bits(files: &mut Files, view: usize, availability: &str, value: u16) {
    let bytes = files.view("s/0.0.0.subtree", view);
    let length = bytes.len();
    bytes.copy_from_slice(&value.to_le_bytes()[..length]);
    of_subtree(files, &format!("{availability}/availableCount"), value.count_ones().into());
}

fn f64_at(files: &mut Files, view: usize, k: usize, value: f64) {
    files.view("a.glb", view)[8 * k..8 * k + 8].copy_from_slice(&value.to_le_bytes());
}

fn f32_at(files: &mut Files, name: &str, view: usize, k: usize, value: f32) {
    files.view(name, view)[4 * k..4 * k + 4].copy_from_slice(&value.to_le_bytes());
}

/// Makes the picture a WebP, which only an extension may name.
fn webp(files: &mut Files) {
    files.view("a.glb", 11).copy_from_slice(b"RIFF....WEBP....");
    of_a(files, "/images/0/mimeType", json!("image/webp"));
}

/// Shorter: which rule, what breaks it.
const CASES: &[(Rule, &str, Break)] = &[
    (Rule::Json, "an external tileset is cut off", |f| f.raw("e/tileset.json", |b| b.truncate(40))),
    (Rule::Version, "of the future", |f| set(f, "tileset.json", "/asset/version", json!("2.0"))),
    (Rule::Version, "none", |f| f.set("e/tileset.json", "/asset", None)),
    (Rule::Member, "no volume", |f| f.set("e/tileset.json", "/root/children/0/boundingVolume", None)),
    (Rule::Member, "children that are no list", |f| of_root(f, "/children/0/children", json!({}))),
    (Rule::Member, "content and contents", |f| of_root(f, "/contents", json!([{ "uri": "r.glb" }]))),
    (Rule::Refine, "in lower case", |f| of_root(f, "/refine", json!("replace"))),
    (Rule::Refine, "none at an external root", |f| f.set("e/tileset.json", "/root/refine", None)),
    (Rule::ChildrenEmpty, "an empty list", |f| of_root(f, "/children/0/children", json!([]))),
    (Rule::ErrorValue, "below 0", |f| of_root(f, "/children/0/geometricError", json!(-1))),
    (Rule::ErrorValue, "none of the whole", |f| f.set("tileset.json", "/geometricError", None)),
    (Rule::ErrorGrows, "from a tile to its child", |f| of_root(f, "/children/3/geometricError", json!(101))),
    (Rule::ErrorGrows, "from a tile to the root of the tileset that it names", |f| {
        of_root(f, "/children/1/geometricError", json!(5))
    }),
    (Rule::ErrorGrows, "from the whole to its root", |f| set(f, "tileset.json", "/geometricError", json!(99))),
    (Rule::ErrorGrows, "within an external tileset", |f| set(f, "e/tileset.json", "/geometricError", json!(5))),
    (Rule::LeafError, "above 0", |f| of_root(f, "/children/0/geometricError", json!(1))),
    (Rule::Box, "eleven numbers", |f| of_root(f, "/children/0/boundingVolume", json!({ "box": vec![1; 11] }))),
    (Rule::Box, "flat", |f| of_root(f, "/children/0/boundingVolume/box/11", json!(0))),
    (Rule::Box, "slanted", |f| of_root(f, "/children/0/boundingVolume/box/4", json!(0.01))),
    (Rule::Region, "in degrees", |f| {
        of_root(f, "/children/3/boundingVolume", json!({ "region": [118, 32, 119, 33, 0, 50] }))
    }),
    (Rule::Region, "upside down", |f| of_root(f, "/children/3/boundingVolume/region/5", json!(-100))),
    (Rule::Sphere, "of radius 0", |f| of_root(f, "/children/1/boundingVolume/sphere/3", json!(0))),
    (Rule::ContentVolume, "a box beyond its tile's", |f| of_root(f, "/content/boundingVolume/box/3", json!(20.5))),
    (Rule::Transform, "fifteen numbers", |f| of_root(f, "/children/0/transform", json!(vec![1; 15]))),
    (Rule::Transform, "flat", |f| {
        of_root(f, "/children/0/transform", json!([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]));
    }),
    (Rule::Uri, "out of the folder", |f| of_root(f, "/content/uri", json!("../a.glb"))),
    (Rule::Uri, "another server's", |f| of_root(f, "/content/uri", json!("https://example.org/a.glb"))),
    (Rule::Missing, "a content", |f| drop(f.0.remove("a.glb"))),
    (Rule::Missing, "an external tileset", |f| drop(f.0.remove("e/tileset.json"))),
    (Rule::Missing, "a subtree", |f| drop(f.0.remove("s/2.2.2.subtree"))),
    (Rule::Circle, "a tileset that names the one above", |f| {
        set(f, "e/tileset.json", "/root/children/0/content/uri", json!("../tileset.json"));
    }),
    (Rule::Extension, "used and not listed", |f| set(f, "tileset.json", "/extensions", json!({ "X_y": {} }))),
    (Rule::Extension, "required and not listed", |f| {
        f.json("b.glb")["extensionsRequired"].as_array_mut().unwrap().push(json!("EXT_texture_webp"));
    }),
    (Rule::Implicit, "no scheme", |f| set(f, "tileset.json", &format!("{TILING}/subdivisionScheme"), json!("QUAD"))),
    (Rule::Implicit, "no variable", |f| {
        set(f, "tileset.json", &format!("{TILING}/subtrees/uri"), json!("s/{level}.{x}.subtree"))
    }),
    (Rule::Implicit, "children beside it", |f| of_root(f, "/children/2/metadata", json!({ "class": "x" }))),
    (Rule::Implicit, "a sphere", |f| of_root(f, "/children/2/boundingVolume", json!({ "sphere": [0, 0, 0, 9] }))),
    (Rule::SubtreeHeader, "another version", |f| f.raw("s/2.2.2.subtree", |b| b[4] = 2)),
    (Rule::SubtreeHeader, "bytes after its end", |f| f.raw("s/2.2.2.subtree", |b| b.extend([0; 8]))),
    (Rule::SubtreePadding, "zeros after the JSON", |f| {
        f.raw("s/0.0.0.subtree", |b| {
            let end = 24 + u64::from_le_bytes(b[8..16].try_into().unwrap()) as usize;
            b.splice(end..end, [b' '; 7].into_iter().chain([b'\n']));
            let longer = (end - 24 + 8) as u64;
            b[8..16].copy_from_slice(&longer.to_le_bytes());
        });
    }),
    (Rule::SubtreePadding, "ones after the binary", |f| *f.bin("s/0.0.0.subtree").last_mut().unwrap() = 1),
    (Rule::SubtreeBuffer, "a view beyond its buffer", |f| of_subtree(f, "/bufferViews/2/byteOffset", json!(24))),
    (Rule::SubtreeBuffer, "a bitstream that is too long", |f| of_subtree(f, "/bufferViews/0/byteLength", json!(2))),
    (Rule::SubtreeBuffer, "a view that starts anywhere", |f| {
        f.bin("s/0.0.0.subtree")[1] = 0b10011;
        of_subtree(f, "/bufferViews/0/byteOffset", json!(1));
    }),
    (Rule::AvailableCount, "of tiles", |f| of_subtree(f, "/tileAvailability/availableCount", json!(4))),
    (Rule::AvailableCount, "of none", |f| {
        set(f, "s/2.2.2.subtree", "/childSubtreeAvailability/availableCount", json!(1))
    }),
    (Rule::Availability, "the first tile is not there", |f| {
        bits(f, 0, "/tileAvailability", 0);
        bits(f, 1, "/contentAvailability/0", 0);
        bits(f, 2, "/childSubtreeAvailability", 0);
    }),
    (Rule::Availability, "below availableLevels", |f| {
        set(f, "tileset.json", &format!("{TILING}/availableLevels"), json!(1));
        bits(f, 2, "/childSubtreeAvailability", 0);
    }),
    (Rule::ContentAvailability, "at no tile", |f| bits(f, 1, "/contentAvailability/0", 0b10110)),
    (Rule::ChildSubtree, "below no tile", |f| bits(f, 2, "/childSubtreeAvailability", 1 << 12 | 1 << 4)),
    (Rule::ChildSubtree, "without its first tile", |f| {
        f.view("s/2.2.2.subtree", 0)[0] = 0;
        f.view("s/2.2.2.subtree", 1)[0] = 0;
        set(f, "s/2.2.2.subtree", "/tileAvailability/availableCount", json!(0));
        set(f, "s/2.2.2.subtree", "/contentAvailability/0/availableCount", json!(0));
    }),
    (Rule::SpareBits, "after the tiles", |f| f.view("s/0.0.0.subtree", 0)[0] |= 0x80),
    (Rule::ContentKind, "no content", |f| f.raw("a.glb", |b| b[0] = b'X')),
    (Rule::LegacyHeader, "another length", |f| f.raw("old.b3dm", |b| b.push(0))),
    (Rule::LegacyHeader, "tables beyond the whole", |f| f.raw("old.b3dm", |b| b[12] = 9)),
    (Rule::VertexOutside, "the content's box by 2 mm", |f| of_root(f, "/content/boundingVolume/box/3", json!(0.998))),
    (Rule::VertexOutside, "a sphere above an external tileset", |f| {
        of_root(f, "/children/1/boundingVolume/sphere/3", json!(2.9))
    }),
    (Rule::VertexOutside, "a scale beyond all numbers", |f| of_a(f, "/nodes/0/scale", json!([1e308, 1e308, 1e308]))),
    (Rule::VertexOutside, "a region", |f| of_root(f, "/children/3/contents/0/boundingVolume/region/4", json!(12.5))),
    (Rule::VertexOutside, "an instance", |f| f32_at(f, "b.glb", 2, 6, 655.0)),
    (Rule::VertexOutside, "a turned instance", |f| {
        for (k, c) in [0.0, 0.0, 1.0, 0.0].into_iter().enumerate() {
            f32_at(f, "b.glb", 6, 8 + k, c);
        }
        f32_at(f, "b.glb", 2, 6, -655.0);
    }),
    (Rule::VertexOutside, "an implicit quarter", |f| set(f, "i/1.1.1.glb", "/nodes/0/translation/0", json!(-0.01))),
    (Rule::VertexOutside, "an implicit sixteenth", |f| set(f, "i/2.2.2.glb", "/nodes/0/translation/0", json!(3.01))),
    (Rule::NothingDrawn, "no node", |f| {
        set(f, "r.glb", "/scenes/0/nodes", json!([]));
        set(f, "e/tileset.json", "/root/content/url", json!("in.gltf"));
    }),
    (Rule::GlbHeader, "another version", |f| f.raw("a.glb", |b| b[4] = 1)),
    (Rule::GlbHeader, "another length", |f| f.raw("a.glb", |b| b[8] = b[8].wrapping_add(4))),
    (Rule::GlbChunk, "two of JSON", |f| {
        f.raw("a.glb", |b| {
            b.extend([4, 0, 0, 0]);
            b.extend(b"JSON{}  ");
            let length = b.len() as u32;
            b[8..12].copy_from_slice(&length.to_le_bytes());
        });
    }),
    (Rule::GlbPadding, "what is no zero after BIN", |f| {
        f.bin("a.glb").extend([0, 0, 0, 0, 0, 0, 0, 0]);
    }),
    (Rule::GlbPadding, "a line end after the JSON", |f| {
        f.raw("a.glb", |b| {
            let end = 20 + u32::from_le_bytes(b[12..16].try_into().unwrap()) as usize;
            b.splice(end..end, *b"       \n");
            let (json, whole) = ((end - 12) as u32, b.len() as u32);
            b[12..16].copy_from_slice(&json.to_le_bytes());
            b[8..12].copy_from_slice(&whole.to_le_bytes());
        });
    }),
    (Rule::GltfJson, "a text for a number", |f| of_a(f, "/accessors/0/count", json!("8"))),
    (Rule::GltfVersion, "1.0", |f| of_a(f, "/asset/version", json!("1.0"))),
    (Rule::Buffer, "more than there is", |f| {
        let length = f.bin("r.glb").len();
        set(f, "r.glb", "/buffers/0/byteLength", json!(length + 4));
        set(f, "e/tileset.json", "/root/content/url", json!("in.gltf"));
    }),
    (Rule::BufferView, "a stride that is none", |f| of_a(f, "/bufferViews/3/byteStride", json!(2))),
    (Rule::Accessor, "one element too many", |f| of_a(f, "/accessors/2/count", json!(39))),
    (Rule::Accessor, "a type that there is not", |f| {
        let one = json!({ "bufferView": 0, "componentType": 5126, "count": 1, "type": "VEC5" });
        f.json("a.glb")["accessors"].as_array_mut().unwrap().push(one);
    }),
    (Rule::Alignment, "numbers of 8 bytes at a multiple of 4", |f| {
        let value = 9.5_f64.to_le_bytes();
        let from = f.json("a.glb")["bufferViews"][7]["byteOffset"].as_u64().unwrap() as usize - 4;
        let other = (-1.0_f64).to_le_bytes();
        f.bin("a.glb")[from..from + 16].copy_from_slice(&[value, other].concat());
        of_a(f, "/bufferViews/7/byteOffset", json!(from));
    }),
    (Rule::Bounds, "another least", |f| of_a(f, "/accessors/0/min/1", json!(-0.5))),
    (Rule::Bounds, "another greatest of quantised ones", |f| of_b(f, "/accessors/0/max/2", json!(101))),
    (Rule::Bounds, "none of positions", |f| f.set("a.glb", "/accessors/0/max", None)),
    (Rule::NotFinite, "a column", |f| f64_at(f, 7, 0, f64::INFINITY)),
    (Rule::NotFinite, "an instance", |f| f32_at(f, "b.glb", 2, 0, f32::NAN)),
    (Rule::Reference, "a material", |f| of_a(f, "/meshes/0/primitives/0/material", json!(1))),
    (Rule::Reference, "a child", |f| of_a(f, "/nodes/0/children", json!([7]))),
    (Rule::Reference, "a table", |f| {
        of_b(f, "/nodes/0/extensions/EXT_instance_features/featureIds/0/propertyTable", json!(1))
    }),
    (Rule::Reference, "a picture", |f| of_a(f, "/textures/0/source", json!(1))),
    (Rule::Reference, "a texture", |f| {
        of_a(f, "/materials/0/pbrMetallicRoughness/baseColorTexture/index", json!(1));
    }),
    (Rule::Reference, "a sampler", |f| of_a(f, "/textures/0/sampler", json!(0))),
    (Rule::Picture, "of another kind than it says", |f| of_a(f, "/images/0/mimeType", json!("image/jpeg"))),
    (Rule::Picture, "of no kind", |f| f.view("a.glb", 11).fill(b'x')),
    (Rule::Picture, "without a kind", |f| f.set("a.glb", "/images/0/mimeType", None)),
    (Rule::Picture, "WebP where the core names one", webp),
    (Rule::Extension, "WebP by an extension that is not required", |f| {
        webp(f);
        of_a(f, "/textures/0", json!({ "extensions": { "EXT_texture_webp": { "source": 0 } } }));
        of_a(f, "/extensionsUsed", json!(["EXT_mesh_features", "EXT_structural_metadata", "EXT_texture_webp"]));
    }),
    (Rule::TextureCoordinates, "a set that is not there", |f| {
        of_a(f, "/materials/0/pbrMetallicRoughness/baseColorTexture/texCoord", json!(1));
    }),
    (Rule::AttributeType, "quantised without a word", |f| {
        set(f, "b.glb", "/extensionsRequired", json!(["EXT_meshopt_compression", "EXT_mesh_gpu_instancing"]));
    }),
    (Rule::AttributeType, "colours of one number", |f| of_a(f, "/meshes/0/primitives/0/attributes/COLOR_0", json!(1))),
    (Rule::AttributeCount, "fewer ids than vertices", |f| {
        of_a(f, "/accessors/1/count", json!(7));
    }),
    (Rule::IndexType, "signed", |f| of_a(f, "/accessors/2/componentType", json!(5122))),
    (Rule::IndexRange, "beyond the vertices", |f| f.view("a.glb", 2)[0] = 8),
    (Rule::Restart, "the greatest of its type", |f| f.view("a.glb", 2)[..2].fill(0xff)),
    (Rule::Topology, "35 indices of triangles", |f| of_a(f, "/accessors/2/count", json!(35))),
    (Rule::Node, "a rotation of length 2", |f| of_a(f, "/nodes/0/rotation/3", json!(2.0))),
    (Rule::Node, "a circle", |f| of_a(f, "/nodes/0/children", json!([0]))),
    (Rule::Meshopt, "a count that is not the view's", |f| {
        of_b(f, "/bufferViews/0/extensions/EXT_meshopt_compression/count", json!(7));
    }),
    (Rule::Meshopt, "a filter for indices", |f| {
        of_b(f, "/bufferViews/1/extensions/EXT_meshopt_compression/filter", json!("OCTAHEDRAL"));
    }),
    (Rule::MeshoptStream, "another version", |f| f.bin("b.glb")[0] = 0xa1),
    (Rule::MeshoptStream, "cut off", |f| {
        let length = &mut f.json("b.glb")["bufferViews"][0]["extensions"]["EXT_meshopt_compression"]["byteLength"];
        *length = (length.as_u64().unwrap() - 1).into();
    }),
    (Rule::Instancing, "two counts", |f| of_b(f, "/accessors/4/count", json!(2))),
    (Rule::Instancing, "no quaternions", |f| f32_at(f, "b.glb", 6, 3, 0.5)),
    (Rule::FeatureIds, "of 32 bits", |f| {
        of_a(f, "/accessors/1/componentType", json!(5125));
    }),
    (Rule::FeatureIds, "an attribute that is not there", |f| {
        of_b(f, "/nodes/0/extensions/EXT_instance_features/featureIds/0/attribute", json!(1));
    }),
    (Rule::FeatureSet, "from 1", |f| {
        of_a(f, "/meshes/0/primitives/0/attributes", json!({ "POSITION": 0, "TEXCOORD_0": 3, "_FEATURE_ID_1": 1 }));
        of_a(f, "/meshes/0/primitives/0/extensions/EXT_mesh_features/featureIds/0/attribute", json!(1));
    }),
    (Rule::FeatureCount, "of vertices", |f| {
        of_a(f, "/meshes/0/primitives/0/extensions/EXT_mesh_features/featureIds/0/featureCount", json!(3));
    }),
    (Rule::FeatureCount, "of instances", |f| {
        of_b(f, "/nodes/0/extensions/EXT_instance_features/featureIds/0/featureCount", json!(2));
    }),
    (Rule::FeatureRow, "beyond the table", |f| f.view("b.glb", 3)[2..4].copy_from_slice(&[3, 0])),
    (Rule::TableCount, "a row of no feature", |f| {
        f.view("b.glb", 3)[4..6].copy_from_slice(&[1, 0]);
        of_b(f, "/nodes/0/extensions/EXT_instance_features/featureIds/0/featureCount", json!(2));
    }),
    (Rule::SchemaName, "a property", |f| {
        of_schema(f, "/classes/thing/properties/层", json!({ "type": "BOOLEAN" }));
    }),
    (Rule::SchemaName, "no id", |f| f.set("a.glb", &format!("{META}/schema/id"), None)),
    (Rule::SchemaType, "no component type", |f| {
        f.set("a.glb", &format!("{META}/schema/classes/thing/properties/height/componentType"), None);
    }),
    (Rule::SchemaType, "a name twice", |f| of_schema(f, "/enums/kind/values/0/name", json!("roof"))),
    (Rule::Table, "a class that there is not", |f| of_a(f, &format!("{META}/propertyTables/0/class"), json!("other"))),
    (Rule::Table, "a required property", |f| {
        f.set("a.glb", &format!("{META}/propertyTables/0/properties/id"), None);
    }),
    (Rule::ColumnLength, "a value too many", |f| of_a(f, "/bufferViews/5/byteLength", json!(3))),
    (Rule::ColumnOffsets, "falling", |f| f.view("a.glb", 9).copy_from_slice(&[0, 4, 3])),
    (Rule::ColumnOffsets, "no end", |f| of_a(f, "/bufferViews/4/byteLength", json!(8))),
    (Rule::ColumnOffsets, "an end beyond", |f| of_a(f, "/bufferViews/3/byteLength", json!(5))),
    (Rule::ColumnText, "half a character", |f| {
        f.view("a.glb", 4)[4] = 2;
    }),
    (Rule::ColumnEnum, "a value that is not listed", |f| f.view("a.glb", 5)[0] = 1),
    (Rule::ColumnBounds, "another least", |f| of_column(f, "/height/min", json!(-1))),
    (Rule::ColumnBounds, "beyond the class's", |f| {
        f64_at(f, 7, 0, 11.0);
        of_column(f, "/height/min", json!(11));
        of_column(f, "/height/max", json!(11));
    }),
    (Rule::NoData, "of a boolean", |f| of_schema(f, "/classes/thing/properties/open/noData", json!(false))),
    (Rule::IdEmpty, "none", |f| f.view("a.glb", 4)[4] = 0),
    (Rule::IdDouble, "the same again", |f| f.view("b.glb", 4)[3] = b'0'),
    (Rule::IdTwice, "in two leaves", |f| {
        let again = f.0["b.glb"].clone();
        f.0.insert("c.glb".to_owned(), again);
        set(f, "tileset.json", "/root/children/3/children/0/content/uri", json!("c.glb"));
        of_root(f, "/children/3/children/0/boundingVolume", json!({ "sphere": [0, 0, 0, 15] }));
    }),
];

#[test]
fn what_is_sound_is_clean_and_counted() {
    let report = of(&sound(), &CheckLimits::default());
    assert!(report.is_clean(), "{}", report.text());
    let counts = report.counts;
    assert_eq!((counts.tilesets, counts.subtrees, counts.tiles, counts.levels, counts.most_tiles), (2, 2, 11, 4, 6));
    assert_eq!((counts.contents, counts.features, counts.ids), (9, 5, 3));
    assert_eq!((counts.vertices, counts.triangles), (8 + 3 * 8 + 8 + 5 * 3, 12 + 3 * 12 + 12 + 5));
    assert_eq!(report.not_looked_into.keys().collect::<Vec<_>>(), ["pixels of pictures", "what b3dm contents hold"]);
}

#[test]
fn each_rule_finds_its_own_mistake_and_no_other_does() {
    let mut met = std::collections::BTreeSet::new();
    let mut wrong = String::new();
    for (rule, name, breaks) in CASES {
        let mut files = sound();
        breaks(&mut files);
        let report = of(&files, &CheckLimits::default());
        let found: Vec<&str> = report.totals.keys().copied().collect();
        if found != [rule.name()] {
            wrong.push_str(&format!("{} ({name}) gives {found:?}:\n{}\n", rule.name(), report.text()));
        }
        let (errors, warnings) = if rule.severity() == Severity::Error { (true, false) } else { (false, true) };
        assert!(!wrong.is_empty() || (report.errors > 0, report.warnings > 0) == (errors, warnings));
        met.insert(*rule);
    }
    assert!(wrong.is_empty(), "{wrong}");
    let never: Vec<_> = Rule::ALL.iter().filter(|rule| !met.contains(rule) && **rule != Rule::Limit).collect();
    assert!(never.is_empty(), "no case for {never:?}");
}

#[test]
fn what_is_too_much_is_told_and_left() {
    let few = |limits: CheckLimits| of(&sound(), &limits).totals.into_iter().collect::<Vec<_>>();
    let whole = CheckLimits::default();
    assert_eq!(few(CheckLimits { tiles: 5, ..whole }), [(Rule::Limit.name(), 1)]);
    assert_eq!(few(CheckLimits { content: 5, ..whole }), [(Rule::Limit.name(), 9)]);
    assert_eq!(few(CheckLimits { depth: 0, ..whole }), [(Rule::Limit.name(), 1)]);
    let mut files = sound();
    of_root(&mut files, "/content/boundingVolume/box/3", json!(0.5));
    let places = of(&files, &CheckLimits { places: 7, ..whole });
    assert_eq!(
        places.totals.into_iter().collect::<Vec<_>>(),
        [(Rule::Limit.name(), 1)],
        "not even whether vertices lie outside"
    );
    let mut files = sound();
    files.set("tileset.json", &format!("{TILING}/subtreeLevels"), Some(json!(30)));
    assert_eq!(of(&files, &whole).totals.into_iter().collect::<Vec<_>>(), [(Rule::Limit.name(), 1)]);
    files.0.insert("tileset.json".to_owned(), File::Raw(b"{\"asset\":{},\"root\"".to_vec()));
    let dir = tempfile::tempdir().unwrap();
    files.write(dir.path());
    let fault = cimbra::formats::tiles3d::check::check(&dir.path().join("tileset.json"), &whole, &|_| {}).unwrap_err();
    assert!(fault.to_string().contains("is not JSON"), "{fault}");
}

#[test]
fn a_quantised_vertex_may_lie_half_a_step_and_a_millimetre_outside() {
    // The step is 2 cm and the box ends at 15 m; an instance's far side lies 2 m from its place.
    let at = |metres: f32| {
        let mut files = sound();
        f32_at(&mut files, "b.glb", 2, 6, (metres - 2.0) / 0.02);
        of(&files, &CheckLimits::default()).totals.into_keys().collect::<Vec<_>>()
    };
    assert!(at(15.0105).is_empty());
    assert_eq!(at(15.0115), [Rule::VertexOutside.name()]);
}
