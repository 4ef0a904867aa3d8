//! Feature ids of vertices and instances (`EXT_mesh_features`, `EXT_instance_features`): bound, counted, and rows of their tables.

use super::accessor::{Accessors, FLOAT, UNSIGNED_INT};
use super::document::{Document, Node, Primitive};
use super::report::Log;
use super::rule::Rule;
use serde_json::Value;
use std::collections::BTreeSet;

/// Which rows of which table features have.
#[derive(Default)]
pub(super) struct Used {
    /// For each property table; `None` where an id is read from a texture, so that not all are known.
    pub rows: Vec<Option<BTreeSet<u64>>>,
    /// Tables that some ids are bound to.
    pub bound: BTreeSet<usize>,
    /// Ids that are bound to no table.
    pub others: u64,
}

/// What ids are read from and held against.
#[derive(Clone, Copy)]
pub(super) struct Source<'d> {
    pub document: &'d Document,
    pub accessors: &'d Accessors<'d>,
    /// How many rows each property table says that it has.
    pub tables: &'d [u64],
}

/// The rules of one primitive's ids.
pub(super) fn of_primitive(source: Source, own: &Primitive, place: &str, used: &mut Used, log: &mut Log) {
    let Some(extension) = own.extensions.get("EXT_mesh_features") else { return };
    let place = format!("{place}/extensions/EXT_mesh_features/featureIds");
    // Only what holds has a count to go by.
    let position = own.attributes.get("POSITION").and_then(|k| source.accessors.get(*k));
    let elements = position.map_or(0, |(accessor, _)| accessor.count);
    let attribute = |n: u64| own.attributes.get(&format!("_FEATURE_ID_{n}")).copied();
    sets(&Ids { source, extension, place: &place, elements, of_vertices: true }, &attribute, used, log);
}

/// The rules of the ids of `count` instances of one node.
pub(super) fn of_node(source: Source, own: &Node, number: usize, count: usize, used: &mut Used, log: &mut Log) {
    let attributes = own.extensions.get("EXT_mesh_gpu_instancing").and_then(|e| e.get("attributes"));
    let Some(extension) = own.extensions.get("EXT_instance_features") else { return };
    let place = format!("/nodes/{number}/extensions/EXT_instance_features/featureIds");
    let attribute =
        |n: u64| attributes?.get(format!("_FEATURE_ID_{n}"))?.as_u64().and_then(|k| usize::try_from(k).ok());
    sets(&Ids { source, extension, place: &place, elements: count, of_vertices: false }, &attribute, used, log);
}

struct Ids<'d> {
    source: Source<'d>,
    extension: &'d Value,
    place: &'d str,
    elements: usize,
    of_vertices: bool,
}

fn sets(own: &Ids, attribute: &dyn Fn(u64) -> Option<usize>, used: &mut Used, log: &mut Log) {
    let tables = own.source.tables;
    let list = own.extension.get("featureIds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        log.find(Rule::FeatureIds, own.place, "is no list with a set of ids");
    }
    for (k, set) in list.iter().enumerate() {
        let place = format!("{}/{k}", own.place);
        let table = set
            .get("propertyTable")
            .map(|t| t.as_u64().and_then(|t| usize::try_from(t).ok()).filter(|t| *t < tables.len()));
        if let Some(None) = table {
            log.find(Rule::Reference, format!("{place}/propertyTable"), "names a property table that is not there");
        }
        let table = table.flatten();
        if set.get("texture").is_some() {
            log.unseen("feature ids in textures");
            if let Some(rows) = table.and_then(|t| used.rows.get_mut(t)) {
                *rows = None;
            }
            continue;
        }
        let null = set.get("nullFeatureId").and_then(Value::as_u64);
        let ids: BTreeSet<u64> = match set.get("attribute") {
            None => (0..own.elements as u64).filter(|id| Some(*id) != null).collect(),
            Some(n) => match n.as_u64().and_then(|n| read(own, attribute(n), null, &place, log)) {
                Some(ids) => ids,
                None if n.as_u64().is_some_and(|n| attribute(n).is_some()) => continue,
                None => {
                    log.find(
                        Rule::FeatureIds,
                        format!("{place}/attribute"),
                        format!("names _FEATURE_ID_{n}, which is not there"),
                    );
                    continue;
                }
            },
        };
        let said = set.get("featureCount").and_then(Value::as_u64);
        if said != Some(ids.len() as u64) {
            let what = said.map_or("is missing".to_owned(), |said| {
                format!("is {said}, and there are {} different ids", ids.len())
            });
            log.find(Rule::FeatureCount, format!("{place}/featureCount"), what);
        }
        let Some(table) = table else {
            used.others += ids.len() as u64;
            continue;
        };
        let count = tables.get(table).copied().unwrap_or_default();
        if let Some(id) = ids.range(count..).next() {
            log.find(
                Rule::FeatureRow,
                &*place,
                format!("id {id} is no row of property table {table}, which has {count}"),
            );
        }
        used.bound.insert(table);
        if let Some(Some(rows)) = used.rows.get_mut(table) {
            rows.extend(ids);
        }
    }
}

/// The different ids of an attribute; `None` where it is not there or its type is told.
fn read(own: &Ids, number: Option<usize>, null: Option<u64>, place: &str, log: &mut Log) -> Option<BTreeSet<u64>> {
    let number = number?;
    let accessor = own.source.document.accessors.get(number)?;
    // A vertex attribute is never of 32-bit integers (glTF 2.0 §3.6.2.2); instances' may be.
    let wide = own.of_vertices && accessor.component_type == UNSIGNED_INT;
    if accessor.kind != "SCALAR" || accessor.normalized || wide {
        log.find(
            Rule::FeatureIds,
            format!("{place}/attribute"),
            format!("is {} of {}", accessor.kind, accessor.component_type),
        );
        return None;
    }
    let values = own.source.accessors.stored(number)?;
    let whole = |n: f64| n >= 0.0 && n.fract() == 0.0 && (accessor.component_type != FLOAT || n <= 16_777_216.0);
    if let Some(broken) = values.iter().find(|n| !whole(**n)) {
        log.find(Rule::FeatureIds, format!("{place}/attribute"), format!("holds {broken}, no whole number from 0"));
        return None;
    }
    Some(values.into_iter().map(|n| n as u64).filter(|id| Some(*id) != null).collect())
}
