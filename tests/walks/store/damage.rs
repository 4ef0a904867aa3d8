//! Damaged files: a torn tail is cut off, damage inside is named, and wrong data is never shown.

use super::{asset, code, contents, dataset, origin};
use cimbra::fault::{Fault, Kind};
use cimbra::model::{Asset, AssetId};
use cimbra::store::Store;
use cimbra::units::Instant;
use std::path::{Path, PathBuf};

type Contents = Vec<(AssetId, Asset)>;

/// A store of a few small commits; gives the log, its bytes and the contents after each commit with the log's length then.
fn small(dir: &Path) -> (PathBuf, Vec<u8>, Vec<(usize, Contents)>) {
    let store = Store::open(dir).unwrap();
    let site = store.create_site(&code(), origin(), Instant(0)).unwrap();
    let log = dir.join("sites").join(code().as_str()).join("assets.log");
    let mut states = vec![(std::fs::read(&log).unwrap().len(), vec![])];
    for (n, ids) in [&["塔", "b"][..], &["b"], &["c"]].into_iter().enumerate() {
        let mut draft = site.draft(dataset("d")).unwrap();
        for id in ids {
            draft.put(asset(id, n as u32, &format!("tag {n}"))).unwrap();
        }
        if n == 2 {
            draft.remove("塔").unwrap();
        }
        draft.commit(Instant(n as i64)).unwrap();
        states.push((std::fs::read(&log).unwrap().len(), contents(&site.snapshot())));
    }
    let bytes = std::fs::read(&log).unwrap();
    (log, bytes, states)
}

/// Opens and reads everything; the first fault, or what is there.
fn read_all(dir: &Path) -> Result<Contents, Fault> {
    let store = Store::open(dir)?;
    let now = store.site(&code()).expect("the site is there").snapshot();
    for row in now.rows() {
        now.geometry(row)?;
        now.attributes(row)?;
    }
    Ok(contents(&now))
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let (log, bytes, states) = small(dir.path());
    for len in states[0].0..bytes.len() {
        std::fs::write(&log, &bytes[..len]).unwrap();
        let whole = states.iter().rfind(|(end, _)| *end <= len).unwrap();
        assert_eq!(read_all(dir.path()).unwrap(), whole.1, "cut at {len}");
        assert_eq!(std::fs::metadata(&log).unwrap().len(), whole.0 as u64, "cut at {len}");
    }
    // A tail that the disk filled with zeros or left from something else.
    for junk in [[0u8; 100], [0xa5; 100]] {
        std::fs::write(&log, [&bytes[..], &junk].concat()).unwrap();
        assert_eq!(read_all(dir.path()).unwrap(), states[3].1);
    }
}

#[test]
fn a_flipped_byte_is_named_and_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (log, bytes, states) = small(dir.path());
    let mut named = 0;
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&log, &flipped).unwrap();
        match read_all(dir.path()) {
            // Blobs that nothing current uses are not read here.
            Ok(there) => assert!(there == states[3].1, "flipped at {at}"),
            Err(fault) => {
                assert_eq!(fault.kind, Kind::Corrupt, "flipped at {at}: {fault}");
                assert!(fault.subject.as_ref().unwrap().ends_with("assets.log") && fault.remedy.is_some(), "{fault}");
                named += 1;
            }
        }
        assert!(std::fs::read(&log).unwrap() == flipped, "a damaged store is left as it is; flipped at {at}");
    }
    assert!(named * 10 > bytes.len() * 7, "{named} of {}", bytes.len());
}

#[test]
fn a_length_of_three_gigabytes_allocates_nothing_and_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (log, bytes, states) = small(dir.path());
    for at in states[0].0..bytes.len() - 8 {
        if &bytes[at..at + 4] == b"CmFr" {
            let mut long = bytes.clone();
            long[at + 8..at + 16].copy_from_slice(&3_000_000_000_u64.to_le_bytes());
            std::fs::write(&log, &long).unwrap();
            match read_all(dir.path()) {
                Ok(there) => panic!("{} assets with a length of 3 GB at {at}", there.len()),
                Err(fault) => assert_eq!(fault.kind, Kind::Corrupt, "{fault}"),
            }
        }
    }
}

#[test]
fn a_directory_that_is_no_store_and_a_newer_format_are_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("holiday.jpg"), "x").unwrap();
    assert_eq!(Store::open(dir.path()).unwrap_err().kind, Kind::BadInput);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was made in it");

    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    std::fs::write(dir.path().join("format"), "cimbra store 9\n").unwrap();
    let fault = Store::open(dir.path()).unwrap_err();
    assert!(fault.to_string().contains("cimbra store 9"), "{fault}");
    // The one before is read, and is the present one from then on.
    std::fs::write(dir.path().join("format"), "cimbra store 2\n").unwrap();
    drop(Store::open(dir.path()).unwrap());
    assert_eq!(std::fs::read_to_string(dir.path().join("format")).unwrap(), "cimbra store 3\n");
}

#[test]
fn a_site_whose_making_was_interrupted_is_not_there_and_can_be_made() {
    let dir = tempfile::tempdir().unwrap();
    let site = dir.path().join("sites").join(code().as_str());
    drop(Store::open(dir.path()).unwrap());
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(site.join("assets.new"), "CIMB").unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert!(store.sites().is_empty());
    store.create_site(&code(), origin(), Instant(1)).unwrap();
    drop(store);
    std::fs::rename(&site, site.with_file_name("320106003001.bak")).unwrap();
    assert_eq!(Store::open(dir.path()).unwrap_err().kind, Kind::Conflict, "a copy under another name");
}
