//! Which tags make what of an element (<https://wiki.openstreetmap.org/wiki/Map_features>).

use crate::formats::attribute::text;
use crate::model::{Attributes, Class};

/// What has the tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Node,
    Way,
    Relation,
}

/// Keys whose value decides, in the order in which they are asked; `*` is any value but `no`.
const KINDS: &[(&str, &str, Class)] = &[
    ("building:part", "*", Class::BuildingPart),
    ("building", "*", Class::Building),
    ("emergency", "fire_hydrant", Class::Hydrant),
    ("man_made", "surveillance", Class::Camera),
    ("man_made", "bridge", Class::Bridge),
    ("man_made", "pipeline", Class::Pipe),
    ("man_made", "manhole", Class::Manhole),
    ("man_made", "monitoring_station", Class::Sensor),
    ("manhole", "*", Class::Manhole),
    ("pipeline", "valve", Class::Valve),
    ("amenity", "charging_station", Class::Charger),
    ("amenity", "waste_basket", Class::Bin),
    ("amenity", "waste_disposal", Class::Bin),
    ("amenity", "recycling", Class::Bin),
    ("amenity", "parking_space", Class::ParkingBay),
    ("amenity", "bench", Class::CityFurniture),
    ("highway", "street_lamp", Class::LampPole),
    ("highway", "elevator", Class::Lift),
    ("barrier", "lift_gate", Class::Barrier),
    ("barrier", "swing_gate", Class::Barrier),
    ("barrier", "sliding_gate", Class::Barrier),
    ("barrier", "*", Class::CityFurniture),
    ("natural", "tree", Class::Vegetation),
    ("natural", "tree_row", Class::Vegetation),
    ("natural", "water", Class::WaterBody),
    ("natural", "wood", Class::Vegetation),
    ("natural", "scrub", Class::Vegetation),
    ("natural", "grassland", Class::Vegetation),
    ("natural", "shrubbery", Class::Vegetation),
    ("natural", "wetland", Class::WaterBody),
    ("waterway", "*", Class::WaterBody),
    ("landuse", "reservoir", Class::WaterBody),
    ("landuse", "basin", Class::WaterBody),
    ("landuse", "grass", Class::Vegetation),
    ("landuse", "forest", Class::Vegetation),
    ("landuse", "meadow", Class::Vegetation),
    ("landuse", "flowerbed", Class::Vegetation),
    ("landuse", "village_green", Class::Vegetation),
    ("landuse", "recreation_ground", Class::Vegetation),
    ("landuse", "orchard", Class::Vegetation),
    ("landuse", "cemetery", Class::Vegetation),
    ("leisure", "park", Class::Vegetation),
    ("leisure", "garden", Class::Vegetation),
    ("leisure", "*", Class::Component),
    ("amenity", "*", Class::Component),
    ("entrance", "*", Class::Component),
    ("shop", "*", Class::Component),
    ("office", "*", Class::Component),
    ("addr:housenumber", "*", Class::Address),
];
/// Keys that make a way or an area what its class says, whatever their value.
const WAYS: &[(&str, Class)] = &[("area:highway", Class::Road), ("highway", Class::Road), ("railway", Class::Railway)];
/// Values of `highway` and `railway` that are not there (yet, or any more).
const ABSENT: &[&str] = &["no", "proposed", "construction", "planned", "razed", "abandoned", "dismantled", "disused"];

/// What an element with these tags is; nothing when it is none of what is taken.
pub(super) fn class(tags: &Attributes, of: Of) -> Option<Class> {
    if tags.is_empty() {
        return None;
    }
    let value = |key: &str| text(tags, &[key]).filter(|v| v != "no");
    let kind = KINDS.iter().find(|(key, wanted, _)| value(key).is_some_and(|v| *wanted == "*" || v == *wanted));
    let way = || {
        let found = WAYS.iter().find(|(key, _)| value(key).is_some_and(|v| !ABSENT.contains(&v.as_str())));
        found.map(|(_, class)| *class).filter(|_| of != Of::Node)
    };
    // A road is a road also where it has an amenity; a building goes before it.
    let first = kind.map(|(.., class)| *class).filter(|c| matches!(c, Class::Building | Class::BuildingPart));
    first.or_else(way).or(kind.map(|(.., class)| *class))
}

/// Whether a closed way with these tags is the ground within, not the line around it.
pub(super) fn covers_ground(tags: &Attributes, class: Class) -> bool {
    let value = |key: &str| text(tags, &[key]);
    match value("area").as_deref() {
        Some("yes") => true,
        Some("no") => false,
        _ if value("area:highway").is_some() => true,
        _ if value("barrier").is_some() && value("building").is_none() => false,
        _ if value("natural").as_deref() == Some("tree_row") => false,
        _ => match class {
            Class::Road | Class::Railway | Class::Pipe => false,
            Class::WaterBody => {
                value("waterway").is_none_or(|w| matches!(w.as_str(), "riverbank" | "dock" | "boatyard"))
            }
            _ => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn tags(pairs: &[(&str, &str)]) -> Attributes {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), Value::Text((*v).to_owned()))).collect()
    }

    #[test]
    fn tags_make_classes_and_closed_ways_areas_or_lines() {
        for (pairs, of, wanted, area) in [
            (&[("building", "yes"), ("amenity", "school")][..], Of::Way, Some(Class::Building), true),
            (&[("building", "no"), ("highway", "footway")], Of::Way, Some(Class::Road), false),
            (&[("highway", "pedestrian"), ("area", "yes")], Of::Way, Some(Class::Road), true),
            (&[("highway", "proposed")], Of::Way, None, false),
            (&[("highway", "crossing")], Of::Node, None, false),
            (&[("highway", "street_lamp")], Of::Node, Some(Class::LampPole), true),
            (&[("barrier", "fence")], Of::Way, Some(Class::CityFurniture), false),
            (&[("barrier", "lift_gate")], Of::Node, Some(Class::Barrier), false),
            (&[("waterway", "river")], Of::Way, Some(Class::WaterBody), false),
            (&[("natural", "water")], Of::Relation, Some(Class::WaterBody), true),
            (&[("leisure", "park")], Of::Way, Some(Class::Vegetation), true),
            (&[("addr:housenumber", "22")], Of::Node, Some(Class::Address), true),
            (&[("boundary", "administrative")], Of::Relation, None, true),
        ] {
            let tags = tags(pairs);
            assert_eq!(class(&tags, of), wanted, "{pairs:?}");
            if let Some(class) = wanted {
                assert_eq!(covers_ground(&tags, class), area, "{pairs:?}");
            }
        }
    }
}
