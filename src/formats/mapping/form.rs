//! The TOML form of a mapping.

use super::convert::{Kind, UNITS};
use super::{Mapping, PLACE, Piece, Source};
use crate::formats::attribute::Attribute;
use crate::formats::reader::clip;
use crate::model::Class;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Words that a mapping may give a source for, besides those of [`PLACE`].
const TARGETS: &[&str] = &[
    "id",
    "name",
    "parent",
    "storey",
    "height",
    "base_height",
    "min_height",
    "roof_elevation",
    "address",
    "community",
    "road",
    "house_number",
    "building",
    "unit",
    "room",
    "house_code",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    sheet: Option<String>,
    header: Option<u32>,
    layers: Option<Vec<String>>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    class: ClassForm,
    #[serde(default)]
    rename: BTreeMap<String, String>,
    #[serde(default)]
    constants: BTreeMap<String, Attribute>,
    #[serde(default)]
    types: BTreeMap<String, Kind>,
    #[serde(default)]
    units: BTreeMap<String, String>,
    #[serde(default)]
    drop: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassForm {
    field: Option<String>,
    default: Option<String>,
    #[serde(default)]
    values: BTreeMap<String, String>,
}

/// Reads a mapping; what is wrong with it otherwise, to be said after "the mapping".
pub(super) fn read(toml: &str) -> Result<Mapping, String> {
    let form: Form = toml::from_str(toml).map_err(|e| {
        let line = e.span().map_or(0, |s| toml.get(..s.start).unwrap_or_default().matches('\n').count() + 1);
        let said: String = e.message().chars().take(300).collect();
        format!("cannot be read at line {line}: {said}")
    })?;
    let Form { sheet, header, layers, fields, class, rename, constants, types, units, drop } = form;
    if let Some(unknown) = fields.keys().find(|k| !TARGETS.contains(&k.as_str()) && !PLACE.contains(&k.as_str())) {
        return Err(format!(
            "fills '{}' under [fields], which is none of {}, {}; [rename] gives a field any other name",
            clip(unknown),
            TARGETS.join(", "),
            PLACE.join(", ")
        ));
    }
    let fields: Vec<_> =
        fields.into_iter().map(|(target, from)| source(&from).map(|s| (target, s))).collect::<Result<_, _>>()?;
    if let Some((place, _)) = fields.iter().find(|(t, s)| PLACE.contains(&t.as_str()) && !matches!(s, Source::Field(_)))
    {
        return Err(format!("makes '{place}' of a pattern; a place is one column"));
    }
    let known = |name: &str| {
        Class::from_source(name).ok_or_else(|| {
            let names: Vec<_> = Class::ALL.iter().map(|c| c.name()).collect();
            format!("names the class '{}'; use one of {}", clip(name), names.join(", "))
        })
    };
    let class_values: Vec<_> =
        class.values.into_iter().map(|(v, c)| known(&c).map(|c| (v, c))).collect::<Result<_, _>>()?;
    let unit = |(field, unit): (String, String)| {
        let found = UNITS.iter().find(|(name, _)| *name == unit);
        found.map(|(_, metres)| (field, *metres)).ok_or_else(|| {
            format!(
                "names the unit '{}'; use one of {}",
                clip(&unit),
                UNITS.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(", ")
            )
        })
    };
    if header == Some(0) {
        return Err("counts rows from 0; the first row is 1".into());
    }
    let mapping = Mapping {
        text: toml.to_owned(),
        sheet,
        header,
        layers,
        fields,
        class_field: class.field,
        class_default: class.default.as_deref().map(known).transpose()?,
        class_values,
        rename: rename.into_iter().collect(),
        constants: constants.into_iter().map(|(name, Attribute(value))| (name, value)).collect(),
        types: types.into_iter().collect(),
        units: units.into_iter().map(unit).collect::<Result<_, _>>()?,
        drop,
    };
    let used = mapping.fields.iter().flat_map(|(_, s)| s.fields()).chain(mapping.class_field.as_deref());
    let mut used = used.chain(mapping.rename.iter().map(|(from, _)| from.as_str()));
    match used.find(|name| mapping.drop.iter().any(|d| d == name)) {
        Some(both) => Err(format!("both uses and drops the field '{}'", clip(both))),
        None => Ok(mapping),
    }
}

/// A field's name, or a pattern with names in braces.
fn source(text: &str) -> Result<Source, String> {
    if !text.contains('{') {
        return Ok(Source::Field(text.to_owned()));
    }
    let mut pieces = Vec::new();
    for (i, part) in text.split('{').enumerate() {
        let plain = match (i, part.split_once('}')) {
            (0, _) => part,
            (_, Some((name, after))) if !name.is_empty() => {
                pieces.push(Piece::Field(name.to_owned()));
                after
            }
            _ => return Err(format!("has the pattern '{}' with a brace that is not closed", clip(text))),
        };
        pieces.extend((!plain.is_empty()).then(|| Piece::Text(plain.to_owned())));
    }
    Ok(Source::Pattern(pieces))
}
