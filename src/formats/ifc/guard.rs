//! What is refused before the IFC engine sees a byte: files too large, cut short, or nested beyond reason.

use crate::fault::{Fault, Kind, Result};
use crate::formats::Limits;

/// Parentheses deeper than any entity of the schema nests its lists.
const DEPTH: usize = 64;
/// How far from the end the closing token may stand; exporters append signatures and blanks.
const TAIL: usize = 64 * 1024;

/// Checks the file's size before it is read.
///
/// # Errors
/// [`Kind::TooLarge`].
pub(super) fn size(bytes: u64, limits: &Limits) -> Result<()> {
    if bytes <= limits.bytes {
        return Ok(());
    }
    Err(Fault::new(Kind::TooLarge, format!("has {} MiB; at most {} are read", bytes >> 20, limits.bytes >> 20))
        .remedy("export the model in parts, such as one file a building"))
}

/// Checks the STEP text as a whole: its size, its closing token, and the nesting of every record.
///
/// # Errors
/// [`Kind::TooLarge`] or [`Kind::BadInput`], with what to do.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<()> {
    size(bytes.len() as u64, limits)?;
    let tail = bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default();
    if !contains(tail, b"END-ISO-10303-21") {
        return Err(Fault::bad_input("is cut short: it does not end with END-ISO-10303-21;")
            .remedy("export or copy the file again"));
    }
    if !contains(bytes, b"DATA;") {
        return Err(Fault::bad_input("has no DATA section"));
    }
    match deepest(bytes) {
        depth if depth > DEPTH => {
            Err(Fault::bad_input(format!("nests lists {depth} deep; at most {DEPTH} are read"))
                .remedy("export it again"))
        }
        _ => Ok(()),
    }
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|w| w == word)
}

/// The deepest nesting of parentheses in one record, outside strings and comments.
fn deepest(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut text, mut comment) = (0_usize, 0, false, false);
    let mut before = 0;
    for &byte in bytes {
        match byte {
            b'/' if comment && before == b'*' => comment = false,
            _ if comment => {}
            // A doubled apostrophe leaves the text and enters it again: the same as staying inside.
            b'\'' => text = !text,
            _ if text => {}
            b'*' if before == b'/' => comment = true,
            b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' => depth = depth.saturating_sub(1),
            b';' => depth = 0,
            _ => {}
        }
        // "/*/" opens a comment and does not close it.
        before = if comment && before == b'/' && byte == b'*' { 0 } else { byte };
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nesting_bomb_and_a_short_file_are_refused_and_a_parenthesis_in_a_text_is_not_nesting() {
        let limits = Limits::default();
        let file = |data: &str| format!("ISO-10303-21;\nHEADER;ENDSEC;\nDATA;\n{data}\nENDSEC;\nEND-ISO-10303-21;\n");
        assert!(check(file("#1=IFCWALL('((',((1.)));").as_bytes(), &limits).is_ok());
        let text = "(".repeat(5_000);
        assert!(check(file(&format!("#1=IFCWALL('{text}'); /*/ {text} */")).as_bytes(), &limits).is_ok());
        let bomb = check(file(&format!("#1=IFCWALL({text});")).as_bytes(), &limits);
        assert!(bomb.unwrap_err().detail.contains("5001 deep"));
        let short = check(b"ISO-10303-21;\nDATA;\n#1=IFCWALL(", &limits).unwrap_err();
        assert!(short.detail.contains("cut short"), "{short}");
        let small = Limits { bytes: 10, ..limits };
        assert_eq!(check(file("").as_bytes(), &small).unwrap_err().kind, Kind::TooLarge);
    }
}
