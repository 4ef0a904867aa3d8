//! Nested arrays of numbers: boundaries and semantic values.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// How deep plain arrays nest: those of a MultiSolid five times.
const DEEPEST: usize = 8;

/// Such arrays as the text has them: most of a file's are of levels of detail that nobody draws.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(super) struct Unread(Option<Box<RawValue>>);

impl Unread {
    /// Whether there is anything.
    pub const fn is_there(&self) -> bool {
        self.0.is_some()
    }
    /// What the text says in some form of its own; nothing where it does not have that.
    pub fn parsed<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.0.as_deref()?.get()).ok()
    }
    /// The arrays; none are an empty one.
    pub fn read(&self) -> Nested {
        let Some(text) = self.0.as_deref().map(RawValue::get) else { return Nested::default() };
        match plain(&mut text.as_bytes(), DEEPEST) {
            Some(Item::List(nested)) => nested,
            // What is not plain is looked at with more patience.
            _ => serde_json::from_str(text).unwrap_or(Nested::Broken),
        }
    }
}

/// `null` among numbers.
pub(super) const NOTHING: u32 = u32::MAX;

/// Nested arrays of numbers: boundaries and semantic values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Nested {
    /// Numbers; [`NOTHING`] for null.
    Numbers(Vec<u32>),
    /// Arrays.
    Lists(Vec<Nested>),
    /// Something else: a text, a negative or broken number, numbers beside arrays.
    Broken,
}

impl Default for Nested {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl Nested {
    /// The arrays inside; an empty array is of any depth.
    pub fn lists(&self) -> Option<&[Self]> {
        match self {
            Self::Lists(lists) => Some(lists),
            Self::Numbers(numbers) if numbers.is_empty() => Some(&[]),
            _ => None,
        }
    }
    /// The numbers inside.
    pub fn numbers(&self) -> Option<&[u32]> {
        if let Self::Numbers(numbers) = self { Some(numbers) } else { None }
    }
}

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Item::deserialize(from)? {
            Item::List(nested) => nested,
            // `"values": null` says nothing of every surface.
            Item::Number(NOTHING) => Self::default(),
            Item::Number(_) | Item::Broken => Self::Broken,
        })
    }
}

enum Item {
    Number(u32),
    List(Nested),
    Broken,
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyItem)
    }
}

/// The items of an array so far.
#[derive(Default)]
struct Gathered {
    numbers: Vec<u32>,
    lists: Vec<Nested>,
    broken: bool,
}

impl Gathered {
    fn take(&mut self, item: Item) {
        let Self { numbers, lists, broken } = self;
        match item {
            // A null among arrays (the semantic values of a shell that has none) is an empty array.
            Item::Number(NOTHING) if !lists.is_empty() => lists.push(Nested::default()),
            Item::Number(n) => numbers.push(n),
            Item::List(list) => {
                if numbers.iter().all(|n| *n == NOTHING) {
                    lists.extend(numbers.drain(..).map(|_| Nested::default()));
                }
                lists.push(list);
            }
            Item::Broken => *broken = true,
        }
    }
    fn end(self) -> Nested {
        match (self.numbers.is_empty(), self.lists.is_empty()) {
            _ if self.broken => Nested::Broken,
            (_, true) => Nested::Numbers(self.numbers),
            (true, false) => Nested::Lists(self.lists),
            (false, false) => Nested::Broken,
        }
    }
}

/// An item of the plain kind: whole numbers, null and arrays of them; nothing of any other. `text` is JSON and goes on behind it.
fn plain(text: &mut &[u8], deep: usize) -> Option<Item> {
    *text = text.trim_ascii_start();
    match text.split_first()? {
        (b'[', rest) => {
            *text = rest.trim_ascii_start();
            let mut gathered = Gathered::default();
            let mut behind = text.strip_prefix(b"]");
            while behind.is_none() {
                gathered.take(plain(text, deep.checked_sub(1)?)?);
                *text = text.trim_ascii_start();
                behind = text.strip_prefix(b"]");
                if behind.is_none() {
                    *text = text.strip_prefix(b",")?;
                }
            }
            *text = behind?;
            Some(Item::List(gathered.end()))
        }
        (b'0'..=b'9', _) => {
            let mut number = 0_u32;
            while let Some((digit @ b'0'..=b'9', rest)) = text.split_first() {
                number = number.checked_mul(10)?.checked_add(u32::from(digit - b'0'))?;
                *text = rest;
            }
            let whole = !matches!(text.first(), Some(b'.' | b'e' | b'E'));
            (whole && number != NOTHING).then_some(Item::Number(number))
        }
        _ => {
            *text = text.strip_prefix(b"null")?;
            Some(Item::Number(NOTHING))
        }
    }
}

struct AnyItem;

impl<'de> Visitor<'de> for AnyItem {
    type Value = Item;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("numbers or arrays")
    }
    fn visit_u64<E>(self, v: u64) -> Result<Item, E> {
        Ok(u32::try_from(v).ok().filter(|n| *n != NOTHING).map_or(Item::Broken, Item::Number))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_str<E>(self, _: &str) -> Result<Item, E> {
        Ok(Item::Broken)
    }
    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item::Number(NOTHING))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Item, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Item::Broken)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Item, A::Error> {
        let mut gathered = Gathered::default();
        while let Some(item) = items.next_element()? {
            gathered.take(item);
        }
        Ok(Item::List(gathered.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plain arrays are read apart from others; both ways must say the same.
    #[test]
    fn plain_arrays_are_what_a_json_reader_makes_of_them() {
        for text in [
            "[]",
            "[ ]",
            "[[]]",
            "[[[1,2,3]]]",
            " [ [ [ 0 , 4294967294 ] , [ 7 ] ] ]",
            "[null,[1]]",
            "[[1],null]",
            "[null,1,null]",
            "[1,[2]]",
            "[[1],2]",
            "[[[[[[[[[[1]]]]]]]]]]",
            "[4294967295]",
            "[99999999999]",
            "[1.0]",
            "[1e3,2]",
            "[-1]",
            "[\"1\",2]",
            "[true]",
            "[{\"a\":[1]}]",
            "3",
            "null",
            "\"x\"",
        ] {
            let unread: Unread = serde_json::from_str(text).unwrap();
            let slow: Nested = serde_json::from_str(text).unwrap();
            assert_eq!(unread.read(), slow, "{text}");
        }
        let plain_one = plain(&mut "[[[1,2,3]]]".as_bytes(), DEEPEST);
        assert!(matches!(plain_one, Some(Item::List(Nested::Lists(_)))));
        assert_eq!(Unread::default().read(), Nested::default());
    }
}
