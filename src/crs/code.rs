//! Names of coordinate reference systems as files and people write them, brought to one form.

use super::datum::Offset;
use super::well_known;
use crate::fault::{Fault, Result};
use std::fmt;

/// A CRS by name: one code, a horizontal and a vertical code, or the name in PROJ's database; or the WKT of one that has no code.
///
/// `Display` gives the short form that PROJ reads: `EPSG:7415`, `EPSG:28992+5709`, `OGC:CRS84`; or `GCJ-02`, `BD-09`, which PROJ
/// does not know; of WKT it gives the name in quotes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CrsCode(String);

/// Longer text is no name of a CRS.
const LONGEST: usize = 300;

impl CrsCode {
    /// Reads `EPSG:n`, `EPSG:n+m`, OGC URNs and URLs (OGC 06-023r1 and 09-048r5; compound ones too), GML's old
    /// `epsg.xml#n`, `CRS84`, `GCJ-02` and `BD-09`, a plain name such as `ETRS89 / UTM zone 32N`, and WKT (OGC 01-009, ISO 19162,
    /// Esri's), which becomes the EPSG code of the same system where there is one.
    ///
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) for text that is none of these. PROJ strings are not taken, and of WKT
    /// only what describes a system: both can make PROJ open files that a stranger named.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if let Some(read) = well_known::read(text) {
            return read.map(Self);
        }
        let fault = || {
            let shown: String = text.chars().take(60).collect();
            Fault::bad_input(format!("'{shown}' is not the name of a coordinate reference system"))
                .remedy("write it as EPSG:n, as EPSG:n+m with a vertical CRS m, or as an OGC URN or URL")
        };
        if text.is_empty() || text.len() > LONGEST || text.chars().any(|c| c.is_control() || "[]{}\"'".contains(c)) {
            return Err(fault());
        }
        if let Some(offset) = Offset::from_name(text) {
            return Ok(Self(offset.name().to_owned()));
        }
        let lower = text.to_ascii_lowercase();
        let tail = |prefix: &str| lower.strip_prefix(prefix).map(|t| &text[text.len() - t.len()..]);
        let read = if let Some(rest) = tail("urn:ogc:def:crs,").or_else(|| tail("urn:x-ogc:def:crs,")) {
            rest.split(',').map(|part| colons(strip(part, "crs:"))).collect::<Option<Vec<_>>>().and_then(compound)
        } else if let Some(rest) = tail("urn:ogc:def:crs:").or_else(|| tail("urn:x-ogc:def:crs:")) {
            colons(rest)
        } else if let Some((_, rest)) = lower.split_once("/def/crs-compound?").filter(|_| lower.starts_with("http")) {
            rest.split('&')
                .map(|pair| {
                    pair.split_once('=').and_then(|(_, url)| url.split_once("/def/crs/")).and_then(|u| slashes(u.1))
                })
                .collect::<Option<Vec<_>>>()
                .and_then(compound)
        } else if let Some((_, rest)) = lower.split_once("/def/crs/").filter(|_| lower.starts_with("http")) {
            slashes(rest)
        } else if let Some((_, code)) = lower.split_once("epsg.xml#") {
            single("EPSG", code)
        } else if lower.starts_with("http") || lower.starts_with("urn:") || text.starts_with('+') {
            None
        } else if lower == "crs84" || lower == "crs84h" {
            single("OGC", text)
        } else if let Some((authority, code)) = text.split_once(':') {
            let parts: Vec<_> = code.split('+').map(|part| single(authority, strip(part.trim(), authority))).collect();
            parts.into_iter().collect::<Option<Vec<_>>>().and_then(compound)
        } else if text.contains('=') || text.bytes().all(|b| b.is_ascii_digit()) {
            None
        } else {
            Some(text.to_owned())
        };
        read.map(Self).ok_or_else(fault)
    }
    /// The short form, or the WKT.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CrsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match well_known::name(&self.0) {
            Some(name) => write!(f, "'{name}'"),
            None => f.write_str(&self.0),
        }
    }
}

/// `text` without a leading `prefix` (and the colon after it), whatever the letter case.
fn strip<'a>(text: &'a str, prefix: &str) -> &'a str {
    match text.get(..prefix.len()) {
        Some(head) if head.eq_ignore_ascii_case(prefix) => text[prefix.len()..].trim_start_matches(':'),
        _ => text,
    }
}

fn single(authority: &str, code: &str) -> Option<String> {
    let word = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let h = code.eq_ignore_ascii_case("CRS84h");
    (word(authority) && word(code)).then(|| {
        // Every database spells its codes in upper case, but CRS84h.
        let code = if h { "CRS84h".to_owned() } else { code.to_ascii_uppercase() };
        format!("{}:{code}", authority.to_ascii_uppercase())
    })
}

/// `EPSG::28992`, `EPSG:6.12:28992` or `OGC:1.3:CRS84`: the version in the middle is left out.
fn colons(text: &str) -> Option<String> {
    match text.split(':').collect::<Vec<_>>()[..] {
        [authority, _, code] | [authority, code] => single(authority, code),
        _ => None,
    }
}

/// `EPSG/0/7415`.
fn slashes(text: &str) -> Option<String> {
    match text.trim_end_matches('/').split('/').collect::<Vec<_>>()[..] {
        [authority, _, code] => single(authority, code),
        _ => None,
    }
}

/// PROJ writes a compound of one authority as `EPSG:28992+5709`.
fn compound(parts: Vec<String>) -> Option<String> {
    match &parts[..] {
        [one] => Some(one.clone()),
        [horizontal, vertical] => {
            let (authority, _) = horizontal.split_once(':')?;
            Some(format!("{horizontal}+{}", strip(vertical, authority)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_code_comes_to_one_form() {
        for (text, short) in [
            ("EPSG:7415", "EPSG:7415"),
            (" epsg:7415 ", "EPSG:7415"),
            ("https://www.opengis.net/def/crs/EPSG/0/7415", "EPSG:7415"),
            ("http://www.opengis.net/def/crs/EPSG/9.9.1/7415/", "EPSG:7415"),
            ("urn:ogc:def:crs:EPSG::7415", "EPSG:7415"),
            ("urn:ogc:def:crs:EPSG:6.12:7415", "EPSG:7415"),
            ("urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709", "EPSG:28992+5709"),
            ("urn:ogc:def:crs,crs:EPSG:6.12:28992,crs:EPSG:6.12:5709", "EPSG:28992+5709"),
            ("EPSG:28992+5709", "EPSG:28992+5709"),
            ("EPSG:28992+EPSG:5709", "EPSG:28992+5709"),
            (
                "http://www.opengis.net/def/crs-compound?1=http://www.opengis.net/def/crs/EPSG/0/28992&2=http://www.opengis.net/def/crs/EPSG/0/5709",
                "EPSG:28992+5709",
            ),
            ("http://www.opengis.net/gml/srs/epsg.xml#4326", "EPSG:4326"),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84"),
            ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84"),
            ("http://www.opengis.net/def/crs/OGC/0/CRS84h", "OGC:CRS84h"),
            ("CRS84", "OGC:CRS84"),
            ("gcj02", "GCJ-02"),
            ("BD-09", "BD-09"),
            ("ETRS89 / UTM zone 32N", "ETRS89 / UTM zone 32N"),
        ] {
            assert_eq!(CrsCode::parse(text).unwrap().as_str(), short, "{text}");
        }
    }

    #[test]
    fn what_names_no_crs_is_refused_with_the_forms_that_do() {
        for text in [
            "",
            "7415",
            "EPSG:",
            "EPSG:1+2+3",
            "+proj=longlat +nadgrids=/etc/passwd",
            "GEOGCS[\"a\"]",
            "proj=longlat nadgrids=/etc/passwd",
            "urn:ogc:def:crs",
            "http://example.org/7415",
            "EPSG:12\n34",
            "{\"type\":\"x\"}",
            "EPSG:../x",
        ] {
            let fault = CrsCode::parse(text).unwrap_err().to_string();
            assert!(fault.contains("EPSG:n"), "{text}: {fault}");
        }
        assert!(CrsCode::parse(&"a".repeat(1000)).is_err());
    }
}
