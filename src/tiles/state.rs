//! Live state beside tiles as a compact binary: who shows a city by its features' ids reads what is true of them just now.
//!
//! Media type `application/octet-stream`, little-endian throughout. A *varint* is an unsigned LEB128: seven bits a byte, least
//! first, the high bit set on all but the last. *Zigzag* maps 0, -1, 1, -2, … to 0, 1, 2, 3, …. A *text* is a varint of its length
//! in bytes, then UTF-8.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | `CLST` |
//! | 4 | 1 | version, 1 |
//! | 5 | 1 | flags: bit 0 is set in a delta (`?since=`), where a feature without an alarm means that its alarm may be over |
//! | 6 | 2 | 0 |
//! | 8 | 8 | sequence number to go on from, `u64` |
//! | 16 | 4 | number of properties, `u32` |
//! | 20 | 4 | number of features, `u32` |
//! | 24 | | the properties, each a text of its name and a text of its unit (UCUM) |
//! | | | the features, in the order of their ids' bytes |
//!
//! A feature:
//!
//! | what | form |
//! |---|---|
//! | how many bytes of its id are those of the id before (0 for the first) | varint |
//! | the rest of its id | text (whose bytes may begin within a character) |
//! | severity of its worst alarm: 0 none, 1 warning, 2 minor, 3 major, 4 critical | `u8` |
//! | only where there is one: what last happened to it: 0 raised, 1 updated, 2 acknowledged, 3 cleared | `u8` |
//! | only where there is one: the alarm's id | varint |
//! | number of values | varint |
//! | each value: `8 p + 4 t + k`, with `p` the property's place, from 0; `t` 1 where the time is that of the value before in the file | varint |
//! | the number: `k` 0 is an `f32`, 1 an `f64`, 2 a zigzag varint of thousandths (divide by 1000) | |
//! | only where `t` is 0: milliseconds since the time of the value before in the file, the first since 1970 UTC | zigzag varint |
//!
//! No number is changed: the first form that gives it back exactly is taken of thousandths (up to 2^20 of them), `f32`, `f64`.

use crate::model::{AlarmState, AssetId, Severity};
use crate::store::{AssetState, StateValue};
use std::collections::HashMap;

/// The media type of the binary.
pub const MEDIA: &str = "application/octet-stream";
/// So many thousandths take at most three bytes.
const MOST_THOUSANDTHS: f64 = 1_048_576.0;

/// The states of features by id, with the sequence number to go on from; `delta` for what changed only.
pub fn encode(seq: u64, delta: bool, states: &[(AssetId, AssetState)]) -> Vec<u8> {
    let mut sorted: Vec<_> = states.iter().collect();
    sorted.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let (mut table, mut features) = (Table::default(), Vec::new());
    let (mut last_id, mut last_time): (&[u8], i64) = (&[], 0);
    for (id, state) in &sorted {
        let shared = id.bytes().zip(last_id).take_while(|(a, b)| a == *b).count();
        varint(&mut features, shared as u64);
        text(&mut features, id.as_bytes().get(shared..).unwrap_or_default());
        last_id = id.as_bytes();
        match state.alarm {
            None => features.push(0),
            Some(mark) => {
                features.extend([severity(mark.severity), happened(mark.state)]);
                varint(&mut features, mark.id);
            }
        }
        varint(&mut features, state.values.len() as u64);
        for value in &state.values {
            let place = table.place(value);
            number(&mut features, place, value.value, value.time.0 == last_time);
            if value.time.0 != last_time {
                varint(&mut features, zigzag(value.time.0.wrapping_sub(last_time)));
            }
            last_time = value.time.0;
        }
    }
    let mut out = b"CLST".to_vec();
    out.extend([1, u8::from(delta), 0, 0]);
    out.extend(seq.to_le_bytes());
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    out.extend(count(table.places.len()));
    out.extend(count(sorted.len()));
    out.extend(table.texts);
    out.extend(features);
    out
}

/// The properties met so far.
#[derive(Default)]
struct Table<'a> {
    places: HashMap<(&'a str, &'a str), u64>,
    texts: Vec<u8>,
}

impl<'a> Table<'a> {
    /// The place of a value's property, which is put in where it is new.
    fn place(&mut self, value: &'a StateValue) -> u64 {
        let next = self.places.len() as u64;
        let texts = &mut self.texts;
        *self.places.entry((&value.property, &value.unit)).or_insert_with(|| {
            text(texts, value.property.as_bytes());
            text(texts, value.unit.as_bytes());
            next
        })
    }
}

/// What stands before a number, and the number in the shortest form that gives it back.
fn number(out: &mut Vec<u8>, place: u64, value: f64, same_time: bool) {
    let head = 8 * place + 4 * u64::from(same_time);
    let thousandths = (value * 1000.0).round();
    if thousandths.abs() < MOST_THOUSANDTHS {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 21 bits")]
        let whole = thousandths as i64;
        // Bits, and of the whole number: a negative zero is none.
        #[expect(clippy::cast_precision_loss, reason = "a whole number of at most 21 bits")]
        let again = whole as f64 / 1000.0;
        if again.to_bits() == value.to_bits() {
            varint(out, head + 2);
            return varint(out, zigzag(whole));
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "taken only where it gives the number back")]
    let short = value as f32;
    if f64::from(short).to_bits() == value.to_bits() {
        varint(out, head);
        out.extend(short.to_le_bytes());
    } else {
        varint(out, head + 1);
        out.extend(value.to_le_bytes());
    }
}

const fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::Warning => 1,
        Severity::Minor => 2,
        Severity::Major => 3,
        Severity::Critical => 4,
    }
}

const fn happened(state: AlarmState) -> u8 {
    match state {
        AlarmState::Raised => 0,
        AlarmState::Updated => 1,
        AlarmState::Acknowledged => 2,
        AlarmState::Cleared => 3,
    }
}

#[expect(clippy::cast_sign_loss, reason = "the bits are what is meant")]
const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Collection;
    use crate::store::AlarmMark;
    use crate::units::Instant;

    fn value(property: &str, value: f64, time: i64) -> StateValue {
        StateValue { property: property.into(), unit: "1".into(), value, time: Instant(time) }
    }

    #[test]
    fn bytes_are_those_of_the_document() {
        let (severity, collection) = (Severity::Critical, Collection::Devices);
        let mark = AlarmMark { id: 300, severity, state: AlarmState::Acknowledged, collection };
        let second = AssetState { values: vec![value("p", 0.12, 5), value("q", 0.5, 5)], alarm: None };
        let states = [
            ("ab2".into(), second),
            ("ab1".into(), AssetState { values: vec![value("p", f64::MIN_POSITIVE, 7)], alarm: Some(mark) }),
        ];
        let mut wanted = b"CLST\x01\x01\0\0".to_vec();
        wanted.extend([9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]);
        wanted.extend(b"\x01p\x011\x01q\x011");
        wanted.extend(b"\x00\x03ab1\x04\x02\xac\x02\x01\x01");
        wanted.extend(f64::MIN_POSITIVE.to_le_bytes());
        // 7 ms after 1970; then "ab" shared and "2"; no alarm; two values: 120 thousandths, 2 ms earlier; 500, at the same time.
        wanted.extend([14, 2, 1, b'2', 0, 2, 2, 0xf0, 1, 3, 14, 0xe8, 7]);
        assert_eq!(encode(9, true, &states), wanted);
    }

    #[test]
    fn numbers_come_back_in_the_shortest_form() {
        let form = |value: f64| {
            let mut out = Vec::new();
            number(&mut out, 0, value, true);
            (out[0] & 3, out.len())
        };
        assert_eq!(form(0.0), (2, 2));
        assert_eq!(form(-0.0), (0, 5), "a negative zero is no thousandth");
        assert_eq!(form(21.375), (2, 4));
        assert_eq!(form(1_048_576.0), (0, 5));
        assert_eq!(form(std::f64::consts::PI), (1, 9));
        assert_eq!(form(f64::NAN), (0, 5));
        assert_eq!((zigzag(-1), zigzag(i64::MIN)), (1, u64::MAX));
    }
}
