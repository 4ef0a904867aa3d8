//! Point clouds that cannot be taken: each is one error with its reason, and nothing of it stays.

use super::import;
use crate::support::las::las;
use std::path::Path;

/// The file with `bytes` at `at`.
fn with(mut file: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

fn u32_at(file: &[u8], at: usize) -> usize {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize
}

#[test]
fn a_bad_cloud_is_one_error_with_its_reason_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (plain, packed, layered) = (las(3, false, 500), las(3, true, 500), las(7, true, 500));
    let start = u32_at(&plain, 96);
    let item = packed.windows(6).position(|w| w == b"laszip").unwrap() + 52;
    let chunk = u32_at(&layered, 96) + 8;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("only a name", b"LASF".to_vec(), "not whole"),
        ("a header cut short", plain[..200].to_vec(), "not whole"),
        ("LAS 2", with(plain.clone(), 24, &[2, 0]), "LAS 2.0"),
        ("format 11", with(plain.clone(), 104, &[11]), "format 11"),
        ("points too short", with(plain.clone(), 105, &[20, 0]), "points of 20 bytes"),
        ("one point too many", with(plain.clone(), 107, &501_u32.to_le_bytes()), "501 points and 500 are there"),
        ("one point too few", with(plain.clone(), 107, &499_u32.to_le_bytes()), "499 points and 500 are there"),
        ("cut in the points", plain[..start + 34 * 250 + 7].to_vec(), "500 points and 250 are there"),
        ("no point", with(plain[..start].to_vec(), 107, &[0; 4]), "has no points"),
        ("a scale of nothing", with(plain.clone(), 131, &[0; 8]), "a scale or an offset of 0"),
        ("an offset that is no number", with(plain.clone(), 155, &f64::NAN.to_le_bytes()), "NaN"),
        ("records without end", with(plain.clone(), 100, &u32::MAX.to_le_bytes()), "records of variable length"),
        ("a record that is too long", with(plain.clone(), 235 + 20, &[255, 255]), "reaches beyond"),
        ("points beyond the end", with(plain.clone(), 96, &u32::MAX.to_le_bytes()), "begin beyond its end"),
        ("no CRS", with(plain.clone(), 235 + 2, b"nobody"), "--crs EPSG:n"),
        ("no packing", with(packed.clone(), item - 52, b"nobody"), "does not say how its points are packed"),
        ("no items", with(packed.clone(), item + 32, &[0, 0]), "unsound record"),
        ("a strange packing", with(packed.clone(), item, &[9, 0]), "unsound record"),
        ("packed points cut short", packed[..packed.len() / 2].to_vec(), "not whole"),
        ("packed points too many", with(packed.clone(), 107, &900_000_u32.to_le_bytes()), "not whole"),
        ("layers cut short", layered[..layered.len() / 2].to_vec(), "not whole"),
        ("a layer of gigabytes", with(layered.clone(), chunk + 36 + 8, &u32::MAX.to_le_bytes()), "is not whole"),
        ("a stray point", with(plain.clone(), start + 34 * 9, &(-250_000_000_i32).to_le_bytes()), "over 200 km"),
    ];
    let (store, mut wrong) = (dir.path().join("store"), Vec::new());
    for (name, bytes, said) in cases {
        let file = dir.path().join("case.las");
        std::fs::write(&file, bytes).unwrap();
        let (code, report, told) = import(&file, &store, &[]);
        let error = report["files"][0]["error"].as_str().unwrap_or_default();
        if code == Some(0) || !error.contains(said) || error.contains('\n') || error.len() > 1000 || !is_empty(&store) {
            wrong.push(format!("{name}: {code:?} {error} {told}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether a store has neither sites nor anything half done.
fn is_empty(store: &Path) -> bool {
    let entries = |folder: &str| std::fs::read_dir(store.join(folder)).map_or(0, Iterator::count);
    ["sites", "scratch", "sources"].map(entries) == [0; 3]
}

#[test]
fn a_cloud_cut_anywhere_or_with_any_byte_turned_is_refused_or_read_whole() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("case.laz");
    for (format, packed) in [(1, false), (3, true), (6, true), (7, true)] {
        let whole = las(format, packed, 300);
        let mut refused = 0;
        for k in 0..400 {
            let at = k * whole.len() / 400;
            let cut = k % 2 == 0;
            let case = if cut { whole[..at].to_vec() } else { with(whole.clone(), at, &[!whole[at]]) };
            std::fs::write(&file, case).unwrap();
            let read = cimbra::formats::points::Cloud::open(&file).and_then(|mut cloud| {
                let mut count = 0;
                cloud.read(&mut |batch| {
                    count += batch.len() as u64;
                    Ok(())
                })?;
                assert_eq!(count + cloud.withheld, cloud.about.points);
                Ok(())
            });
            assert!(!(cut && read.is_ok()), "format {format} cut at {at} of {}", whole.len());
            refused += usize::from(read.is_err());
        }
        assert!(refused >= 200, "format {format}: {refused}");
    }
}
