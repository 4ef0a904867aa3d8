//! CQL2 text into tokens, each with its place for faults.

use crate::fault::{Fault, Result};

/// The longest filter, in bytes.
const LONGEST: usize = 64 << 10;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A keyword, function or property; as written.
    Word(String),
    /// A property in double quotes.
    Quoted(String),
    /// A character string, quotes undone.
    Text(String),
    Number(f64),
    /// `=`, `<>`, `<=`, `(`, `,`, `+` and the like.
    Sign(&'static str),
}

/// A token and the byte at which it begins.
pub(super) type Placed = (Token, usize);

const SIGNS: [&str; 14] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-", "*", "/", "%"];

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>> {
    if text.len() > LONGEST {
        return Err(Fault::parameter("filter", format!("is longer than {LONGEST} bytes")));
    }
    let (mut all, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(all) };
        let (token, length) = match first {
            '\'' => {
                let (inner, length) = quoted(rest, '\'').ok_or_else(|| wrong(text, at, "a text without its end"))?;
                (Token::Text(inner), length)
            }
            '"' => {
                let (inner, length) = quoted(rest, '"').ok_or_else(|| wrong(text, at, "a name without its end"))?;
                (Token::Quoted(inner), length)
            }
            c if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) => {
                let length = number_length(rest);
                let number: f64 = rest[..length].parse().map_err(|_| wrong(text, at, "no number"))?;
                (Token::Number(number), length)
            }
            c if c.is_alphabetic() || matches!(c, '_' | ':') => {
                let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
                let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| wrong(text, at, "a sign that CQL2 does not know"))?;
                (Token::Sign(sign), sign.len())
            }
        };
        all.push((token, at));
        rest = &rest[length..];
    }
}

/// The content of what begins with `quote`, a doubled quote being one, and its length with the quotes.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inner = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match (c == quote, chars.peek()) {
            (true, Some((_, next))) if *next == quote => {
                inner.push(quote);
                chars.next();
            }
            (true, _) => return Some((inner, at + c.len_utf8())),
            (false, _) => inner.push(c),
        }
    }
    None
}

fn number_length(text: &str) -> usize {
    let digits = |from: usize| from + text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

/// A fault that points at its place.
pub(super) fn wrong(text: &str, at: usize, what: &str) -> Fault {
    let near: String = text[at..].chars().take(24).collect();
    let near = if near.is_empty() { "its end".to_owned() } else { format!("'{near}'") };
    let place = text[..at].chars().count() + 1;
    Fault::parameter("filter", format!("is not CQL2 at character {place}, near {near}: {what}"))
        .remedy("write it like class='door' AND storey IN ('3','12A') AND height > 2.1")
}
