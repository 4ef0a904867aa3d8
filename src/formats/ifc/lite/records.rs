//! The records that become assets, with their attributes read by name in the file's own schema.

use super::super::Product;
use super::book::schemas;
use super::lost::Missing;
use crate::model::Value;
use ifc_lite_core::{DecodedEntity, EntityDecoder, EntityIndex, EntityScanner, IFC_TYPES, IfcType, SchemaVersion};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Longer than any GlobalId an exporter writes (22, or 36 as a plain UUID).
const LONGEST_ID: usize = 64;

/// What a scan of the file finds.
#[derive(Default)]
pub(super) struct Found {
    /// Project, spatial elements and elements, in the file's order.
    pub products: Vec<Product>,
    /// Refused ones: id or `#number`, and the reason.
    pub refused: Vec<(String, String)>,
    /// Every `IfcSite` as decoded, in the file's order.
    pub sites: Vec<Site>,
    /// Beginnings and ends of the relations' records.
    pub relations: Vec<(usize, usize)>,
    /// Alignments, by entity number.
    pub alignments: Vec<u32>,
}

/// Where an `IfcSite` says that it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Site {
    /// `RefLatitude`.
    pub latitude: Option<Angle>,
    /// `RefLongitude`.
    pub longitude: Option<Angle>,
    /// `RefElevation` in metres.
    pub elevation: Option<f64>,
}

/// An angle as its parts say it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Angle {
    /// Degrees.
    pub degrees: f64,
    /// The last place that is written and not zero, degrees.
    pub written: f64,
}

/// What is known of one entity name.
struct Type {
    kind: &'static str,
    lineage: Vec<&'static str>,
    attributes: &'static [&'static str],
    role: Role,
}

/// What an entity is here.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Asset,
    Relation,
    /// A product of the schema and yet no asset; counted.
    LeftOut,
}

/// The schema's supertypes of what is a product or group and yet no asset: holes, drawing aids, structural analysis, the
/// parts of an alignment.
const NOT_ASSETS: [&str; 10] = [
    "IfcFeatureElementSubtraction",
    "IfcAnnotation",
    "IfcGrid",
    "IfcPositioningElement",
    "IfcLinearElement",
    "IfcStructuralItem",
    "IfcStructuralActivity",
    "IfcStructuralAnalysisModel",
    "IfcStructuralLoadGroup",
    "IfcStructuralResultGroup",
];

pub(super) fn scan(
    bytes: &[u8],
    index: &EntityIndex,
    schema: SchemaVersion,
    unit: f64,
    decoder: &mut EntityDecoder<'_>,
    notes: &mut Vec<String>,
) -> Found {
    let mut types: HashMap<&str, Option<Type>> = HashMap::new();
    let (mut found, mut left_out) = (Found::default(), BTreeMap::<&str, usize>::new());
    let (mut seen, mut numbers) = (HashSet::new(), HashSet::new());
    let (mut scanner, mut missing) = (EntityScanner::new(bytes), Missing::default());
    let (mut gaps, mut dropped, mut done) = (Vec::new(), 0, scanner.position());
    while let Some((entity, keyword, start, end)) = scanner.next_entity() {
        if scanner.malformed_record_starts().len() > dropped {
            dropped = scanner.malformed_record_starts().len();
            gaps.push((done, start));
        }
        done = end;
        missing.look(entity, bytes.get(start..end).unwrap_or_default(), index);
        let Some(kind) = types.entry(keyword).or_insert_with(|| look_up(schema, keyword)) else { continue };
        match kind.role {
            Role::Asset => {}
            Role::Relation => {
                found.relations.push((start, end));
                continue;
            }
            Role::LeftOut => {
                *left_out.entry(kind.kind).or_default() += 1;
                continue;
            }
        }
        let at = format!("#{entity}");
        let record = match decoder.decode_at(start, end) {
            Ok(record) if numbers.insert(entity) => record,
            Ok(_) => {
                found.refused.push((at, "its entity number is used twice".into()));
                continue;
            }
            Err(e) => {
                found.refused.push((at, format!("cannot be read: {}", super::short(&e.to_string()))));
                continue;
            }
        };
        match product(entity, kind, &record, unit) {
            Err(reason) => found.refused.push((at, reason)),
            Ok(product) if !seen.insert(product.global_id.clone()) => {
                found.refused.push((product.global_id, format!("{at} has a GlobalId that is taken")));
            }
            Ok(product) => {
                match product.kind {
                    "IfcSite" => found.sites.push(site(kind, &record, unit)),
                    "IfcAlignment" => found.alignments.push(entity),
                    _ => {}
                }
                found.products.push(product);
            }
        }
    }
    if scanner.malformed_record_starts().len() > dropped {
        gaps.push((done, bytes.len()));
    }
    missing.tell(bytes, &gaps, index, &mut found.refused);
    found.refused.extend(out_of_range(bytes).map(|number| {
        (number, "its entity number is above 4294967295, and the engine reads none above that".to_owned())
    }));
    if !left_out.is_empty() {
        let each: Vec<_> = left_out.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        notes.push(format!("no assets of their own: {}", each.join(", ")));
    }
    found
}

/// The numbers of records that the engine's scanner passes over: `#n=` with an `n` that 32 bits do not hold.
fn out_of_range(bytes: &[u8]) -> impl Iterator<Item = String> + '_ {
    let starts = bytes.iter().enumerate().filter(|(_, b)| **b == b'#').map(|(at, _)| at + 1);
    starts.filter_map(|start| {
        let rest = bytes.get(start..)?;
        let digits = rest.get(..rest.iter().position(|b| !b.is_ascii_digit())?)?;
        if digits.len() < 10 || rest.get(digits.len()..)?.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'=') {
            return None;
        }
        let number = std::str::from_utf8(digits).ok()?;
        number.parse::<u32>().is_err().then(|| format!("#{number}"))
    })
}

/// The entity's facts when it is a project, a product, a group or a relation of any schema.
fn look_up(schema: SchemaVersion, keyword: &str) -> Option<Type> {
    let schema = schemas(schema).into_iter().find(|s| s.entity_info(keyword).is_some())?;
    let lineage = lineage(schema, keyword);
    let kind = *lineage.first()?;
    let is = |wanted: &[&str]| wanted.iter().any(|w| lineage.contains(w));
    let role = match () {
        () if is(&["IfcRelationship"]) => Role::Relation,
        () if is(&["IfcAlignment"]) => Role::Asset,
        () if is(&NOT_ASSETS) => Role::LeftOut,
        () if is(&["IfcProduct", "IfcProject", "IfcGroup"]) => Role::Asset,
        () => return None,
    };
    Some(Type { kind, lineage, attributes: schema.attribute_names(keyword).unwrap_or(&[]), role })
}

/// The entity and its supertypes, nearest first, as the schema spells them; empty where it has no such entity.
pub(super) fn lineage(schema: SchemaVersion, keyword: &str) -> Vec<&'static str> {
    let lineage = std::iter::successors(schema.entity_info(keyword), |info| schema.entity_info(info.parent?));
    lineage.map(|info| spelled(info.name)).collect()
}

/// The schema's own spelling of a name that the library's tables keep in capitals.
fn spelled(capitals: &'static str) -> &'static str {
    IFC_TYPES.iter().find(|t| t.as_str() == capitals).map_or(capitals, IfcType::name)
}

fn product(entity: u32, kind: &Type, record: &DecodedEntity, unit: f64) -> Result<Product, String> {
    let text = |name: &str| text(kind, record, name);
    let global_id = text("GlobalId").ok_or("has no GlobalId")?;
    if global_id.chars().count() > LONGEST_ID || global_id.chars().any(char::is_control) {
        return Err("has a GlobalId that is none".into());
    }
    let word = |name| at(kind, name).and_then(|i| record.get(i)?.as_enum()).unwrap_or("");
    // IFC 2x3 says of a lift, a stair and a roof what they are in attributes of other names.
    let said = ["PredefinedType", "OperationType", "ShapeType"].into_iter().find(|name| at(kind, name).is_some());
    let predefined = said.map_or("", word).to_owned();
    let mut attributes = Vec::new();
    for (own, name) in
        [("description", "Description"), ("object_type", "ObjectType"), ("tag", "Tag"), ("long_name", "LongName")]
    {
        attributes.extend(text(name).map(|t| (own, Value::Text(t))));
    }
    for (own, name) in [("flow_direction", "FlowDirection"), ("system_type", "SystemType"), ("usage_type", "UsageType")]
    {
        attributes.extend(Some(word(name)).filter(|w| !w.is_empty()).map(|w| (own, Value::Text(w.to_owned()))));
    }
    let storey = kind.kind == "IfcBuildingStorey";
    Ok(Product {
        entity,
        kind: kind.kind,
        lineage: kind.lineage.clone(),
        global_id,
        name: text("Name").unwrap_or_default(),
        predefined,
        partial: word("CompositionType") == "PARTIAL",
        attributes,
        of_type: Vec::new(),
        flow: Some(word("FlowDirection")).filter(|w| !w.is_empty()).map(str::to_owned),
        parent: None,
        elevation: if storey { number(kind, record, "Elevation").map(|e| e * unit) } else { None },
        sets: Vec::new(),
    })
}

fn site(kind: &Type, record: &DecodedEntity, unit: f64) -> Site {
    let angle = |name| at(kind, name).and_then(|i| record.get(i)?.as_list()).and_then(degrees);
    Site {
        latitude: angle("RefLatitude"),
        longitude: angle("RefLongitude"),
        elevation: number(kind, record, "RefElevation").map(|e| e * unit),
    }
}

/// Degrees of an `IfcCompoundPlaneAngleMeasure`: degrees, minutes, seconds, millionths of a second.
///
/// The schema wants one sign in all parts; where exporters sign only some, any minus makes the angle negative.
fn degrees(parts: &[ifc_lite_core::AttributeValue]) -> Option<Angle> {
    if !(3..=4).contains(&parts.len()) {
        return None;
    }
    let parts: Option<Vec<f64>> = parts.iter().map(ifc_lite_core::AttributeValue::as_float).collect();
    let parts = parts?;
    let scale = [1.0, 60.0, 3600.0, 3.6e9];
    let size: f64 = parts.iter().zip(scale).map(|(part, scale)| part.abs() / scale).sum();
    let degrees = if parts.iter().any(|p| *p < 0.0) { -size } else { size };
    // The finest part that is not zero, and of millionths the last figure that is not.
    let finest = parts.iter().zip(scale).rev().find(|(part, _)| **part != 0.0);
    let written = finest.map_or(1.0, |(part, scale)| {
        let places = (0..6).rev().map(|n| 10_f64.powi(n)).find(|place| part.abs() % place == 0.0);
        if scale > 3600.0 { places.unwrap_or(1.0) / scale } else { 1.0 / scale }
    });
    Some(Angle { degrees, written })
}

fn at(kind: &Type, name: &str) -> Option<usize> {
    kind.attributes.iter().position(|a| *a == name)
}

fn text(kind: &Type, record: &DecodedEntity, name: &str) -> Option<String> {
    let text = record.get(at(kind, name)?)?.as_string()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(kind: &Type, record: &DecodedEntity, name: &str) -> Option<f64> {
    record.get_float(at(kind, name)?).filter(|n| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::{degrees, out_of_range};
    use ifc_lite_core::AttributeValue::Integer;

    #[test]
    fn records_that_the_scanner_passes_over_are_named() {
        let text = b"#1=IFCWALL('a',#5000000001);\n#5000000000 = IFCWALL('b',#1);#4294967295=IFCDOOR('c');";
        assert_eq!(out_of_range(text).collect::<Vec<_>>(), ["#5000000000"]);
    }

    #[test]
    fn compound_angles_are_signed_as_a_whole() {
        let angle = |parts: &[i64]| degrees(&parts.iter().map(|p| Integer(*p)).collect::<Vec<_>>());
        assert!((angle(&[-87, -38, -21, -839_999]).unwrap().degrees + 87.639_399_999_7).abs() < 1e-9);
        assert!((angle(&[0, -30, 0]).unwrap().degrees + 0.5).abs() < 1e-12);
        let written = |parts: &[i64]| angle(parts).unwrap().written * 3600.0;
        assert!((written(&[49, 6, 1, 566_000]) - 0.001).abs() < 1e-9, "{}", written(&[49, 6, 1, 566_000]));
        assert!((written(&[42, 21, 31, 181_945]) - 1e-6).abs() < 1e-12);
        assert!((written(&[42, 21, 30, 0]) - 1.0).abs() < 1e-9 && (written(&[42, 21, 0]) - 60.0).abs() < 1e-9);
        assert_eq!(angle(&[1, 2]), None);
    }
}
