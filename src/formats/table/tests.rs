//! Tables as people and exports write them.

use super::csv_text::read;
use super::*;
use crate::fault::Result;
use crate::formats::{ReadOptions, Reader, SourceItem, SourceObject};
use crate::geom::Shape;
use crate::model::{Class, Value};

fn items(text: &str) -> Result<Vec<SourceItem>> {
    let mut items = Vec::new();
    read(text.as_bytes(), None, &ReadOptions::default(), &mut |item| {
        items.push(item);
        Ok(())
    })?;
    Ok(items)
}

fn objects(text: &str) -> Vec<SourceObject> {
    let all = items(text).unwrap();
    all.into_iter().filter_map(|i| if let SourceItem::Object(o) = i { Some(*o) } else { None }).collect()
}

const DEVICES: &str = "\u{feff}id,name,class,x,y,z,crs,parent,storey,panel_text,datastreams,serial,floor_area,online\r\n\
    D1,烟感05,smoke_detector,500000.5,3540000,36.2,EPSG:4549,3-2-1201,12A,\"3-2-12F 烟感05\",smoke:1;temperature:Cel,0012,12.5,true\r\n\
    D2,,广播,500001,3540001,,EPSG:4549,,,,,77,3,\r\n";

#[test]
fn a_device_row_keeps_its_columns() {
    let all = objects(DEVICES);
    let [smoke, speaker] = &all[..] else { panic!("{all:?}") };
    assert_eq!((&*smoke.id, smoke.name.as_str(), smoke.class), ("D1", "烟感05", Class::SmokeDetector));
    assert_eq!(
        (smoke.parent.as_deref(), smoke.storey.as_deref(), smoke.crs.as_deref()),
        (Some("3-2-1201"), Some("12A"), Some("EPSG:4549"))
    );
    assert_eq!(smoke.shape, Shape::Points(vec![[500_000.5, 3_540_000.0, 36.2]]));
    let wanted = [
        ("panel_text", Value::Text("3-2-12F 烟感05".into())),
        ("datastreams", Value::Text("smoke:1;temperature:Cel".into())),
        ("serial", Value::Text("0012".into())),
        ("floor_area", Value::Float(12.5)),
        ("online", Value::Bool(true)),
    ];
    assert_eq!(smoke.attributes, wanted.map(|(n, v)| (n.to_owned(), v)));
    assert_eq!(speaker.class, Class::Device);
    assert!(speaker.attributes.contains(&("kind".into(), Value::Text("广播".into()))));
}

#[test]
fn degrees_name_their_frame_and_metres_do_not() {
    let frame = |text| {
        items(text).unwrap().into_iter().find_map(|i| if let SourceItem::Frame(f) = i { Some(f.crs) } else { None })
    };
    assert_eq!(frame("id,lon,lat,h\na,118.7,32.0,3\n"), Some(Some("EPSG:4979".into())));
    assert_eq!(frame("id;x;y\na;1;2\n"), Some(None));
}

#[test]
fn bad_rows_are_refused_by_id_or_line_and_the_others_stay() {
    let text = "id,class,x,y,z\na,bin,1,2,3\na,bin,1,2,3\nb,bin,one,2,3\n,bin,1,,3\nc,bin,1,2,3,4\nd,bin,inf,1,1\n,bin,9,9,9\n,bin,9,9,9\ne,bin,,,\n";
    let all = items(text).unwrap();
    let refused: Vec<_> = all
        .iter()
        .filter_map(|i| {
            if let SourceItem::Refused { object, reason } = i { Some((object.as_str(), reason.as_str())) } else { None }
        })
        .collect();
    let starts = ["the id stands twice", "'one' in column x", "only some", "the row has 6 cells", "'inf' in column x"];
    assert_eq!(refused.iter().map(|r| r.0).collect::<Vec<_>>(), ["a", "b", "line 5", "c", "d"]);
    assert!(refused.iter().zip(starts).all(|((_, reason), start)| reason.starts_with(start)), "{refused:?}");
    let ids: Vec<_> = objects(text).iter().map(|o| o.id.to_string()).collect();
    assert_eq!(ids.len(), 4);
    assert!(ids[1].starts_with("made-") && ids[2] == format!("{}-2", ids[1]), "{ids:?}");
    assert_eq!(objects(text)[3].shape, Shape::Empty, "a device without a place is still there");
}

#[test]
fn what_is_no_such_table_is_refused_whole() {
    for (text, said) in [
        ("", "empty"),
        ("serial,name\na,b\n", "no columns x, y or lon, lat, nor id or parent (it has serial, name)"),
        ("id,x,y,lon,lat\n", "both"),
        ("id,x,y,id\n", "two columns 'id'"),
    ] {
        let fault = items(text).unwrap_err().to_string();
        assert!(fault.contains(said), "{said}: {fault}");
    }
    let endless = format!("id,x,y\na,\"{}", "1".repeat(20 << 20));
    assert!(items(&endless).unwrap_err().to_string().contains("larger than 8 MiB"));
    assert!(
        Table.sniff(DEVICES.as_bytes()) && !Table.sniff(b"timestamp,value\n2014,3\n") && !Table.sniff(b"{\"id\":1}")
    );
}
