//! CQL2 filters against closures over the rows of a table.

use super::{export, import, told};
use std::path::Path;

struct Row {
    id: String,
    class: &'static str,
    storey: &'static str,
    size: Option<f64>,
    label: &'static str,
    online: bool,
    lon: f64,
    lat: f64,
}

fn rows() -> Vec<Row> {
    let classes = ["smoke_detector", "bin", "lamp_pole"];
    let storeys = ["3", "12A", "B2", ""];
    let labels = ["烟感05", "Smoke O'Brien", "50% off", "lamp_1", ""];
    (0..240_u32)
        .map(|i| Row {
            id: format!("D{i}"),
            class: classes[i as usize % 3],
            storey: storeys[i as usize / 3 % 4],
            size: (i % 7 != 0).then(|| f64::from(i % 50) / 4.0),
            label: labels[i as usize % 5],
            online: i % 2 == 0,
            lon: 118.78 + f64::from(i % 20) * 1e-4,
            lat: 32.04 + f64::from(i / 20) * 1e-4,
        })
        .collect()
}

fn ids(store: &Path, out: &Path, filter: &str) -> Vec<String> {
    export(out, store, &["--filter", filter]);
    let mut rows = csv::Reader::from_path(out).unwrap();
    let mut ids: Vec<String> = rows.records().map(|row| row.unwrap()[0].to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn every_operator_means_what_brute_force_says() {
    let dir = tempfile::tempdir().unwrap();
    let (table, store, out) = (dir.path().join("d.csv"), dir.path().join("store"), dir.path().join("out.csv"));
    let rows = rows();
    let mut text = "id,class,lon,lat,h,storey,size,panel_text,online,the \"size\"\n"
        .replace("the \"size\"", "\"the \"\"size\"\"\"");
    for r in &rows {
        let size = r.size.map_or_else(String::new, |s| s.to_string());
        let label = r.label;
        text += &format!(
            "{},{},{},{},5,{},{size},\"{label}\",{},{size}\n",
            r.id, r.class, r.lon, r.lat, r.storey, r.online
        );
    }
    std::fs::write(&table, text).unwrap();
    import(&table, &store, &[]);
    type Holds = fn(&Row) -> bool;
    let cases: &[(&str, Holds)] = &[
        ("class='bin'", |r| r.class == "bin"),
        ("class <> 'bin' AND storey = '12A'", |r| r.class != "bin" && r.storey == "12A"),
        ("size > 3.5", |r| r.size.is_some_and(|s| s > 3.5)),
        ("NOT size > 3.5", |r| r.size.is_some_and(|s| s <= 3.5)),
        ("size BETWEEN 2 AND 4.25", |r| r.size.is_some_and(|s| (2.0..=4.25).contains(&s))),
        ("size NOT BETWEEN 2 AND 4.25", |r| r.size.is_some_and(|s| !(2.0..=4.25).contains(&s))),
        ("size IS NULL", |r| r.size.is_none()),
        ("storey IN ('3','B2')", |r| matches!(r.storey, "3" | "B2")),
        ("storey NOT IN ('3','B2')", |r| matches!(r.storey, "12A")),
        ("panel_text LIKE '烟感%'", |r| r.label.starts_with("烟感")),
        ("panel_text LIKE '%O''Brien'", |r| r.label.ends_with("O'Brien")),
        ("panel_text LIKE '50\\% %'", |r| r.label.starts_with("50% ")),
        ("panel_text LIKE 'lamp\\_1' OR panel_text LIKE 'x_'", |r| r.label == "lamp_1"),
        ("CASEI(panel_text) LIKE CASEI('SMOKE%')", |r| r.label.starts_with("Smoke")),
        ("online", |r| r.online),
        ("NOT online AND online = FALSE", |r| !r.online),
        ("size * 2 + 1 = 8", |r| r.size.is_some_and(|s| s * 2.0 + 1.0 == 8.0)),
        ("(size - 1) / 2 < -(0.25)", |r| r.size.is_some_and(|s| (s - 1.0) / 2.0 < -0.25)),
        ("\"the \"\"size\"\"\" = size", |r| r.size.is_some()),
        ("(class='bin' OR class='lamp_pole') AND (size < 1 OR storey='3')", |r| {
            r.class != "smoke_detector" && (r.size.is_some_and(|s| s < 1.0) || r.storey == "3")
        }),
        ("S_INTERSECTS(geometry, BBOX(118.78045,32.04025,118.78085,32.04075))", |r| {
            (118.78045..=118.78085).contains(&r.lon) && (32.04025..=32.04075).contains(&r.lat)
        }),
        (
            "S_WITHIN(geometry, POLYGON((118.7795 32.0395, 118.78255 32.0395, 118.7795 32.04255, 118.7795 32.0395)))",
            |r| (r.lon - 118.7795) + (r.lat - 32.0395) < 0.00305,
        ),
        ("S_DISJOINT(geometry, BBOX(118.7,32.0,118.7805,32.05))", |r| r.lon > 118.7805),
    ];
    for (filter, holds) in cases {
        let mut expected: Vec<String> = rows.iter().filter(|r| holds(r)).map(|r| r.id.clone()).collect();
        expected.sort();
        assert!(!expected.is_empty() && expected.len() < rows.len(), "{filter} tells nothing: {}", expected.len());
        assert_eq!(ids(&store, &out, filter), expected, "{filter}");
    }
}

#[test]
fn what_is_no_filter_is_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let (table, store, out) = (dir.path().join("d.csv"), dir.path().join("store"), dir.path().join("out.csv"));
    std::fs::write(&table, "id,class,lon,lat,size\na,bin,118.7,32.0,1\n").unwrap();
    import(&table, &store, &[]);
    let deep = format!("{}size=1{}", "(".repeat(100), ")".repeat(100));
    for (filter, word) in [
        ("", "character 1"),
        ("size >", "its end"),
        ("size > 1 size", "character 10"),
        ("class = 'bin", "without its end"),
        ("size ! 1", "does not know"),
        ("NEAR(geometry)", "no function"),
        ("S_WITHIN(geometry, POLYGON((1 2)))", "POLYGON"),
        ("S_INTERSECTS(geometry, BBOX(3,2,1,0))", "BBOX"),
        ("S_WITHIN(geometry, POLYGON((1 2, 3 2, 3 4, 1 4)))", "ends with the position that it begins with"),
        ("S_WITHIN(geometry, POLYGON Z((1 2 0, 3 2 0, 3 4 0, 1 2 1)))", "ends with the position that it begins with"),
        ("S_WITHIN(geometry, POLYGON((0 0, 9 0, 9 9, 0 0), (4 1, 5 1, 5 2, 4 2)))", "ends with the position"),
        ("S_WITHIN(geometry, MULTIPOLYGON(((0 0, 9 0, 9 9, 0 0)), ((4 1, 5 1, 5 2, 4 2))))", "ends with the position"),
        ("S_WITHIN(geometry, GEOMETRYCOLLECTION(POLYGON((4 1, 5 1, 5 2, 4 2))))", "ends with the position"),
        ("nosuch = 1", "no asset here has a property 'nosuch'"),
        ("size", "nothing"),
        (&deep, "levels of nesting"),
    ] {
        let (code, text) =
            told(&["export", out.to_str().unwrap(), "--store", store.to_str().unwrap(), "--filter", filter]);
        assert!(code == 2 && text.contains(word), "{filter}: {text}");
        assert!(!out.exists());
    }
}
