//! Short texts of a city's many assets in few pieces of memory, by number.

/// Texts in one piece.
const PIECE: usize = 1024;

/// Texts, each by the number that it was given.
#[derive(Default)]
pub(super) struct Words(Vec<Piece>);

#[derive(Default)]
struct Piece {
    text: String,
    /// Where each of its texts ends.
    ends: Vec<usize>,
}

impl Words {
    /// Takes a text; gives its number, the next one.
    pub fn push(&mut self, word: &str) -> u32 {
        if self.0.last().is_none_or(|last| last.ends.len() == PIECE) {
            self.0.last_mut().into_iter().for_each(|full| full.text.shrink_to_fit());
            self.0.push(Piece::default());
        }
        if let Some(last) = self.0.last_mut() {
            last.text.push_str(word);
            last.ends.push(last.text.len());
        }
        u32::try_from(self.len() - 1).unwrap_or(u32::MAX)
    }
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * PIECE + last.ends.len())
    }
    /// The text of a number; nothing of one that was not given.
    pub fn get(&self, number: u32) -> Option<&str> {
        let (piece, at) = (self.0.get(number as usize / PIECE)?, number as usize % PIECE);
        let start = if at == 0 { 0 } else { *piece.ends.get(at - 1)? };
        piece.text.get(start..*piece.ends.get(at)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_by_their_numbers() {
        let mut words = Words::default();
        let all: Vec<String> = (0..2500).map(|i| "楼".repeat(i % 5) + &i.to_string()).collect();
        let numbers: Vec<u32> = all.iter().map(|word| words.push(word)).collect();
        assert!(numbers.iter().zip(&all).all(|(number, word)| words.get(*number) == Some(word)));
        assert_eq!((words.len(), words.get(2500), Words::default().get(0)), (2500, None, None));
    }
}
