//! A file's head: version, metadata, transform, extensions and templates, joined from those of its sources.

use super::pool::{Pool, Tables};
use crate::crs::same_crs;
use crate::fault::{Fault, Result};
use serde_json::{Map, Value, json};

/// `real = stored * scale + translate` (CityJSON §4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantum {
    pub scale: [f64; 3],
    pub translate: [f64; 3],
}

impl Quantum {
    fn of(members: &Map<String, Value>) -> Option<Self> {
        let transform = members.get("transform")?;
        let triple = |name: &str| serde_json::from_value(transform.get(name)?.clone()).ok();
        Some(Self { scale: triple("scale")?, translate: triple("translate")? })
    }
    pub fn real(&self, vertex: [i64; 3]) -> [f64; 3] {
        let [[x, y, z], [sx, sy, sz], [tx, ty, tz]] = [vertex.map(float), self.scale, self.translate];
        [x * sx + tx, y * sy + ty, z * sz + tz]
    }
    pub fn stored(&self, [x, y, z]: [f64; 3]) -> [i64; 3] {
        let ([sx, sy, sz], [tx, ty, tz]) = (self.scale, self.translate);
        #[expect(clippy::cast_possible_truncation, reason = "saturates, which only moves points out of this world")]
        let stored = [(x - tx) / sx, (y - ty) / sy, (z - tz) / sz].map(|c| c.round() as i64);
        stored
    }
}

fn float(number: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "stored numbers are far below 2^53 in files that hold")]
    let float = number as f64;
    float
}

/// The head of the file that is written.
#[derive(Default)]
pub(super) struct Head {
    /// The members of the first source's head; absent while there is no source.
    first: Option<Map<String, Value>>,
    sources: usize,
    templates: Vec<Value>,
    template_vertices: Vec<Value>,
    /// Appearance of the templates, and of all else in a file that is no sequence.
    pub pool: Pool,
}

impl Head {
    /// Joins a source's head; gives its transform and the number that its first template has now. Nothing where its CRS is
    /// another than the file's.
    ///
    /// # Errors
    /// A head that does not hold.
    pub fn join(&mut self, mut members: Map<String, Value>) -> Result<Option<(Quantum, usize)>> {
        let quantum = Quantum::of(&members).ok_or_else(|| Fault::bad_input("has no transform"))?;
        if let Some(first) = &self.first
            && !same(crs(first), crs(&members))
        {
            return Ok(None);
        }
        let before = self.templates.len();
        let appearance = Tables::new(Vec::new(), members.remove("appearance").as_ref());
        if let Some(Value::Object(templates)) = members.remove("geometry-templates") {
            self.take_templates(templates, &appearance)?;
        }
        // Of several files the first one's themes are shown.
        if self.sources == 0 {
            self.pool.tables.themes = appearance.themes;
        }
        self.sources += 1;
        match &mut self.first {
            None => self.first = Some(members),
            Some(first) => {
                // Extensions are asked for by name; all else is the first file's.
                if let Some(Value::Object(more)) = members.remove("extensions") {
                    let all = first.entry("extensions").or_insert_with(|| json!({}));
                    for (name, extension) in more {
                        all.as_object_mut().map(|all| all.entry(name).or_insert(extension));
                    }
                }
            }
        }
        Ok(Some((quantum, before)))
    }
    fn take_templates(&mut self, mut own: Map<String, Value>, appearance: &Tables) -> Result<()> {
        let mut list = |name: &str| match own.remove(name) {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        };
        let (templates, vertices) = (list("templates"), list("vertices-templates"));
        for mut template in templates {
            if let Some(boundaries) = template.get_mut("boundaries") {
                shift(boundaries, self.template_vertices.len() as u64);
            }
            self.pool.take_appearance(&mut template, appearance)?;
            self.templates.push(template);
        }
        self.template_vertices.extend(vertices);
        Ok(())
    }
    /// The first source's CRS and transform.
    pub fn frame(&self) -> Option<(Option<&str>, Quantum)> {
        let first = self.first.as_ref()?;
        Some((crs(first), Quantum::of(first)?))
    }
    /// The head's members, for the first line of a sequence or the whole file; `whole` when nothing was left out.
    pub fn members(self, quantum: Quantum, declared: &str, whole: bool) -> (Map<String, Value>, Pool) {
        let Self { first, sources, templates, template_vertices, pool } = self;
        let alone = sources == 1 && whole;
        let mut members = first.unwrap_or_default();
        if !members.contains_key("metadata") && sources == 0 {
            members.insert("metadata".into(), json!({ "referenceSystem": declared }));
        }
        if let (Some(Value::Object(metadata)), false) = (members.get_mut("metadata"), alone) {
            // What was said of the whole does not hold of a part.
            for name in ["geographicalExtent", "identifier"] {
                metadata.remove(name);
            }
        }
        members.insert("type".into(), json!("CityJSON"));
        members.entry("version").or_insert_with(|| json!("2.0"));
        members.insert("transform".into(), json!({ "scale": quantum.scale, "translate": quantum.translate }));
        if !templates.is_empty() {
            let templates = json!({ "templates": templates, "vertices-templates": template_vertices });
            members.insert("geometry-templates".into(), templates);
        }
        (members, pool)
    }
}

fn crs(members: &Map<String, Value>) -> Option<&str> {
    members.get("metadata")?.get("referenceSystem")?.as_str()
}

fn same(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || same_crs(a, b).unwrap_or(false),
        (a, b) => a == b,
    }
}

/// Adds to every number in nested arrays.
fn shift(value: &mut Value, by: u64) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|inner| shift(inner, by)),
        Value::Number(n) => *value = n.as_u64().map_or_else(|| value.clone(), |n| json!(n + by)),
        _ => {}
    }
}
