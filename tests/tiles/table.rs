//! An independent reader of a tile's property table, by EXT_structural_metadata's own words.

use super::reader::{File, number};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The bytes of one number of each component type.
fn width(component: &str) -> usize {
    match component {
        "INT8" | "UINT8" => 1,
        "INT16" | "UINT16" => 2,
        "INT32" | "UINT32" | "FLOAT32" => 4,
        "FLOAT64" => 8,
        other => unreachable!("{other}"),
    }
}

/// The number at `row` of a column.
fn scalar(bytes: &[u8], component: &str, row: usize) -> Value {
    let width = width(component);
    let b = &bytes[row * width..(row + 1) * width];
    match component {
        "INT8" => i8::from_le_bytes(b.try_into().unwrap()).into(),
        "UINT8" => b[0].into(),
        "INT16" => i16::from_le_bytes(b.try_into().unwrap()).into(),
        "UINT16" => u16::from_le_bytes(b.try_into().unwrap()).into(),
        "INT32" => i32::from_le_bytes(b.try_into().unwrap()).into(),
        "UINT32" => u32::from_le_bytes(b.try_into().unwrap()).into(),
        "FLOAT32" => f64::from(f32::from_le_bytes(b.try_into().unwrap())).into(),
        _ => f64::from_le_bytes(b.try_into().unwrap()).into(),
    }
}

/// The offsets of a column of text.
fn offsets(file: &File, column: &Value, count: usize) -> Vec<usize> {
    let component = column["stringOffsetType"].as_str().unwrap_or("UINT32");
    let bytes = file.view(number(&column["stringOffsets"]));
    assert_eq!(bytes.len(), width(component) * (count + 1), "count + 1 offsets");
    let offsets: Vec<usize> = (0..=count).map(|i| number(&scalar(bytes, component, i))).collect();
    assert!(offsets[0] == 0 && offsets.is_sorted());
    offsets
}

/// The rows of the one property table; what has no value isn't there. The source's own attributes are under `@` and their name.
pub fn rows(file: &File) -> Vec<BTreeMap<String, Value>> {
    let extension = &file.json["extensions"]["EXT_structural_metadata"];
    let tables = extension["propertyTables"].as_array().unwrap();
    assert_eq!(tables.len(), 1, "one property table");
    let class = &extension["schema"]["classes"][tables[0]["class"].as_str().unwrap()]["properties"];
    let count = number(&tables[0]["count"]);
    let mut rows = vec![BTreeMap::new(); count];
    let mut names = BTreeSet::new();
    for (name, property) in class.as_object().unwrap() {
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(name.chars().all(ok) && !name.starts_with(|c: char| c.is_ascii_digit()), "{name}");
        names.extend(property["enumType"].as_str());
    }
    let enums = extension["schema"]["enums"].as_object();
    assert!(enums.into_iter().flat_map(|e| e.keys()).map(String::as_str).eq(names), "enumerations that are used");
    for (name, column) in tables[0]["properties"].as_object().unwrap() {
        let property = &class[name];
        let values = file.view(number(&column["values"]));
        let read: Vec<Value> = match property["type"].as_str().unwrap() {
            "STRING" => {
                let offsets = offsets(file, column, count);
                let one = |i: usize| std::str::from_utf8(&values[offsets[i]..offsets[i + 1]]).unwrap().into();
                (0..count).map(one).collect()
            }
            "ENUM" => {
                named(&extension["schema"]["enums"][property["enumType"].as_str().unwrap()], values, property, count)
            }
            "SCALAR" => {
                let component = property["componentType"].as_str().unwrap();
                assert_eq!(values.len(), width(component) * count);
                (0..count).map(|i| scalar(values, component, i)).collect()
            }
            other => unreachable!("{name}: {other}"),
        };
        let told: Vec<Option<Value>> =
            read.into_iter().map(|value| Some(value).filter(|v| property.get("noData") != Some(v))).collect();
        if !column["min"].is_null() {
            let all = || told.iter().flatten().map(|v| v.as_f64().unwrap());
            assert_eq!(column["min"].as_f64().unwrap(), all().fold(f64::MAX, f64::min), "{name}");
            assert_eq!(column["max"].as_f64().unwrap(), all().fold(f64::MIN, f64::max), "{name}");
        }
        let own = property["name"].as_str().map(|own| format!("@{own}"));
        for (row, value) in rows.iter_mut().zip(told) {
            row.extend(value.map(|value| (own.clone().unwrap_or_else(|| name.clone()), value)));
        }
    }
    rows
}

/// The names behind a column of an enumeration's numbers.
fn named(names: &Value, values: &[u8], property: &Value, count: usize) -> Vec<Value> {
    let component = names["valueType"].as_str().unwrap_or("UINT16");
    assert_eq!(values.len(), width(component) * count);
    let list = names["values"].as_array().unwrap();
    let known: BTreeMap<u64, &str> =
        list.iter().map(|v| (v["value"].as_u64().unwrap(), v["name"].as_str().unwrap())).collect();
    let distinct: BTreeSet<&&str> = known.values().collect();
    assert!(known.len() == list.len() && distinct.len() == list.len(), "each name and number once");
    if let Some(none) = property.get("noData") {
        assert!(distinct.contains(&none.as_str().unwrap()), "no value is one of the names");
    }
    (0..count).map(|i| known[&scalar(values, component, i).as_u64().unwrap()].into()).collect()
}
