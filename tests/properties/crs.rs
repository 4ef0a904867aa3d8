//! Conversions against PROJ's own answers through pyproj, there and back, and what must be refused.

use cimbra::crs::{Choice, SiteFrame, Transform, from_web_mercator, same_crs, to_web_mercator};
use cimbra::units::Geodetic;
use proptest::prelude::*;

/// Degrees that are a tenth of a millimetre on the ground.
const TENTH_MM: f64 = 1e-9;

/// `(crs, source, expected)`, printed by pyproj 3.7.2 with PROJ 9.5.1 and no grids:
/// `TransformerGroup(crs, 'EPSG:4326', always_xy=True).transformers[0].transform(x, y)`; for EPSG:4549, 4513 and 4490 the
/// target is EPSG:4490 (CGCS2000 and WGS 84 being taken as one), for 4978, 4937 and 4979 it is EPSG:4979 with three numbers.
const ORACLE: &[(&str, [f64; 3], [f64; 3])] = &[
    ("EPSG:28992", [85088.39, 446394.25, 3.0], [4.36909423503, 52.00151637159, 3.0]),
    ("EPSG:7415", [121687.0, 487316.0, 3.0], [4.89802654522, 52.37270829851, 3.0]),
    ("EPSG:2056", [2684572.43, 1246323.059, 448.0], [8.55819242489, 47.36232594157, 448.0]),
    ("EPSG:2056", [2600000.0, 1200000.0, 0.0], [7.43863242087, 46.95108277187, 0.0]),
    ("EPSG:4549", [384700.0, 3546700.0, 20.0], [118.7793447162, 32.0378400023, 20.0]),
    ("EPSG:4549", [500000.0, 3500000.0, 20.0], [120.0, 31.62255494399, 20.0]),
    ("EPSG:4513", [25500000.0, 4000000.0, 20.0], [75.0, 36.1302929207, 20.0]),
    ("EPSG:4490", [118.78, 32.04, 20.0], [118.78, 32.04, 20.0]),
    ("EPSG:3857", [13222000.0, 3770000.0, 5.0], [118.77524686628, 32.05094645133, 5.0]),
    ("EPSG:32650", [668000.0, 3546000.0, 5.0], [118.77922097127, 32.03771374431, 5.0]),
    ("EPSG:25832", [458000.0, 5429000.0, 110.0], [8.42563400313, 49.01246168478, 110.0]),
    ("EPSG:4979", [8.43, 49.0, 110.0], [8.43, 49.0, 110.0]),
    ("EPSG:4937", [8.43, 49.0, 110.0], [8.43, 49.0, 110.0]),
    ("EPSG:4978", [-2604352.0, 4743297.0, 3364977.0], [118.76940299042, 32.0482327498, 20.8473]),
    ("OGC:CRS84", [118.78, 32.04, 20.0], [118.78, 32.04, 20.0]),
    ("EPSG:4326", [118.78, 32.04, 20.0], [118.78, 32.04, 20.0]),
];

fn transform(crs: &str) -> Transform {
    // Only a compound CRS needs the choice; elsewhere an offset of 0 changes nothing.
    let choice = Choice { height_offset: Some(0.0), ..Choice::default() };
    Transform::new(crs, &choice).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Many points at once take a shorter way than PROJ's own, which each takes alone.
    #[test]
    fn many_points_go_where_each_goes_alone(
        which in 0..ORACLE.len(),
        around in prop::collection::vec([-400.0..400.0f64, -400.0..400.0, -90.0..300.0], 40..400),
    ) {
        let (crs, source, _) = ORACLE[which];
        let transform = transform(crs);
        // Metres, or as much in degrees.
        let unit = if source[0].abs() <= 180.0 { [1e-5, 1e-5, 1.0] } else { [1.0; 3] };
        let each: Vec<[f64; 3]> = around.iter().map(|d| [0, 1, 2].map(|k| source[k] + d[k] * unit[k])).collect();
        let mut together = each.clone();
        transform.forward(&mut together).unwrap();
        let mut again = each.clone();
        transform.forward(&mut again).unwrap();
        prop_assert_eq!(&again, &together, "equal calls give equal bits");
        for (point, found) in each.iter().zip(&together) {
            let mut alone = [*point];
            transform.forward(&mut alone).unwrap();
            let off = [0, 1, 2].map(|k| (alone[0][k] - found[k]).abs());
            prop_assert!(off[0] < 1e-11 && off[1] < 1e-11 && off[2] < 1e-6, "{crs} {point:?}: {off:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn web_mercator_in_closed_form_is_proj_s_own(lon in -180.0..180.0_f64, lat in -85.0..85.0_f64) {
        let [x, y] = to_web_mercator([lon, lat]);
        let mut projected = [[lon, lat, 0.0]];
        transform("EPSG:3857").inverse(&mut projected).unwrap();
        prop_assert!((projected[0][0] - x).abs() < 1e-6 && (projected[0][1] - y).abs() < 1e-6, "{x} {y}: {projected:?}");
        let back = from_web_mercator([x, y]);
        prop_assert!((back[0] - lon).abs() < 1e-12 && (back[1] - lat).abs() < 1e-12, "{back:?}");
    }
}

#[test]
fn every_system_agrees_with_pyproj_and_comes_back() {
    for (crs, source, expected) in ORACLE {
        let transform = transform(crs);
        let mut point = [*source];
        transform.forward(&mut point).unwrap();
        let close = |k: usize, tolerance: f64| (point[0][k] - expected[k]).abs() < tolerance;
        assert!(close(0, TENTH_MM) && close(1, TENTH_MM) && close(2, 1e-3), "{crs}: {point:?} is not {expected:?}");
        transform.inverse(&mut point).unwrap();
        let tolerance = if source[0].abs() <= 180.0 { TENTH_MM } else { 1e-3 };
        assert!((0..2).all(|k| (point[0][k] - source[k]).abs() < tolerance), "{crs}: {point:?} is not {source:?}");
        assert!((point[0][2] - source[2]).abs() < 1e-3, "{crs}: {point:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn there_and_back_within_a_millimetre(x in -1.0..1.0_f64, y in -1.0..1.0_f64, h in -50.0..3000.0_f64) {
        for (crs, centre, size) in [
            ("EPSG:4549", [500_000.0, 3_540_000.0], 120_000.0),
            ("EPSG:28992", [155_000.0, 463_000.0], 90_000.0),
            ("EPSG:2056", [2_660_000.0, 1_190_000.0], 90_000.0),
            ("EPSG:32650", [500_000.0, 3_540_000.0], 300_000.0),
            ("EPSG:25832", [500_000.0, 5_400_000.0], 200_000.0),
            ("EPSG:3857", [13_222_000.0, 3_770_000.0], 900_000.0),
        ] {
            let source = [centre[0] + x * size, centre[1] + y * size, h];
            let mut point = [source];
            let transform = transform(crs);
            transform.forward(&mut point).unwrap();
            transform.inverse(&mut point).unwrap();
            prop_assert!((0..3).all(|k| (point[0][k] - source[k]).abs() < 1e-3), "{crs}: {point:?} {source:?}");
        }
    }
    #[test]
    fn no_numbers_and_no_text_make_it_panic(x in any::<f64>(), y in any::<f64>(), z in any::<f64>(), crs in ".{0,40}") {
        for crs in ["EPSG:4549", "EPSG:28992", "EPSG:4326", "EPSG:4978", &crs] {
            if let Ok(transform) = Transform::new(crs, &Choice::default()) {
                let mut point = [[x, y, z]];
                if transform.forward(&mut point).is_ok() {
                    prop_assert!(point[0].iter().all(|v| v.is_finite()), "{crs} {point:?}");
                }
                let _ = transform.inverse(&mut [[x, y, z]]);
            }
        }
    }
}

#[test]
fn a_vertical_datum_without_grids_is_refused_with_the_choice_to_make() {
    for (crs, datum) in [
        ("EPSG:7415", "Normaal Amsterdams Peil"),
        ("https://www.opengis.net/def/crs/EPSG/0/7415", "Normaal Amsterdams Peil"),
        ("EPSG:4549+5737", "Yellow Sea 1985"),
        ("EPSG:2056+5728", "Landesnivellement 1902"),
    ] {
        let fault = Transform::new(crs, &Choice::default()).unwrap_err().to_string();
        assert!(fault.contains(datum) && fault.contains("--height-offset"), "{crs}: {fault}");
    }
    let choice = Choice { height_offset: Some(43.2), ..Choice::default() };
    let transform = Transform::new("EPSG:7415", &choice).unwrap();
    let mut points = [[85088.39, 446394.25, 1.5]];
    transform.forward(&mut points).unwrap();
    assert!((points[0][2] - 44.7).abs() < 1e-9, "the offset is added: {points:?}");
    let told = transform.operation();
    assert_eq!(told.accuracy, Some(1.0));
    assert!(told.notes.iter().any(|n| n.contains("43.2 m")), "{told:?}");
    assert!(told.notes.iter().any(|n| n.contains("about 1 m")), "{told:?}");
}

#[test]
fn what_is_assumed_is_told() {
    let told = |crs| Transform::new(crs, &Choice::default()).unwrap().operation().notes.join("; ");
    assert!(told("EPSG:4549").contains("CGCS2000"), "{}", told("EPSG:4549"));
    assert!(told("EPSG:4549").contains("taken as ellipsoidal"));
    assert_eq!(told("EPSG:4979"), "", "nothing is assumed of WGS 84 itself");
}

#[test]
fn a_ballpark_operation_is_refused_unless_asked_for_and_then_told() {
    let fault = Transform::new("EPSG:4610", &Choice::default()).unwrap_err().to_string();
    assert!(fault.contains("ballpark"), "{fault}");
    let choice = Choice { allow_ballpark: true, ..Choice::default() };
    let notes = Transform::new("EPSG:4610", &choice).unwrap().operation().notes.join("; ");
    assert!(notes.contains("ballpark"), "{notes}");
}

#[test]
fn unknown_systems_and_places_outside_are_refused_by_name() {
    for crs in ["EPSG:999999", "EPSG:5737", "no such system", "EPSG:2046"] {
        let fault = Transform::new(crs, &Choice::default()).unwrap_err().to_string();
        assert!(fault.contains(crs), "{crs}: {fault}");
    }
    let rd = transform("EPSG:28992");
    let fault = rd.forward(&mut [[85088.0, 446394.0, 0.0], [0.0, 0.0, 0.0]]).unwrap_err().to_string();
    assert!(fault.contains("(0.000, 0.000, 0.000)") && fault.contains("EPSG:28992"), "{fault}");
    for bad in
        [[f64::NAN, 0.0, 0.0], [118.0, 95.0, 0.0], [200.0, 0.0, 0.0], [118.0, 32.0, 1e9], [118.0, 32.0, f64::INFINITY]]
    {
        assert!(transform("EPSG:4326").forward(&mut [bad]).is_err(), "{bad:?}");
    }
}

#[test]
fn among_operations_for_several_regions_the_one_around_the_data_is_taken() {
    let name =
        |near| Transform::new("EPSG:27700", &Choice { near, ..Choice::default() }).unwrap().operation().name.clone();
    // OSGB36 to WGS 84 (4) is for Scotland and (3) for England, both of 3 to 5 m; (6) is for all at 2 m and wins.
    assert!(name(Some([325_000.0, 673_000.0, 0.0])).contains("OSGB36 to WGS 84 (6)"));
}

#[test]
fn two_names_of_one_system_are_the_same() {
    assert!(same_crs("EPSG:7415", "urn:ogc:def:crs:EPSG::7415").unwrap());
    assert!(same_crs("EPSG:7415", "EPSG:28992+5709").unwrap());
    assert!(same_crs("EPSG:4326", "OGC:CRS84").unwrap());
    assert!(!same_crs("EPSG:7415", "EPSG:28992").unwrap());
    assert!(!same_crs("EPSG:4549", "EPSG:4548").unwrap());
}

/// pyproj 3.7.2: Gauss-Krüger of IAU76 undone, then `+proj=cart`, `+proj=helmert` of these seven, `+inv +proj=cart +ellps=WGS84`.
#[test]
fn seven_parameters_change_the_datum_as_proj_does_and_come_back() {
    for (convention, expected) in
        [("pv", [118.779_824_706_604_4, 32.037_635_483_725_67]), ("cf", [118.777_974_377_975_8, 32.037_726_608_694_08])]
    {
        let helmert = format!("-12.5,110.25,45.5,0.5,-1.25,2.5,3.5,{convention}").parse().unwrap();
        let choice = Choice { helmert: Some(helmert), ..Choice::default() };
        let transform = Transform::new("EPSG:2364", &choice).unwrap();
        let mut point = [[40_384_700.0, 3_546_700.0, 20.0]];
        transform.forward(&mut point).unwrap();
        assert!((0..2).all(|k| (point[0][k] - expected[k]).abs() < 2e-9), "{convention}: {point:?}");
        assert!(transform.operation().notes.iter().any(|n| n.contains("--helmert -12.5,110.25")));
        transform.inverse(&mut point).unwrap();
        assert!(
            (point[0][0] - 40_384_700.0).hypot(point[0][1] - 3_546_700.0) < 1e-3 && point[0][2] == 20.0,
            "{point:?}"
        );
    }
    let unfit = Choice { helmert: Some("1,2,3,4".parse().unwrap()), ..Choice::default() };
    assert!(Transform::new("EPSG:4490", &unfit).unwrap_err().to_string().contains("plane"));
    assert!(Transform::new("GCJ-02", &unfit).unwrap_err().to_string().contains("GCJ-02"));
}

#[test]
fn a_local_grid_an_epoch_and_a_map_offset_go_there_and_back() {
    let plane = "384000,3545000,7200,-35".parse().unwrap();
    let cases = [
        ("EPSG:4549", Choice { helmert: Some(plane), ..Choice::default() }, [700.0, 1_700.0, 20.0]),
        ("EPSG:4549", Choice { epoch: Some(2026.5), ..Choice::default() }, [384_700.0, 3_546_700.0, 20.0]),
        ("GCJ-02", Choice { height_offset: Some(5.0), ..Choice::default() }, [118.785, 32.038, 20.0]),
        ("BD-09", Choice::default(), [118.7916, 32.0442, 20.0]),
    ];
    for (crs, choice, source) in cases {
        let transform = Transform::new(crs, &choice).unwrap();
        let mut point = [source];
        transform.forward(&mut point).unwrap();
        assert!((point[0][0] - 118.78).abs() < 0.01 && (point[0][1] - 32.04).abs() < 0.03, "{crs}: {point:?}");
        transform.inverse(&mut point).unwrap();
        let tolerance = if source[0] < 180.0 { TENTH_MM } else { 1e-3 };
        assert!(
            (0..3).all(|k| (point[0][k] - source[k]).abs() < tolerance.max(if k == 2 { 1e-3 } else { 0.0 })),
            "{crs}: {point:?}"
        );
    }
    // A place of 2026.5 has moved 0.9 m from where it was in 2000.
    let at = |epoch| {
        let mut point = [[118.78, 32.04, 20.0]];
        Transform::new("EPSG:4979", &Choice { epoch, ..Choice::default() }).unwrap().forward(&mut point).unwrap();
        SiteFrame::new(Geodetic::new(118.78, 32.04, 20.0)).to_enu(point[0].into())
    };
    let [east, north, _] = at(Some(2026.5));
    assert!((east.hypot(north) - 0.77).abs() < 0.02 && east < 0.0, "{east} {north}");
    assert!(at(None)[0].abs() < 1e-6);
    let far = Choice { epoch: Some(2026.5), ..Choice::default() };
    let london = Transform::new("EPSG:4979", &far).unwrap().forward(&mut [[-0.1, 51.5, 20.0]]);
    assert!(london.unwrap_err().to_string().contains("plate motion"));
    assert!(Transform::new("EPSG:4979", &Choice { epoch: Some(20.0), ..far }).is_err());
}
