//! Assets as GeoJSON features (RFC 7946, OGC API Features Part 1 §8).

use super::derived;
use crate::fault::Result;
use crate::formats::{footprint, to_json};
use crate::model::{Collections, is_personal};
use crate::store::{AssetRef, Row, Snapshot};
use serde_json::{Map, Value as Json, json};

/// Properties of every feature; a source attribute of one of these names is served as `source.<name>`.
pub const OWN: &[&str] = &["class", "name", "collection", "parent", "storey", "dataset", "state", "alarm"];

/// One asset as a feature for somebody who may read `readable`: its own properties first, then the source's attributes under
/// their own names.
///
/// # Errors
/// Geometry or attributes that cannot be paged in.
pub fn feature(snapshot: &Snapshot, row: Row, skip_geometry: bool, readable: Collections) -> Result<Option<Json>> {
    let Some(asset) = snapshot.asset(row) else { return Ok(None) };
    let geometry = if skip_geometry { Json::Null } else { footprint(&snapshot.geometry(row)?.footprint) };
    let mut properties = own(&asset, readable);
    let attributes = snapshot.attributes(row)?;
    for (name, value) in attributes.iter() {
        if !readable.has_guarded() && is_personal(asset.class(), name) {
            continue;
        }
        if OWN.contains(&name.as_str()) || derived::NAMES.contains(&name.as_str()) {
            properties.insert(format!("source.{name}"), to_json(value));
        } else {
            properties.insert(name.clone(), to_json(value));
        }
    }
    derived::meaning(snapshot, &asset, &attributes, &mut properties)?;
    let mut feature = json!({
        "type": "Feature",
        "id": asset.id(),
        "uid": uid(snapshot, &asset),
        "geometry": geometry,
        "properties": properties,
    });
    let b = asset.bounds();
    if !b.is_empty() {
        feature["bbox"] = json!([b.min[0], b.min[1], b.min[2], b.max[0], b.max[1], b.max[2]]);
    }
    Ok(Some(feature))
}

/// `site/dataset/id`: unique in the world of one node.
pub fn uid(snapshot: &Snapshot, asset: &AssetRef<'_>) -> String {
    format!("{}/{}/{}", snapshot.site(), asset.dataset(), asset.id())
}

/// The properties that every feature has.
fn own(asset: &AssetRef<'_>, readable: Collections) -> Map<String, Json> {
    let entries = [
        ("class", json!(asset.class().name())),
        ("name", json!(asset.name())),
        ("collection", json!(asset.class().collection().name())),
        ("parent", json!(asset.parent_id_for(readable))),
        ("storey", json!(asset.storey())),
        ("dataset", json!(asset.dataset().as_str())),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
