//! A city from afar: what stands in for full shapes is not seen to, and nothing is missing.

use super::city::{ORIGIN, asset, dataset, request};
use cimbra::crs::SiteFrame;
use cimbra::geom::{Bounds, Mesh, Surface, SurfaceKind};
use cimbra::lod::{Drawn, Proxies};
use cimbra::model::{Class, Collections, Footprint, Geometry, SiteCode};
use cimbra::render::{City, Composition, Item, Picture, Scene, compose};
use cimbra::store::{Snapshot, Store};
use cimbra::units::Instant;
use std::collections::HashMap;
use std::sync::Arc;

const SIZE: [u32; 2] = [640, 480];

/// A hall of 40 by 24 metres under a roof of `strips` on each side that rises by `rise` metres to its ridge; closed.
fn hall(x: f64, y: f64, rise: f64, strips: u32) -> Mesh {
    let (mut points, mut triangles) = (Vec::new(), Vec::new());
    // Outlines seen from the front, one behind the other at both gables: eaves, ridge, eaves.
    let steps = 2 * strips;
    for depth in [0.0, 24.0] {
        points.push([x, y + depth, 0.0]);
        for i in 0..=steps {
            let t = f64::from(i) / f64::from(steps);
            points.push([x + 40.0 * t, y + depth, 10.0 + rise * (1.0 - (2.0 * t - 1.0).abs())]);
        }
        points.push([x + 40.0, y + depth, 0.0]);
    }
    let ring = steps + 3;
    for i in 0..ring {
        let j = (i + 1) % ring;
        triangles.extend([[i, i + ring, j], [j, i + ring, j + ring]]);
    }
    // Both gables as fans.
    let walls = triangles.len() as u32;
    for i in 1..ring - 1 {
        triangles.extend([[0, i, i + 1], [ring, ring + i + 1, ring + i]]);
    }
    let surface = |first, kind| Surface { first, kind, colour: None };
    let surfaces = vec![
        surface(0, SurfaceKind::Wall),
        surface(2, SurfaceKind::Roof),
        surface(2 + 2 * steps, SurfaceKind::Wall),
        surface(walls - 2, SurfaceKind::Ground),
        surface(walls, SurfaceKind::Wall),
    ];
    Mesh::from_points(&points, triangles, surfaces)
}

/// `across` times `across` halls, 70 metres from one to the next.
fn halls(across: u32, rise: f64, strips: u32) -> (tempfile::TempDir, Arc<Snapshot>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let site = store.create_site(&SiteCode::new("320106003001").unwrap(), ORIGIN, Instant(0)).unwrap();
    let dataset = dataset("halls");
    let mut draft = site.draft(dataset).unwrap();
    let frame = SiteFrame::new(ORIGIN);
    for (i, j) in (0..across).flat_map(|i| (0..across).map(move |j| (i, j))) {
        let mesh = hall(f64::from(i) * 70.0, f64::from(j) * 70.0, rise, strips);
        let bounds = Bounds::of(mesh.bounds().corners().map(|c| frame.to_geodetic(c).to_array()));
        let geometry = Geometry { footprint: Footprint::None, mesh: Some(mesh) };
        draft.put(asset(&format!("hall-{i}-{j}"), Class::Building, None, geometry, bounds)).unwrap();
    }
    draft.commit(Instant(1)).unwrap();
    (folder, site.snapshot())
}

/// A picture that looks at the middle of `across` times `across` halls from `range` metres.
fn seen(snapshot: &Arc<Snapshot>, across: u32, range: f64, more: &str) -> Composition {
    let middle = f64::from(across) * 35.0;
    let at = SiteFrame::new(ORIGIN).to_geodetic([middle, middle, 0.0]);
    let place = format!("lookat={:.7},{:.7},{:.1}&range={range}", at.lon, at.lat, at.h);
    let query = format!("{place}&heading=20&pitch=-35&size=640x480{more}");
    let (snapshots, proxies) = ([snapshot.clone()], Proxies::default());
    let city = City { snapshots: &snapshots, visible: Collections::ALL, alarms: &HashMap::new(), proxies: &proxies };
    compose(&request(&query), &city).unwrap()
}

/// The same picture of nothing but full shapes, which it takes from the store by itself.
fn full(composition: &Composition, snapshot: &Snapshot) -> Scene {
    let items = composition.scene.items.iter().map(|item| {
        let row = snapshot.find(&composition.legend[item.id as usize - 1]).unwrap();
        let mesh = Drawn::Stored(snapshot.geometry(row).unwrap());
        Item { id: item.id, mesh, paint: item.paint }
    });
    Scene { items: items.collect(), ..composition.scene.clone() }
}

/// Whether the pixels around one, itself among them, have more than one id.
fn at_an_edge(picture: &Picture, x: u32, y: u32) -> bool {
    let own = picture.id_at(x, y);
    let around = |v: u32, most: u32| v.saturating_sub(1)..(v + 2).min(most);
    around(y, SIZE[1]).any(|y| around(x, SIZE[0]).any(|x| picture.id_at(x, y) != own))
}

#[test]
fn what_stands_in_is_seen_at_edges_only_and_by_less_than_a_pixel() {
    let (_folder, snapshot) = halls(12, 1.0, 20);
    // From 2 km half a pixel is 1.2 metres at the least: blocks, one metre off, stand in.
    let far = seen(&snapshot, 12, 2_000.0, "");
    assert_eq!((far.scene.items.len(), far.left_out), (144, 0));
    assert_eq!(far.scene.triangles(), 144 * 12, "a block each");
    let oracle = full(&far, &snapshot);
    assert!(oracle.triangles() > 144 * 150);
    let (a, b) =
        (super::pictures::draw(&far.scene, &far.camera, SIZE), super::pictures::draw(&oracle, &far.camera, SIZE));
    let (mut others, mut edges, mut colours) = (0, 0, 0);
    for (x, y) in (0..SIZE[1]).flat_map(|y| (0..SIZE[0]).map(move |x| (x, y))) {
        let edge = at_an_edge(&b, x, y);
        edges += u32::from(edge);
        if a.id_at(x, y) != b.id_at(x, y) {
            // No point is moved by more than half a pixel: what changes its id is that near to an outline.
            assert!(edge, "pixel {x} {y} is within {}, not at its edge", b.id_at(x, y));
            others += 1;
        }
        let i = (y * SIZE[0] + x) as usize;
        let step = (0..3).map(|k| a.colour[i][k].abs_diff(b.colour[i][k])).max().unwrap();
        colours += u32::from(step > 24 && !edge);
    }
    let shown = b.ids.iter().filter(|id| **id != 0).count() as u32;
    assert!(shown > 5_000, "{shown}");
    // A shift of a fraction of a pixel is seen by as large a part of the pixels at edges.
    assert!(others * 4 < edges, "{others} of {edges} pixels at edges have another id");
    assert!(colours * 50 < shown, "{colours} of {shown} pixels within have another colour");
    // So it is with what is picked.
    let mut met = 0;
    for (x, y) in (0..SIZE[0]).step_by(11).flat_map(|x| (0..SIZE[1]).step_by(7).map(move |y| (x, y))) {
        let id = far.pick([x, y]).map_or(0, |p| far.legend.iter().position(|id| *id == p.asset).unwrap() as u32 + 1);
        assert!(id == b.id_at(x, y) || at_an_edge(&b, x, y), "pixel {x} {y}");
        met += u32::from(id != 0);
    }
    assert!(met > 50, "{met}");
    // From near they are whole.
    let near = seen(&snapshot, 12, 300.0, "");
    let whole = near.scene.items.iter().filter(|item| item.mesh.triangles.len() > 12).count();
    assert!(whole > 20, "{whole}");
}

#[test]
fn a_city_of_too_many_triangles_is_drawn_all_and_what_is_pointed_out_whole() {
    // 2.4 million triangles where 2 million are drawn, and half a pixel is less than the ten metres that blocks are off.
    let (_folder, snapshot) = halls(40, 10.0, 187);
    let each = hall(0.0, 0.0, 10.0, 187).triangles.len();
    assert!(each * 1600 > 2_400_000);
    let seen = seen(&snapshot, 40, 4_200.0, "&highlight=hall-39-39,hall-0-0");
    assert_eq!((seen.left_out, seen.legend.len()), (0, 1600), "{}", seen.scene.triangles());
    assert!((1_900_000..=2_000_000).contains(&seen.scene.triangles()), "{}", seen.scene.triangles());
    for id in ["hall-39-39", "hall-0-0"] {
        let number = seen.legend.iter().position(|own| &**own == id).unwrap() as u32 + 1;
        let triangles: usize = seen.scene.items.iter().filter(|i| i.id == number).map(|i| i.mesh.triangles.len()).sum();
        assert_eq!(triangles, each, "{id} is drawn whole");
    }
}

#[test]
fn a_city_fifty_kilometres_away_is_there() {
    let (_folder, snapshot) = halls(12, 1.0, 2);
    let seen = seen(&snapshot, 12, 50_000.0, "");
    assert_eq!((seen.scene.items.len(), seen.left_out), (144, 0));
    let picture = super::pictures::draw(&seen.scene, &seen.camera, SIZE);
    let shown = picture.ids.iter().filter(|id| **id != 0).count();
    // Seven pixels across, and a fifth of the ground is built on.
    assert!((3..60).contains(&shown), "{shown}");
}
