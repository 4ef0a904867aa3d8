//! OpenStreetMap: an extract that libosmium wrote.

use super::{corners, oracle, read, value};
use cimbra::geom::Shape;
use cimbra::model::{Class, Value};

#[test]
fn an_extract_gives_buildings_roads_and_multipolygons_and_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    oracle(&["osm", dir.path().to_str().unwrap()]);
    let got = read(&dir.path().join("block.osm.pbf"));
    assert_eq!(got.crs.as_deref(), Some("OGC:CRS84"));
    let find = |id: &str| got.objects.iter().find(|o| &*o.id == id).unwrap_or_else(|| panic!("no {id}"));
    let ids: Vec<_> = got.objects.iter().map(|o| o.id.to_string()).collect();
    assert_eq!(ids, ["node/20", "way/100", "way/101", "way/103", "relation/200"]);
    let building = find("way/100");
    assert_eq!((building.class, building.name.as_str()), (Class::Building, "三号楼"));
    let bounds = building.shape.bounds();
    assert_eq!((bounds.min[2], bounds.max[2]), (0.0, 18.0), "six levels of three metres");
    assert_eq!(value(building, "building:levels"), Some(&Value::Text("6".into())));
    assert!(
        corners(&building.shape).iter().all(|[x, y, _]| [118.78, 118.781].contains(x) && [32.04, 32.041].contains(y))
    );
    let part = find("way/101");
    assert_eq!((part.class, part.parent.as_deref()), (Class::BuildingPart, Some("way/100")));
    assert_eq!((part.shape.bounds().min[2], part.shape.bounds().max[2]), (18.0, 30.5));
    assert!(
        matches!(&find("way/103").shape, Shape::Lines(lines) if lines.len() == 1)
            && find("way/103").class == Class::Road
    );
    let Shape::Areas(pond) = &find("relation/200").shape else { panic!() };
    assert_eq!((pond.len(), pond[0].exterior.len(), pond[0].interiors.len()), (1, 4, 1));
    assert_eq!(find("node/20").name, "东门");
    let refused = [
        "way/102: its node 99 is not in the file",
        "relation/201: its ring does not close at node 3",
        "relation/202: its member way/999 is not in the file",
    ];
    assert_eq!(got.refused, refused);
    for said in
        ["1 buildings have levels", "1 nodes are of kinds that are not taken, such as 'place'", "1 ways are of kinds"]
    {
        assert!(got.notes.iter().any(|n| n.contains(said)), "{said}: {:?}", got.notes);
    }
}
