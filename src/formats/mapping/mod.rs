//! A mapping file: which of a source's fields says what, in the source's own words (`--map`).

mod convert;
mod form;

use super::attribute::{add, find, text};
use super::reader::clip;
use crate::fault::{Fault, Result};
use crate::model::{Attributes, Class, Value};
use convert::Kind;
use std::collections::BTreeSet;

/// The longest mapping, bytes.
const LONGEST: usize = 256 << 10;
/// Columns that are remembered of a file whose features each have their own.
const MOST_COLUMNS: usize = 2_000;
/// Places of a table's rows: its columns are called so.
const PLACE: &[&str] = &["x", "y", "z", "lon", "lat", "h", "crs"];

/// What a mapping file says; `docs/mapping.md` shows one.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// What it was read from.
    text: String,
    sheet: Option<String>,
    header: Option<u32>,
    layers: Option<Vec<String>>,
    fields: Vec<(String, Source)>,
    class_field: Option<String>,
    class_default: Option<Class>,
    class_values: Vec<(String, Class)>,
    rename: Vec<(String, String)>,
    constants: Attributes,
    types: Vec<(String, Kind)>,
    units: Vec<(String, f64)>,
    drop: Vec<String>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
enum Source {
    /// A field as it is.
    Field(String),
    /// Text with fields in it: `{building}-{unit}`.
    Pattern(Vec<Piece>),
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Field(String),
}

impl Source {
    fn fields(&self) -> Vec<&str> {
        match self {
            Self::Field(name) => vec![name],
            Self::Pattern(pieces) => pieces
                .iter()
                .filter_map(|p| if let Piece::Field(name) = p { Some(name.as_str()) } else { None })
                .collect(),
        }
    }
    /// The value; nothing when a field of it is absent or empty.
    fn value(&self, attributes: &Attributes) -> Option<Value> {
        match self {
            Self::Field(name) => find(attributes, name).filter(|v| **v != Value::Null).cloned(),
            Self::Pattern(pieces) => {
                let piece = |piece: &Piece| match piece {
                    Piece::Text(text) => Some(text.clone()),
                    Piece::Field(name) => text(attributes, &[name]),
                };
                pieces.iter().map(piece).collect::<Option<String>>().map(Value::Text)
            }
        }
    }
}

impl Mapping {
    /// Reads a mapping in TOML.
    ///
    /// # Errors
    /// What is no TOML, a key that is not known, or a value that cannot be: each by its name.
    pub fn parse(toml: &str) -> Result<Self> {
        if toml.len() > LONGEST {
            return Err(Fault::parameter("map", format!("the mapping is longer than {} KiB", LONGEST >> 10)));
        }
        form::read(toml).map_err(|said| {
            Fault::parameter("map", format!("the mapping {said}"))
                .remedy("docs/mapping.md lists what a mapping may say")
        })
    }
    /// The TOML that it was read from.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
    /// The sheet of a workbook to read.
    pub(super) fn sheet(&self) -> Option<&str> {
        self.sheet.as_deref()
    }
    /// The row of a table that names its columns, from 1.
    pub(super) fn header(&self) -> Option<u32> {
        self.header
    }
    /// Whether the layer is to be taken.
    pub(super) fn takes_layer(&self, name: &str) -> bool {
        self.layers.as_ref().is_none_or(|layers| layers.iter().any(|l| l == name))
    }
    /// Holds the layers asked for against those there are.
    ///
    /// # Errors
    /// One that is not there, with those that are.
    pub(super) fn check_layers(&self, there: &[&str]) -> Result<()> {
        match self.layers.iter().flatten().find(|l| !there.contains(&l.as_str())) {
            None => Ok(()),
            Some(missing) => Err(Fault::parameter("map", format!("the mapping names the layer '{}'", clip(missing)))
                .remedy(format!("the file has {}", listed(there)))),
        }
    }
    /// What a table's column is called here: `x` for the one that the mapping says holds x.
    pub(super) fn column<'a>(&'a self, name: &'a str) -> &'a str {
        let place = |(target, source): &&(String, Source)| {
            PLACE.contains(&target.as_str()) && *source == Source::Field(name.to_owned())
        };
        self.fields.iter().find(place).map_or(name, |(target, _)| target)
    }
    /// Whether a cell of this column stays the text it is: codes and names are no numbers.
    pub(super) fn keeps_text(&self, name: &str) -> bool {
        let mut of_ids = self.fields.iter().filter(|(t, _)| matches!(t.as_str(), "id" | "name" | "parent" | "storey"));
        of_ids.any(|(_, source)| source.fields().contains(&name))
            || self.class_field.as_deref() == Some(name)
            || self.types.iter().any(|(field, kind)| field == name && *kind == Kind::Text)
    }
    /// Whether a word is given a source.
    pub(super) fn fills(&self, word: &str) -> bool {
        self.fields.iter().any(|(target, _)| target == word)
    }
    /// Every field of the source that is named.
    fn named(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.fields.iter().flat_map(|(_, source)| source.fields()).collect();
        all.extend(self.class_field.as_deref());
        all.extend(self.rename.iter().map(|(from, _)| from.as_str()));
        all.extend(self.types.iter().map(|(name, _)| name.as_str()));
        all.extend(self.units.iter().map(|(name, _)| name.as_str()));
        all.extend(self.drop.iter().map(String::as_str));
        all
    }
    /// Holds the fields that are named against the columns there are; `placed` when rows get their place from columns.
    ///
    /// # Errors
    /// A field that is no column, with the columns that there are; a place for features that have a geometry.
    pub(super) fn check(&self, columns: &[&str], placed: bool) -> Result<()> {
        if let Some((target, _)) = self.fields.iter().find(|(t, _)| !placed && PLACE.contains(&t.as_str())) {
            return Err(Fault::parameter(
                "map",
                format!("the mapping gives '{target}' to features, whose geometry says where they are"),
            )
            .remedy("leave x, y, z, lon, lat, h and crs to tables; --crs names the CRS of a file that names none"));
        }
        match self.named().into_iter().find(|name| !columns.contains(name)) {
            None => Ok(()),
            Some(missing) => Err(Fault::parameter(
                "map",
                format!("the mapping names the field '{}', which no column has", clip(missing)),
            )
            .remedy(format!("the columns are {}", listed(columns)))),
        }
    }
    /// Brings a feature's properties to the words that readers know; tells whether it has an id by the mapping.
    ///
    /// # Errors
    /// A value that is not of the type or unit that the mapping gives it.
    pub(super) fn apply(&self, attributes: &mut Attributes) -> std::result::Result<bool, String> {
        for (name, factor) in &self.units {
            change(attributes, name, |value| convert::scaled(value, *factor))?;
        }
        for (name, kind) in &self.types {
            change(attributes, name, |value| kind.of(value))?;
        }
        // All values are taken before any is set: one field may be the source of several.
        let fields = self.fields.iter().filter(|(target, _)| !PLACE.contains(&target.as_str()));
        let values: Vec<_> = fields.map(|(target, source)| (target, source, source.value(attributes))).collect();
        let used: BTreeSet<&str> = values
            .iter()
            .filter_map(|(_, source, _)| if let Source::Field(name) = source { Some(name.as_str()) } else { None })
            .collect();
        let class = self.class_of(attributes);
        let kept = |name: &str| self.class_field.as_deref() == Some(name);
        attributes.retain(|(name, _)| !used.contains(name.as_str()) || kept(name));
        let mut has_id = false;
        for (target, _, value) in values {
            let Some(value) = value else { continue };
            has_id |= target == "id";
            set(attributes, target, value);
        }
        if let Some(class) = class {
            set(attributes, "class", class);
        }
        attributes.retain(|(name, _)| !self.drop.contains(name));
        for (name, _) in attributes.iter_mut() {
            if let Some((_, to)) = self.rename.iter().find(|(from, _)| from == name) {
                name.clone_from(to);
            }
        }
        for (name, value) in &self.constants {
            add(attributes, name, value.clone());
        }
        Ok(has_id)
    }
    /// The class's word: of the value table, else the field's own, else the default.
    fn class_of(&self, attributes: &Attributes) -> Option<Value> {
        let field = self.class_field.as_deref();
        let word = text(attributes, &[field.unwrap_or("class")]);
        let known = word.as_ref().and_then(|w| self.class_values.iter().find(|(value, _)| value == w));
        let class = match (known, word) {
            (Some((_, class)), _) => Some(class.name().to_owned()),
            (None, Some(word)) if Class::from_source(&word).is_some() || self.class_default.is_none() => Some(word),
            (None, _) => self.class_default.map(|class| class.name().to_owned()),
        };
        class.map(Value::Text)
    }
}

/// Changes the value of a field that has one.
fn change(
    attributes: &mut Attributes,
    name: &str,
    to: impl Fn(&Value) -> Option<Value>,
) -> std::result::Result<(), String> {
    for (_, value) in attributes.iter_mut().filter(|(known, value)| known == name && *value != Value::Null) {
        let wrong = || format!("'{}' in field {name} is not what the mapping says", convert::shown(value));
        *value = to(value).ok_or_else(wrong)?;
    }
    Ok(())
}

/// Sets a value under a known word; what the source had under it stays beside it.
fn set(attributes: &mut Attributes, name: &str, value: Value) {
    if let Some((known, own)) = attributes.iter_mut().find(|(known, _)| known == name) {
        if *own == value {
            return;
        }
        *known = format!("source_{name}");
    }
    attributes.push((name.to_owned(), value));
}

fn listed(names: &[&str]) -> String {
    let shown: Vec<_> = names.iter().filter(|n| !n.is_empty()).take(40).map(|n| clip(n)).collect();
    let more = names.len().saturating_sub(40);
    format!("{}{}", shown.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() })
}

/// The fields seen in a file whose features each have their own, to be held against the mapping at the end.
pub(super) struct Columns<'m> {
    mapping: Option<&'m Mapping>,
    seen: BTreeSet<String>,
}

impl<'m> Columns<'m> {
    /// Of a file that is read by `mapping`.
    pub const fn of(mapping: Option<&'m Mapping>) -> Self {
        Self { mapping, seen: BTreeSet::new() }
    }
    /// Notes the fields of a feature.
    pub fn note(&mut self, attributes: &Attributes) {
        if self.mapping.is_some() && self.seen.len() < MOST_COLUMNS {
            self.seen.extend(
                attributes
                    .iter()
                    .map(|(name, _)| name)
                    .filter(|n| !self.seen.contains(*n))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
    }
    /// # Errors
    /// As [`Mapping::check`].
    pub fn check(&self) -> Result<()> {
        let all: Vec<&str> = self.seen.iter().map(String::as_str).collect();
        self.mapping.filter(|_| all.len() < MOST_COLUMNS).map_or(Ok(()), |m| m.check(&all, false))
    }
}

#[cfg(test)]
mod tests;
