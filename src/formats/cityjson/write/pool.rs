//! What city objects point to by number: vertices, textures, materials; renumbered when objects change files.

use crate::fault::{Fault, Result};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Arrays within arrays in a geometry; the standard has five.
const DEEPEST: usize = 8;

/// The lists of a file or feature that its objects point into.
#[derive(Debug, Default, Clone)]
pub(super) struct Tables {
    pub vertices: Vec<[i64; 3]>,
    pub textures: Vec<Value>,
    pub materials: Vec<Value>,
    /// `vertices-texture`.
    pub places: Vec<Value>,
    /// `default-theme-texture` and `default-theme-material`.
    pub themes: Map<String, Value>,
}

/// The members that name a theme among several.
const THEMES: [&str; 2] = ["default-theme-texture", "default-theme-material"];

impl Tables {
    /// The tables in a document's `appearance`, beside its vertices.
    pub fn new(vertices: Vec<[i64; 3]>, appearance: Option<&Value>) -> Self {
        let list = |name: &str| appearance.and_then(|a| a.get(name)?.as_array().cloned()).unwrap_or_default();
        let theme = |name: &str| Some((name.to_owned(), appearance?.get(name)?.clone()));
        Self {
            vertices,
            textures: list("textures"),
            materials: list("materials"),
            places: list("vertices-texture"),
            themes: THEMES.into_iter().filter_map(theme).collect(),
        }
    }
    /// The `appearance` member; absent when there is nothing in it.
    pub fn appearance(&self) -> Option<Value> {
        let mut members = self.themes.clone();
        for (name, list) in
            [("textures", &self.textures), ("materials", &self.materials), ("vertices-texture", &self.places)]
        {
            if !list.is_empty() {
                members.insert(name.to_owned(), json!(list));
            }
        }
        (!members.is_empty()).then_some(Value::Object(members))
    }
}

/// Tables that grow by what objects need, each entry once.
#[derive(Debug, Default)]
pub(super) struct Pool {
    pub tables: Tables,
    vertices: HashMap<[i64; 3], usize>,
    values: HashMap<(u8, String), usize>,
}

impl Pool {
    /// The object with its geometries' numbers changed from `from`'s to the pool's.
    ///
    /// # Errors
    /// A number that leads nowhere.
    pub fn take(&mut self, mut object: Value, from: &Tables) -> Result<Value> {
        let geometries = object.get_mut("geometry").and_then(Value::as_array_mut);
        for geometry in geometries.into_iter().flatten() {
            if let Some(boundaries) = geometry.get_mut("boundaries") {
                numbers(boundaries, 0, &mut |n, _| self.vertex(n, from))?;
            }
            self.take_appearance(geometry, from)?;
        }
        Ok(object)
    }
    /// Renumbers the `material` and `texture` of one geometry.
    ///
    /// # Errors
    /// As [`Pool::take`].
    pub fn take_appearance(&mut self, geometry: &mut Value, from: &Tables) -> Result<()> {
        for theme in themes(geometry, "material") {
            for name in ["value", "values"] {
                if let Some(values) = theme.get_mut(name) {
                    numbers(values, 0, &mut |n, _| self.value(0, n, &from.materials))?;
                }
            }
        }
        for theme in themes(geometry, "texture") {
            if let Some(values) = theme.get_mut("values") {
                // The first number of a ring is a texture's, the others are places in it.
                numbers(values, 0, &mut |n, i| match i {
                    0 => self.value(1, n, &from.textures),
                    _ => self.value(2, n, &from.places),
                })?;
            }
        }
        Ok(())
    }
    fn vertex(&mut self, number: u64, from: &Tables) -> Result<usize> {
        let vertex = usize::try_from(number).ok().and_then(|n| from.vertices.get(n)).ok_or_else(|| nowhere(number))?;
        let next = self.tables.vertices.len();
        let found = *self.vertices.entry(*vertex).or_insert(next);
        if found == next {
            self.tables.vertices.push(*vertex);
        }
        Ok(found)
    }
    fn value(&mut self, table: u8, number: u64, from: &[Value]) -> Result<usize> {
        let value = usize::try_from(number).ok().and_then(|n| from.get(n)).ok_or_else(|| nowhere(number))?;
        let list = match table {
            0 => &mut self.tables.materials,
            1 => &mut self.tables.textures,
            _ => &mut self.tables.places,
        };
        let next = list.len();
        let found = *self.values.entry((table, value.to_string())).or_insert(next);
        if found == next {
            list.push(value.clone());
        }
        Ok(found)
    }
}

fn themes<'a>(geometry: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    geometry.get_mut(name).and_then(Value::as_object_mut).into_iter().flat_map(|themes| themes.values_mut())
}

/// Changes every number in nested arrays; `change` hears its place in the innermost array. Nulls stay.
fn numbers(value: &mut Value, at: usize, change: &mut dyn FnMut(u64, usize) -> Result<usize>) -> Result<()> {
    fn walk(
        value: &mut Value,
        at: usize,
        depth: usize,
        change: &mut dyn FnMut(u64, usize) -> Result<usize>,
    ) -> Result<()> {
        match value {
            Value::Array(list) if depth < DEEPEST => {
                list.iter_mut().enumerate().try_for_each(|(i, inner)| walk(inner, i, depth + 1, change))
            }
            Value::Number(n) => {
                let number =
                    n.as_u64().ok_or_else(|| Fault::bad_input("holds a number that is no position in a list"))?;
                *value = json!(change(number, at)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }
    walk(value, at, 0, change)
}

fn nowhere(number: u64) -> Fault {
    Fault::bad_input(format!("points to entry {number} of a list that is shorter"))
}
