//! City objects become source objects: ids, classes, parents, storeys, names, attributes.

use super::boundary::Space;
use super::model::{Document, Object, Templates, Transform};
use super::shape::{Chosen, Remark, choose};
use crate::fault::Result;
use crate::formats::attribute::{add, text};
use crate::formats::reader::clip;
use crate::formats::{Sink, SourceItem, SourceObject};
use crate::geom::Shape;
use crate::model::{AssetId, Class, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Attributes that name an object for people, in order of preference.
const NAMES: &[&str] = &["name", "Name", "naam", "gml:name", "label", "title", "identificatie"];
/// How many steps up a storey is looked for; real trees have four levels.
const HIGHEST: usize = 32;

/// Takes the objects of a file, document by document.
pub(super) struct Objects {
    transform: Option<Transform>,
    templates: Templates,
    seen: HashSet<AssetId>,
    remarks: BTreeMap<Remark, (usize, String)>,
    strangers: (usize, String),
}

impl Objects {
    pub fn new(transform: Option<Transform>) -> Self {
        let (templates, seen, remarks) = (Templates::default(), HashSet::new(), BTreeMap::new());
        Self { transform, templates, seen, remarks, strangers: (0, String::new()) }
    }
    /// Keeps the header's templates for the features of a sequence.
    pub fn keep_templates(&mut self, header: &mut Document) {
        self.templates = std::mem::take(&mut header.templates);
    }
    /// Every object of a document or feature.
    pub fn take(&mut self, document: Document, sink: &mut Sink) -> Result<()> {
        let Document { objects, vertices, broken, .. } = document;
        for (id, said) in broken {
            let (object, said) = (id.chars().take(512).collect(), said.chars().take(200).collect::<String>());
            sink(SourceItem::Refused { object, reason: format!("is no city object: {said}") })?;
        }
        let family = Family::of(&objects);
        let places: Vec<_> = objects.iter().map(|(id, object)| family.place(id, object)).collect();
        for ((id, object), (parent, storey)) in objects.into_iter().zip(places) {
            let refuse = |reason: String| SourceItem::Refused { object: id.chars().take(512).collect(), reason };
            if id.is_empty() || id.len() > 512 {
                sink(refuse("the id is empty or longer than 512 bytes".into()))?;
                continue;
            }
            let key: AssetId = id.as_str().into();
            if !self.seen.insert(key.clone()) {
                sink(refuse("the id stands twice in the file; the first one is taken".into()))?;
                continue;
            }
            let space = Space { vertices: &vertices, transform: self.transform, templates: Some(&self.templates) };
            let chosen = if object.geometry.is_empty() { Ok(Chosen::default()) } else { choose(&object, &space) };
            match chosen {
                Err(reason) => sink(refuse(reason))?,
                Ok(chosen) => {
                    self.remark(chosen.remark, &id);
                    sink(SourceItem::Object(Box::new(self.object(key, object, parent, storey, chosen))))?;
                }
            }
        }
        Ok(())
    }
    fn object(
        &mut self,
        id: AssetId,
        from: Object,
        parent: Option<AssetId>,
        storey: Option<Arc<str>>,
        chosen: Chosen,
    ) -> SourceObject {
        let Object { kind, attributes, address, .. } = from;
        let mut attributes = attributes.members();
        let class = Class::from_source(kind.trim_start_matches('+')).unwrap_or_else(|| {
            self.strangers.0 += 1;
            self.strangers.1 = clip(&kind);
            Class::Element
        });
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
        SourceObject { id, class, name, parent, storey, layer: None, attributes, shape, footprint, crs: None }
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
        if let (count @ 1.., kind) = self.strangers {
            sink(SourceItem::Note(format!(
                "{count} objects are of types without a class, such as '{kind}': taken as elements"
            )))?;
        }
        Ok(())
    }
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
