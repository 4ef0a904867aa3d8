//! City objects become source objects: ids, classes, parents, storeys, names, attributes.

use super::boundary::Space;
use super::model::{Document, Object, Templates, Transform};
use super::shape::{Chosen, Remark, choose};
use super::texture::{Album, theme_of};
use super::write::is_written_as;
use crate::fault::Result;
use crate::formats::attribute::{add, text};
use crate::formats::picture::{Lost, Pictures};
use crate::formats::reader::clip;
use crate::formats::{Sink, SourceItem, SourceObject};
use crate::geom::Shape;
use crate::model::{AssetId, Class, Value};
use foldhash::{HashMap, HashMapExt};
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Attributes that name an object for people, in order of preference.
const NAMES: &[&str] = &["name", "Name", "naam", "gml:name", "label", "title", "identificatie"];
/// How many steps up a storey is looked for; real trees have four levels.
const HIGHEST: usize = 32;

/// Makes source objects of a file's documents, each by itself.
pub(super) struct Preparer {
    transform: Option<Transform>,
    templates: Templates,
    /// The theme of textures that the header names.
    theme: Option<String>,
    pictures: Arc<Pictures>,
}

/// Gives the objects of a file, document by document.
pub(super) struct Objects {
    /// The ids so far, each as 128 bits that nobody outside can foresee: of a city's millions the texts would be much to keep.
    seen: HashSet<u128>,
    seed: u64,
    remarks: BTreeMap<Remark, (usize, String)>,
    strangers: (usize, String),
    pictures: Arc<Pictures>,
}

impl Preparer {
    /// Takes the header's templates: they are for the features of a sequence too.
    pub fn new(header: &mut Document, pictures: Arc<Pictures>) -> Self {
        let mut templates = std::mem::take(&mut header.templates);
        templates.materials.clone_from(&header.appearance.materials);
        if templates.templates.iter().any(|template| template.texture.is_there()) {
            templates.album = Album::new(&header.appearance, None);
        }
        let theme = theme_of(&header.appearance).map(str::to_owned);
        Self { transform: header.transform, templates, theme, pictures }
    }
    /// Every object of a document or feature.
    pub fn prepare(&self, document: Document) -> Vec<Prepared> {
        let Document { objects, vertices, broken, appearance, .. } = document;
        let refused = |id: &str, reason| Prepared::Refused { id: id.chars().take(512).collect(), reason };
        let mut all = Vec::with_capacity(broken.len() + objects.len());
        for (id, said) in broken {
            let said: String = said.chars().take(200).collect();
            all.push(refused(&id, format!("is no city object: {said}")));
        }
        let family = Family::of(&objects);
        let places: Vec<_> = objects.iter().map(|(id, object)| family.place(id, object)).collect();
        let textured = objects.iter().flat_map(|(_, object)| &object.geometry).any(|g| g.texture.is_there());
        let album = if textured { Album::new(&appearance, self.theme.as_deref()) } else { Album::default() };
        let space = Space {
            vertices: &vertices,
            transform: self.transform,
            templates: Some(&self.templates),
            materials: &appearance.materials,
            album: &album,
            pictures: &self.pictures,
        };
        for ((id, object), (parent, storey)) in objects.into_iter().zip(places) {
            if id.is_empty() || id.len() > 512 {
                all.push(refused(&id, "the id is empty or longer than 512 bytes".into()));
                continue;
            }
            let chosen = if object.geometry.is_empty() { Ok(Chosen::default()) } else { choose(&object, &space) };
            let id = AssetId::from(id);
            all.push(match chosen {
                Err(reason) => Prepared::Chosen { id, object: Err(reason) },
                Ok(mut chosen) => {
                    let (remark, lost) = (chosen.remark, std::mem::take(&mut chosen.lost));
                    let (object, stranger) = source_object(id.clone(), object, parent, storey, chosen);
                    Prepared::Chosen { id, object: Ok((Box::new(object), remark, stranger, lost)) }
                }
            });
        }
        all
    }
}

impl Objects {
    pub fn new(pictures: Arc<Pictures>) -> Self {
        let (seen, seed) = (HashSet::new(), RandomState::new().hash_one(0));
        Self { seen, seed, remarks: BTreeMap::new(), strangers: (0, String::new()), pictures }
    }
    /// Gives what was prepared to the sink, in the file's order.
    pub fn give(&mut self, prepared: Vec<Prepared>, sink: &mut Sink) -> Result<()> {
        self.pictures.give(sink)?;
        for one in prepared {
            match one {
                Prepared::Refused { id, reason } => sink(SourceItem::Refused { object: id, reason })?,
                Prepared::Chosen { id, object } => {
                    let refuse = |reason: String| SourceItem::Refused { object: id.to_string(), reason };
                    if !self.seen.insert(xxh3_128_with_seed(id.as_bytes(), self.seed)) {
                        sink(refuse("the id stands twice in the file; the first one is taken".into()))?;
                        continue;
                    }
                    match object {
                        Err(reason) => sink(refuse(reason))?,
                        Ok((object, remark, stranger, lost)) => {
                            lost.iter().for_each(|lost| self.pictures.lost(lost, &id));
                            self.remark(remark, &id);
                            if let Some(kind) = stranger {
                                self.strangers.0 += 1;
                                self.strangers.1 = kind;
                            }
                            sink(SourceItem::Object(object))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
    fn remark(&mut self, remark: Option<Remark>, id: &str) {
        if let Some(remark) = remark {
            self.remarks.entry(remark).or_insert_with(|| (0, id.to_owned())).0 += 1;
        }
    }
    /// Tells what was changed.
    pub fn end(self, sink: &mut Sink) -> Result<()> {
        for (remark, (count, first)) in self.remarks {
            let what = match remark {
                Remark::NoGround => "solids lack their ground face, which is added from their open edges",
                Remark::Slits => "solids have slits at a tenth of their edges or fewer and are taken as surfaces",
                Remark::Turned => "solids were inside out and are turned",
                Remark::LowerLod => "objects are taken at a lower level of detail because the highest does not hold",
            };
            sink(SourceItem::Note(format!("{count} {what} (the first is {first})")))?;
        }
        self.pictures.tell(sink)?;
        if let (count @ 1.., kind) = self.strangers {
            sink(SourceItem::Note(format!(
                "{count} objects are of types without a class, such as '{kind}': taken as elements"
            )))?;
        }
        Ok(())
    }
}

/// An object, what was changed about it, the name of a type without a class, and which of its textures are not shown.
type Taken = (Box<SourceObject>, Option<Remark>, Option<String>, Vec<Lost>);

/// A city object on its way to the sink.
pub(super) enum Prepared {
    /// What is none.
    Refused { id: String, reason: String },
    /// What is one, or why it is refused.
    Chosen { id: AssetId, object: std::result::Result<Taken, String> },
}

/// The object in Cimbra's terms, and its type's name where that has no class.
fn source_object(
    id: AssetId,
    from: Object,
    parent: Option<AssetId>,
    storey: Option<Arc<str>>,
    chosen: Chosen,
) -> (SourceObject, Option<String>) {
    let Object { kind, attributes, address, .. } = from;
    let mut attributes = attributes.members();
    let known = Class::from_source(kind.trim_start_matches('+'));
    let stranger = known.is_none().then(|| clip(&kind));
    // The standard has fewer types than there are classes; what was exported from here says its own, and what it is part of.
    let said = text(&attributes, &["class"]).and_then(|word| Class::ALL.iter().copied().find(|c| c.name() == word));
    let said = said.filter(|class| is_written_as(*class, &kind));
    let own = |name: &str| said.and_then(|_| text(&attributes, &[name]));
    let (parent, storey) =
        (parent.or_else(|| own("parent").map(AssetId::from)), storey.or_else(|| own("storey").map(Arc::from)));
    let class = said.or(known).unwrap_or(Class::Element);
    let name = text(&attributes, NAMES).unwrap_or_default();
    add(&mut attributes, "cityjson_type", Value::Text(kind));
    if let Some(lod) = chosen.lod {
        add(&mut attributes, "lod", Value::Text(lod));
    }
    if address.0 != Value::Null {
        add(&mut attributes, "address", address.0);
    }
    let Chosen { shape, footprint, .. } = chosen;
    let footprint = if matches!(shape, Shape::Areas(_)) { Vec::new() } else { footprint };
    (SourceObject { id, class, name, parent, storey, layer: None, attributes, shape, footprint, crs: None }, stranger)
}

/// Who belongs to whom within one document.
struct Family<'a> {
    objects: HashMap<&'a str, &'a Object>,
    parents: HashMap<&'a str, &'a str>,
}

impl<'a> Family<'a> {
    fn of(objects: &'a [(String, Object)]) -> Self {
        let mut parents = HashMap::new();
        let known: HashMap<&str, &Object> = objects.iter().map(|(id, object)| (id.as_str(), object)).collect();
        // A group lists its members as children; it is not what they are part of.
        let group = |id: &str| known.get(id).is_some_and(|o| o.kind == "CityObjectGroup");
        for (id, object) in objects {
            if let Some(parent) = object.parents.iter().find(|p| !group(p) && *p != id) {
                parents.insert(id.as_str(), parent.as_str());
            }
        }
        for (id, object) in objects.iter().filter(|(id, _)| !group(id)) {
            for child in object.children.iter().filter(|c| *c != id) {
                parents.entry(child.as_str()).or_insert(id.as_str());
            }
        }
        Self { objects: known, parents }
    }
    /// The parent, and the label of the storey that the object is or is on.
    fn place(&self, id: &str, object: &Object) -> (Option<AssetId>, Option<Arc<str>>) {
        let (mut at, mut here) = (id, Some(object));
        let mut storey = None;
        for _ in 0..HIGHEST {
            if let Some(level) = here.filter(|o| o.kind == "BuildingStorey") {
                storey = Some(label(at, level));
                break;
            }
            let Some(up) = self.parents.get(at) else { break };
            (at, here) = (up, self.objects.get(up).copied());
        }
        (self.parents.get(id).map(|p| AssetId::from(*p)), storey)
    }
}

fn label(id: &str, storey: &Object) -> Arc<str> {
    let Value::Map(attributes) = &storey.attributes.0 else { return id.into() };
    text(attributes, NAMES).map_or_else(|| id.into(), Arc::from)
}
