//! Lines of bounded length, counted from 1.

use crate::fault::{Fault, Kind, Result};
use std::io::{BufRead, Read};

/// The longest line taken, in bytes.
pub(super) const LONGEST_LINE: usize = 64 << 20;

/// Reads a file line by line without ever holding more than one bounded line.
pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: usize,
    limit: usize,
}

/// What the next line is.
pub(super) enum Line<'a> {
    /// A line without its end.
    Whole(&'a [u8]),
    /// The line goes on beyond the limit; its beginning is kept for `into_rest`.
    TooLong,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R, limit: usize) -> Self {
        Self { input, line: Vec::new(), number: 0, limit }
    }
    /// The next line; nothing at the end of the file.
    pub fn next(&mut self) -> Result<Option<Line<'_>>> {
        self.line.clear();
        let read = (&mut self.input)
            .take(self.limit as u64 + 1)
            .read_until(b'\n', &mut self.line)
            .map_err(|e| Fault::io("reading", &e))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.ends_with(b"\n") {
            self.line.pop();
        } else if self.line.len() > self.limit {
            return Ok(Some(Line::TooLong));
        }
        Ok(Some(Line::Whole(&self.line)))
    }
    /// The next line with content, without surrounding blanks, a byte order mark or the record separator of RFC 8142.
    pub fn next_record(&mut self) -> Result<Option<(usize, &[u8])>> {
        // A plain loop that returns a borrow of self is refused by today's borrow checker: look first, then borrow.
        loop {
            match self.next()? {
                None => return Ok(None),
                Some(Line::TooLong) => return Err(too_long(self.number, self.limit)),
                Some(Line::Whole(line)) if record(line).is_empty() => {}
                Some(Line::Whole(_)) => break,
            }
        }
        Ok(Some((self.number, record(&self.line))))
    }
    /// The rest of the file behind the line just given.
    pub fn into_rest(self) -> (Vec<u8>, R) {
        (self.line, self.input)
    }
}

fn too_long(number: usize, limit: usize) -> Fault {
    Fault::new(Kind::TooLarge, format!("line {number} is longer than {} MiB", limit >> 20))
}

fn record(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    line.strip_prefix(b"\x1e").unwrap_or(line).trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_cleaned_and_counted_and_a_long_line_is_named() {
        let mut lines = Lines::new(&b"\xef\xbb\xbf {1}\r\n\n\x1e{2}\n{3}"[..], 10);
        let mut seen = Vec::new();
        while let Some((n, line)) = lines.next_record().unwrap() {
            seen.push((n, String::from_utf8(line.to_vec()).unwrap()));
        }
        assert_eq!(seen, [(1, "{1}".into()), (3, "{2}".into()), (4, "{3}".into())]);
        let fault = Lines::new(&b"short\n0123456789012345\n"[..], 10);
        let mut fault = fault;
        assert!(fault.next_record().unwrap().is_some());
        assert!(fault.next_record().unwrap_err().detail.contains("line 2"));
    }
}
