//! Where coordinates of a source land, beside PROJ's own `cs2cs` (Debian's proj-bin).

use super::figure;
use cimbra::crs::{Choice, SiteFrame, Transform};
use cimbra::units::Geodetic;
use std::io::Write;
use std::process::{Command, Stdio};

/// A system of two axes, a place in it (x east, y north), and whether its authority names the northing first. Heights are no part of
/// such a system: `cs2cs` would take a third number for one above the system's own ellipsoid.
const PLACES: &[(&str, [f64; 2], bool)] = &[
    ("EPSG:28992", [85_088.0, 446_394.0], false),
    ("EPSG:4549", [384_700.0, 3_546_700.0], true),
    ("EPSG:2056", [2_684_572.0, 1_246_323.0], false),
    ("EPSG:25832", [458_000.0, 5_429_000.0], false),
    ("EPSG:32650", [668_000.0, 3_546_000.0], false),
];
/// Points on each side of a square of 4 km.
const SIDE: u32 = 100;

pub fn run() {
    for (crs, [x, y], north_first) in PLACES {
        let at = |i: u32| f64::from(i) * 4000.0 / f64::from(SIDE);
        let points: Vec<[f64; 3]> = (0..SIDE * SIDE).map(|i| [x + at(i % SIDE), y + at(i / SIDE), 0.0]).collect();
        let Some(there) = cs2cs(crs, &points, *north_first) else {
            eprintln!("cs2cs is not here (Debian: proj-bin): positions are not compared");
            return;
        };
        let transform = Transform::new(crs, &Choice { height_offset: Some(0.0), ..Choice::default() }).unwrap();
        let mut here = points.clone();
        transform.forward(&mut here).unwrap();
        let apart = |(here, there): (&[f64; 3], &[f64; 3])| {
            let [e, n, u] = SiteFrame::new(Geodetic::from(*there)).to_enu(Geodetic::from(*here));
            (e * e + n * n + u * u).sqrt()
        };
        assert_eq!(here.len(), there.len());
        let most = here.iter().zip(&there).map(apart).fold(0.0, f64::max);
        figure(
            "farthest from where cs2cs puts it",
            &format!("{:.5} mm", most * 1000.0),
            &format!("{crs}, {} points", here.len()),
        );
    }
}

/// Longitude, latitude and height that `cs2cs` gives, by the pipeline that it chooses.
fn cs2cs(crs: &str, points: &[[f64; 3]], north_first: bool) -> Option<Vec<[f64; 3]>> {
    let mut command = Command::new("cs2cs");
    let command = command.args(["-f", "%.12f", crs, if crs == "EPSG:4549" { "EPSG:4490" } else { "EPSG:4326" }]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut input = child.stdin.take()?;
    let lines: String =
        points.iter().map(|[x, y, _]| if north_first { format!("{y} {x}\n") } else { format!("{x} {y}\n") }).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().ok()?;
    writer.join().ok()?.ok()?;
    let number = |word: Option<&str>| word?.parse::<f64>().ok();
    let text = String::from_utf8(output.stdout).ok()?;
    let place = |line: &str| {
        let mut words = line.split_whitespace();
        let (lat, lon, h) = (number(words.next())?, number(words.next())?, number(words.next())?);
        Some([lon, lat, h])
    };
    text.lines().map(place).collect()
}
