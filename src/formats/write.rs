//! What every writer is given, and the columns of formats that name theirs beforehand.

use super::geojson::to_json;
use crate::crs::SiteFrame;
use crate::fault::{Fault, Kind, Result};
use crate::model::{Asset, Attributes, DatasetName, SiteCode, Value};
use std::collections::HashMap;

/// One asset on its way out.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The asset; its id is the one it has in the city.
    pub asset: &'a Asset,
    /// What its source calls it.
    pub source_id: &'a str,
    /// The dataset it came with.
    pub dataset: &'a DatasetName,
    /// Its site.
    pub site: &'a SiteCode,
    /// The frame of its mesh.
    pub frame: &'a SiteFrame,
}

/// A format's way out.
pub trait Writer {
    /// Writes one asset, or keeps it until [`Writer::end`].
    ///
    /// # Errors
    /// What cannot be written, by its id; the file is then of no use.
    fn put(&mut self, item: &Item) -> Result<()>;
    /// Writes what is left.
    ///
    /// # Errors
    /// As [`Writer::put`].
    fn end(self: Box<Self>) -> Result<()>;
}

/// The properties that every asset has, in the order of their columns; a source attribute of one of these names becomes
/// `source.<name>`.
pub(super) const OWN: [&str; 8] = ["id", "class", "name", "collection", "parent", "storey", "dataset", "site"];

/// The values of [`OWN`]; empty where there is none.
pub(super) fn own<'a>(item: &Item<'a>) -> [&'a str; 8] {
    let Item { asset, dataset, site, .. } = *item;
    let (parent, storey) = (asset.parent.as_deref().unwrap_or(""), asset.storey.as_deref().unwrap_or(""));
    let class = asset.class;
    [&asset.id, class.name(), &asset.name, class.collection().name(), parent, storey, dataset.as_str(), site.as_str()]
}

/// What a column of attributes holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// True or false.
    Bool,
    /// Whole numbers of 64 bits.
    Int,
    /// Numbers.
    Float,
    /// Texts; what is no text stands there as JSON.
    Text,
}

/// The attributes of all assets to be written, in order of first appearance, with what their columns hold.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    names: Vec<(String, Option<Kept>)>,
    numbers: HashMap<String, usize>,
}

impl Columns {
    /// More than these no table reader likes.
    const MOST: usize = 5_000;

    /// Makes room for an asset's attributes.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] when there are too many names.
    pub fn note(&mut self, attributes: &Attributes) -> Result<()> {
        for (name, value) in attributes {
            let number = match self.numbers.get(name) {
                Some(number) => *number,
                None => {
                    if self.names.len() >= Self::MOST {
                        let most = Self::MOST;
                        return Err(Fault::new(Kind::TooLarge, format!("has more than {most} different attributes"))
                            .remedy("export fewer classes at once, with --filter \"class='wall'\" or --collection"));
                    }
                    self.names.push((name.clone(), None));
                    self.numbers.insert(name.clone(), self.names.len() - 1);
                    self.names.len() - 1
                }
            };
            let kind = match value {
                Value::Null => continue,
                Value::Bool(_) => Kept::Bool,
                Value::Int(_) => Kept::Int,
                Value::Float(_) => Kept::Float,
                _ => Kept::Text,
            };
            if let Some((_, kept)) = self.names.get_mut(number) {
                *kept = Some(match *kept {
                    None => kind,
                    Some(same) if same == kind => kind,
                    Some(Kept::Int | Kept::Float) if matches!(kind, Kept::Int | Kept::Float) => Kept::Float,
                    Some(_) => Kept::Text,
                });
            }
        }
        Ok(())
    }
    /// The columns' names, with what they hold.
    pub(super) fn all(&self) -> impl Iterator<Item = (String, Kept)> + '_ {
        self.names.iter().map(|(name, kept)| {
            let name = if OWN.contains(&name.as_str()) { format!("source.{name}") } else { name.clone() };
            (name, kept.unwrap_or(Kept::Text))
        })
    }
    /// An asset's values in the order of the columns.
    pub(super) fn row<'a>(&self, attributes: &'a Attributes) -> Vec<Option<&'a Value>> {
        let mut row = vec![None; self.names.len()];
        for (name, value) in attributes.iter().filter(|(_, value)| *value != Value::Null) {
            if let Some(cell) = self.numbers.get(name).and_then(|n| row.get_mut(*n)) {
                *cell = Some(value);
            }
        }
        row
    }
}

/// A value as text: texts as they are, everything else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => to_json(other).to_string(),
    }
}

/// A fault of the file that is written.
pub(super) fn writing(e: &std::io::Error) -> Fault {
    Fault::io("writing the export", e)
}
