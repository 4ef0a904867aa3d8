//! Tables without a place, workbooks, and tables in Chinese code pages.

use super::{mapped, oracle, read, try_read, value};
use crate::support::run;
use cimbra::formats::ReadOptions;
use cimbra::geom::Shape;
use cimbra::model::{Class, Value};
use std::path::Path;

fn words(text: &str) -> Option<Value> {
    Some(Value::Text(text.into()))
}

#[test]
fn a_workbook_is_a_table_whose_cells_have_types() {
    let dir = tempfile::tempdir().unwrap();
    oracle(&["xlsx", dir.path().to_str().unwrap()]);
    let file = dir.path().join("houses.xlsx");
    let fault = try_read(&file, &ReadOptions::default()).err().unwrap();
    assert!(fault.contains("no columns x, y or lon, lat, nor id or parent (it has 房屋编码"), "{fault}");
    let map = "[fields]\nid = \"房屋编码\"\nparent = \"B{楼}\"\nhouse_code = \"房屋编码\"\n[class]\ndefault = \"building_unit\"";
    let got = mapped(&file, map).unwrap();
    let [a, b] = &got.objects[..] else { panic!("{:?}", got.refused) };
    assert_eq!(
        (&*a.id, a.parent.as_deref(), a.class, &a.shape),
        ("320106003001-3-2-1201", Some("B3"), Class::Unit, &Shape::Empty)
    );
    assert_eq!(value(a, "house_code").cloned(), words("320106003001-3-2-1201"));
    assert_eq!((value(a, "人数"), value(a, "面积")), (Some(&Value::Int(4)), Some(&Value::Float(98.5))));
    assert_eq!(
        (value(a, "登记").cloned(), value(b, "登记").cloned()),
        (words("2024-03-05"), words("2024-03-05T08:30:00"))
    );
    assert_eq!(value(a, "column 7").cloned(), words("x"), "a column without a name is not lost");
    assert_eq!((value(b, "面积"), value(b, "备注")), (None, None));
    for said in ["first sheet '房屋'", "header (row 2) are merged", "1 cells hold an error"] {
        assert!(got.notes.iter().any(|n| n.contains(said)), "{said}: {:?}", got.notes);
    }
    let persons = mapped(&file, "sheet = \"法人\"\nheader = 2").unwrap();
    assert_eq!((&*persons.objects[0].id, persons.objects[0].parent.as_deref()), ("L1", Some("B003")));
    let titled = mapped(&file, "sheet = \"法人\"").err().unwrap();
    assert!(titled.contains("it has 某社区法人登记表") && titled.contains("header = n"), "{titled}");
    assert!(mapped(&file, "sheet = \"x\"").err().unwrap().contains("房屋, 法人"));
}

#[test]
fn tables_in_gbk_and_utf_16_are_read_and_that_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let text = "id,name,parent,人数\r\nR1,一单元,B001,12\r\n";
    let (gbk, ..) = encoding_rs::GBK.encode(text);
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (name, bytes, said) in
        [("gbk.csv", gbk.to_vec(), "gb18030"), ("wide.csv", wide, "UTF-16LE"), ("plain.csv", text.into(), "")]
    {
        std::fs::write(dir.path().join(name), bytes).unwrap();
        let got = read(&dir.path().join(name));
        let [row] = &got.objects[..] else { panic!("{name}: {:?}", got.refused) };
        assert_eq!((row.name.as_str(), value(row, "人数")), ("一单元", Some(&Value::Int(12))), "{name}");
        assert_eq!((row.class, &row.shape), (Class::Address, &Shape::Empty));
        assert_eq!(got.notes.iter().any(|n| n.contains("no UTF-8")), !said.is_empty(), "{name}: {:?}", got.notes);
        assert!(said.is_empty() || got.notes.iter().any(|n| n.contains(said)), "{name}: {:?}", got.notes);
    }
    std::fs::write(dir.path().join("latin.csv"), b"id,name\na,caf\xe9,\xff\n").unwrap();
    assert!(
        try_read(&dir.path().join("latin.csv"), &ReadOptions::default())
            .err()
            .unwrap()
            .contains("neither UTF-8 nor GBK")
    );
}

#[test]
fn the_generated_community_s_tables_come_in_bound_to_their_places() {
    let dir = tempfile::tempdir().unwrap();
    let (demo, store) = (dir.path().join("demo"), dir.path().join("store"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let done = run(&["generate", "--households", "100", &text(&demo)]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let map = dir.path().join("people.toml");
    std::fs::write(
        &map,
        "[fields]\nid = \"people-{building}-{unit}\"\nparent = \"{building}\"\n[class]\ndefault = \"building_unit\"\n",
    )
    .unwrap();
    let houses = demo.join("structures.city.json");
    let people = demo.join(".truth/people.csv");
    let rows = std::fs::read_to_string(&people).unwrap().lines().count() - 1;
    assert!(
        rows > 0 && houses.exists(),
        "{:?}",
        std::fs::read_dir(&demo).unwrap().flatten().map(|e| e.path()).collect::<Vec<_>>()
    );
    let first = run(&["import", &text(&houses), "--store", &text(&store)]);
    assert!(first.status.code() == Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    let done = run(&["import", &text(&people), "--map", &text(&map), "--json", "--store", &text(&store)]);
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&report["objects"], &report["refused"]), (&rows.into(), &0.into()), "{report:#}");
}
