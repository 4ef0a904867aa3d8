//! Property and quantity sets: every kind of property as a value, and the unit of every number.

use super::book::Book;
use super::units::Units;
use crate::formats::ifc::Set;
use crate::model::{Attributes, Value};
use ifc_lite_core::{AttributeValue, DecodedEntity};
use std::collections::{HashMap, HashSet};

/// How deep properties may nest in complex ones.
const DEPTH: usize = 8;
/// Properties of one set, those within others included.
const MOST: usize = 20_000;

/// The sets of `used` as `Set.Name` and value.
pub(super) fn read(
    book: &mut Book,
    units: &mut Units,
    used: &HashSet<u32>,
    notes: &mut Vec<String>,
) -> HashMap<u32, Set> {
    let (mut sets, mut cut) = (HashMap::new(), 0);
    for number in used {
        let Some(record) = book.record(*number) else { continue };
        let mut walk = Walk { book, units, left: MOST, found: Vec::new() };
        let values = walk.set(&record);
        cut += usize::from(walk.left == 0);
        let units = walk.found;
        sets.insert(*number, Set { values, units });
    }
    if cut > 0 {
        notes.push(format!("{cut} sets hold over {MOST} properties: the rest of them is left out"));
    }
    sets
}

struct Walk<'w, 'a> {
    book: &'w mut Book<'a>,
    units: &'w mut Units,
    left: usize,
    /// Units by the path of their number.
    found: Vec<(String, String)>,
}

impl Walk<'_, '_> {
    fn set(&mut self, record: &DecodedEntity) -> Attributes {
        let name = self.book.text(record, "Name");
        let members = match record.ifc_type.as_str() {
            "IFCPROPERTYSET" => self.book.references(record, "HasProperties"),
            "IFCELEMENTQUANTITY" => self.book.references(record, "Quantities"),
            // A set whose properties are the schema's own attributes: of a door's lining, of a window's panels.
            _ => {
                let name = name.unwrap_or_else(|| record.ifc_type.name().to_owned());
                let names = self.book.names(record).iter().zip(record.attributes.iter()).skip(4);
                return names
                    .filter(|(_, v)| !v.is_null() && v.as_entity_ref().is_none())
                    .filter_map(|(own, v)| Some((format!("{name}.{own}"), value(v)?)))
                    .collect();
            }
        };
        let name = name.unwrap_or_default();
        let mut all = Vec::new();
        for member in members {
            let before = self.found.len();
            let Some((own, value)) = self.property(member, &name, DEPTH) else { continue };
            let written = self.book.record(member).and_then(|record| {
                let written = self.book.get(&record, "Name")?.as_string()?.to_owned();
                Some(written)
            });
            all.push((own, written.unwrap_or_default(), value, before..self.found.len()));
        }
        // Names that differ by blanks alone are two: the one without them keeps its name.
        let clean: HashSet<String> = all.iter().filter(|(own, w, ..)| own == w).map(|(own, ..)| own.clone()).collect();
        let mut taken: Vec<(String, Value)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (own, written, value, units) in all {
            let wanted = if own == written || !clean.contains(&own) { &own } else { &written };
            let there = places.get(wanted).and_then(|at| taken.get(*at));
            if there.is_some_and(|(_, there)| *there == value) {
                continue;
            }
            let numbered = (2..).map(|n| format!("{own} ({n})"));
            let mut names = [wanted.clone(), written.clone()].into_iter().chain(numbered);
            let Some(given) = names.find(|name| !places.contains_key(name)) else { continue };
            let (from, to) = (path(&name, &own), path(&name, &given));
            for (path, _) in self.found.get_mut(units).unwrap_or_default() {
                *path = path.strip_prefix(&from).map_or_else(|| path.clone(), |rest| format!("{to}{rest}"));
            }
            places.insert(given, taken.len());
            taken.push((to, value));
        }
        taken
    }

    /// The name of the property or quantity of that number, and its value; `within` is the path of what holds it.
    fn property(&mut self, number: u32, within: &str, depth: usize) -> Option<(String, Value)> {
        self.left = self.left.checked_sub(1)?;
        let record = self.book.record(number)?;
        let name = self.book.text(&record, "Name")?;
        let here = path(within, &name);
        let value = match record.ifc_type.as_str() {
            "IFCPROPERTYSINGLEVALUE" => self.one(&record, "NominalValue", "Unit", &here).unwrap_or(Value::Null),
            "IFCPROPERTYENUMERATEDVALUE" => {
                // The unit is the enumeration's.
                let own = self.book.follow(&record, "EnumerationReference");
                let unit = own.and_then(|e| self.book.reference(&e, "Unit"));
                let values = self.book.get(&record, "EnumerationValues")?.clone();
                self.measured(&values, unit, &here)?
            }
            "IFCPROPERTYLISTVALUE" => self.one(&record, "ListValues", "Unit", &here)?,
            "IFCPROPERTYBOUNDEDVALUE" => {
                let ends = [("lower", "LowerBoundValue"), ("upper", "UpperBoundValue"), ("set_point", "SetPointValue")];
                let before = self.found.len();
                let each = ends
                    .iter()
                    .filter_map(|(own, name)| Some(((*own).to_owned(), self.one(&record, name, "Unit", &here)?)));
                let bounds = each.collect();
                self.found.truncate(before + 1);
                Value::Map(bounds)
            }
            "IFCPROPERTYTABLEVALUE" => {
                let sides =
                    [("defining", "DefiningValues", "DefiningUnit"), ("defined", "DefinedValues", "DefinedUnit")];
                let each = sides.iter().filter_map(|(own, name, unit)| {
                    Some(((*own).to_owned(), self.one(&record, name, unit, &path(&here, own))?))
                });
                Value::Map(each.collect())
            }
            "IFCPROPERTYREFERENCEVALUE" => {
                let other = self.book.follow(&record, "PropertyReference")?;
                let said = ["Name", "Identification", "Location", "FamilyName", "Description"];
                Value::Text(said.iter().find_map(|name| self.book.text(&other, name))?)
            }
            "IFCCOMPLEXPROPERTY" => self.several(&record, "HasProperties", &here, depth)?,
            "IFCPHYSICALCOMPLEXQUANTITY" => self.several(&record, "HasQuantities", &here, depth)?,
            quantity => self.quantity(&record, quantity, &here)?,
        };
        Some((name, value))
    }

    fn several(&mut self, record: &DecodedEntity, members: &str, here: &str, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let members = self.book.references(record, members);
        let each = members.into_iter().filter_map(|member| self.property(member, here, depth));
        Some(Value::Map(each.collect()))
    }

    /// A quantity's number, whose measure its entity says.
    fn quantity(&mut self, record: &DecodedEntity, entity: &str, here: &str) -> Option<Value> {
        let kind = entity.strip_prefix("IFCQUANTITY")?;
        let own = self.book.reference(record, "Unit");
        // The value is the first attribute after name, description and unit in every schema.
        let number = record.get(3)?.as_float().filter(|n| n.is_finite());
        let measure = match kind {
            "WEIGHT" => "IFCMASSMEASURE".to_owned(),
            _ => format!("IFC{kind}MEASURE"),
        };
        self.unit(&measure, own, here);
        Some(number.map_or(Value::Null, Value::Float))
    }

    fn one(&mut self, record: &DecodedEntity, name: &str, unit: &str, here: &str) -> Option<Value> {
        let own = self.book.reference(record, unit);
        let value = self.book.get(record, name)?.clone();
        self.measured(&value, own, here)
    }

    fn measured(&mut self, said: &AttributeValue, own: Option<u32>, here: &str) -> Option<Value> {
        let first = said.as_list().map_or(Some(said), |list| list.first());
        if let Some(AttributeValue::Typed { name, .. }) = first {
            self.unit(name, own, here);
        } else if first.is_some_and(|v| v.as_float().is_some()) {
            self.unit("", own, here);
        }
        value(said)
    }

    /// Keeps the unit of a number of that measure: its own, else the project's.
    fn unit(&mut self, measure: &str, own: Option<u32>, here: &str) {
        let own = own.and_then(|number| self.units.of_record(self.book, number));
        let unit = own.or_else(|| self.units.of_measure(measure));
        self.found.extend(unit.map(|unit| (here.to_owned(), unit)));
    }
}

fn path(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") }
}

/// A value as the file types it; none where it refers to a record.
pub(super) fn value(said: &AttributeValue) -> Option<Value> {
    let float = |n: f64| if n.is_finite() { Value::Float(n) } else { Value::Null };
    Some(match said {
        AttributeValue::Typed { name, value: inner } => {
            let real = name.ends_with("MEASURE") && &**name != "IFCCOUNTMEASURE" || &**name == "IFCREAL";
            match (value(inner)?, &**inner) {
                (Value::Int(_), AttributeValue::Integer(n)) if real => {
                    #[expect(clippy::cast_precision_loss, reason = "a measure is a real number")]
                    let n = *n as f64;
                    Value::Float(n)
                }
                (other, _) => other,
            }
        }
        AttributeValue::String(text) => Value::Text(text.clone()),
        AttributeValue::Integer(n) => Value::Int(*n),
        AttributeValue::Float(n) => float(*n),
        AttributeValue::Enum(word) => match word.as_str() {
            "T" => Value::Bool(true),
            "F" => Value::Bool(false),
            "U" | "X" => Value::Null,
            word => Value::Text(word.to_owned()),
        },
        AttributeValue::List(list) => Value::List(list.iter().filter_map(value).collect()),
        AttributeValue::Binary(hex) => Value::Text(hex.clone()),
        AttributeValue::Null | AttributeValue::Derived => Value::Null,
        AttributeValue::EntityRef(_) => return None,
    })
}
