//! Assets that came from other formats, as city objects: type by class, parents where the standard has them, a mesh as a
//! multi-surface or, where it closes, a solid.

use super::head::Quantum;
use super::pool::Tables;
use super::spill::Feature;
use super::{CityJsonOptions, PictureNames, uri};
use crate::crs::{Choice, Transform};
use crate::fault::Result;
use crate::formats::geojson::to_json;
use crate::formats::write::Item;
use crate::geom::{Mesh, SurfaceKind, Texture, Wrap};
use crate::model::{AssetId, Class, Collection, Footprint};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Class and parent of every asset that is written.
pub type Family = HashMap<AssetId, (Class, Option<AssetId>)>;

/// Steps up the tree of parts.
const HIGHEST: usize = 64;

/// Makes city objects.
pub(super) struct Objects {
    family: Family,
    children: HashMap<AssetId, Vec<AssetId>>,
    transform: Transform,
    given: Option<Quantum>,
    quantum: Option<Quantum>,
    pictures: PictureNames,
}

impl Objects {
    /// For a file whose CRS and transform are `frame`, or which has none yet.
    ///
    /// # Errors
    /// A CRS that cannot be written in.
    pub fn new(
        options: &CityJsonOptions,
        pictures: PictureNames,
        frame: Option<(Option<String>, Quantum)>,
    ) -> Result<Self> {
        let (crs, given) = frame.map_or((None, None), |(crs, quantum)| (crs, Some(quantum)));
        let crs = crs.unwrap_or_else(|| uri(&options.crs));
        let choice = Choice { height_offset: options.height_offset, ..Choice::default() };
        let transform = Transform::new(&crs, &choice)?;
        let family = options.family.clone();
        let mut children: HashMap<AssetId, Vec<AssetId>> = HashMap::new();
        for id in family.keys() {
            if let Some(parent) = parent(&family, id) {
                children.entry(parent).or_default().push(id.clone());
            }
        }
        children.values_mut().for_each(|list| list.sort_unstable());
        Ok(Self { family, children, transform, given, quantum: None, pictures })
    }
    pub fn quantum(&self) -> Option<Quantum> {
        self.given.or(self.quantum)
    }
    /// The asset as a feature of its root.
    ///
    /// # Errors
    /// A place that the CRS cannot hold.
    pub fn feature(&mut self, item: &Item) -> Result<Feature> {
        let asset = item.asset;
        let kind = kind(&self.family, &asset.id);
        let mut attributes = Map::new();
        attributes.insert("class".into(), json!(asset.class.name()));
        let own = [
            ("name", Some(asset.name.as_str())),
            ("parent", asset.parent.as_deref()),
            ("storey", asset.storey.as_deref()),
        ];
        for (name, value) in own {
            attributes.extend(value.filter(|v| !v.is_empty()).map(|v| (name.to_owned(), json!(v))));
        }
        for (name, value) in &asset.attributes {
            let name = if attributes.contains_key(name) { format!("source.{name}") } else { name.clone() };
            attributes.insert(name, to_json(value));
        }
        let mut object = Map::new();
        object.insert("type".into(), json!(kind));
        object.insert("attributes".into(), Value::Object(attributes));
        let root = std::iter::successors(Some(asset.id.clone()), |id| parent(&self.family, id)).take(HIGHEST).last();
        if let Some(parent) = parent(&self.family, &asset.id) {
            object.insert("parents".into(), json!([&*parent]));
        }
        if let Some(children) = self.children.get(&asset.id) {
            object.insert("children".into(), children.iter().map(|id| json!(&**id)).collect());
        }
        let mut tables = Tables::default();
        if let Some(geometry) = self.geometry(item, kind, &mut tables)? {
            object.insert("geometry".into(), json!([geometry]));
        }
        let root = root.unwrap_or_else(|| asset.id.clone()).to_string();
        Ok(Feature { root, objects: vec![(asset.id.to_string(), Value::Object(object))], tables })
    }

    fn geometry(&mut self, item: &Item, kind: &str, tables: &mut Tables) -> Result<Option<Value>> {
        if let Some(mesh) = &item.asset.geometry.mesh {
            let places = mesh.points().map(|p| item.frame.to_geodetic(p).to_array()).collect();
            tables.vertices = self.stored(places)?;
            let (mut geometry, solid) = surfaces(mesh, kind);
            if let Some(values) = self.textures(mesh, tables) {
                let values = if solid { json!([values]) } else { values };
                set(&mut geometry, "texture", json!({ "default": { "values": values } }));
            }
            return Ok(Some(geometry));
        }
        Ok(match &item.asset.geometry.footprint {
            Footprint::None => None,
            Footprint::Point(place) => {
                tables.vertices = self.stored(vec![*place])?;
                Some(json!({ "type": "MultiPoint", "lod": "1", "boundaries": [0] }))
            }
            Footprint::Lines(lines) => {
                tables.vertices = self.stored(lines.concat())?;
                let mut next = 0..;
                let boundaries: Value = lines.iter().map(|l| next.by_ref().take(l.len()).collect::<Value>()).collect();
                Some(json!({ "type": "MultiLineString", "lod": "1", "boundaries": boundaries }))
            }
            Footprint::Areas(areas) => {
                // GeoJSON repeats a ring's first position at its end, CityJSON does not.
                let open = |ring: &Vec<[f64; 3]>| ring.split_last().map_or_else(Vec::new, |(_, rest)| rest.to_vec());
                tables.vertices = self.stored(areas.iter().flatten().flat_map(open).collect())?;
                let mut next = 0..;
                let mut ring =
                    |ring: &Vec<[f64; 3]>| next.by_ref().take(ring.len().saturating_sub(1)).collect::<Value>();
                let boundaries: Value =
                    areas.iter().map(|rings| rings.iter().map(&mut ring).collect::<Value>()).collect();
                Some(json!({ "type": "MultiSurface", "lod": "0", "boundaries": boundaries }))
            }
        })
    }
    /// What the triangles show, each by one ring, of the textures that go into `tables`.
    fn textures(&self, mesh: &Mesh, tables: &mut Tables) -> Option<Value> {
        let mut values = vec![json!([[null]]); mesh.triangles.len()];
        let mut known: Vec<Texture> = Vec::new();
        for (surface, (_, run)) in mesh.runs().enumerate() {
            let Some(texture) = mesh.texture(surface) else { continue };
            let Some(name) = self.pictures.get(&texture.picture) else { continue };
            let number = known.iter().position(|t| t == texture).unwrap_or(known.len());
            if number == known.len() {
                known.push(*texture);
                // The standard has one way for both directions, and two kinds of picture.
                let wrap = match texture.wrap[0] {
                    Wrap::Repeat => "wrap",
                    Wrap::Mirror => "mirror",
                    Wrap::Clamp => "clamp",
                };
                let kind = if name.ends_with(".png") { "PNG" } else { "JPG" };
                tables.textures.push(json!({ "type": kind, "image": name, "wrapMode": wrap }));
            }
            for k in run {
                let (Some(shown), Some(value)) = (mesh.shown(k), values.get_mut(k)) else { continue };
                let first = tables.places.len();
                let digits = |c: f32| (f64::from(c) * 1e6).round() / 1e6;
                // Counted from the lower edge.
                tables.places.extend(shown.iter().map(|[u, v]| json!([digits(*u), digits(1.0 - v)])));
                *value = json!([[number, first, first + 1, first + 2]]);
            }
        }
        (!known.is_empty()).then_some(Value::Array(values))
    }
    /// Longitude, latitude and height as the file stores them.
    fn stored(&mut self, mut places: Vec<[f64; 3]>) -> Result<Vec<[i64; 3]>> {
        self.transform.inverse(&mut places)?;
        let Some(first) = places.first() else { return Ok(Vec::new()) };
        let millimetres = || Quantum { scale: [0.001; 3], translate: first.map(f64::floor) };
        let quantum = self.given.unwrap_or_else(|| *self.quantum.get_or_insert_with(millimetres));
        Ok(places.into_iter().map(|p| quantum.stored(p)).collect())
    }
}

/// Sets a member of an object.
pub(super) fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value);
    }
}

/// A mesh as triangles, each surface kind that the standard has for the type said of its triangles; and whether it is a solid.
fn surfaces(mesh: &Mesh, kind: &str) -> (Value, bool) {
    let faces: Vec<Value> = mesh.triangles.iter().map(|t| json!([t])).collect();
    let solid = kind != "TINRelief" && mesh.volume().is_some_and(|v| v > 0.0);
    let mut geometry = match (kind, solid) {
        ("TINRelief", _) => json!({ "type": "CompositeSurface", "boundaries": faces }),
        (_, true) => json!({ "type": "Solid", "boundaries": [faces] }),
        (_, false) => json!({ "type": "MultiSurface", "boundaries": faces }),
    };
    set(&mut geometry, "lod", json!("3"));
    let named = |k: SurfaceKind| match k {
        SurfaceKind::Wall => Some("WallSurface"),
        SurfaceKind::Roof => Some("RoofSurface"),
        SurfaceKind::Ground => Some("GroundSurface"),
        SurfaceKind::Floor => Some("OuterFloorSurface"),
        SurfaceKind::Window => Some("Window"),
        SurfaceKind::Door => Some("Door"),
        SurfaceKind::Other => None,
    };
    if !kind.starts_with("Building") || mesh.runs().all(|(surface, _)| named(surface.kind).is_none()) {
        return (geometry, solid);
    }
    let (mut kinds, mut values) = (Vec::new(), vec![Value::Null; mesh.triangles.len()]);
    for (surface, run) in mesh.runs() {
        let Some(name) = named(surface.kind) else { continue };
        let number = kinds.iter().position(|known| *known == name).unwrap_or_else(|| {
            kinds.push(name);
            kinds.len() - 1
        });
        values.iter_mut().take(run.end).skip(run.start).for_each(|value| *value = json!(number));
    }
    let values = if solid { json!([values]) } else { json!(values) };
    let kinds: Vec<Value> = kinds.into_iter().map(|name| json!({ "type": name })).collect();
    set(&mut geometry, "semantics", json!({ "surfaces": kinds, "values": values }));
    (geometry, solid)
}

/// Whether an object of the type `kind` may be what is written of a class.
pub(in crate::formats::cityjson) fn is_written_as(class: Class, kind: &str) -> bool {
    kind == proper(class) || kind == alone(class)
}

/// The type that a class has where its parent allows it.
fn proper(class: Class) -> &'static str {
    match class {
        Class::Building => "Building",
        Class::BuildingPart => "BuildingPart",
        Class::Storey => "BuildingStorey",
        Class::Unit => "BuildingUnit",
        Class::Space => "BuildingRoom",
        Class::Furniture => "BuildingFurniture",
        Class::Installation | Class::Flow | Class::Railing => "BuildingInstallation",
        class if class.collection() == Collection::Elements => "BuildingConstructiveElement",
        class => alone(class),
    }
}

/// The type that a class has by itself: one of the first level.
fn alone(class: Class) -> &'static str {
    match class {
        Class::Building => "Building",
        Class::Bridge => "Bridge",
        Class::Tunnel => "Tunnel",
        Class::Road => "Road",
        Class::Railway => "Railway",
        Class::WaterBody => "WaterBody",
        Class::Vegetation => "SolitaryVegetationObject",
        Class::Relief => "TINRelief",
        Class::Site | Class::Grid => "LandUse",
        Class::Project | Class::Group => "CityObjectGroup",
        class => match class.collection() {
            Collection::Devices | Collection::Cameras => "CityFurniture",
            _ if class == Class::CityFurniture => "CityFurniture",
            _ => "OtherConstruction",
        },
    }
}

/// The types that may be the parent of `kind` (CityJSON §3); none for the first level.
fn allowed(kind: &str) -> &'static [&'static str] {
    match kind {
        "BuildingPart" => &["Building", "BuildingPart"],
        "BuildingStorey" | "BuildingUnit" => &["Building", "BuildingPart", "BuildingStorey", "BuildingUnit"],
        "BuildingRoom" | "BuildingConstructiveElement" => {
            &["Building", "BuildingPart", "BuildingStorey", "BuildingUnit"]
        }
        "BuildingInstallation" | "BuildingFurniture" => {
            &["Building", "BuildingPart", "BuildingStorey", "BuildingUnit", "BuildingRoom"]
        }
        _ => &[],
    }
}

/// The nearest written ancestor that may be the asset's parent.
fn parent(family: &Family, id: &AssetId) -> Option<AssetId> {
    let (class, up) = family.get(id)?;
    let may = allowed(proper(*class));
    let mut ancestors = std::iter::successors(up.clone(), |id| family.get(id)?.1.clone()).take(HIGHEST);
    ancestors.find(|id| family.get(id).is_some_and(|(class, _)| may.contains(&proper(*class))))
}

/// The type of a written asset.
fn kind(family: &Family, id: &AssetId) -> &'static str {
    let Some((class, _)) = family.get(id) else { return "OtherConstruction" };
    match parent(family, id) {
        // The standard knows a part only within its whole; so a part whose whole is not written is one.
        None if !allowed(proper(*class)).is_empty() && *class == Class::BuildingPart => "Building",
        None if !allowed(proper(*class)).is_empty() => alone(*class),
        _ => proper(*class),
    }
}
