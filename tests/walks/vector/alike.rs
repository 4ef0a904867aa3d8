//! One real file in four formats gives the same objects.

use super::{corners, oracle, read};
use crate::support::shared;
use cimbra::model::Value;

#[test]
fn the_same_features_come_in_alike_from_four_formats() {
    let Some(shared) = shared() else { return };
    let source = shared.join("data/geojson/3dbag_footprints.geojson");
    let dir = tempfile::tempdir().unwrap();
    oracle(&["convert", source.to_str().unwrap(), dir.path().to_str().unwrap()]);
    let wanted = read(&source);
    assert!(wanted.objects.len() > 90 && wanted.refused.is_empty());
    for ending in ["shp", "gpkg", "fgb"] {
        let got = read(&dir.path().join(format!("same.{ending}")));
        assert_eq!(got.refused, Vec::<String>::new(), "{ending}");
        assert_eq!(got.objects.len(), wanted.objects.len(), "{ending}");
        let crs = got.crs.unwrap();
        assert!(crs == "EPSG:4326" || crs.contains("GCS_WGS_1984"), "{ending}: {crs}");
        // GDAL keeps the order of what it writes, but for FlatGeobuf's, which is that of its index.
        for want in &wanted.objects {
            let got = got.objects.iter().find(|o| o.id == want.id).unwrap_or_else(|| panic!("{ending}: {}", want.id));
            assert_eq!((got.class, &got.name, &got.parent), (want.class, &want.name, &want.parent), "{ending}");
            let (a, b) = (corners(&got.shape), corners(&want.shape));
            assert_eq!(a.len(), b.len(), "{ending} {}", want.id);
            let near = |(a, b): (&[f64; 3], &[f64; 3])| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-9);
            assert!(a.iter().zip(&b).all(near), "{ending} {}", want.id);
            assert_eq!(std::mem::discriminant(&got.shape), std::mem::discriminant(&want.shape));
            for (name, value) in &want.attributes {
                // dBase cuts names at ten bytes: the format's own limit.
                let name: String = if ending == "shp" { name.chars().take(10).collect() } else { name.clone() };
                let found = got.attributes.iter().find(|(known, _)| *known == name);
                let found = found.unwrap_or_else(|| panic!("{ending} {} has no {name}: {:?}", want.id, got.attributes));
                match (&found.1, value) {
                    // And it writes numbers with fifteen decimals.
                    (Value::Float(a), Value::Float(b)) => {
                        assert!((a - b).abs() <= 1e-15 + b.abs() * 1e-15, "{ending} {name}")
                    }
                    (a, b) => assert_eq!(a, b, "{ending} {name}"),
                }
            }
            assert_eq!(got.attributes.len(), want.attributes.len(), "{ending}: {:?}", got.attributes);
        }
    }
}
