//! What an asset's attributes mean, served beside them: codes taken apart, a camera's pose and view, the addresses of a place.

use crate::fault::Result;
use crate::model::{
    Address, Attributes, Class, Collections, CommunityCode, ComponentCode, Footprint, Names, Pose, VideoId, spelling,
};
use crate::store::{AssetRef, Row, Snapshot};
use serde_json::{Map, Value as Json, json};

/// The properties made here; a source attribute of one of these names is served as `source.<name>`.
pub const NAMES: [&str; 5] = ["codes", "parts", "pose", "view", "addresses"];

/// Adds what the attributes of `asset` say in codes and poses.
///
/// # Errors
/// Geometry that cannot be paged in.
pub fn meaning(
    snapshot: &Snapshot,
    asset: &AssetRef<'_>,
    attributes: &Attributes,
    properties: &mut Map<String, Json>,
) -> Result<()> {
    if let Some(codes) = codes(asset, attributes) {
        properties.insert("codes".to_owned(), codes);
    }
    if asset.class() == Class::Address
        && let Some(parts) = parts(asset.name(), attributes)
    {
        properties.insert("parts".to_owned(), parts);
    }
    if asset.class() == Class::Camera {
        let (pose, _) = Pose::of(attributes);
        if !pose.is_empty() {
            properties.insert("pose".to_owned(), shown(&pose));
            if let Some(view) = view(snapshot, asset.row(), &pose)? {
                properties.insert("view".to_owned(), view);
            }
        }
    }
    Ok(())
}

/// The door plates of a building, unit, storey or flat: `[{ id, name }]`, those that lead to itself.
pub fn addresses(snapshot: &Snapshot, row: Row, readable: Collections) -> Option<Json> {
    let asset = snapshot.asset(row)?;
    let has = matches!(asset.class(), Class::Building | Class::Unit | Class::Storey | Class::Space);
    if !has || !readable.contains(Class::Address.collection()) {
        return None;
    }
    let plates = snapshot.children(row).into_iter().filter_map(|row| snapshot.asset(row));
    let plates: Vec<Json> = plates
        .filter(|plate| plate.class() == Class::Address)
        .map(|plate| json!({ "id": plate.id(), "name": plate.name() }))
        .collect();
    (!plates.is_empty()).then_some(Json::Array(plates))
}

/// An address in its parts, by its attributes and, where they do not say, by its name.
fn parts(name: &str, attributes: &Attributes) -> Option<Json> {
    let address = Address::of(attributes).or(Address::parse(name).unwrap_or_default());
    let Address { road, number, building, unit, storey, room } = address;
    let each = [
        ("road", road),
        ("number", number),
        ("building", building),
        ("unit", unit),
        ("storey", storey),
        ("room", room),
    ];
    let said: Map<String, Json> =
        each.into_iter().filter_map(|(part, said)| Some((part.to_owned(), json!(said?)))).collect();
    (!said.is_empty()).then_some(Json::Object(said))
}

/// An asset's codes by what they are: `component`, `camera`, `community`.
fn codes(asset: &AssetRef<'_>, attributes: &Attributes) -> Option<Json> {
    let mut codes = Map::new();
    let named = |number: Json, names: Option<Names>| match names {
        Some(Names { zh, en }) => json!({ "number": number, "zh": zh, "en": en }),
        None => json!({ "number": number }),
    };
    let said = |names: &[&str]| spelling::text(attributes, names).or_else(|| Some(asset.id().to_owned()));
    if asset.class() == Class::Component
        && let Some(code) = said(&["code", "component_code", "objcode", "部件编码", "部件标识码"])
        && let Ok(of) = ComponentCode::parse(&code)
    {
        let (class, kind) = (named(json!(of.class), of.class_names()), named(json!(of.kind), of.kind_names()));
        let parts = json!({ "code": code, "district": of.district, "class": class, "kind": kind, "serial": of.serial });
        codes.insert("component".to_owned(), parts);
    }
    if asset.class() == Class::Camera
        && let Some(code) = said(&["gb28181", "gb28181_id", "gb_id", "国标编码"])
        && let Ok(of) = VideoId::parse(&code)
    {
        let kind = named(json!(of.kind), Some(of.kind_names()));
        let VideoId { centre, industry, network, serial, .. } = of;
        let parts = json!({ "code": code, "centre": centre, "industry": industry, "kind": kind, "network": network,
            "serial": serial });
        codes.insert("camera".to_owned(), parts);
    }
    if let Some(code) = spelling::text(attributes, &["community_code", "社区代码", "社区编码"])
        && let Ok(CommunityCode { district, street, community }) = CommunityCode::parse(&code)
    {
        let parts = json!({ "code": code, "district": district, "street": street, "community": community });
        codes.insert("community".to_owned(), parts);
    }
    (!codes.is_empty()).then_some(Json::Object(codes))
}

/// A pose's own names and units: metres, degrees, pixels.
fn shown(pose: &Pose) -> Json {
    let Pose { height, heading, pitch, roll, horizontal_fov, vertical_fov, range, resolution } = pose;
    let measures = [
        ("height", height),
        ("heading", heading),
        ("pitch", pitch),
        ("roll", roll),
        ("horizontalFov", horizontal_fov),
        ("verticalFov", vertical_fov),
        ("range", range),
    ];
    let mut said: Map<String, Json> =
        measures.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!((*value)?)))).collect();
    if let Some(resolution) = resolution {
        said.insert("resolution".to_owned(), json!(resolution));
    }
    Json::Object(said)
}

/// The ground that a camera can have in view, as a GeoJSON polygon at the height of the ground below it.
fn view(snapshot: &Snapshot, row: Row, pose: &Pose) -> Result<Option<Json>> {
    let Some((ring, height)) = pose.ground_view().zip(pose.height) else { return Ok(None) };
    let geometry = snapshot.geometry(row)?;
    let Footprint::Point(place) = geometry.footprint else { return Ok(None) };
    let ground = place[2] - height;
    // The camera's own plane: east and north of it, whatever the site's origin is.
    let here = crate::crs::SiteFrame::new([place[0], place[1], ground].into());
    let corner = |&[x, y]: &[f64; 2]| {
        let at = here.to_geodetic([x, y, 0.0]);
        [at.lon, at.lat, ground]
    };
    let corners: Vec<[f64; 3]> = ring.iter().chain(ring.first()).map(corner).collect();
    Ok(Some(json!({ "type": "Polygon", "coordinates": [corners] })))
}
