//! What things are made of, and what they are classified as: the definitions that relations associate.

use super::book::Book;
use super::relations::Relations;
use crate::model::{Attributes, Value};
use ifc_lite_core::DecodedEntity;
use std::collections::HashMap;

/// Layers, constituents or profiles of one definition.
const MEMBERS: usize = 1_000;
/// How deep a reference may lie within its classification.
const DEPTH: usize = 32;

/// Attributes by the entity number of what has them.
pub(super) type Extras = HashMap<u32, Vec<(&'static str, Value)>>;

/// The kinds of material sets: the entity, its members, and the attribute that lists them here.
const SETS: [(&str, &str, &str); 3] = [
    ("IFCMATERIALLAYERSET", "MaterialLayers", "material_layers"),
    ("IFCMATERIALCONSTITUENTSET", "MaterialConstituents", "material_constituents"),
    ("IFCMATERIALPROFILESET", "MaterialProfiles", "material_profiles"),
];

/// `material`, the names, and where the definition is a set of layers, constituents or profiles, these one by one;
/// thicknesses in metres, `unit` of which one of the file's is.
pub(super) fn materials(book: &mut Book, relations: &Relations, unit: f64) -> Extras {
    let mut read: HashMap<u32, Vec<(&'static str, Value)>> = HashMap::new();
    let mut all = Extras::new();
    for (definition, object) in relations.pairs("IFCRELASSOCIATESMATERIAL") {
        let attributes = read.entry(definition).or_insert_with(|| material(book, definition, unit));
        // The first association has its say; a second one of the same object adds nothing that it says already.
        let own: &mut Vec<_> = all.entry(object).or_default();
        for (name, value) in attributes.iter() {
            if own.iter().all(|(taken, _)| taken != name) {
                own.push((*name, value.clone()));
            }
        }
    }
    all
}

fn material(book: &mut Book, definition: u32, unit: f64) -> Vec<(&'static str, Value)> {
    let Some(mut record) = book.record(definition) else { return Vec::new() };
    for usage in ["ForLayerSet", "ForProfileSet"] {
        if let Some(set) = book.follow(&record, usage) {
            record = set;
        }
    }
    let (mut names, mut members) = (Vec::new(), Vec::new());
    let mut name = |name: Option<String>| {
        let name = name.map(Value::Text);
        names.extend(name.filter(|name| !names.contains(name)));
    };
    let keyword = record.ifc_type.as_str();
    let set = SETS.iter().find(|(kind, ..)| *kind == keyword);
    match (set, keyword) {
        (Some((_, list, _)), _) => {
            for number in book.references(&record, list).into_iter().take(MEMBERS) {
                let Some(member) = book.record(number) else { continue };
                let (said, of) = self::member(book, &member, unit);
                name(of);
                members.push(Value::Map(said));
            }
        }
        (None, "IFCMATERIALLIST") => {
            for number in book.references(&record, "Materials").into_iter().take(MEMBERS) {
                name(book.record(number).and_then(|m| book.text(&m, "Name")));
            }
        }
        (None, "IFCMATERIALLAYER" | "IFCMATERIALCONSTITUENT" | "IFCMATERIALPROFILE") => {
            name(book.follow(&record, "Material").and_then(|m| book.text(&m, "Name")));
        }
        _ => name(book.text(&record, "Name")),
    }
    let mut found = Vec::new();
    match names.len() {
        0 => {}
        1 => found.extend(names.pop().map(|one| ("material", one))),
        _ => found.push(("material", Value::List(names))),
    }
    if let Some((_, _, attribute)) = set
        && !members.is_empty()
    {
        found.push((attribute, Value::List(members)));
    }
    found
}

/// A layer's, constituent's or profile's own words, and its material's name.
fn member(book: &mut Book, member: &DecodedEntity, unit: f64) -> (Attributes, Option<String>) {
    let material = book.follow(member, "Material").and_then(|m| book.text(&m, "Name"));
    let mut said = Attributes::new();
    let mut text = |own: &str, text: Option<String>| said.extend(text.map(|t| (own.to_owned(), Value::Text(t))));
    text("name", book.text(member, "Name"));
    text("material", material.clone());
    text("category", book.text(member, "Category"));
    let profile = book.follow(member, "Profile").and_then(|p| book.text(&p, "ProfileName"));
    text("profile", profile);
    let mut number = |own: &str, n: Option<f64>| said.extend(n.map(|n| (own.to_owned(), Value::Float(n))));
    number("thickness", book.number(member, "LayerThickness").map(|t| t * unit));
    number("fraction", book.number(member, "Fraction"));
    if book.word(member, "IsVentilated") == Some("T") {
        said.push(("ventilated".into(), Value::Bool(true)));
    }
    (said, material)
}

/// `classification`: every reference as `system`, `code`, `name` and `uri`, of which it has what the file says.
pub(super) fn classifications(book: &mut Book, relations: &Relations) -> HashMap<u32, Vec<Value>> {
    let mut read: HashMap<u32, Option<Value>> = HashMap::new();
    let mut all: HashMap<u32, Vec<Value>> = HashMap::new();
    for (reference, object) in relations.pairs("IFCRELASSOCIATESCLASSIFICATION") {
        let Some(one) = read.entry(reference).or_insert_with(|| classification(book, reference)) else { continue };
        let own = all.entry(object).or_default();
        if !own.contains(one) {
            own.push(one.clone());
        }
    }
    all
}

fn classification(book: &mut Book, reference: u32) -> Option<Value> {
    let record = book.record(reference)?;
    let first = |book: &Book, names: &[&str]| names.iter().find_map(|name| book.text(&record, name));
    let mut said = Attributes::new();
    let mut text = |own: &str, text: Option<String>| said.extend(text.map(|t| (own.to_owned(), Value::Text(t))));
    if record.ifc_type.as_str() == "IFCCLASSIFICATION" {
        text("system", book.text(&record, "Name"));
        text("uri", first(book, &["Specification", "Location"]));
    } else {
        text("system", system(book, &record));
        text("code", first(book, &["Identification", "ItemReference"]));
        text("name", first(book, &["Name"]));
        text("uri", first(book, &["Location"]));
    }
    (!said.is_empty()).then_some(Value::Map(said))
}

/// The name of the classification that a reference lies in, however deep.
fn system(book: &mut Book, reference: &DecodedEntity) -> Option<String> {
    let mut record = reference.clone();
    for _ in 0..DEPTH {
        record = book.follow(&record, "ReferencedSource")?;
        if record.ifc_type.as_str() == "IFCCLASSIFICATION" {
            return book.text(&record, "Name");
        }
    }
    None
}
