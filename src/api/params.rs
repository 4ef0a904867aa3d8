//! Query parameters: each route says which it knows; any other, and any that does not parse, is 400 with its name.

#![deny(clippy::indexing_slicing)]

use super::limits::Limits;
use crate::fault::{Fault, Result};
use crate::geom::Bounds;
use crate::units::Instant;
use axum::extract::Query;
use axum::http::Uri;

/// What a parameter's text must be; also its JSON schema in the OpenAPI document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// A number in a closed range.
    Between(f64, f64),
    /// So many numbers with commas between: at least, at most.
    Numbers(usize, usize),
    /// A whole number in a closed range.
    Integer(i64, i64),
    /// A number of rows: from this to the limits' `rows`.
    Rows(i64),
    /// Text that has a form of its own, by a regular expression for the document; whoever reads it checks it.
    Pattern(&'static str),
    /// Texts with commas between.
    Texts,
    /// An RFC 3339 instant.
    Instant,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// Four or six numbers with commas between.
    Bbox,
    /// An RFC 3339 instant or interval.
    DateTime,
}

/// A query parameter that a route knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it does, one sentence.
    pub about: &'static str,
    /// What its text must be.
    pub form: Form,
    /// Whether the route does nothing without it.
    pub needed: bool,
}

impl Param {
    /// A parameter called `name` of form `form`.
    pub const fn new(name: &'static str, form: Form, about: &'static str) -> Self {
        Self { name, about, form, needed: false }
    }
    /// The same, without which the route does nothing.
    pub const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }
}

/// The planning variant that is looked at.
pub const VARIANT: Param = Param::new(
    "variant",
    Form::Text,
    "The city with this planning variant, where a site has it; not together with datetime. GET /variants lists them.",
);

/// The parameters of one request, checked against those its route knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// # Errors
    /// A parameter the route does not know, one given twice, or one whose text does not have its form; `rows` is the limit of
    /// that name.
    pub fn read(uri: &Uri, known: &[Param], rows: usize) -> Result<Self> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Fault::bad_input("the query string is not valid percent-encoded UTF-8"))?;
        for (i, (name, value)) in pairs.iter().enumerate() {
            let Some(param) = known.iter().find(|p| p.name == name) else {
                let names: Vec<_> = known.iter().map(|p| p.name).collect();
                let remedy = if names.is_empty() {
                    "this route takes no parameters".to_owned()
                } else {
                    format!("this route knows {}", names.join(", "))
                };
                return Err(Fault::parameter(name, format!("unknown parameter '{name}'")).remedy(remedy));
            };
            if pairs.iter().take(i).any(|(earlier, _)| earlier == name) {
                return Err(Fault::parameter(name, format!("'{name}' is given twice")));
            }
            check(param, value, rows)?;
        }
        Ok(Self(pairs))
    }
    /// The text of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
    /// A whole number, already checked against its range.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(|v| v.parse().ok())
    }
    /// A number of rows, already checked against the limit; `unless` where it is left out, or the limit where that is less.
    pub fn rows(&self, name: &str, unless: usize, limits: &Limits) -> usize {
        self.integer(name).and_then(|n| usize::try_from(n).ok()).unwrap_or(unless.min(limits.rows))
    }
    /// Whether a boolean parameter is given as true.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }
    /// A box in longitude, latitude and height; four numbers leave the height open. May cross the antimeridian, so two.
    ///
    /// # Errors
    /// Not four or six finite numbers, latitudes or heights upside down, or outside the globe.
    pub fn bbox(&self, name: &str) -> Result<Option<Vec<Bounds>>> {
        self.get(name).map(|text| bbox(name, text)).transpose()
    }
    /// All pairs, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

/// The body of a request that says nothing: empty, or `{}`, which some clients send with every POST.
///
/// # Errors
/// Anything else.
pub fn nothing(body: &[u8]) -> Result<()> {
    if body.is_empty()
        || serde_json::from_slice(body).is_ok_and(|body: serde_json::Value| body == serde_json::json!({}))
    {
        return Ok(());
    }
    Err(Fault::bad_input("this takes no body").remedy("leave the body out, or send {}"))
}

fn check(param: &Param, value: &str, rows: usize) -> Result<()> {
    let wrong = |what: String| Err(Fault::parameter(param.name, format!("'{value}' {what}")));
    match param.form {
        Form::Text | Form::Texts | Form::Pattern(_) => Ok(()),
        Form::Instant => value.parse::<Instant>().map(drop).map_err(|fault| fault.about(param.name)),
        Form::Number => match value.parse::<f64>() {
            Ok(n) if n.is_finite() => Ok(()),
            _ => wrong("is not a number".to_owned()),
        },
        Form::Between(low, high) => match value.parse::<f64>() {
            Ok(n) if (low..=high).contains(&n) => Ok(()),
            _ => wrong(format!("is not a number from {low} to {high}")),
        },
        Form::Numbers(least, most) => match numbers(param.name, value)?.len() {
            count if (least..=most).contains(&count) => Ok(()),
            count => wrong(format!("has {count} numbers, not {least} to {most}")),
        },
        Form::Rows(min) => match value.parse::<usize>() {
            Ok(n) if n <= rows && i64::try_from(n).is_ok_and(|n| n >= min) => Ok(()),
            _ => wrong(format!("is not a whole number from {min} to {rows}, this server's limit of rows")),
        },
        Form::Integer(min, max) => match value.parse::<i64>() {
            Ok(n) if (min..=max).contains(&n) => Ok(()),
            _ => wrong(format!("is not a whole number from {min} to {max}")),
        },
        Form::OneOf(words) if words.contains(&value) => Ok(()),
        Form::OneOf(words) => wrong(format!("is not one of {}", words.join(", "))),
        Form::Bool if matches!(value, "true" | "false") => Ok(()),
        Form::Bool => wrong("is neither true nor false".to_owned()),
        Form::Bbox => bbox(param.name, value).map(drop),
        Form::DateTime => interval(param.name, value).map(drop),
    }
}

/// Comma-separated finite numbers.
///
/// # Errors
/// One that is no finite number, naming its place.
pub fn numbers(name: &str, text: &str) -> Result<Vec<f64>> {
    text.split(',')
        .enumerate()
        .map(|(i, part)| match part.trim().parse::<f64>() {
            Ok(n) if n.is_finite() => Ok(n),
            _ => Err(Fault::parameter(name, format!("number {} of '{name}', '{part}', is not a number", i + 1))),
        })
        .collect()
}

fn bbox(name: &str, text: &str) -> Result<Vec<Bounds>> {
    let wrong = |what: &str| Err(Fault::parameter(name, format!("'{name}' {what}")));
    let n = numbers(name, text)?;
    let (west, south, low, east, north, high) = match n.as_slice() {
        [w, s, e, n] => (*w, *s, f64::NEG_INFINITY, *e, *n, f64::INFINITY),
        [w, s, l, e, n, h] => (*w, *s, *l, *e, *n, *h),
        _ => return wrong("takes 4 numbers (west,south,east,north) or 6 (west,south,low,east,north,high)"),
    };
    if south > north {
        return wrong("has its south edge north of its north edge");
    }
    if low > high {
        return wrong("has its lower height above its upper height");
    }
    if !(-180.0..=180.0).contains(&west) || !(-180.0..=180.0).contains(&east) || south < -90.0 || north > 90.0 {
        return wrong("leaves the globe: longitudes are -180 to 180, latitudes -90 to 90");
    }
    let part = |w, e| Bounds { min: [w, south, low], max: [e, north, high] };
    // RFC 7946 §5.2: west > east means that the box crosses the antimeridian.
    Ok(if west <= east { vec![part(west, east)] } else { vec![part(west, 180.0), part(-180.0, east)] })
}

/// A closed interval of time from an OGC `datetime` (Features Part 1 §7.15.4): an instant, or `start/end` with `..` open.
///
/// # Errors
/// Text that is neither, or an end before its start.
pub fn interval(name: &str, text: &str) -> Result<(Instant, Instant)> {
    let instant = |t: &str| t.parse::<Instant>().map_err(|fault| fault.about(name));
    let Some((start, end)) = text.split_once('/') else {
        return instant(text).map(|t| (t, t));
    };
    let open = |t: &str| t.is_empty() || t == "..";
    let start = if open(start) { Instant::MIN } else { instant(start)? };
    let end = if open(end) { Instant::MAX } else { instant(end)? };
    if start > end {
        return Err(Fault::parameter(name, format!("'{text}' ends before it starts")));
    }
    Ok((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, known: &[Param]) -> Result<Params> {
        Params::read(&uri.parse().unwrap(), known, 100)
    }

    #[test]
    fn names_the_offending_parameter() {
        let known = [
            Param::new("limit", Form::Integer(1, 10), ""),
            Param::new("bbox", Form::Bbox, ""),
            Param::new("rows", Form::Rows(1), ""),
        ];
        for (uri, name) in [
            ("/?limt=3", "limt"),
            ("/?limit=0", "limit"),
            ("/?rows=101", "rows"),
            ("/?rows=0", "rows"),
            ("/?limit=1&limit=2", "limit"),
            ("/?bbox=1,2,3", "bbox"),
            ("/?bbox=1,2,x,4", "bbox"),
            ("/?bbox=0,5,1,4", "bbox"),
            ("/?bbox=0,0,nan,4", "bbox"),
        ] {
            assert_eq!(read(uri, &known).unwrap_err().subject.as_deref(), Some(name), "{uri}");
        }
        let crossing = read("/?bbox=170,-10,-170,10", &known).unwrap().bbox("bbox").unwrap().unwrap();
        assert_eq!(crossing.len(), 2);
    }

    #[test]
    fn intervals_may_be_open() {
        assert_eq!(interval("t", "../2026-01-01").unwrap().0, Instant::MIN);
        assert!(interval("t", "2026-01-02/2026-01-01").is_err());
        assert!(interval("t", "yesterday").is_err());
    }
}
