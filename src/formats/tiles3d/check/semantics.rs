//! What a subtree says of its tiles and contents in property tables (OGC 22-025r4 §7.6.3, 3D Metadata Semantics): volumes and errors in
//! place of those that follow from level and coordinates.

use super::clip;
use super::report::Log;
use super::rule::Rule;
use super::schema::{Component, Kind, Property, Schema};
use super::volume::Volume;
use serde_json::{Value, json};

/// The volumes and errors of one table's rows; nothing where the table does not tell of them.
#[derive(Default)]
pub(super) struct Told {
    volumes: Option<Vec<Option<Volume>>>,
    errors: Option<Vec<Option<f64>>>,
}

impl Told {
    /// What is told by a table that does not hold: something, and nobody knows what.
    const fn unknown() -> Self {
        Self { volumes: Some(Vec::new()), errors: None }
    }
    /// Whether volumes are told here instead of being implied.
    pub const fn tells_volumes(&self) -> bool {
        self.volumes.is_some()
    }
    /// The volume of a row, where it is sound.
    pub fn volume(&self, row: usize) -> Option<Volume> {
        self.volumes.as_ref()?.get(row).copied().flatten()
    }
    /// The error of a row, where it is sound.
    pub fn error(&self, row: usize) -> Option<f64> {
        self.errors.as_ref()?.get(row).copied().flatten()
    }
}

/// Gives the bytes of a buffer view for what is named.
type View<'a> = dyn Fn(u64, &str, &mut Log) -> Option<Vec<u8>> + 'a;

/// A subtree's property tables, with what they are read by.
pub(super) struct Tables<'a> {
    pub json: &'a Value,
    /// The schema of the tileset that the subtree belongs to.
    pub schema: Option<&'a Schema>,
    /// The bytes of a buffer view.
    pub view: &'a View<'a>,
}

impl Tables<'_> {
    /// What the table `number` tells of `count` things, by semantics that begin with `prefix`.
    pub fn told(&self, number: &Value, place: &str, count: u64, prefix: &str, log: &mut Log) -> Told {
        let tables = self.json.get("propertyTables").and_then(Value::as_array);
        let found = number.as_u64().and_then(|k| usize::try_from(k).ok());
        let Some((k, table)) = found.and_then(|k| Some((k, tables?.get(k)?))) else {
            log.find(Rule::Table, place, format!("names table {}, which is not there", clip(&number.to_string())));
            return Told::unknown();
        };
        let place = format!("/propertyTables/{k}");
        let said = table.get("count").and_then(Value::as_u64);
        if said != Some(count) {
            let said = said.map_or("none".to_owned(), |n| n.to_string());
            log.find(Rule::Table, format!("{place}/count"), format!("is {said}, and {count} are available"));
            return Told::unknown();
        }
        let name = table.get("class").and_then(Value::as_str).unwrap_or_default();
        let Some(class) = self.schema.and_then(|schema| schema.get(name)) else {
            let what = format!("'{}' is no class of the tileset's schema", clip(name));
            log.find(Rule::Table, format!("{place}/class"), what);
            return Told::unknown();
        };
        let mut told = Told::default();
        let columns = table.get("properties").and_then(Value::as_object);
        for (name, property) in class {
            let there = columns.is_some_and(|all| all.contains_key(name));
            if !there && property.as_ref().is_some_and(|p| p.required) {
                log.find(Rule::Table, &*place, format!("lacks the required property '{}'", clip(name)));
                told = Told::unknown();
            }
        }
        for (name, own) in columns.into_iter().flatten() {
            let place = format!("{place}/properties/{}", clip(name));
            match class.get(name) {
                None => log.find(Rule::Table, place, "is no property of the class"),
                Some(None) => {}
                Some(Some(property)) => self.column(property, own, &place, count, prefix, &mut told, log),
            }
        }
        told
    }

    #[expect(clippy::too_many_arguments, reason = "one column, and where what it says goes")]
    fn column(
        &self,
        property: &Property,
        own: &Value,
        place: &str,
        count: u64,
        prefix: &str,
        told: &mut Told,
        log: &mut Log,
    ) {
        let meaning = property.semantic.as_deref().and_then(|all| all.strip_prefix(prefix)).unwrap_or_default();
        let (member, width) = match meaning {
            "_BOUNDING_BOX" => ("box", 12),
            "_BOUNDING_REGION" => ("region", 6),
            "_BOUNDING_SPHERE" => ("sphere", 4),
            "_GEOMETRIC_ERROR" => ("", 1),
            _ => return log.unseen("columns of subtrees other than boxes, regions, spheres and errors"),
        };
        let Some(rows) = self.numbers(property, own, place, count, width, log) else {
            if !member.is_empty() {
                told.volumes.get_or_insert_default();
            }
            return;
        };
        let row_place = |row: usize| format!("{place}, row {row}");
        if member.is_empty() {
            let sound = |(row, numbers): (usize, Vec<f64>)| {
                let error = numbers.first().copied().filter(|e| e.is_finite() && *e >= 0.0);
                if error.is_none() {
                    log.find(Rule::ErrorValue, row_place(row), format!("is {numbers:?}"));
                }
                error
            };
            told.errors = Some(rows.into_iter().enumerate().map(sound).collect());
        } else if told.volumes.as_ref().is_none_or(Vec::is_empty) {
            let read =
                |(row, numbers): (usize, Vec<f64>)| Volume::read(&json!({ (member): numbers }), &row_place(row), log);
            told.volumes = Some(rows.into_iter().enumerate().map(read).collect());
        }
    }

    /// The rows of a column of `width` numbers each.
    fn numbers(
        &self,
        property: &Property,
        own: &Value,
        place: &str,
        count: u64,
        width: u64,
        log: &mut Log,
    ) -> Option<Vec<Vec<f64>>> {
        let component = match property.kind {
            Kind::Numbers(1, component @ Component::Float(_)) if property.plain && property.no_data.is_none() => {
                component
            }
            Kind::Numbers(..) if !property.plain || property.no_data.is_some() => {
                log.unseen("columns of subtrees with scale, offset or noData");
                return None;
            }
            _ => {
                log.find(Rule::SchemaType, place, "is of a semantic whose values are FLOAT32 or FLOAT64");
                return None;
            }
        };
        if (property.array, property.fixed) != (width > 1, (width > 1).then_some(width)) {
            log.find(Rule::SchemaType, place, format!("is of a semantic whose values are {width} numbers each"));
            return None;
        }
        let Some(view) = own.get("values").and_then(Value::as_u64) else {
            log.find(Rule::Table, format!("{place}/values"), "is no whole number");
            return None;
        };
        let bytes = (self.view)(view, place, log)?;
        let size = component.size();
        if Some(bytes.len() as u64) != count.checked_mul(width).and_then(|n| n.checked_mul(size as u64)) {
            let what = format!("has {} bytes for {count} rows of {width} numbers of {size} bytes", bytes.len());
            log.find(Rule::ColumnLength, place, what);
            return None;
        }
        let number = |bytes: &[u8]| match (<[u8; 4]>::try_from(bytes), <[u8; 8]>::try_from(bytes)) {
            (Ok(four), _) => f64::from(f32::from_le_bytes(four)),
            (_, Ok(eight)) => f64::from_le_bytes(eight),
            _ => f64::NAN,
        };
        let row = |bytes: &[u8]| bytes.chunks_exact(size).map(number).collect();
        Some(bytes.chunks_exact(size * usize::try_from(width).ok()?).map(row).collect())
    }
}
