//! Real CityJSON files, read whole: what comes in, class by class, and that nothing is lost.

use crate::support::shared;
use cimbra::formats::{ReadOptions, SourceItem, SourceObject, reader_of};
use cimbra::geom::{Shape, closure, volume};
use std::collections::BTreeMap;
use std::path::Path;

struct Read {
    crs: Option<String>,
    objects: Vec<SourceObject>,
    refused: Vec<String>,
    notes: Vec<String>,
}

fn read(path: &Path) -> Read {
    let mut read = Read { crs: None, objects: Vec::new(), refused: Vec::new(), notes: Vec::new() };
    let reader = reader_of(path).unwrap();
    assert_eq!(reader.name(), "CityJSON", "{}", path.display());
    reader
        .read(path, &ReadOptions::default(), &mut |item| {
            match item {
                SourceItem::Frame(frame) => read.crs = frame.crs,
                SourceItem::Object(object) => read.objects.push(*object),
                SourceItem::Refused { object, reason } => read.refused.push(format!("{object}: {reason}")),
                SourceItem::Note(note) => read.notes.push(note),
                SourceItem::Picture(_) => {}
            }
            Ok(())
        })
        .unwrap();
    read
}

/// A file, the CRS it names and how many objects of each class it holds.
type File = (&'static str, Option<&'static str>, &'static [(&'static str, usize)]);

/// Counts taken from the files with Python's json module: objects by type.
const FILES: &[File] = &[
    (
        "delft.city.jsonl",
        Some("https://www.opengis.net/def/crs/EPSG/0/7415"),
        &[("building", 1115), ("building_part", 1116)],
    ),
    ("3dbag_99.city.jsonl", Some("urn:ogc:def:crs:EPSG::7415"), &[("building", 99), ("building_part", 100)]),
    (
        "delft.city.json",
        Some("https://www.opengis.net/def/crs/EPSG/0/7415"),
        &[
            ("building", 160),
            ("site", 81),
            ("road", 143),
            ("bridge", 3),
            ("water_body", 3),
            ("vegetation", 126),
            ("other_construction", 54),
        ],
    ),
    (
        "zurich_subset_lod2.city.json",
        Some("https://www.opengis.net/def/crs/EPSG/0/2056"),
        &[("building", 49), ("building_part", 161)],
    ),
    ("rotterdam_subset.city.json", None, &[("building", 16)]),
];

#[test]
fn every_object_of_the_real_files_comes_in() {
    let Some(shared) = shared() else { return };
    for (file, crs, expected) in FILES {
        let read = read(&shared.join("data/cityjson").join(file));
        assert_eq!(read.refused, Vec::<String>::new(), "{file}");
        assert_eq!(read.crs.as_deref(), *crs, "{file}");
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        read.objects.iter().for_each(|o| *counts.entry(o.class.name()).or_default() += 1);
        assert_eq!(counts, expected.iter().copied().collect(), "{file}");
        eprintln!("{file}: {counts:?}; {:?}", read.notes);
        let ids: std::collections::HashSet<_> = read.objects.iter().map(|o| &o.id).collect();
        for object in &read.objects {
            assert!(object.parent.as_ref().is_none_or(|p| ids.contains(p)), "{file}: {} hangs in the air", object.id);
            if let Shape::Faces { faces, solid: true } = &object.shape {
                assert!(closure(faces, 1e-3).is_closed() && volume(faces) > 0.0, "{file}: {}", object.id);
            }
        }
    }
}

#[test]
fn delft_keeps_its_levels_footprints_parents_and_attributes() {
    let Some(shared) = shared() else { return };
    let read = read(&shared.join("data/cityjson/delft.city.jsonl"));
    let solids = read.objects.iter().filter(|o| matches!(o.shape, Shape::Faces { solid: true, .. })).count();
    assert!(solids >= 1107, "of the 1,116 solids of level 2.2 at most 9 have slits: {solids}");
    for object in &read.objects {
        let part = object.class.name() == "building_part";
        assert_eq!(object.parent.is_some(), part);
        assert!(part || !object.footprint.is_empty() || matches!(object.shape, Shape::Areas(_)), "{}", object.id);
        let lod = object.attributes.iter().find(|(n, _)| n == "lod").map(|(_, v)| format!("{v:?}"));
        assert_eq!(lod, Some(format!("Text(\"{}\")", if part { "2.2" } else { "0" })));
        assert!(part || object.attributes.len() > 40, "{} has {} attributes", object.id, object.attributes.len());
    }
}
