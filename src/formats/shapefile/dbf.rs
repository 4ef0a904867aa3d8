//! The attribute table (`.dbf`): dBase III+ and the types that later versions added.

use super::encoding::{Texts, guess, is_utf8, of_cpg, of_driver};
use crate::fault::{Fault, Result};
use crate::model::{Attributes, Value};
use encoding_rs::UTF_8;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};

/// Bytes of the header before the fields, and of a field.
const BLOCK: usize = 32;

/// A column.
struct Field {
    name: String,
    kind: u8,
    width: usize,
    decimals: u8,
}

/// The rows of a table, one after the other.
pub(super) struct Table {
    input: BufReader<File>,
    fields: Vec<Field>,
    texts: Texts,
    row: Vec<u8>,
    left: u32,
    /// Texts that were not of the encoding.
    pub wrong: usize,
    /// What was decided about the encoding, for the report.
    pub note: Option<String>,
}

/// A row, and whether it is marked as deleted.
pub(super) struct Row {
    pub attributes: Attributes,
    pub deleted: bool,
}

impl Table {
    /// Begins to read; `cpg` is the text of the `.cpg`.
    ///
    /// # Errors
    /// A header that does not hold together.
    pub fn new(dbf: File, cpg: Option<&str>) -> Result<Self> {
        let io = |e: std::io::Error| match e.kind() {
            ErrorKind::UnexpectedEof => Fault::bad_input("has a .dbf that ends within its header: it is not whole"),
            _ => Fault::io("reading the .dbf", &e),
        };
        let mut input = BufReader::with_capacity(1 << 16, dbf);
        let mut head = [0; BLOCK];
        input.read_exact(&mut head).map_err(io)?;
        let at = |i: usize| head.get(i).copied().unwrap_or(0);
        let left = u32::from_le_bytes([at(4), at(5), at(6), at(7)]);
        let (header, width) = (u16::from_le_bytes([at(8), at(9)]), usize::from(u16::from_le_bytes([at(10), at(11)])));
        let mut block = vec![0; usize::from(header).saturating_sub(BLOCK)];
        input.read_exact(&mut block).map_err(io)?;
        let blocks: Vec<&[u8]> = block.chunks_exact(BLOCK).take_while(|b| b.first() != Some(&0x0d)).collect();
        let mut fields: Vec<(&[u8], Field)> = Vec::new();
        for field in blocks {
            let name = field.get(..11).unwrap_or_default();
            let name = name.split(|b| *b == 0).next().unwrap_or_default();
            let at = |i: usize| field.get(i).copied().unwrap_or(0);
            fields.push((name, Field { name: String::new(), kind: at(11), width: at(16).into(), decimals: at(17) }));
        }
        let sum: usize = fields.iter().map(|(_, f)| f.width).sum();
        if sum + 1 > width || fields.is_empty() {
            return Err(Fault::bad_input("has a .dbf whose fields do not fit its rows: it is not whole"));
        }
        let declared = cpg.and_then(of_cpg).or_else(|| of_driver(at(29)));
        let mut note = None;
        // UTF-8 can be told from all others, so that a declaration of it is held against the texts.
        let encoding = match declared.filter(|encoding| *encoding != UTF_8) {
            Some(encoding) => encoding,
            None => {
                let utf8 = fields.iter().all(|(name, _)| is_utf8(name))
                    && all_utf8(&mut input, fields.iter().map(|(_, f)| f), width, u64::from(header), left)?;
                if !utf8 {
                    let said = match (declared, cpg) {
                        (Some(_), _) => "declares UTF-8".to_owned(),
                        (None, None) => "declares no encoding that is known".to_owned(),
                        (None, Some(cpg)) => {
                            let cpg: String = cpg.trim().chars().take(20).collect();
                            format!("declares no encoding that is known ('{cpg}' in the .cpg is none)")
                        }
                    };
                    note = Some(format!("the .dbf {said}: its texts are no UTF-8 and are read as GBK (GB 18030)"));
                }
                guess(utf8)
            }
        };
        let texts = Texts { encoding };
        let mut fields: Vec<Field> =
            fields.into_iter().map(|(name, field)| Field { name: texts.read(name).0, ..field }).collect();
        for i in 0..fields.len() {
            // Names cut at ten bytes may be equal: the later one is told apart.
            let (before, rest) = fields.split_at_mut(i);
            if let Some(field) = rest.first_mut().filter(|f| before.iter().any(|b| b.name == f.name)) {
                field.name = format!("{}_{}", field.name, i + 1);
            }
        }
        Ok(Self { input, fields, texts, row: vec![0; width], left, wrong: 0, note })
    }
    /// The columns' names.
    pub fn names(&self) -> Vec<&str> {
        self.fields.iter().map(|f| f.name.as_str()).collect()
    }
    /// Columns of types that are not taken, with their letters.
    pub fn untaken(&self) -> Vec<String> {
        let odd = self.fields.iter().filter(|f| !b"CNFDLIBO".contains(&f.kind));
        odd.map(|f| format!("{} ({})", f.name, char::from(f.kind))).collect()
    }
    /// The next row; nothing at the end.
    ///
    /// # Errors
    /// A row that is not whole.
    pub fn next(&mut self) -> Result<Option<Row>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.input.read_exact(&mut self.row).map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => {
                Fault::bad_input(format!("has a .dbf that ends {} rows too early: it is not whole", self.left + 1))
            }
            _ => Fault::io("reading the .dbf", &e),
        })?;
        let mut attributes = Attributes::new();
        let (deleted, mut rest) = match self.row.split_first() {
            Some((mark, rest)) => (*mark == b'*', rest),
            None => return Ok(None),
        };
        for field in &self.fields {
            let Some((cell, after)) = rest.split_at_checked(field.width) else { break };
            rest = after;
            let value = match field.kind {
                b'C' => {
                    let (text, wrong) = self.texts.read(cell);
                    self.wrong += usize::from(wrong);
                    (!text.is_empty()).then_some(Value::Text(text))
                }
                _ => value(field, cell),
            };
            attributes.extend(value.map(|value| (field.name.clone(), value)));
        }
        Ok(Some(Row { attributes, deleted }))
    }
}

/// A cell that is no text; an empty one, and one that is filled with what stands for nothing, is left out.
fn value(field: &Field, cell: &[u8]) -> Option<Value> {
    match field.kind {
        b'I' => return cell.first_chunk().map(|b| Value::Int(i32::from_le_bytes(*b).into())),
        b'B' | b'O' => {
            return cell.first_chunk().map(|b| f64::from_le_bytes(*b)).filter(|n| n.is_finite()).map(Value::Float);
        }
        _ => {}
    }
    let text = std::str::from_utf8(cell).ok()?.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\0');
    match field.kind {
        b'N' | b'F' => {
            if text.is_empty() || text.starts_with('*') {
                return None;
            }
            let whole = if field.decimals == 0 { text.parse().ok().map(Value::Int) } else { None };
            let number = || text.parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Float);
            Some(whole.or_else(number).unwrap_or_else(|| Value::Text(text.to_owned())))
        }
        b'L' => match text {
            "Y" | "y" | "T" | "t" => Some(Value::Bool(true)),
            "N" | "n" | "F" | "f" => Some(Value::Bool(false)),
            _ => None,
        },
        b'D' => {
            let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) && text != "00000000";
            let (year, rest) = text.split_at_checked(4)?;
            let (month, day) = rest.split_at_checked(2)?;
            digits.then(|| Value::Text(format!("{year}-{month}-{day}")))
        }
        _ => None,
    }
}

/// Whether all texts of all rows are UTF-8; the rows are then to be read from their beginning.
fn all_utf8<'f>(
    input: &mut BufReader<File>,
    fields: impl Iterator<Item = &'f Field>,
    width: usize,
    first: u64,
    count: u32,
) -> Result<bool> {
    let io = |e: std::io::Error| Fault::io("reading the .dbf", &e);
    let mut texts: Vec<std::ops::Range<usize>> = Vec::new();
    let mut at = 1;
    for field in fields {
        texts.extend((field.kind == b'C').then_some(at..at + field.width));
        at += field.width;
    }
    let (mut row, mut utf8) = (vec![0; width], true);
    for _ in 0..count {
        // A table that ends early is found out when it is read.
        if !utf8 || input.read_exact(&mut row).is_err() {
            break;
        }
        utf8 = texts.iter().all(|t| row.get(t.clone()).is_some_and(|cell| is_utf8(cell.trim_ascii_end())));
    }
    input.seek(SeekFrom::Start(first)).map_err(io)?;
    Ok(utf8)
}
