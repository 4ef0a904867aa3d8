//! The bytes of a Mapbox Vector Tile 2.1 layer: protocol buffers, written by hand.

use super::grid::EXTENT;
use super::shape::Drawn;
use std::collections::HashMap;

/// The value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// True or false.
    Bool(bool),
}

impl Value {
    /// A number in the shortest form: most readers know no difference between 2 and 2.0.
    pub fn number(number: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers under 2^53 are exact")]
        if number.fract() == 0.0 && number.abs() < 9e15 { Self::Int(number as i64) } else { Self::Float(number) }
    }
}

/// A property: its name and value.
pub type Tag = (String, Value);

/// The most bytes that a property can take in a layer.
pub const fn weight((name, value): &Tag) -> usize {
    let value = if let Value::Text(text) = value { text.len() } else { 10 };
    name.len() + value + 24
}

/// A value as something that is equal when the value is.
#[derive(PartialEq, Eq, Hash)]
enum Same {
    Text(String),
    Int(i64),
    Float(u64),
    Bool(bool),
}

/// One layer while features come (Vector Tile Specification 2.1 §4.1); keys and values are written once each.
pub struct Layer {
    name: String,
    features: Vec<u8>,
    /// Keys and values as they leave.
    words: Vec<u8>,
    keys: HashMap<String, u64>,
    values: HashMap<Same, u64>,
    count: usize,
}

impl Layer {
    /// A layer of this name without features.
    pub fn new(name: &str) -> Self {
        let (features, words) = (Vec::new(), Vec::new());
        Self { name: name.to_owned(), features, words, keys: HashMap::new(), values: HashMap::new(), count: 0 }
    }
    /// How many features it has.
    pub const fn len(&self) -> usize {
        self.count
    }
    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.name.len() + self.features.len() + self.words.len() + 16
    }
    /// Adds a feature (§4.2): its number, its shape and its properties.
    pub fn add<'t>(&mut self, id: u64, shape: &Drawn, tags: impl Iterator<Item = &'t Tag>) {
        let (mut feature, mut packed) = (Vec::new(), Vec::new());
        whole(&mut feature, 1, id);
        for (key, value) in tags {
            varint(&mut packed, self.key(key));
            let value = self.value(value);
            varint(&mut packed, value);
        }
        if !packed.is_empty() {
            bytes(&mut feature, 2, &packed);
        }
        let (kind, geometry) = commands(shape);
        whole(&mut feature, 3, kind);
        packed.clear();
        geometry.into_iter().for_each(|number| varint(&mut packed, number.into()));
        bytes(&mut feature, 4, &packed);
        bytes(&mut self.features, 2, &feature);
        self.count += 1;
    }
    fn key(&mut self, key: &str) -> u64 {
        if let Some(number) = self.keys.get(key) {
            return *number;
        }
        let number = self.keys.len() as u64;
        self.keys.insert(key.to_owned(), number);
        bytes(&mut self.words, 3, key.as_bytes());
        number
    }
    fn value(&mut self, value: &Value) -> u64 {
        let same = match value {
            Value::Text(text) => Same::Text(text.clone()),
            Value::Int(number) => Same::Int(*number),
            Value::Float(number) => Same::Float(number.to_bits()),
            Value::Bool(is) => Same::Bool(*is),
        };
        if let Some(number) = self.values.get(&same) {
            return *number;
        }
        let number = self.values.len() as u64;
        self.values.insert(same, number);
        let mut message = Vec::new();
        match value {
            Value::Text(text) => bytes(&mut message, 1, text.as_bytes()),
            Value::Float(number) => {
                varint(&mut message, 3 << 3 | 1);
                message.extend(number.to_le_bytes());
            }
            Value::Int(number) => match u64::try_from(*number) {
                Ok(number) => whole(&mut message, 5, number),
                // Zigzag, so that small negative numbers are short.
                Err(_) => whole(&mut message, 6, ((number << 1) ^ (number >> 63)).cast_unsigned()),
            },
            Value::Bool(is) => whole(&mut message, 7, (*is).into()),
        }
        bytes(&mut self.words, 4, &message);
        number
    }
    /// Appends the layer to a tile; a layer without features is left out, as the specification asks (§4.1).
    pub fn finish(self, tile: &mut Vec<u8>) {
        if self.count == 0 {
            return;
        }
        let mut layer = Vec::with_capacity(self.bytes());
        whole(&mut layer, 15, 2);
        bytes(&mut layer, 1, self.name.as_bytes());
        layer.extend(self.features);
        layer.extend(self.words);
        whole(&mut layer, 5, EXTENT.into());
        bytes(tile, 3, &layer);
    }
}

/// The kind of a geometry and its commands (§4.3).
fn commands(shape: &Drawn) -> (u64, Vec<u32>) {
    let (mut out, mut at) = (Vec::new(), [0; 2]);
    let mut go = |out: &mut Vec<u32>, [x, y]: [i32; 2]| {
        // Zigzag of the way from the last place.
        out.extend([x - at[0], y - at[1]].map(|d| ((d << 1) ^ (d >> 31)).cast_unsigned()));
        at = [x, y];
    };
    let command = |id: u32, count: usize| u32::try_from(count).unwrap_or(0) << 3 | id;
    let mut path = |out: &mut Vec<u32>, places: &[[i32; 2]], closed: bool| {
        let Some((first, rest)) = places.split_first() else { return };
        out.push(command(1, 1));
        go(out, *first);
        out.push(command(2, rest.len()));
        rest.iter().for_each(|place| go(out, *place));
        if closed {
            out.push(command(7, 1));
        }
    };
    match shape {
        Drawn::Point(place) => {
            out.push(command(1, 1));
            go(&mut out, *place);
            (1, out)
        }
        Drawn::Lines(lines) => {
            lines.iter().for_each(|line| path(&mut out, line, false));
            (2, out)
        }
        Drawn::Areas(areas) => {
            areas.iter().flatten().for_each(|ring| path(&mut out, ring, true));
            (3, out)
        }
    }
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "under 0x80")]
    out.push(number as u8);
}

fn whole(out: &mut Vec<u8>, field: u64, number: u64) {
    varint(out, field << 3);
    varint(out, number);
}

fn bytes(out: &mut Vec<u8>, field: u64, of: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, of.len() as u64);
    out.extend(of);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometries_are_the_specification_s_own_examples() {
        // §4.3.5: the examples of a point, a multi linestring and a polygon pair with a hole.
        assert_eq!(commands(&Drawn::Point([25, 17])), (1, vec![9, 50, 34]));
        let lines = Drawn::Lines(vec![vec![[2, 2], [2, 10], [10, 10]], vec![[1, 1], [3, 5]]]);
        assert_eq!(commands(&lines), (2, vec![9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8]));
        let areas = Drawn::Areas(vec![
            vec![vec![[0, 0], [10, 0], [10, 10], [0, 10]]],
            vec![vec![[11, 11], [20, 11], [20, 20], [11, 20]], vec![[13, 13], [13, 17], [17, 17], [17, 13]]],
        ]);
        let expected = vec![
            9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4, 13, 26, 0, 8, 8, 0, 0,
            7, 15,
        ];
        assert_eq!(commands(&areas), (3, expected));
    }

    #[test]
    fn a_layer_is_what_the_specification_s_own_example_says() {
        // §4.4.1 has three features of which two share a key and a value: each is written once.
        let mut layer = Layer::new("dogs");
        let tags = [("legs".to_owned(), Value::Int(4)), ("legs too".to_owned(), Value::Int(4))];
        layer.add(1, &Drawn::Point([1, 1]), tags.iter());
        layer.add(2, &Drawn::Point([1, 1]), tags.iter().take(1));
        assert_eq!((layer.keys.len(), layer.values.len(), layer.len()), (2, 1, 2));
        let mut tile = Vec::new();
        Layer::new("empty").finish(&mut tile);
        assert!(tile.is_empty());
        layer.finish(&mut tile);
        assert_eq!(&tile[..4], &[0x1a, u8::try_from(tile.len() - 2).unwrap(), 0x78, 2]);
    }
}
