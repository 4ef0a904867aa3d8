//! In which encoding a dBase table's texts are: as declared beside it or in it, else as they can only be.

use encoding_rs::{Encoding, GB18030, UTF_8};

/// An encoding and what says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts {
    pub encoding: &'static Encoding,
}

/// What a `.cpg` file says: `UTF-8`, `GBK`, `936`, `ANSI 1252`, `88591`.
pub(super) fn of_cpg(text: &str) -> Option<&'static Encoding> {
    let text = text.trim().trim_start_matches('\u{feff}').to_ascii_lowercase();
    let number: String = text.chars().filter(char::is_ascii_digit).collect();
    let page = number.parse().ok().and_then(of_page);
    Encoding::for_label(text.as_bytes()).or(page)
}

fn of_page(page: u32) -> Option<&'static Encoding> {
    let label = match page {
        936 | 54936 | 20936 => "gb18030",
        950 => "big5",
        932 => "shift_jis",
        949 => "euc-kr",
        65001 | 8 => "utf-8",
        874 | 1250..=1258 => return Encoding::for_label(format!("windows-{page}").as_bytes()),
        866 => "ibm866",
        88591..=88599 => return Encoding::for_label(format!("iso-8859-{}", page % 10).as_bytes()),
        885_910..=885_916 => return Encoding::for_label(format!("iso-8859-{}", page % 100).as_bytes()),
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

/// What the language driver byte of the header says; those of DOS code pages that no library here knows say nothing.
pub(super) fn of_driver(byte: u8) -> Option<&'static Encoding> {
    of_page(match byte {
        0x4d | 0x7a => 936,
        0x4f | 0x78 => 950,
        0x13 | 0x7b => 932,
        0x4e | 0x79 => 949,
        0x03 | 0x58 | 0x59 => 1252,
        0xc8 => 1250,
        0xc9 => 1251,
        0xca => 1254,
        0xcb => 1253,
        0xcc => 1257,
        0x7c => 874,
        0x26 | 0x65 => 866,
        _ => return None,
    })
}

/// Undeclared texts: UTF-8 where all of them are, else what Chinese systems write, which nearly any bytes are.
pub(super) fn guess(all_utf8: bool) -> &'static Encoding {
    if all_utf8 { UTF_8 } else { GB18030 }
}

/// Whether bytes are UTF-8, but for a character that the field's width cut.
pub(super) fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).map_or_else(|e| e.error_len().is_none(), |_| true)
}

impl Texts {
    /// The text without the blanks that fill its field, and whether some of it is not of the encoding. A character cut in
    /// two at the end is left out.
    pub fn read(self, bytes: &[u8]) -> (String, bool) {
        let bytes = bytes.trim_ascii_end();
        let bytes = bytes.iter().rposition(|b| *b != 0).and_then(|last| bytes.get(..=last)).unwrap_or_default();
        let whole = match std::str::from_utf8(bytes) {
            Err(e) if self.encoding == UTF_8 && e.error_len().is_none() => {
                bytes.get(..e.valid_up_to()).unwrap_or_default()
            }
            _ => bytes,
        };
        let (text, wrong) = self.encoding.decode_without_bom_handling(whole);
        (text.trim().to_owned(), wrong)
    }
}
