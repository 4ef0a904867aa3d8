//! One table: its rows become features.

use super::database::{Database, fault, is_missing, quoted};
use crate::fault::Result;
use crate::formats::feature::{Collect, Feature, Features, Parts};
use crate::formats::{Sink, SourceItem};
use crate::model::{Attributes, Value};
use geozero::GeozeroGeometry;
use geozero::wkb::GpkgWkb;
use rusqlite::types::ValueRef;
use std::sync::Arc;

/// What the contents say that a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Features,
    Attributes,
    /// Tiles and what extensions add.
    Other,
}

/// A table of a GeoPackage.
#[derive(Debug)]
pub(super) struct Layer {
    pub table: String,
    pub kind: Kind,
    pub columns: Vec<String>,
    /// The CRS; before the file's is taken out, of every layer, then only where it differs.
    pub crs: Option<Arc<str>>,
    geometry: Option<String>,
    key: Option<String>,
    booleans: Vec<String>,
}

impl Layer {
    /// A table with its columns: name, declared type, place in the primary key from 1.
    pub fn new(
        table: String,
        kind: Kind,
        geometry: Option<String>,
        crs: Option<Arc<str>>,
        columns: Vec<(String, String, i64)>,
    ) -> Self {
        // Only a key of whole numbers is a mere number of the row (§1.1.2.2 wants one); a view has its first column (§2.1.6).
        let whole = |kind: &str| kind.to_ascii_uppercase().contains("INT");
        let keys: Vec<_> = columns.iter().filter(|(.., pk)| *pk > 0).collect();
        let key = match keys[..] {
            [] => columns.first().filter(|(_, kind, _)| whole(kind)),
            [one] => Some(one).filter(|(_, kind, _)| whole(kind)),
            _ => None,
        };
        let key = key.map(|(name, ..)| name.clone());
        let booleans = columns.iter().filter(|(_, kind, _)| kind.eq_ignore_ascii_case("BOOLEAN"));
        let booleans = booleans.map(|(name, ..)| name.clone()).collect();
        let columns = columns.into_iter().map(|(name, ..)| name).collect();
        Self { table, kind, columns, crs, geometry, key, booleans }
    }
    /// Hands the rows on; a table that is not there is refused by name.
    ///
    /// # Errors
    /// SQLite's and the sink's.
    pub fn read(&self, database: &Database, features: &mut Features<'_>, sink: &mut Sink) -> Result<()> {
        let mut statement = match database.afresh().prepare(&format!("SELECT * FROM {}", quoted(&self.table))) {
            Err(e) if is_missing(&e) => {
                let said: String = e.to_string().chars().take(200).collect();
                let reason = format!("gpkg_contents lists this table, and it cannot be read: {said}");
                return sink(SourceItem::Refused { object: self.table.clone(), reason });
            }
            other => other.map_err(|e| fault(&e))?,
        };
        let named = self.columns.iter().any(|c| c == "id" && self.key.as_ref() != Some(c));
        let bare = self.kind == Kind::Attributes && !named && features.mapping().is_none();
        if self.kind == Kind::Other || bare {
            let sql = format!("SELECT count(*) FROM {}", quoted(&self.table));
            let count: i64 = database.afresh().query_row(&sql, [], |row| row.get(0)).map_err(|e| fault(&e))?;
            let what = if bare {
                "rows have neither a geometry nor an id (a mapping may say which column is the id)"
            } else {
                "rows of tiles or of an extension are not taken"
            };
            return sink(SourceItem::Note(format!("table '{}': {count} {what}", self.table)));
        }
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let layer: Arc<str> = self.table.as_str().into();
        // SQLite does not tell letter cases of names apart.
        let is_geometry = |name: &str| self.geometry.as_ref().is_some_and(|g| g.eq_ignore_ascii_case(name));
        let mut rows = statement.query([]).map_err(|e| fault(&e))?;
        let (mut number, mut measured, mut blobs, mut wrong) = (0_usize, 0, 0, 0);
        while let Some(row) = rows.next().map_err(|e| fault(&e))? {
            database.count_row()?;
            number += 1;
            let mut attributes = Attributes::new();
            let (mut parts, mut key) = (Ok(Parts::default()), None);
            for (i, name) in names.iter().enumerate() {
                let value = row.get_ref(i).map_err(|e| fault(&e))?;
                let value = match value {
                    ValueRef::Blob(bytes) if is_geometry(name) => {
                        let mut collect = Collect::default();
                        let read = GpkgWkb(bytes).process_geom(&mut collect);
                        let (found, with_measures) = collect.end(read);
                        (parts, measured) = (found, measured + usize::from(with_measures));
                        continue;
                    }
                    ValueRef::Null => continue,
                    _ if is_geometry(name) => {
                        parts = Err("its geometry is no binary value".to_owned());
                        continue;
                    }
                    ValueRef::Integer(n) if self.booleans.contains(name) => Value::Bool(n != 0),
                    ValueRef::Integer(n) => Value::Int(n),
                    ValueRef::Real(n) if n.is_finite() => Value::Float(n),
                    ValueRef::Real(_) => continue,
                    ValueRef::Text(text) => {
                        wrong += usize::from(std::str::from_utf8(text).is_err());
                        Value::Text(String::from_utf8_lossy(text).into_owned())
                    }
                    ValueRef::Blob(_) => {
                        blobs += 1;
                        continue;
                    }
                };
                if self.key.as_ref() == Some(name) {
                    key = Some(value.clone());
                    // The row's number is in its id; a mapping may want it for more.
                    if features.mapping().is_none() {
                        continue;
                    }
                }
                attributes.push((name.clone(), value));
            }
            let place = match key {
                Some(Value::Int(n)) => format!("{}.{n}", self.table),
                _ => format!("{} row {number}", self.table),
            };
            let has_id = attributes.iter().any(|(name, _)| name == "id" && self.key.as_deref() != Some("id"));
            let id = (matches!(key, Some(Value::Int(_))) && !has_id).then(|| place.clone());
            let layer = Some(layer.clone());
            let feature = Feature { id, layer, crs: self.crs.clone(), ..Feature::new(place, attributes, parts) };
            features.take(feature, None, sink)?;
        }
        for (count, what) in [
            (measured, "shapes have measures (M), which are left out"),
            (blobs, "binary values are left out"),
            (wrong, "texts are not UTF-8: what is unreadable in them is �"),
        ] {
            if count > 0 {
                sink(SourceItem::Note(format!("table '{}': {count} {what}", self.table)))?;
            }
        }
        Ok(())
    }
}
