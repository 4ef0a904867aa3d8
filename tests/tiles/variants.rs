//! Tilesets of planning variants: what would be made of the same city by itself, and the city's own tiles wherever nothing differs.

use super::changes::change;
use super::city::{self, City};
use super::tilesets::{documents, tiles};
use cimbra::lod::View;
use cimbra::model::{Collection, Collections, VariantName};
use cimbra::tiles::tiles3d::{self, Compression};
use cimbra::tiles::{Address, Plan, Tiles};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every document of a variant's tileset, whose addresses are all asked for with its name, without that.
fn asked(plan: &Plan) -> BTreeMap<Option<Address>, String> {
    let bare = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        let addresses = text.matches(".glb").count() + text.matches(".json").count();
        assert_eq!(text.matches("?variant=v\"").count(), addresses, "{text}");
        text.replace("?variant=v\"", "\"")
    };
    let root = bare(tiles3d::of_site(plan, Compression::None, "").unwrap());
    let (mut found, mut waiting) = (BTreeMap::new(), vec![(None, root)]);
    while let Some((name, text)) = waiting.pop() {
        for uri in text.split('"') {
            if let Ok(address @ Address::Tileset(_)) = uri.parse::<Address>() {
                waiting.push((Some(address), bare(plan.encode(address).unwrap().unwrap())));
            }
        }
        found.insert(name, text);
    }
    found
}

fn named(documents: &BTreeMap<Option<Address>, String>) -> BTreeSet<String> {
    let tiles = |text: &String| text.split('"').filter(|s| s.ends_with(".glb")).map(str::to_owned).collect::<Vec<_>>();
    documents.values().flat_map(tiles).collect()
}

#[test]
fn a_variant_s_tileset_is_that_of_the_city_it_shows_and_leaves_the_city_s_alone() {
    let city = city::town();
    let variant = city.site().variant_to_write(&VariantName::new("v").unwrap()).unwrap();
    let kept = Tiles::default();
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    change(&variant, &mut rng);
    let buildings = View::Collection(Collection::Buildings);
    for round in 0..30 {
        let plan = |view: &View| kept.plan(&city.snapshot(), view, Collections::ALL).unwrap();
        let before = documents(&plan(&View::Map));
        // Now the variant changes, now the city beneath it.
        let of_variant = round % 2 == 0;
        if of_variant {
            change(&variant, &mut rng)
        } else {
            change(&city.site(), &mut rng)
        }
        assert_eq!(before == documents(&plan(&View::Map)), of_variant, "round {round}");
        let seen = variant.snapshot();
        let alone = Arc::new(seen.by_itself());
        for view in [&View::Map, &View::Assets, &buildings] {
            let followed = kept.plan(&seen, view, Collections::ALL).unwrap();
            let anew = Tiles::default().plan(&alone, view, Collections::ALL).unwrap();
            assert_eq!(followed.features(), anew.features(), "{view:?} in round {round}");
            assert!(asked(&followed) == documents(&anew), "{view:?} in round {round}");
        }
    }
    same_bytes(&city, &kept, &variant.snapshot());
}

/// A tile that the two have under one name is one file, and the others hold what the variant shows.
fn same_bytes(city: &City, kept: &Tiles, seen: &Arc<cimbra::store::Snapshot>) {
    let head = city.snapshot();
    let of_city = tiles(&kept.plan(&head, &View::Map, Collections::ALL).unwrap());
    let plan = kept.plan(seen, &View::Map, Collections::ALL).unwrap();
    let of_variant = named(&asked(&plan));
    let alone = Arc::new(seen.by_itself());
    let anew = Tiles::default();
    assert!(of_city.difference(&of_variant).next().is_some() && of_city.intersection(&of_variant).count() > 3);
    for name in &of_variant {
        let address: Address = name.parse().unwrap();
        let bytes = kept.tile(seen, &View::Map, Collections::ALL, address).unwrap();
        assert!(bytes == anew.tile(&alone, &View::Map, Collections::ALL, address).unwrap(), "{name}");
        if of_city.contains(name) {
            assert!(bytes == kept.tile(&head, &View::Map, Collections::ALL, address).unwrap(), "{name}");
        }
    }
}
