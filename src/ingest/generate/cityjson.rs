//! Every structure but the one that IFC delivers as CityJSON 2.0, or as a CityJSON text sequence where one document would
//! be too large to hold.

use super::make_up::Kind;
use super::out::{Entry, Out, json};
use super::people::{self, People};
use super::site::{Site, Structure};
use super::solid::{Face, Surface, prism, shell};
use super::tree::{Level, Node, grow};
use crate::fault::Result;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Households from which on a sequence is written: below, every vertex fits easily in memory.
const SEQUENCE_FROM: u32 = 1_500;

#[derive(Serialize)]
struct CityObject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    attributes: Attributes<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parents: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<&'a str>,
    geometry: [Geometry; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes<'a> {
    name: &'a str,
    name_en: &'a str,
    class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storey: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storey_number: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elevation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    house_code: Option<&'a str>,
    #[serde(rename = "former_codes", skip_serializing_if = "Option::is_none")]
    former_codes: Option<&'a [String; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    year_of_construction: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storeys_above_ground: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storeys_below_ground: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    households: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elderly: Option<u32>,
}

#[derive(Serialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: &'static str,
    lod: &'static str,
    boundaries: Boundaries,
    #[serde(skip_serializing_if = "Option::is_none")]
    semantics: Option<Semantics>,
}

/// Vertex indices: a ring in a surface, a surface in a shell.
type Surfaces = Vec<Vec<Vec<u32>>>;

#[derive(Serialize)]
#[serde(untagged)]
enum Boundaries {
    MultiSurface(Surfaces),
    Solid(Vec<Surfaces>),
}

#[derive(Serialize)]
struct Semantics {
    surfaces: Vec<Semantic>,
    values: Vec<Vec<u8>>,
}

#[derive(Serialize)]
struct Semantic {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<[u8; 1]>,
}

/// Vertices as whole millimetres from the site's corner, each written once.
#[derive(Default)]
struct Vertices {
    list: Vec<[i64; 3]>,
    index: HashMap<[i64; 3], u32>,
}

impl Vertices {
    fn add(&mut self, structure: &Structure, [x, y, z]: [i32; 3]) -> u32 {
        let [e, n] = structure.project([x, y]);
        let origin = Site::project([0.0, 0.0]);
        let vertex = [e - origin[0], n - origin[1], structure.height(z)].map(|v| (v * 1_000.0).round() as i64);
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        *self.index.entry(vertex).or_insert_with(|| {
            self.list.push(vertex);
            next
        })
    }
    fn surfaces(&mut self, structure: &Structure, faces: &[Face]) -> Surfaces {
        faces.iter().map(|(_, ring)| vec![ring.iter().map(|&p| self.add(structure, p)).collect()]).collect()
    }
}

/// Writes the structures of the site, without the one that comes as IFC: in two files it would stand twice in the city.
pub(super) fn write(dir: &Path, structures: &[Structure], households: u32, seed: u64) -> Result<Entry> {
    let origin = Site::project([0.0, 0.0]);
    let head = format!(
        "{{\"type\":\"CityJSON\",\"version\":\"2.0\",\"transform\":{{\"scale\":[0.001,0.001,0.001],\"translate\":[{:?},{:?},0.0]}},\
         \"metadata\":{{\"title\":\"Cimbra demo community {}\",\"referenceSystem\":\"https://www.opengis.net/def/crs/EPSG/0/4549\"}}",
        origin[0],
        origin[1],
        super::tree::SITE_CODE,
    );
    let structures = structures.iter().filter(|s| !s.is_bim());
    let mut vertices = Vertices::default();
    if households >= SEQUENCE_FROM {
        let mut out = Out::create(dir, "structures.city.jsonl")?;
        out.put(&format!("{head},\"CityObjects\":{{}},\"vertices\":[]}}\n"))?;
        for structure in structures {
            let objects = objects(structure, seed, &mut vertices)?.join(",");
            out.put(&format!(
                "{{\"type\":\"CityJSONFeature\",\"id\":\"{}\",\"CityObjects\":{{{objects}}},\"vertices\":{}}}\n",
                super::tree::key(structure),
                json(&vertices.list)?
            ))?;
            vertices = Vertices::default();
        }
        return out.finish();
    }
    let mut out = Out::create(dir, "structures.city.json")?;
    out.put(&format!("{head},\n\"CityObjects\":{{"))?;
    let mut comma = "\n";
    for structure in structures {
        for object in objects(structure, seed, &mut vertices)? {
            out.put(comma)?;
            out.put(&object)?;
            comma = ",\n";
        }
    }
    out.put(&format!("\n}},\n\"vertices\":{}}}\n", json(&vertices.list)?))?;
    out.finish()
}

/// The structure's members of `CityObjects`.
fn objects(structure: &Structure, seed: u64, vertices: &mut Vertices) -> Result<Vec<String>> {
    let nodes = grow(structure);
    let people = people::count(structure, &nodes, seed);
    let mut children = vec![Vec::new(); nodes.len()];
    for node in &nodes {
        if let Some(parent) = node.parent {
            children[parent].push(node.key.as_str());
        }
    }
    let member = |(node, children)| {
        let object = CityObject {
            kind: kind(node),
            attributes: attributes(structure, node, &people),
            parents: node.parent.map(|p| nodes[p].key.as_str()).into_iter().collect(),
            children,
            geometry: [geometry(structure, node, vertices)],
        };
        Ok(format!("{}:{}", json(&node.key)?, json(&object)?))
    };
    nodes.iter().zip(children).map(member).collect()
}

/// The CityJSON type (CityJSON 2.0.1 §2.2).
const fn kind(node: &Node) -> &'static str {
    match node.level {
        Level::Building => "Building",
        Level::Unit | Level::Flat => "BuildingUnit",
        Level::Storey => "BuildingStorey",
        Level::Room => "BuildingRoom",
    }
}

fn attributes<'a>(structure: &'a Structure, node: &'a Node, people: &BTreeMap<u32, People>) -> Attributes<'a> {
    let building = node.level == Level::Building;
    let storey = node.storey.and_then(|i| structure.storeys.get(i));
    let homes = structure.households > 0;
    let here = |unit: &u32| building || node.level == Level::Unit && *unit == node.unit;
    let counted = |of: fn(&People) -> u32| -> Option<u32> {
        let counts: Vec<u32> = people.iter().filter(|(unit, _)| here(unit)).map(|(_, p)| of(p)).collect();
        (!counts.is_empty()).then(|| counts.iter().sum())
    };
    Attributes {
        name: &node.zh,
        name_en: &node.en,
        class: match node.level {
            Level::Building if homes => "residential",
            Level::Building => "public",
            Level::Unit => "unit",
            Level::Storey => "storey",
            Level::Flat => "flat",
            Level::Room => "room",
        },
        usage: node.usage.map(super::usage::Usage::id),
        unit: (node.unit > 0).then_some(node.unit),
        storey: storey.map(|s| s.label.as_str()),
        storey_number: storey.map(|s| s.number),
        elevation: storey.map(|s| f64::from(s.floor) / 1e3),
        house_code: node.house.as_deref(),
        former_codes: node.former.as_ref(),
        area: matches!(node.level, Level::Room | Level::Flat).then(|| super::layout::area(&node.outline)),
        address: building.then(|| super::addresses::street_address(structure)),
        year_of_construction: building.then(|| structure.year()),
        storeys_above_ground: building.then(|| structure.storeys_apart()[0]),
        storeys_below_ground: building.then(|| structure.storeys_apart()[1]),
        households: counted(|p| p.households),
        people: counted(|p| p.people),
        children: counted(|p| p.children),
        elderly: counted(|p| p.elderly),
    }
}

/// A node's geometry: the shell of a building, the clear space of a flat or room, the floor of a unit or storey.
fn geometry(structure: &Structure, node: &Node, vertices: &mut Vertices) -> Geometry {
    let solid = |faces: &[Face], vertices: &mut Vertices, semantics| Geometry {
        kind: "Solid",
        lod: "2",
        boundaries: Boundaries::Solid(vec![vertices.surfaces(structure, faces)]),
        semantics,
    };
    match node.level {
        Level::Building => {
            let faces = shell(structure);
            let semantics = semantics(&faces, structure.kind);
            solid(&faces, vertices, Some(semantics))
        }
        Level::Flat | Level::Room => solid(&prism(&node.outline, node.z), vertices, None),
        Level::Unit | Level::Storey => {
            let ring = node.outline.iter().map(|&[x, y]| [x, y, node.z[0]]).collect();
            let surfaces = vertices.surfaces(structure, &[(Surface::Ground, ring)]);
            Geometry { kind: "MultiSurface", lod: "0", boundaries: Boundaries::MultiSurface(surfaces), semantics: None }
        }
    }
}

/// What each face of a shell is; a window lies in the wall.
fn semantics(faces: &[Face], kind: Kind) -> Semantics {
    let plain = |kind| Semantic { kind, parent: None, children: None };
    let mut surfaces = vec![plain("GroundSurface"), plain("RoofSurface"), plain("WallSurface")];
    if kind != Kind::Garage {
        surfaces[2].children = Some([3]);
        surfaces.push(Semantic { kind: "Window", parent: Some(2), children: None });
    }
    Semantics { surfaces, values: vec![faces.iter().map(|(surface, _)| *surface as u8).collect()] }
}
