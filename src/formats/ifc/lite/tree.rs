//! Who is part of whom, and what of each comes from elsewhere: its type, sets, materials, classifications and links.

use super::book::{Book, schemas};
use super::materials::{Extras, classifications, materials};
use super::records::{Found, lineage};
use super::relations::Relations;
use crate::formats::ifc::Product;
use crate::model::Value;
use ifc_lite_core::SchemaVersion;
use std::collections::{HashMap, HashSet};

/// The relations that give a parent, the strongest first.
const PARENTS: [&str; 7] = [
    "IFCRELAGGREGATES",
    "IFCRELNESTS",
    "IFCRELCONTAINEDINSPATIALSTRUCTURE",
    "IFCRELCONNECTSPORTTOELEMENT",
    "IFCRELPROJECTSELEMENT",
    // A door fills an opening, the opening voids a wall: the last resort for a door that nothing contains.
    "IFCRELFILLSELEMENT",
    "IFCRELVOIDSELEMENT",
];
/// Steps towards the project after which a chain of parents is cut.
const DEEPEST: usize = 256;

/// Sets every product's parent and what it has from elsewhere; `unit` metres are one of the file's lengths.
pub(super) fn connect(
    found: &mut Found,
    book: &mut Book,
    relations: &Relations,
    schema: SchemaVersion,
    unit: f64,
    notes: &mut Vec<String>,
) {
    let parents = parents(relations);
    let known: HashSet<u32> = found.products.iter().map(|p| p.entity).collect();
    let mut cut = 0;
    for product in &mut found.products {
        product.parent = match climb(product.entity, &parents, &known) {
            Ok(parent) => parent,
            Err(()) => {
                cut += 1;
                None
            }
        };
    }
    if cut > 0 {
        notes.push(format!(
            "{cut} objects are parts of themselves or nested more than {DEEPEST} deep: they have no parent here"
        ));
    }
    let types: HashMap<u32, u32> =
        relations.pairs("IFCRELDEFINESBYTYPE").map(|(kind, object)| (object, kind)).collect();
    give_types(&mut found.products, book, schema, &types);
    give_sets(&mut found.products, book, relations, &types);
    let (mut materials, classes) = (materials(book, relations, unit), classifications(book, relations));
    let mut links = super::links::read(book, relations, &found.products);
    for product in &mut found.products {
        let kind = types.get(&product.entity);
        let of_type = |all: &Extras| kind.and_then(|kind| all.get(kind).cloned());
        let own = materials.remove(&product.entity).or_else(|| of_type(&materials));
        product.attributes.extend(own.into_iter().flatten());
        let each = [Some(&product.entity), kind].into_iter().flatten().filter_map(|id| classes.get(id));
        let each: Vec<Value> = each.flatten().cloned().collect();
        product.attributes.extend((!each.is_empty()).then_some(("classification", Value::List(each))));
        product.attributes.extend(links.remove(&product.entity).into_iter().flatten());
    }
}

fn parents(relations: &Relations) -> HashMap<u32, u32> {
    let mut parents = HashMap::new();
    for kind in PARENTS {
        for (parent, child) in relations.pairs(kind) {
            parents.entry(child).or_insert(parent);
        }
    }
    parents
}

/// The nearest ancestor that is an asset; an error when the chain of parents does not end.
fn climb(from: u32, parents: &HashMap<u32, u32>, known: &HashSet<u32>) -> Result<Option<u32>, ()> {
    let chain = || std::iter::successors(parents.get(&from), |id| parents.get(*id));
    if chain().take(DEEPEST + 1).count() > DEEPEST {
        return Err(());
    }
    Ok(chain().copied().find(|id| known.contains(id)))
}

/// What an object has from its type.
struct TypeObject {
    /// The entity whose type it is: `IfcSensor` for an `IfcSensorType`.
    lineage: Vec<&'static str>,
    predefined: String,
    attributes: Vec<(&'static str, Value)>,
}

fn give_types(products: &mut [Product], book: &mut Book, schema: SchemaVersion, types: &HashMap<u32, u32>) {
    let mut read: HashMap<u32, Option<TypeObject>> = HashMap::new();
    for product in products {
        let Some(number) = types.get(&product.entity) else { continue };
        let Some(kind) = read.entry(*number).or_insert_with(|| type_object(book, schema, *number)) else { continue };
        if matches!(product.predefined.as_str(), "" | "NOTDEFINED") && !kind.predefined.is_empty() {
            product.predefined.clone_from(&kind.predefined);
        }
        // A type that narrows down what the entity says; one of another branch says nothing about it.
        if kind.lineage.iter().skip(1).any(|above| *above == product.kind) {
            product.of_type.clone_from(&kind.lineage);
        }
        product.attributes.extend(kind.attributes.iter().cloned());
    }
}

fn type_object(book: &mut Book, schema: SchemaVersion, number: u32) -> Option<TypeObject> {
    let record = book.record(number)?;
    let keyword = record.ifc_type.as_str();
    let occurrence = keyword.strip_suffix("TYPE").or_else(|| keyword.strip_suffix("STYLE")).unwrap_or(keyword);
    // The file's own schema may know the type and not its occurrence.
    let newest = schemas(schema).into_iter().skip(1).map(|s| lineage(s, occurrence)).find(|l| !l.is_empty());
    let mut attributes = Vec::new();
    for (own, name) in [("type_name", "Name"), ("type_id", "GlobalId")] {
        attributes.extend(book.text(&record, name).map(|text| (own, Value::Text(text))));
    }
    let predefined = book.word(&record, "PredefinedType").unwrap_or_default().to_owned();
    Some(TypeObject { lineage: newest.unwrap_or_default(), predefined, attributes })
}

fn give_sets(products: &mut [Product], book: &mut Book, relations: &Relations, types: &HashMap<u32, u32>) {
    let mut own: HashMap<u32, Vec<u32>> = HashMap::new();
    for (set, object) in relations.pairs("IFCRELDEFINESBYPROPERTIES") {
        own.entry(object).or_default().push(set);
    }
    let mut of_types: HashMap<u32, Vec<u32>> = HashMap::new();
    for product in products {
        product.sets = own.get(&product.entity).cloned().unwrap_or_default();
        if let Some(number) = types.get(&product.entity) {
            let sets = of_types.entry(*number).or_insert_with(|| {
                let record = book.record(*number);
                record.map(|record| book.references(&record, "HasPropertySets")).unwrap_or_default()
            });
            product.sets.extend(sets.iter());
        }
    }
}
