//! A city that changes: what is sorted in must be what would be made anew, and only what shows a change has another name.

use super::city;
use super::tilesets::{documents, tiles, walk};
use cimbra::geom::Mesh;
use cimbra::lod::View;
use cimbra::model::{Asset, Class, Collections, DatasetName, Footprint, Geometry, Value};
use cimbra::store::{Dataset, Site};
use cimbra::tiles::bake::bake;
use cimbra::tiles::tiles3d::Compression;
use cimbra::tiles::{Address, Changes, Plan, Tiles};
use cimbra::units::Instant;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

fn block(x: f64, y: f64, high: f64) -> Mesh {
    let ring = [[x, y], [x + 9.0, y], [x + 9.0, y + 7.0], [x, y + 7.0]];
    cimbra::lod::shape::prism(&ring, 0.0, high)
}

/// One commit of a few things that come, change, move and go.
pub fn change(site: &Site, rng: &mut ChaCha8Rng) {
    let dataset = Dataset {
        name: DatasetName::new("edits").unwrap(),
        title: String::new(),
        crs: "EPSG:4979".into(),
        source: None,
        imported: Instant(0),
        layers: vec![],
        entry: Default::default(),
    };
    let mut draft = site.draft(dataset).unwrap();
    let mut taken = std::collections::BTreeSet::new();
    for _ in 0..rng.random_range(1..30) {
        let number = rng.random_range(0..120);
        let id = format!("e{number}");
        if !taken.insert(number) {
            continue;
        }
        let at = (rng.random_range(-3000.0..3000.0), rng.random_range(-3000.0..3000.0));
        // Buildings, parts of buildings that may not be there, walls that open them, rooms, devices, pipes.
        let parent = format!("e{}", rng.random_range(0..120));
        let mesh = block(at.0, at.1, rng.random_range(3.0..40.0));
        let mut asset: Asset = match number % 6 {
            0 | 1 => city::meshed(&id, Class::Building, None, mesh),
            2 => city::meshed(&id, Class::BuildingPart, Some(&parent), mesh),
            3 => city::meshed(&id, Class::Wall, Some(&parent), mesh),
            4 => city::meshed(&id, Class::Space, Some(&parent), mesh),
            _ => {
                let point = Footprint::Point(city::geodetic([at.0, at.1, 2.0]));
                city::asset(&id, Class::SmokeDetector, Some(&parent), Geometry { footprint: point, mesh: None })
            }
        };
        asset.attributes.push(("year".into(), Value::Int(rng.random_range(1900..2030))));
        if rng.random_range(0..3) == 0 {
            draft.remove(&id).unwrap();
        } else {
            draft.put(asset).unwrap();
        }
    }
    draft.commit(Instant(1)).unwrap();
}

#[test]
fn what_commits_sort_in_is_what_would_be_planned_anew() {
    let city = city::town();
    let kept = Tiles::default();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let buildings = View::Collection(cimbra::model::Collection::Buildings);
    for round in 0..60 {
        for view in [&View::Map, &View::Assets, &buildings] {
            let followed = kept.plan(&city.snapshot(), view, Collections::ALL).unwrap();
            let anew = Tiles::default().plan(&city.snapshot(), view, Collections::ALL).unwrap();
            assert_eq!(followed.features(), anew.features(), "{view:?} in round {round}");
            assert!(documents(&followed) == documents(&anew), "{view:?} in round {round}");
        }
        change(&city.site(), &mut rng);
    }
    walk(&kept.plan(&city.snapshot(), &View::Map, Collections::ALL).unwrap());
}

/// The names of all files of a tileset but its root's.
pub fn names(plan: &Plan) -> BTreeSet<String> {
    let documents = documents(plan).into_keys().flatten().map(|address| address.to_string());
    documents.chain(tiles(plan)).collect()
}

#[test]
fn what_went_and_came_between_two_plans_is_the_difference_of_their_files() {
    let city = city::town();
    let kept = Tiles::default();
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut before = kept.plan(&city.snapshot(), &View::Map, Collections::ALL).unwrap();
    assert_eq!(before.changes(&before), Changes::default());
    for round in 0..40 {
        change(&city.site(), &mut rng);
        let after = kept.plan(&city.snapshot(), &View::Map, Collections::ALL).unwrap();
        let (old, new) = (names(&before), names(&after));
        let changes = before.changes(&after);
        let told = |of: &[Address]| of.iter().map(Address::to_string).collect::<BTreeSet<_>>();
        assert_eq!(told(&changes.gone), old.difference(&new).cloned().collect(), "gone in round {round}");
        assert_eq!(told(&changes.come), new.difference(&old).cloned().collect(), "come in round {round}");
        assert!(round > 0 || changes.come.len() < new.len(), "not all is another");
        before = after;
    }
}

#[test]
fn a_changed_city_is_baked_anew_only_where_it_changed() {
    let city = city::town();
    let dir = tempfile::tempdir().unwrap();
    let bake = || {
        let plan = Tiles::default().plan(&city.snapshot(), &View::Map, Collections::ALL).unwrap();
        let baked = bake(&plan, dir.path(), Compression::None, false, &|_, _| ()).unwrap();
        (baked, tiles(&plan))
    };
    let (first, before) = bake();
    assert_eq!(first.stale, 0);
    assert_eq!((first.kept, first.tiles), (0, before.len()));
    let (again, _) = bake();
    assert_eq!((again.kept, again.bytes), (first.tiles, first.bytes), "nothing is written twice");
    // Half a tile, as a machine that lost its power leaves it, is not taken for a whole one.
    let name = dir.path().join(before.first().unwrap());
    let whole = std::fs::read(&name).unwrap();
    std::fs::write(&name, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(bake().0.kept + 1, first.tiles);
    assert_eq!(std::fs::read(&name).unwrap(), whole);
    city.commit("more", vec![city::meshed("more", Class::Building, None, block(-1490.0, 3.0, 9.0))]);
    let (changed, after) = bake();
    assert_eq!(changed.features, first.features + 1);
    assert_eq!(changed.kept, before.intersection(&after).count());
    assert!(changed.kept * 2 > changed.tiles && changed.kept < changed.tiles, "{changed:?}");
    // What nothing names any more is counted, and goes when that is asked for.
    assert!(changed.stale >= before.difference(&after).count() && changed.stale > 0, "{changed:?}");
    let plan = Tiles::default().plan(&city.snapshot(), &View::Map, Collections::ALL).unwrap();
    let prune = |prune| super::changes::bake(&plan, dir.path(), Compression::None, prune, &|_, _| ()).unwrap();
    assert_eq!((prune(true).stale, prune(false).stale), (changed.stale, 0));
    let left: BTreeSet<String> =
        std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(left.iter().filter(|name| name.ends_with(".glb")).cloned().collect::<BTreeSet<_>>(), after);
}
