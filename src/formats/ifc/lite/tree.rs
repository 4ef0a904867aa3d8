//! Relations between records: who is part of whom, which sets belong to whom, what things are made of.

use super::records::Found;
use crate::formats::ifc::Product;
use crate::model::{Attributes, Value};
use ifc_lite_processing::data_model::{DataModel, Property, Relationship};
use std::collections::{HashMap, HashSet};

/// The relations that give a parent, the strongest first; `true` when the relating side is the parent.
const PARENTS: [(&str, bool); 7] = [
    ("IFCRELAGGREGATES", true),
    ("IFCRELNESTS", true),
    ("IFCRELCONTAINEDINSPATIALSTRUCTURE", true),
    ("IFCRELCONNECTSPORTTOELEMENT", false),
    ("IFCRELPROJECTSELEMENT", true),
    // A door fills an opening, the opening voids a wall: the last resort for a door that nothing contains.
    ("IFCRELFILLSELEMENT", true),
    ("IFCRELVOIDSELEMENT", true),
];
/// Steps towards the project after which a chain of parents is cut.
const DEEPEST: usize = 256;

/// Sets every product's parent, its own and its type's sets, its type's predefined type and its materials.
pub(super) fn connect(found: &mut Found, data: &DataModel, notes: &mut Vec<String>) {
    let parents = parents(&data.relationships);
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
    give_sets(found, data);
    give_materials(found, data);
}

fn of<'a>(relations: &'a [Relationship], kind: &'a str) -> impl Iterator<Item = &'a Relationship> {
    relations.iter().filter(move |r| r.rel_type.eq_ignore_ascii_case(kind))
}

fn parents(relations: &[Relationship]) -> HashMap<u32, u32> {
    let mut parents = HashMap::new();
    for (kind, relating_is_parent) in PARENTS {
        for r in of(relations, kind) {
            let (parent, child) =
                if relating_is_parent { (r.relating_id, r.related_id) } else { (r.related_id, r.relating_id) };
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

fn give_sets(found: &mut Found, data: &DataModel) {
    let mut own: HashMap<u32, Vec<u32>> = HashMap::new();
    for r in of(&data.relationships, "IFCRELDEFINESBYPROPERTIES") {
        own.entry(r.related_id).or_default().push(r.relating_id);
    }
    let mut of_type: HashMap<u32, Vec<u32>> = HashMap::new();
    for r in of(&data.relationships, "TYPEHASPROPERTYSETS") {
        of_type.entry(r.related_id).or_default().push(r.relating_id);
    }
    let types: HashMap<u32, u32> =
        of(&data.relationships, "IFCRELDEFINESBYTYPE").map(|r| (r.related_id, r.relating_id)).collect();
    let needed: HashSet<u32> = types.values().copied().collect();
    let predefined: HashMap<u32, &str> = data
        .entities
        .iter()
        .filter(|e| needed.contains(&e.entity_id))
        .filter_map(|e| Some((e.entity_id, e.predefined_type.as_deref()?)))
        .collect();
    for product in &mut found.products {
        product.sets = own.get(&product.entity).cloned().unwrap_or_default();
        if let Some(type_id) = types.get(&product.entity) {
            product.sets.extend(of_type.get(type_id).into_iter().flatten());
            if matches!(product.predefined.as_str(), "" | "NOTDEFINED") {
                product.predefined = predefined.get(type_id).unwrap_or(&"").to_string();
            }
        }
    }
}

fn give_materials(found: &mut Found, data: &DataModel) {
    let mut names: HashMap<u32, Vec<Value>> = HashMap::new();
    for row in data.materials.iter().filter(|m| !m.material_name.is_empty()) {
        let list = names.entry(row.element_id).or_default();
        let name = Value::Text(row.material_name.clone());
        if !list.contains(&name) && list.len() < 64 {
            list.push(name);
        }
    }
    for product in &mut found.products {
        match names.remove(&product.entity) {
            Some(mut one) if one.len() == 1 => product.attributes.extend(one.pop().map(|m| ("material", m))),
            Some(several) => product.attributes.push(("material", Value::List(several))),
            None => {}
        }
    }
}

/// The property and quantity sets that any product uses, as `Set.Name` and value.
pub(super) fn sets(data: &DataModel, products: &[Product]) -> HashMap<u32, Attributes> {
    let used: HashSet<u32> = products.iter().flat_map(|p| p.sets.iter().copied()).collect();
    let mut sets: HashMap<u32, Attributes> = HashMap::new();
    for set in data.property_sets.iter().filter(|s| used.contains(&s.pset_id)) {
        let name = |p: &Property| format!("{}.{}", set.pset_name, p.property_name);
        sets.insert(set.pset_id, set.properties.iter().map(|p| (name(p), value(p))).collect());
    }
    for set in data.quantity_sets.iter().filter(|s| used.contains(&s.qset_id)) {
        let each = set.quantities.iter();
        let values = each.map(|q| (format!("{}.{}", set.qset_name, q.quantity_name), float(q.quantity_value)));
        sets.insert(set.qset_id, values.collect());
    }
    sets
}

fn float(number: f64) -> Value {
    if number.is_finite() { Value::Float(number) } else { Value::Null }
}

fn value(property: &Property) -> Value {
    let text = property.property_value.as_str();
    match property.property_type.as_str() {
        "null" => Value::Null,
        "boolean" | "logical" => text.parse().map_or_else(|_| Value::Text(text.into()), Value::Bool),
        "integer" => text.parse().map_or_else(|_| Value::Text(text.into()), Value::Int),
        "real" => text.parse().map_or_else(|_| Value::Text(text.into()), float),
        _ => Value::Text(text.into()),
    }
}
