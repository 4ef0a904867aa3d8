//! How many objects are in words that are only passed on: counted by the frames' heads, piece by piece.

use super::wire::OBJECTS;

/// Counts objects, refused ones too, in a stream of frames that comes in pieces of any size.
#[derive(Default)]
pub(super) struct Tally {
    /// Objects so far.
    pub objects: usize,
    /// The length of the frame that begins, as far as it has come.
    head: Vec<u8>,
    /// Bytes of the frame's body that are still to come.
    left: usize,
    /// Whether the next byte of the body is its first, which says what it is.
    first: bool,
}

impl Tally {
    /// Looks at the next piece.
    pub fn see(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            if self.left == 0 {
                self.head.push(*byte);
                bytes = rest;
                if let Ok(length) = <[u8; 4]>::try_from(&*self.head) {
                    (self.left, self.first) = (u32::from_le_bytes(length) as usize, true);
                    self.head.clear();
                }
                continue;
            }
            self.objects += usize::from(std::mem::take(&mut self.first) && OBJECTS.contains(byte));
            let here = self.left.min(bytes.len());
            self.left -= here;
            bytes = bytes.get(here..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::{Word, write};
    use super::*;
    use crate::formats::SourceItem;

    #[test]
    fn objects_are_counted_wherever_the_stream_is_cut() {
        let mut bytes = Vec::new();
        for n in 0..5 {
            // A text whose bytes look like other words' beginnings.
            let refused = SourceItem::Refused { object: format!("b{n}"), reason: "\u{1}\u{2}".repeat(n * 40) };
            write(&Word::Item(refused), &mut bytes).unwrap();
            write(&Word::Item(SourceItem::Note("n".into())), &mut bytes).unwrap();
        }
        write(&Word::Done, &mut bytes).unwrap();
        for piece in [1, 2, 3, 7, 64, bytes.len()] {
            let mut tally = Tally::default();
            bytes.chunks(piece).for_each(|piece| tally.see(piece));
            assert_eq!(tally.objects, 5, "pieces of {piece}");
        }
    }
}
