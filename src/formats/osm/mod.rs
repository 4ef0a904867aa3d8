//! OpenStreetMap extracts (PBF): buildings, roads, paths, railways, water, green and what stands along them.

mod elements;
mod kinds;
mod places;
mod relations;

use super::attribute::{add, text};
use super::feature::{Feature, Features, Parts};
use super::mapping::Columns;
use super::{ReadOptions, Reader, Sink, SourceFrame, SourceItem};
use crate::fault::{Fault, Result};
use crate::model::{AssetId, Attributes, Class, Value};
use elements::{Element, Want, each};
use kinds::{Of, class, covers_ground};
use places::Places;
use relations::{Relation, Relations};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The reader of OpenStreetMap PBF.
///
/// Ids are `node/1`, `way/1`, `relation/1`; tags are attributes, as text. Buildings stand as high as `height` says, else three
/// metres for each of `building:levels`. The file is read four times and only the places of nodes that are needed are held.
#[derive(Debug, Clone, Copy)]
pub struct Osm;

/// Metres of a level where no height is given.
const LEVEL: f64 = 3.0;

impl Reader for Osm {
    fn name(&self) -> &'static str {
        "OpenStreetMap PBF"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["osm.pbf", "pbf"]
    }
    fn takes_mapping(&self) -> bool {
        true
    }
    fn sniff(&self, head: &[u8]) -> bool {
        // The first blob's header: its size, then its type as field 1.
        head.get(..2) == Some(&[0, 0][..]) && head.get(4..15) == Some(&b"\x0a\x09OSMHeader"[..])
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        read(file, options, sink).map_err(|e| e.about(file.display().to_string()))
    }
}

/// The objects of one file on their way out.
struct Out<'a, 's> {
    features: Features<'a>,
    columns: Columns<'a>,
    sink: &'a mut Sink<'s>,
    /// Of which whole an element is a part, by `type=building` relations.
    wholes: HashMap<String, AssetId>,
    by_levels: usize,
    passed: [(usize, Option<String>); 3],
}

impl Out<'_, '_> {
    fn put(
        &mut self,
        id: String,
        class: Class,
        tags: Attributes,
        parts: std::result::Result<Parts, String>,
    ) -> Result<()> {
        let mut attributes = tags;
        if matches!(class, Class::Building | Class::BuildingPart) {
            self.by_levels += usize::from(levels(&mut attributes));
        }
        if let Some(whole) = self.wholes.get(&id) {
            add(&mut attributes, "parent", Value::Text(whole.to_string()));
        }
        self.columns.note(&attributes);
        let feature = Feature { id: Some(id.clone()), class: Some(class), ..Feature::new(id, attributes, parts) };
        self.features.take(feature, None, self.sink)
    }
    /// Counts an element with tags of a kind that is not taken.
    fn pass(&mut self, of: Of, tags: &Attributes) {
        if let (Some((count, example)), Some((key, _))) = (self.passed.get_mut(of as usize), tags.first()) {
            *count += 1;
            example.get_or_insert_with(|| key.chars().take(40).collect());
        }
    }
}

fn read(file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
    elements::check(file)?;
    sink(SourceItem::Frame(SourceFrame { crs: Some("OGC:CRS84".into()), placement: None, assumed: false }))?;
    let features = Features::new(options);
    let columns = Columns::of(features.mapping());
    let (wholes, passed) = (HashMap::new(), Default::default());
    let mut out = Out { features, columns, sink, wholes, by_levels: 0, passed };
    // First the relations: which ways they are made of.
    let mut relations = Relations::default();
    each(file, Want::Relations, &mut |element| {
        let Element::Relation { id, tags, members } = element else { return Ok(()) };
        let kind = text(&tags, &["type"]).unwrap_or_default();
        if kind == "building" {
            relations::parts(&members, &mut out.wholes);
            return Ok(());
        }
        match class(&tags, Of::Relation).filter(|_| kind == "multipolygon") {
            Some(class) => relations.push(Relation { id, class, tags, members }),
            None => {
                out.pass(Of::Relation, &tags);
                Ok(())
            }
        }
    })?;
    // Then the ways: which nodes they go through.
    let mut needed = Places::default();
    let members: HashSet<i64> = relations.ways();
    each(file, Want::Ways, &mut |element| {
        let Element::Way { id, tags, nodes } = element else { return Ok(()) };
        let member = members.contains(&id);
        if member || class(&tags, Of::Way).is_some() {
            needed.need(&nodes)?;
        } else {
            out.pass(Of::Way, &tags);
        }
        if member {
            relations.way(id, nodes);
        }
        Ok(())
    })?;
    // Then where these are, and what stands on nodes themselves.
    needed.sort();
    each(file, Want::Nodes, &mut |element| {
        let Element::Node { id, tags, at } = element else { return Ok(()) };
        needed.set(id, at);
        if tags.is_empty() {
            return Ok(());
        }
        match class(&tags, Of::Node) {
            Some(class) => {
                let mut parts = Parts::default();
                let point = parts.at((at, None));
                parts.point(point);
                out.put(format!("node/{id}"), class, tags, Ok(parts))
            }
            None => {
                out.pass(Of::Node, &tags);
                Ok(())
            }
        }
    })?;
    each(file, Want::Ways, &mut |element| {
        let Element::Way { id, tags, nodes } = element else { return Ok(()) };
        let Some(class) = class(&tags, Of::Way) else { return Ok(()) };
        let parts = needed.line(&nodes).and_then(|line| {
            let mut parts = Parts::default();
            match covers_ground(&tags, class) && nodes.len() > 3 && nodes.first() == nodes.last() {
                true => parts.area([line])?,
                false => parts.line(line),
            }
            Ok(parts)
        });
        out.put(format!("way/{id}"), class, tags, parts)
    })?;
    for relation in relations.drain() {
        let parts = relations.assemble(&relation, &needed);
        out.put(format!("relation/{}", relation.id), relation.class, relation.tags, parts)?;
    }
    out.end()
}

impl Out<'_, '_> {
    fn end(self) -> Result<()> {
        let Self { features, columns, sink, by_levels, passed, .. } = self;
        columns.check()?;
        if by_levels > 0 {
            let note = format!(
                "{by_levels} buildings have levels and no height: {LEVEL} m are taken for each ('height_from' says so)"
            );
            sink(SourceItem::Note(note))?;
        }
        for ((count, example), what) in passed.into_iter().zip(["nodes", "ways", "relations"]) {
            if let Some(example) = example {
                sink(SourceItem::Note(format!("{count} {what} are of kinds that are not taken, such as '{example}'")))?;
            }
        }
        features.end(sink)
    }
}

/// Gives a building the height of its levels; whether it did.
fn levels(tags: &mut Attributes) -> bool {
    let number = |tags: &Attributes, name| text(tags, &[name]).and_then(|t| t.parse::<f64>().ok());
    let sound = |n: &f64| n.is_finite() && *n > 0.0 && *n < 400.0;
    let given = text(tags, &["height", "building:height"]).is_some();
    let Some(count) = number(tags, "building:levels").filter(sound).filter(|_| !given) else { return false };
    add(tags, "height", Value::Float(count * LEVEL));
    add(tags, "height_from", Value::Text("building:levels".into()));
    if let Some(under) = number(tags, "building:min_level").filter(sound) {
        add(tags, "min_height", Value::Float(under * LEVEL));
    }
    true
}

/// The fault of an extract that is too much at once.
fn too_large(what: &str) -> Fault {
    Fault::new(crate::fault::Kind::TooLarge, format!("has more than {what}"))
        .remedy("cut out the area with osmium: osmium extract -b WEST,SOUTH,EAST,NORTH FILE -o part.osm.pbf")
}
