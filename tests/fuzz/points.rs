//! LAS and LAZ: headers, records, points and how they are packed.

use super::Target;
use crate::support::las::las;
use cimbra::formats::points::Cloud;
use std::path::Path;

/// Reads one case; gives how many points there were.
pub fn drive(case: &Path) -> usize {
    let mut found = 0;
    let read = Cloud::open(case).and_then(|mut cloud| {
        let whole = cloud.about.points;
        cloud.read(&mut |batch| {
            found += batch.len();
            assert!(batch.len() <= 1 << 16);
            Ok(())
        })?;
        assert_eq!(found as u64 + cloud.withheld, whole, "every point is given or withheld");
        Ok(())
    });
    if let Err(fault) = read {
        assert!(fault.to_string().len() < 4000);
    }
    found
}

#[test]
fn any_bytes_are_read_or_refused() {
    let seeds = [(0, false), (1, true), (3, true), (6, false), (6, true), (7, true), (8, true)];
    let seeds = seeds.iter().map(|(format, packed)| las(*format, *packed, 400)).collect();
    let words = &["LASF", "LASF_Projection", "laszip encoded", "\0\0\0\0", "\u{1}\0\0\0", "\u{7f}\u{7f}\u{7f}\u{7f}"];
    let test = "fuzz::points::any_bytes_are_read_or_refused";
    Target { test, reader: "LAS", ending: "las", seeds, words }.run();
}
