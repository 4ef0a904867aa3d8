//! Search against looking at every name and id one by one.

use cimbra::geom::Bounds;
use cimbra::model::{Asset, Class, Collections, DatasetName, Geometry, SiteCode};
use cimbra::query::Search;
use cimbra::store::{Dataset, Store};
use cimbra::units::{Geodetic, Instant};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn dataset() -> Dataset {
    let (name, title) = (DatasetName::new("town").unwrap(), "town".to_owned());
    Dataset {
        name,
        title,
        crs: String::new(),
        source: None,
        imported: Instant(0),
        layers: Vec::new(),
        entry: Default::default(),
    }
}

fn asset(id: &str, name: &str) -> Asset {
    Asset {
        id: id.into(),
        class: Class::Component,
        name: name.to_owned(),
        parent: None,
        storey: None,
        layer: None,
        attributes: Vec::new(),
        geometry: Geometry::default(),
        bounds: Bounds::EMPTY,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_name_that_fits_is_found_and_no_other(
        names in prop::collection::vec("[aAb1楼 号]{0,6}", 1..40),
        renamed in prop::collection::vec("[aAb1楼 号]{0,6}", 1..10),
        words in prop::collection::vec("[aAb1楼号]{1,3}( [aAb1楼号]{1,2})?", 1..8),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let code = SiteCode::new("320106003001").unwrap();
        let site = store.create_site(&code, Geodetic::new(118.78, 32.04, 0.0), Instant(0)).unwrap();
        let search = Search::default();
        // The second round changes some names and ends the last asset: what is kept from the first must not be told.
        let rounds = [names.clone(), renamed.iter().chain(names.iter().skip(renamed.len())).cloned().collect()];
        for (round, mut names) in rounds.into_iter().enumerate() {
            names.truncate(names.len().max(2) - round);
            let mut draft = site.draft(dataset()).unwrap();
            for (i, name) in names.iter().enumerate() {
                draft.put(asset(&format!("id-{i}"), name)).unwrap();
            }
            draft.retire_others();
            draft.commit(Instant(round as i64 + 1)).unwrap();
            let snapshots = [site.snapshot()];
            for words in &words {
                let whole = words.to_lowercase();
                let fits = |texts: &[String; 2]| {
                    texts.iter().any(|t| t.contains(&whole))
                        || whole.split(' ').all(|word| texts.iter().any(|t| t.contains(word)))
                };
                let expected: BTreeSet<String> = (0..).zip(&names)
                    .map(|(i, name)| (format!("id-{i}"), [name.to_lowercase(), format!("id-{i}")]))
                    .filter(|(_, texts)| fits(texts)).map(|(id, _)| id).collect();
                let found = search.find(&snapshots, words, 1_000, Collections::ALL).unwrap();
                let id = |row| snapshots[0].asset(row).unwrap().id().to_owned();
                let told: BTreeSet<String> = found.iter().map(|f| id(f.row)).collect();
                prop_assert_eq!(&told, &expected, "{}", words);
                prop_assert_eq!(told.len(), found.len(), "none comes twice");
                let few = search.find(&snapshots, words, 3, Collections::ALL).unwrap();
                prop_assert_eq!(&few[..], &found[..found.len().min(3)], "fewer are the best of them");
                prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            }
        }
    }
}
