//! What every format of features shares: a geometry and named values become one object, the same way for all of them.

mod collect;
mod heights;
mod parts;
mod rings;

pub(super) use collect::Collect;
pub(super) use parts::{Parts, Ring};
pub(super) use rings::areas;

use super::attribute::{add, text};
use super::mapping::Mapping;
use super::taken::{Taken, Word, take_text};
use super::{ReadOptions, Sink, SourceItem, SourceObject};
use crate::fault::Result;
use crate::geom::Shape;
use crate::model::{AssetId, Attributes, Class, Value};
use std::fmt::Debug;
use std::sync::Arc;

/// A feature on its way to being an object.
#[derive(Debug)]
pub(super) struct Feature {
    /// Where it stands in the file, for a refusal of what has no id: `feature 7`.
    pub place: String,
    /// Its id, where the format has one beside the properties.
    pub id: Option<String>,
    /// The class, where the format itself says so.
    pub class: Option<Class>,
    /// The properties.
    pub attributes: Attributes,
    /// The geometry, or why it cannot be taken.
    pub parts: std::result::Result<Parts, String>,
    /// The layer, where the file has several.
    pub layer: Option<Arc<str>>,
    /// The layer's CRS, where it differs from the file's.
    pub crs: Option<Arc<str>>,
}

impl Feature {
    /// A feature of which nothing more is known than this.
    pub fn new(place: String, attributes: Attributes, parts: std::result::Result<Parts, String>) -> Self {
        Self { place, id: None, class: None, attributes, parts, layer: None, crs: None }
    }
}

/// Turns the features of one file into objects, and counts what it had to decide by itself.
pub(super) struct Features<'o> {
    options: &'o ReadOptions,
    taken: Taken,
}

impl<'o> Features<'o> {
    pub fn new(options: &'o ReadOptions) -> Self {
        Self { options, taken: Taken::default() }
    }
    /// How the caller maps fields, if at all.
    pub fn mapping(&self) -> Option<&'o Mapping> {
        self.options.mapping.as_deref()
    }
    /// Hands a feature on as an object or as a refusal. An id that has to be made is a hash of the properties and of
    /// `as_given`, the geometry in the format's own words, or of the geometry as taken.
    ///
    /// # Errors
    /// The sink's.
    pub fn take(&mut self, feature: Feature, as_given: Option<&dyn Debug>, sink: &mut Sink) -> Result<()> {
        match self.object(feature, as_given) {
            Ok(object) => sink(SourceItem::Object(Box::new(object))),
            Err((object, reason)) => sink(SourceItem::Refused { object, reason }),
        }
    }
    fn object(
        &mut self,
        feature: Feature,
        as_given: Option<&dyn Debug>,
    ) -> std::result::Result<SourceObject, (String, String)> {
        let Feature { place, id, class, mut attributes, parts, layer, crs } = feature;
        let mapped = self.options.mapping.as_ref().map_or(Ok(false), |m| m.apply(&mut attributes));
        let own = if matches!(mapped, Ok(true)) { take_text(&mut attributes, &["id"]).or(id) } else { id };
        let given = own.or_else(|| take_text(&mut attributes, &["id"]));
        let named: String = given.as_deref().unwrap_or(&place).chars().take(512).collect();
        let refuse = |reason: String| (named.clone(), reason);
        mapped.map_err(refuse)?;
        let id: AssetId = match (&given, as_given) {
            (Some(id), _) => self.taken.id(id).map_err(refuse)?,
            (None, Some(geometry)) => self.taken.make_id(&format!("{attributes:?}{geometry:?}")),
            (None, None) => self.taken.make_id(&format!("{attributes:?}{parts:?}")),
        };
        let (shape, footprint, extruded) = parts.and_then(|parts| parts.shape(&attributes)).map_err(refuse)?;
        let class = match (self.taken.class(&mut attributes), class.or(self.options.class)) {
            (Some(Word::Known(class)), _) | (_, Some(class)) => class,
            (Some(Word::Unknown), None) if matches!(shape, Shape::Points(_)) => Class::Device,
            (_, None) if extruded => Class::Building,
            (Some(Word::Unknown), None) => Class::Component,
            (None, None) => self.taken.assumed(Class::Component),
        };
        let name = take_text(&mut attributes, &["name", "Name", "NAME", "名称"]).unwrap_or_default();
        let parent = take_text(&mut attributes, &["parent"]).map(Into::into);
        let storey = take_text(&mut attributes, &["storey"]).map(Into::into);
        if extruded {
            add(&mut attributes, "lod", Value::Text("1".into()));
        }
        Ok(SourceObject { id, class, name, parent, storey, layer, attributes, shape, footprint, crs })
    }
    /// Tells what was decided.
    ///
    /// # Errors
    /// The sink's.
    pub fn end(self, sink: &mut Sink) -> Result<()> {
        self.taken.end(sink)
    }
}

/// A number or a text as the text of an id; nothing of anything else.
pub(super) fn as_id(value: Value) -> Option<String> {
    text(&vec![(String::new(), value)], &[""])
}
