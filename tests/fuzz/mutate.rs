//! The mutator that every fuzz target shares: it breaks sound files the way disks, networks and enemies do.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Makes broken files from sound ones; the same seeds give the same files.
pub struct Mutator {
    rng: ChaCha8Rng,
    seeds: Vec<Vec<u8>>,
    words: &'static [&'static str],
}

/// The longest case, bytes: long enough for every structure, short enough for hundreds of cases a second.
const LONGEST: usize = 1 << 18;
/// Numbers that break readers: beyond 32 and 64 bits, beyond doubles, lengths of 3 GB, negative and not quite numbers.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "2147483648",
    "3000000000",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "-9223372036854775809",
    "1e308",
    "1e309",
    "-1e400",
    "1e-400",
    "0.1",
    "1e15",
    "NaN",
    "Infinity",
    "null",
    "\"7\"",
    "[]",
    "{}",
];

impl Mutator {
    /// Begins with `seeds` and strews in `words`; `CIMBRA_FUZZ_SEED` (a number) makes another run.
    pub fn new(seeds: Vec<Vec<u8>>, words: &'static [&'static str]) -> Self {
        assert!(!seeds.is_empty());
        let seed = std::env::var("CIMBRA_FUZZ_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(2);
        Self { rng: ChaCha8Rng::seed_from_u64(seed), seeds, words }
    }
    /// The next broken file.
    pub fn next(&mut self) -> Vec<u8> {
        let i = self.rng.random_range(0..self.seeds.len());
        let mut bytes = self.seeds[i].clone();
        for _ in 0..self.rng.random_range(1..=5) {
            self.mutate(&mut bytes);
            bytes.truncate(LONGEST);
        }
        bytes
    }
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.at(bytes);
        match self.rng.random_range(0..12) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << self.rng.random_range(0..8)),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = self.rng.random()),
            2 => bytes.truncate(at),
            3 => {
                let range = self.range(bytes);
                bytes.drain(range);
            }
            4 => {
                let range = self.range(bytes);
                let copy = bytes[range].to_vec();
                bytes.splice(at..at, copy);
            }
            5 => {
                let i = self.rng.random_range(0..self.seeds.len());
                let other = self.seeds[i].clone();
                let range = self.range(&other);
                bytes.splice(at..at, other[range].iter().copied());
            }
            6 | 7 => self.number(bytes, at),
            8 => {
                let open = *self.one(&[&b"["[..], b"{\"a\":", b"(", b"{", b"\""]);
                let deep = *self.one(&[1, 7, 130, 5000, 60_000]);
                bytes.splice(at..at, open.iter().copied().cycle().take(deep * open.len()));
            }
            9 if !self.words.is_empty() => {
                let word = *self.one(self.words);
                bytes.splice(at..at, word.bytes());
            }
            10 => self.rename(bytes, at),
            _ => {
                let line = bytes[at..].iter().position(|b| *b == b'\n').map_or(at, |n| at + n);
                let tail = bytes.split_off(line);
                let cut = self.at(&tail);
                bytes.extend_from_slice(&tail[cut..]);
                bytes.extend_from_slice(&tail[..cut]);
            }
        }
    }
    /// Puts a wicked number in the place of the next number.
    fn number(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let digit = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
        let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|n| at + n) else { return };
        let end = bytes[start..].iter().position(|b| !digit(b)).map_or(bytes.len(), |n| start + n);
        let number = *self.one(NUMBERS);
        bytes.splice(start..end, number.bytes());
    }
    /// Puts a word of the format in the place of the next quoted word: the structure stays sound, its meaning does not.
    fn rename(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let quote = |b: &u8| *b == b'"' || *b == b'\'';
        let Some(start) = bytes[at..].iter().position(quote).map(|n| at + n + 1) else { return };
        let Some(end) = bytes[start..].iter().position(quote).map(|n| start + n) else { return };
        if !self.words.is_empty() {
            let word = self.one(self.words).trim_matches('"');
            bytes.splice(start..end, word.bytes());
        }
    }
    fn at(&mut self, bytes: &[u8]) -> usize {
        self.rng.random_range(0..=bytes.len())
    }
    fn range(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.at(bytes);
        let longest = (bytes.len() - start).min(*self.one(&[4, 64, 4096, LONGEST]));
        start..start + self.rng.random_range(0..=longest)
    }
    fn one<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.rng.random_range(0..from.len())]
    }
}
