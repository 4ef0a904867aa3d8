//! A kept CityJSON file, read again as it is: its objects leave it whole, with all levels of detail and appearance.

use super::pool::{Pool, Tables};
use super::spill::Feature;
use crate::fault::{Fault, Kind, Result};
use crate::formats::cityjson::LARGEST_SIFTED;
use crate::formats::lines::{LONGEST_LINE, Line, Lines};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, Read};

/// Who leaves the file: its own id, and the id to leave under.
pub(super) type Wanted = HashMap<String, String>;

/// Steps up from an object to its root.
const HIGHEST: usize = 32;

/// Where a file's features go.
pub(super) trait Target {
    /// Hears the file's members besides city objects and vertices; whether to go on.
    fn begin(&mut self, header: Map<String, Value>) -> Result<bool>;
    /// Takes a feature.
    fn take(&mut self, feature: Feature) -> Result<()>;
}

/// Gives every feature of `input` that holds something wanted to `target`; gives the ids found.
///
/// # Errors
/// A file that cannot be read, and the target's.
pub(super) fn features(input: impl BufRead, wanted: &Wanted, target: &mut dyn Target) -> Result<HashSet<String>> {
    let mut lines = Lines::new(input, LONGEST_LINE);
    let first = match lines.next()? {
        Some(Line::Whole(line)) => serde_json::from_slice::<Map<String, Value>>(mark_off(line)).ok(),
        _ => None,
    };
    let mut found = HashSet::new();
    let Some(mut document) = first else {
        let (mut whole, rest) = lines.into_rest();
        whole.push(b'\n');
        rest.take(LARGEST_SIFTED as u64 + 1).read_to_end(&mut whole).map_err(|e| Fault::io("reading", &e))?;
        if whole.len() > LARGEST_SIFTED {
            let detail = format!("is larger than {} MiB, and is exported from what is drawn", LARGEST_SIFTED >> 20);
            return Err(Fault::new(Kind::TooLarge, detail));
        }
        let mut document: Map<String, Value> = serde_json::from_slice(mark_off(&whole)).map_err(|e| unreadable(&e))?;
        drop(whole);
        let objects = document.remove("CityObjects");
        let tables = tables(&mut document)?;
        if target.begin(document)? {
            split(objects, &tables, wanted, &mut found, target)?;
        }
        return Ok(found);
    };
    let objects = document.remove("CityObjects");
    let own = tables(&mut document)?;
    if !target.begin(document)? {
        return Ok(found);
    }
    split(objects, &own, wanted, &mut found, target)?;
    while let Some((_, line)) = lines.next_record()? {
        // What the import refused is not wanted either.
        let Ok(mut feature) = serde_json::from_slice::<Map<String, Value>>(line) else { continue };
        let objects = feature.remove("CityObjects");
        let Ok(tables) = tables(&mut feature) else { continue };
        split(objects, &tables, wanted, &mut found, target)?;
    }
    Ok(found)
}

fn mark_off(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn unreadable(e: &serde_json::Error) -> Fault {
    Fault::bad_input(format!("cannot be read again: {e}"))
}

/// The vertices and appearance, taken out of a document. The appearance stays, for templates point into it.
fn tables(document: &mut Map<String, Value>) -> Result<Tables> {
    let vertices = document.remove("vertices").unwrap_or_else(|| Value::Array(Vec::new()));
    let wrong = |e: &serde_json::Error| Fault::bad_input(format!("has vertices that are not whole numbers: {e}"));
    let vertices: Vec<[i64; 3]> = serde_json::from_value(vertices).map_err(|e| wrong(&e))?;
    Ok(Tables::new(vertices, document.get("appearance")))
}

/// Objects by their roots, one feature a root.
fn split(
    objects: Option<Value>,
    tables: &Tables,
    wanted: &Wanted,
    found: &mut HashSet<String>,
    target: &mut dyn Target,
) -> Result<()> {
    let Some(Value::Object(mut objects)) = objects else { return Ok(()) };
    let parent = |object: &Value| Some(object.get("parents")?.as_array()?.first()?.as_str()?.to_owned());
    let parents: HashMap<String, String> =
        objects.iter().filter_map(|(id, object)| Some((id.clone(), parent(object)?))).collect();
    // Whoever is wanted brings those above along, for a part may not stand without its whole.
    let mut families: Vec<(String, Vec<String>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut coming: HashSet<String> = HashSet::new();
    let ids: Vec<String> = objects.keys().filter(|id| wanted.contains_key(*id)).cloned().collect();
    for id in ids {
        let line: Vec<String> = std::iter::successors(Some(id), |id| parents.get(id).cloned()).take(HIGHEST).collect();
        let line: Vec<String> = line.into_iter().filter(|id| objects.contains_key(id)).collect();
        let Some(root) = line.last().cloned() else { continue };
        let place = *places.entry(root.clone()).or_insert_with(|| {
            families.push((root, Vec::new()));
            families.len() - 1
        });
        let members = families.get_mut(place).map(|(_, members)| members);
        let fresh: Vec<String> = line.into_iter().filter(|id| coming.insert(id.clone())).collect();
        members.into_iter().for_each(|members| members.extend(fresh.iter().cloned()));
    }
    let name = |id: &str| wanted.get(id).cloned().unwrap_or_else(|| id.to_owned());
    for (root, members) in families {
        let mut pool = Pool::default();
        let mut taken = Vec::with_capacity(members.len());
        for id in members {
            let Some(mut object) = objects.remove(&id) else { continue };
            if wanted.contains_key(&id) {
                found.insert(id.clone());
            } else if let Some(members) = object.as_object_mut() {
                members.remove("geometry");
            }
            for relation in ["parents", "children"] {
                relatives(&mut object, relation, &coming, &name);
            }
            taken.push((name(&id), pool.take(object, tables)?));
        }
        target.take(Feature { root: name(&root), objects: taken, tables: pool.tables })?;
    }
    Ok(())
}

/// Keeps of a list of ids what comes too, under its name outside.
fn relatives(object: &mut Value, relation: &str, coming: &HashSet<String>, name: &dyn Fn(&str) -> String) {
    let Some(members) = object.as_object_mut() else { return };
    let Some(Value::Array(list)) = members.get_mut(relation) else { return };
    let before = list.len();
    list.retain(|id| id.as_str().is_some_and(|id| coming.contains(id)));
    for id in list.iter_mut() {
        if let Some(text) = id.as_str() {
            *id = Value::String(name(text));
        }
    }
    // An empty list that the source wrote stays as it wrote it.
    if list.is_empty() && before > 0 {
        members.remove(relation);
    }
}
