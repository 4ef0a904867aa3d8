//! Products in Cimbra's own terms: class, storey, attributes, kinds of surface.

use super::{Model, Product, kind};
use crate::fault::Result;
use crate::formats::{Sink, SourceItem, SourceObject};
use crate::geom::Shape;
use crate::model::{AssetId, Attributes, Class, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// How far below the ground floor's level a storey's zero may lie and still be the ground floor, metres.
const GROUND: f64 = 0.5;

/// Gives every product to `sink`, then the refused ones.
///
/// # Errors
/// The sink's.
pub(super) fn emit(model: &Model, sink: &mut Sink) -> Result<()> {
    let by_entity: HashMap<u32, &Product> = model.products.iter().map(|p| (p.entity, p)).collect();
    let indices = storey_indices(model, &by_entity);
    let ids: HashMap<u32, AssetId> = model.products.iter().map(|p| (p.entity, p.global_id.as_str().into())).collect();
    let mut storeys: HashMap<u32, Arc<str>> = HashMap::new();
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for product in &model.products {
        let storey = ancestors(product, &by_entity).find(|p| p.kind == "IfcBuildingStorey");
        let indoors = ancestors(product, &by_entity).any(|p| p.kind == "IfcBuilding");
        let (class, by_name) = kind::class(product, indoors);
        if by_name {
            *named.entry(class.name()).or_default() += 1;
        }
        let object = SourceObject {
            id: ids.get(&product.entity).cloned().unwrap_or_else(|| product.global_id.as_str().into()),
            class: section(product, &by_entity).unwrap_or(class),
            name: name(product),
            parent: product.parent.and_then(|p| ids.get(&p).cloned()),
            storey: storey.map(|s| storeys.entry(s.entity).or_insert_with(|| name(s).into()).clone()),
            layer: None,
            attributes: attributes(product, model, indices.get(&product.entity)),
            shape: shape(product, model),
            footprint: Vec::new(),
            crs: None,
        };
        sink(SourceItem::Object(Box::new(object)))?;
    }
    if !named.is_empty() {
        let each: Vec<_> = named.iter().map(|(class, n)| format!("{n} {class}")).collect();
        sink(SourceItem::Note(format!("taken for devices by their names alone: {}", each.join(", "))))?;
    }
    for (object, reason) in &model.refused {
        sink(SourceItem::Refused { object: object.clone(), reason: reason.clone() })?;
    }
    Ok(())
}

/// The product and what it is part of, nearest first; the engine has cut cycles.
fn ancestors<'a>(from: &'a Product, all: &'a HashMap<u32, &'a Product>) -> impl Iterator<Item = &'a Product> {
    std::iter::successors(Some(from), |p| p.parent.and_then(|id| all.get(&id).copied()))
}

fn name(product: &Product) -> String {
    if product.name.is_empty() {
        text(product, "long_name").unwrap_or_default().to_owned()
    } else {
        product.name.clone()
    }
}

/// One of the entity's own texts.
fn text<'a>(product: &'a Product, wanted: &str) -> Option<&'a str> {
    product.attributes.iter().find_map(|(name, value)| match value {
        Value::Text(text) if *name == wanted => Some(text.as_str()),
        _ => None,
    })
}

/// The class of a vertical section of a building, an `IfcBuilding` of composition PARTIAL within another: a part of it, or
/// the unit (单元) that its object type says it is.
fn section(product: &Product, all: &HashMap<u32, &Product>) -> Option<Class> {
    let partial = product.partial && product.kind == "IfcBuilding";
    let within = || ancestors(product, all).skip(1).any(|p| p.kind == "IfcBuilding");
    let said = text(product, "object_type").and_then(Class::from_source);
    (partial && within()).then(|| said.filter(|class| *class == Class::Unit).unwrap_or(Class::BuildingPart))
}

fn attributes(product: &Product, model: &Model, index: Option<&i64>) -> Attributes {
    let mut all: Attributes = vec![("ifc_type".into(), Value::Text(product.kind.into()))];
    if !product.predefined.is_empty() {
        all.push(("predefined_type".into(), Value::Text(product.predefined.clone())));
    }
    all.extend(product.attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    all.extend(product.elevation.map(|e| ("elevation".into(), Value::Float(e))));
    all.extend(index.map(|i| ("index".into(), Value::Int(*i))));
    let mut names: HashSet<String> = all.iter().map(|(name, _)| name.clone()).collect();
    let mut units = Attributes::new();
    for set in product.sets.iter().filter_map(|id| model.sets.get(id)) {
        let before = all.len();
        for (name, value) in &set.values {
            if all.len() >= model.most_attributes {
                break;
            }
            if names.insert(name.clone()) {
                all.push((name.clone(), value.clone()));
            }
        }
        // A set of the same name that came before has its units said.
        let taken = all.get(before..).unwrap_or_default();
        let within = |unit: &str| {
            taken
                .iter()
                .any(|(name, _)| unit.strip_prefix(name.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('.')))
        };
        let said = set.units.iter().filter(|(path, _)| within(path));
        units.extend(said.map(|(path, unit)| (path.clone(), Value::Text(unit.clone()))));
    }
    if !units.is_empty() {
        all.push(("units".into(), Value::Map(units)));
    }
    all
}

fn shape(product: &Product, model: &Model) -> Shape {
    if let Some(mesh) = model.meshes.get(&product.entity) {
        let (mut mesh, kind) = (mesh.clone(), kind::surface(product));
        mesh.surfaces.iter_mut().for_each(|s| s.kind = kind);
        return Shape::Mesh(mesh);
    }
    model.lines.get(&product.entity).map_or(Shape::Empty, |line| Shape::Lines(vec![line.clone()]))
}

/// Every storey's number within its building: by elevation, 0 for the lowest that is not under the ground.
fn storey_indices(model: &Model, by_entity: &HashMap<u32, &Product>) -> HashMap<u32, i64> {
    let mut buildings: HashMap<u32, Vec<(f64, u32)>> = HashMap::new();
    for storey in model.products.iter().filter(|p| p.kind == "IfcBuildingStorey") {
        let building = ancestors(storey, by_entity).find(|p| p.kind == "IfcBuilding").map_or(0, |b| b.entity);
        buildings.entry(building).or_default().extend(storey.elevation.map(|e| (e, storey.entity)));
    }
    let mut indices = HashMap::new();
    for mut storeys in buildings.into_values() {
        storeys.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let below = storeys.iter().filter(|(elevation, _)| *elevation < -GROUND).count();
        let first = i64::try_from(below).unwrap_or(0);
        indices.extend(storeys.iter().zip(0_i64..).map(|((_, entity), i)| (*entity, i - first)));
    }
    indices
}
