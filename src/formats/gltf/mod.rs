//! glTF 2.0 and GLB models: every feature with properties, every named top-level node, or the whole model becomes an asset.
//!
//! - Features (`EXT_mesh_features` or `EXT_instance_features` with a property table of `EXT_structural_metadata`) become an asset
//!   each, with the row's values as attributes. Its id is the value with the semantic ID, else `id`, else `TABLE-ROW`.
//! - Else, where the scene has several top-level nodes and each has a name of its own, each becomes an asset called so, with
//!   its `extras` as attributes; a single node above all others is passed through.
//! - Else the whole model is one asset, called after its file.
//!
//! Units are metres; y up becomes z up, so that the model's front (+z) faces south. Positions are kept in 64 bits: node
//! transforms, and the centre of `CESIUM_RTC`, which in a file of geocentric coordinates says where it is. A material's base colour and
//! its picture, where it has one, are its surfaces'.

mod buffers;
mod container;
mod document;
mod features;
mod scene;
mod texture;

pub use container::glb;

use super::picture::Pictures;
use super::reader::open;
use super::taken::{Taken, Word, take_text};
use super::{Placement, ReadOptions, Reader, Sink, SourceFrame, SourceItem, SourceObject, Up};
use crate::fault::{Fault, Result};
use crate::geom::Shape;
use crate::geom::matrix::{IDENTITY, Matrix, times};
use crate::model::{AssetId, Attributes, Class, Value};
use document::Document;
use features::Rows;
use scene::{Gathered, Owner, Part, UPRIGHT, matrix};
use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::Path;

/// The reader of `.gltf` and `.glb` files.
#[derive(Debug, Clone, Copy)]
pub struct Gltf;

/// The most bytes of the file itself.
const LARGEST: u64 = 2 << 30;
/// Extensions that a model may need and that are read, or change nothing of what is.
const READ: &[&str] = &[
    "EXT_mesh_features",
    "EXT_structural_metadata",
    "EXT_instance_features",
    "EXT_mesh_gpu_instancing",
    "CESIUM_RTC",
    "KHR_mesh_quantization",
    "KHR_texture_transform",
    "KHR_texture_basisu",
    "EXT_texture_webp",
    "KHR_lights_punctual",
    "CESIUM_primitive_outline",
];

impl Reader for Gltf {
    fn name(&self) -> &'static str {
        "glTF"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["glb", "gltf"]
    }
    fn sniff(&self, head: &[u8]) -> bool {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let has = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
        head.starts_with(b"glTF")
            || text.starts_with(b"{")
                && has(b"\"asset\"")
                && [&b"\"accessors\""[..], b"\"bufferViews\"", b"\"meshes\"", b"\"scenes\""].iter().any(|w| has(w))
                && !has(b"\"geometricError\"")
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        let about = |fault: Fault| fault.about(file.display().to_string());
        let source = open(file)?.take(LARGEST + 1).read_to_end(&mut bytes);
        source.map_err(|e| about(Fault::io("reading", &e)))?;
        if bytes.len() as u64 > LARGEST {
            return Err(about(buffers::too_large()));
        }
        let beside = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        read(&bytes, beside, &stem, &Pictures::of(file), options, sink).map_err(about)
    }
}

/// What a compressed model is refused with.
fn compressed(extension: &str) -> Fault {
    Fault::bad_input(format!("is compressed with {extension}, which is not read"))
        .remedy("unpack it, such as with npx @gltf-transform/cli copy in.glb out.glb")
}

fn read(
    bytes: &[u8],
    beside: &Path,
    stem: &str,
    pictures: &Pictures,
    options: &ReadOptions,
    sink: &mut Sink,
) -> Result<()> {
    let (json, binary) = buffers::split(bytes)?;
    let document: Document =
        serde_json::from_slice(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)).map_err(|e| {
            let said: String = e.to_string().chars().take(200).collect();
            Fault::bad_input(format!("is no glTF: {said}"))
        })?;
    if !document.asset.version.starts_with("2.") {
        let version = super::reader::clip(&document.asset.version);
        return Err(Fault::bad_input(format!("is glTF of version '{version}'; version 2 is read"))
            .remedy("convert it, such as with npx gltf-pipeline -i model.gltf -o model2.glb"));
    }
    let meshopt = document
        .buffer_views
        .iter()
        .any(|view| view.extensions.keys().any(|name| name.ends_with("meshopt_compression")));
    let needed = document.extensions_required.iter().map(String::as_str);
    for extension in needed.chain(meshopt.then_some("EXT_meshopt_compression")) {
        if extension.contains("compression") {
            return Err(compressed(extension));
        }
        if !READ.contains(&extension) && !extension.starts_with("KHR_materials_") {
            let name = super::reader::clip(extension);
            return Err(Fault::bad_input(format!("needs the extension '{name}', which is not read"))
                .remedy("export it without that extension"));
        }
    }
    let buffers = buffers::load(&document, binary, beside)?;
    let up = if options.up == Some(Up::Z) { IDENTITY } else { UPRIGHT };
    let center = document.extensions.rtc.as_ref().map(|rtc| rtc.center).unwrap_or_default();
    if !center.iter().all(|c| c.is_finite()) {
        return Err(Fault::bad_input("has a CESIUM_RTC centre that is no place"));
    }
    let from_earth = center.iter().map(|c| c * c).sum::<f64>().sqrt();
    // Nothing else is as far from its origin as the ground is from the middle of the Earth.
    let geocentric = (6_300_000.0..6_450_000.0).contains(&from_earth);
    sink(SourceItem::Frame(match geocentric {
        true => SourceFrame { crs: Some("EPSG:4978".into()), placement: None, assumed: false },
        false => SourceFrame { crs: None, placement: Some(Placement::Unplaced { true_north: 0.0 }), assumed: false },
    }))?;
    let mut gathered = Gathered::new(&document, &buffers, pictures, center);
    let units = units(&document);
    for (unit, (node, above)) in units.nodes.iter().enumerate() {
        // What is not told apart is one asset.
        let unit = if units.named { unit } else { 0 };
        gathered.walk(unit, *node, &times(&up, above), 0)?;
    }
    notes(&document, &gathered, sink)?;
    let mut tables: BTreeMap<usize, Option<Rows>> = BTreeMap::new();
    let mut taken = Taken::default();
    let parts = gathered.into_parts();
    pictures.give(sink)?;
    let mut seen = HashSet::new();
    for (owner, part) in parts {
        match owner {
            Owner::Unit(unit) => {
                object(units.describe(&document, unit, stem), part, pictures, options, &mut taken, sink)?
            }
            Owner::Feature(table, row) => {
                let rows = tables.entry(table).or_insert_with(|| Rows::read(&document, &buffers, table));
                let described = match (rows.as_ref(), usize::try_from(row)) {
                    (Some(rows), Ok(row)) if row < rows.count => {
                        seen.insert((table, row));
                        feature(rows, row)
                    }
                    // A number without a row is still something apart.
                    _ => Described { id: Some(format!("{stem}-{row}")), ..Described::default() },
                };
                object(described, part, pictures, options, &mut taken, sink)?;
            }
        }
    }
    for (table, rows) in tables.iter().filter_map(|(table, rows)| Some((table, rows.as_ref()?))) {
        let without = rows.count - seen.iter().filter(|(t, _)| t == table).count();
        if without > 0 {
            sink(SourceItem::Note(format!(
                "{without} rows of '{}' belong to no triangle and are left out",
                rows.name
            )))?;
        }
        if !rows.unread.is_empty() {
            sink(SourceItem::Note(format!(
                "columns of '{}' that are not read: {}",
                rows.name,
                rows.unread.join(", ")
            )))?;
        }
    }
    pictures.tell(sink)?;
    taken.end(sink)
}

/// What the report should know of what is left out.
fn notes(document: &Document, gathered: &Gathered, sink: &mut Sink) -> Result<()> {
    let mut say = |note: String| sink(SourceItem::Note(note));
    if gathered.thin > 0 {
        say(format!("{} primitives are points or lines and are left out", gathered.thin))?;
    }
    if gathered.textured > 0 {
        say(format!("{} primitives have feature ids in pictures only and are not told apart", gathered.textured))?;
    }
    if !document.animations.is_empty() || !document.skins.is_empty() {
        say("animations and skins are left out: the model stands as at rest".into())?;
    }
    if document.buffers.iter().any(|b| b.uri.as_ref().is_some_and(|u| !u.starts_with("data:"))) {
        say("its buffers in other files are read and not kept; a .glb keeps all in one".into())?;
    }
    let schema = document.extensions.metadata.as_ref().and_then(|m| m.schema_uri.as_ref());
    if schema.is_some() {
        say("its property tables have a schema in another file and are left out".into())?;
    }
    for broken in &gathered.broken {
        sink(SourceItem::Refused { object: broken.clone(), reason: "its accessors do not hold".into() })?;
    }
    Ok(())
}

/// The top-level nodes that stand for something each.
struct Units {
    /// Each with what stands above it.
    nodes: Vec<(usize, Matrix)>,
    /// Whether each is an asset of its own.
    named: bool,
}

fn units(document: &Document) -> Units {
    let scene = document.scenes.get(document.scene.unwrap_or(0));
    // A model without a scene shows all nodes that are no other's children.
    let children: HashSet<usize> = document.nodes.iter().flat_map(|n| n.children.iter().copied()).collect();
    let all = || (0..document.nodes.len()).filter(|n| !children.contains(n)).collect();
    let mut roots: Vec<usize> = scene.map_or_else(all, |scene| scene.nodes.clone());
    let mut above = IDENTITY;
    let mut passed = 0;
    while let [only] = roots.as_slice()
        && let Some(node) = document.nodes.get(*only).filter(|n| n.mesh.is_none() && !n.children.is_empty())
        && passed < 64
    {
        above = times(&above, &matrix(node));
        roots = node.children.clone();
        passed += 1;
    }
    let names: Vec<&str> = roots.iter().filter_map(|n| document.nodes.get(*n)).map(|n| n.name.trim()).collect();
    let distinct: HashSet<&str> = names.iter().copied().filter(|name| !name.is_empty()).collect();
    let named = roots.len() > 1 && distinct.len() == roots.len();
    Units { nodes: roots.into_iter().map(|n| (n, above)).collect(), named }
}

/// What an asset is to be, before its class is known.
#[derive(Default)]
struct Described {
    id: Option<String>,
    name: String,
    attributes: Attributes,
}

impl Units {
    fn describe(&self, document: &Document, unit: usize, stem: &str) -> Described {
        let node = self.nodes.get(unit).and_then(|(node, _)| document.nodes.get(*node));
        let mesh = node.and_then(|n| n.mesh).and_then(|m| document.meshes.get(m));
        let members = |of: Option<&super::attribute::Attribute>| of.cloned().unwrap_or_default().members();
        let mut attributes = members(node.map(|n| &n.extras));
        for (name, value) in members(mesh.map(|m| &m.extras)) {
            if attributes.iter().all(|(known, _)| *known != name) {
                attributes.push((name, value));
            }
        }
        if let Some(copyright) = &document.asset.copyright {
            attributes.push(("copyright".into(), Value::Text(copyright.clone())));
        }
        let name = node.map(|n| n.name.trim().to_owned()).unwrap_or_default();
        let id = take_text(&mut attributes, &["id"]);
        match self.named {
            true => Described { id: id.or_else(|| Some(name.clone())), name, attributes },
            false => {
                let name = if self.nodes.len() == 1 && !name.is_empty() { name } else { stem.to_owned() };
                Described { id: id.or_else(|| Some(stem.to_owned())), name, attributes }
            }
        }
    }
}

fn feature(rows: &Rows, row: usize) -> Described {
    let mut attributes = rows.row(row);
    let mut pick = |semantic: &str, names: &[&str]| {
        let meant = rows.by_semantic(row, semantic);
        take_text(&mut attributes, names).or(meant)
    };
    let id = pick("ID", &["id", "ID", "Id", "gml_id", "GlobalId"]);
    let name = pick("NAME", &["name", "Name", "NAME", "名称"]).unwrap_or_default();
    Described { id: id.or_else(|| Some(format!("{}-{row}", rows.name))), name, attributes }
}

fn object(
    described: Described,
    part: Part,
    pictures: &Pictures,
    options: &ReadOptions,
    taken: &mut Taken,
    sink: &mut Sink,
) -> Result<()> {
    let Described { id, name, mut attributes } = described;
    let id = id.unwrap_or_default();
    let id: AssetId = match taken.id(&id) {
        Ok(id) => id,
        Err(reason) => {
            let object = if id.is_empty() { "an object without an id".into() } else { super::reader::clip(&id) };
            return sink(SourceItem::Refused { object, reason });
        }
    };
    let class = match (taken.class(&mut attributes), options.class) {
        (Some(Word::Known(class)), _) | (_, Some(class)) => class,
        (Some(Word::Unknown), None) => Class::Component,
        (None, None) => taken.assumed(Class::Component),
    };
    // What Cimbra's own tiles say of where a feature is served.
    attributes.retain(|(name, _)| name != "collection");
    let parent = take_text(&mut attributes, &["parent"]).map(Into::into);
    let storey = take_text(&mut attributes, &["storey"]).map(Into::into);
    let (layer, footprint, crs) = (None, Vec::new(), None);
    part.lost.iter().for_each(|lost| pictures.lost(lost, &id));
    let shape = Shape::Mesh(part.mesh());
    let object = SourceObject { id, class, name, parent, storey, layer, attributes, shape, footprint, crs };
    sink(SourceItem::Object(Box::new(object)))
}
