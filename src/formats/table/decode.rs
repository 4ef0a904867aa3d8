//! Text files that are not UTF-8, as spreadsheets save them: UTF-16 by its mark, and GBK.

use crate::fault::{Fault, Result};
use encoding_rs::{CoderResult, Decoder, Encoding, GB18030, UTF_8};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

/// Bytes looked at or decoded at a time.
const PIECE: usize = 1 << 16;

/// A file as UTF-8, and what is to be told of it.
pub(super) fn decoded(file: File) -> Result<(Box<dyn Read>, Option<String>)> {
    let io = |e: std::io::Error| Fault::io("reading", &e);
    let mut input = BufReader::with_capacity(PIECE, file);
    let head = input.fill_buf().map_err(io)?;
    let marked = Encoding::for_bom(head).map(|(encoding, _)| encoding).filter(|encoding| *encoding != UTF_8);
    let encoding = match marked {
        Some(encoding) => encoding,
        None if is_all(UTF_8, &mut input)? => return Ok((Box::new(input), None)),
        None if is_all(GB18030, &mut input)? => GB18030,
        None => return Err(Fault::bad_input("is neither UTF-8 nor GBK").remedy("save the table as UTF-8")),
    };
    let note = format!("its text is no UTF-8 and is read as {}", encoding.name());
    let decoder = encoding.new_decoder_with_bom_removal();
    Ok((Box::new(Decoding { input, decoder, out: Vec::new(), given: 0, ended: false }), Some(note)))
}

/// Whether all of the file is text of the encoding; it is read from its beginning afterwards.
fn is_all(encoding: &'static Encoding, input: &mut BufReader<File>) -> Result<bool> {
    let io = |e: std::io::Error| Fault::io("reading", &e);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut out = vec![0; PIECE * 4];
    let all = loop {
        let piece = input.fill_buf().map_err(io)?;
        let (last, length) = (piece.is_empty(), piece.len());
        let (result, ..) = decoder.decode_to_utf8_without_replacement(piece, &mut out, last);
        match result {
            encoding_rs::DecoderResult::InputEmpty if last => break true,
            encoding_rs::DecoderResult::InputEmpty => input.consume(length),
            _ => break false,
        }
    };
    input.seek(SeekFrom::Start(0)).map_err(io)?;
    Ok(all)
}

/// Decodes as it is read.
struct Decoding {
    input: BufReader<File>,
    decoder: Decoder,
    out: Vec<u8>,
    given: usize,
    ended: bool,
}

impl Read for Decoding {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.given >= self.out.len() && !self.ended {
            let piece = self.input.fill_buf()?;
            let last = piece.is_empty();
            self.out.resize(PIECE, 0);
            self.given = 0;
            let (result, read, written, _) = self.decoder.decode_to_utf8(piece, &mut self.out, last);
            self.out.truncate(written);
            self.input.consume(read);
            self.ended = last && result == CoderResult::InputEmpty;
        }
        let rest = self.out.get(self.given..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}
