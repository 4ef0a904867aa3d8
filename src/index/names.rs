//! Texts to rows: a multimap by hash, for ids, for parents and for the versions of the past.

use super::{Level, Levels};

/// The hash that stands for `text`; texts may share one.
pub fn key(text: &str) -> u32 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes()) as u32
}

/// Pairs of hash and row, sorted: eight bytes an entry.
#[derive(Debug)]
pub struct Sorted(Box<[(u32, u32)]>);

impl Level for Sorted {
    type Entry = (u32, u32);
    fn build(mut entries: Vec<(u32, u32)>) -> Self {
        entries.sort_unstable();
        entries.dedup();
        Self(entries.into_boxed_slice())
    }
    fn entries(&self) -> Vec<(u32, u32)> {
        self.0.to_vec()
    }
    fn count(&self) -> usize {
        self.0.len()
    }
}

/// A multimap from texts to rows, grown by batches of `(key(text), row)`.
pub type Names = Levels<Sorted>;

impl Names {
    /// Rows that were entered under `text`, newest batch first; some may be of another text or no longer there,
    /// and one may come twice.
    pub fn candidates<'a>(&'a self, text: &str) -> impl Iterator<Item = u32> + 'a {
        let key = key(text);
        let mut levels: Vec<&Sorted> = self.iter().collect();
        levels.reverse();
        levels.into_iter().flat_map(move |level| {
            let first = start(&level.0, key);
            level.0.get(first..).unwrap_or_default().iter().take_while(move |e| e.0 == key).map(|e| e.1)
        })
    }
}

/// The first place in `sorted` whose key is not below `key`. Hashes lie evenly, so a guess by proportion lands within
/// a few dozen entries of it; what remains is a binary search in one or two cache lines.
fn start(sorted: &[(u32, u32)], key: u32) -> usize {
    let guess = ((u64::from(key) * sorted.len() as u64) >> 32) as usize;
    let below = |i: usize| sorted.get(i).is_some_and(|e| e.0 < key);
    let (mut low, mut high, mut step) = (guess, guess, 16);
    while low > 0 && !below(low) {
        low = low.saturating_sub(step);
        step *= 2;
    }
    step = 16;
    while below(high) {
        high = (high + step).min(sorted.len());
        step *= 2;
    }
    low + sorted.get(low..high).unwrap_or_default().partition_point(|e| e.0 < key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_leads_to_its_rows_over_many_batches() {
        let mut names = Names::default();
        for batch in 0..300u32 {
            names.add((0..=batch % 40).map(|i| (key(&format!("{batch}/{i}")), batch * 100 + i)).collect());
        }
        for batch in 0..300u32 {
            for i in 0..=batch % 40 {
                assert!(names.candidates(&format!("{batch}/{i}")).any(|r| r == batch * 100 + i), "{batch}/{i}");
            }
        }
        assert_eq!(names.candidates("路灯").count(), 0);
    }

    #[test]
    fn the_guess_finds_the_first_of_equal_keys_anywhere() {
        let sorted: Vec<(u32, u32)> = (0..5000u32).map(|i| (i / 7 * 3, i)).chain([(u32::MAX, 1)]).collect();
        for key in (0..3000).chain([u32::MAX, u32::MAX - 1]) {
            assert_eq!(start(&sorted, key), sorted.partition_point(|e| e.0 < key), "{key}");
        }
        assert_eq!(start(&[], 5), 0);
    }
}
