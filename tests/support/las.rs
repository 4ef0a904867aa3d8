//! Point clouds made by the library's own writer, for tests that break them.

use las::point::Format;
use las::{Builder, Point, Vlr, Writer};
use std::io::Cursor;

/// The keys of EPSG:32650.
pub const KEYS: [u16; 12] = [1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32650];

/// A file of `count` points of `format` on a slope of 100 m, LAZ if `packed`.
pub fn las(format: u8, packed: bool, count: u16) -> Vec<u8> {
    las_of(format, packed, count, &[(34_735, bytes(&KEYS))])
}

/// A file of two points far apart and of 120,000 in a metre beside one of them, so that its tiles lie deep.
pub fn deep() -> Vec<u8> {
    let places = (0..120_002_u32).map(|k| match k {
        0 => [0.0; 3],
        1 => [400.0; 3],
        k => [0.618_034, 0.754_878, 0.569_84].map(|step| 3.0 + f64::from(k) * step % 1.0),
    });
    written(7, true, &[(34_735, bytes(&KEYS))], places)
}

/// Numbers of 16 bits, little endian.
pub fn bytes(keys: &[u16]) -> Vec<u8> {
    keys.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// The same with these records of its projection.
pub fn las_of(format: u8, packed: bool, count: u16, records: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let places = (0..count).map(f64::from).map(|at| [at % 100.0, at / 100.0, at / 9.0]);
    written(format, packed, records, places)
}

/// Points that many metres from a corner.
fn written(format: u8, packed: bool, records: &[(u16, Vec<u8>)], places: impl Iterator<Item = [f64; 3]>) -> Vec<u8> {
    let mut builder = Builder::from(if format < 6 { (1, 3) } else { (1, 4) });
    builder.point_format = Format::new(format).unwrap();
    builder.point_format.is_compressed = packed;
    builder.transforms.x.offset = 670_000.0;
    builder.transforms.y.offset = 3_546_000.0;
    for transform in [&mut builder.transforms.x, &mut builder.transforms.y, &mut builder.transforms.z] {
        transform.scale = 0.001;
    }
    for (record_id, data) in records.iter().cloned() {
        builder.vlrs.push(Vlr { user_id: "LASF_Projection".into(), record_id, description: "keys".into(), data });
    }
    let mut writer = Writer::new(Cursor::new(Vec::new()), builder.into_header().unwrap()).unwrap();
    for (at, [x, y, z]) in places.enumerate() {
        let (k, at) = ((at % 65_536) as u16, at as f64);
        let mut point = Point { x: 670_000.0 + x, y: 3_546_000.0 + y, z, ..Point::default() };
        (point.intensity, point.return_number, point.number_of_returns) = (k, 1, 1);
        point.gps_time = is_of(format, &[1, 3, 4, 5, 6, 7, 8, 9, 10]).then_some(at);
        point.color = is_of(format, &[2, 3, 5, 7, 8, 10]).then_some(las::Color::new(k, 255, 0));
        point.nir = is_of(format, &[8, 10]).then_some(k);
        writer.write_point(point).unwrap();
    }
    writer.close().unwrap();
    writer.into_inner().unwrap().into_inner()
}

fn is_of(format: u8, those: &[u8]) -> bool {
    those.contains(&format)
}
