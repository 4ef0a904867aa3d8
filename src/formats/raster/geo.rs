//! The tags of GeoTIFF: where the grid lies and in which CRS (OGC 19-008r4 §7), what a sample is worth (GDAL's own tags).

use super::unreadable;
use crate::fault::{Fault, Result};
use crate::formats::geo_keys::{GeoKeys, System};
use crate::geom::Affine;
use std::fs::File;
use std::io::BufReader;
use tiff::decoder::Decoder;
use tiff::decoder::ifd::Value;
use tiff::tags::Tag;

/// GDAL's own metadata, an XML text.
const GDAL_METADATA: u16 = 42_112;

/// Where the grid lies.
pub(super) struct Place {
    pub crs: Option<String>,
    pub affine: Affine,
    /// Metres in a unit of height, where the CRS does not say.
    pub metres: f64,
    pub notes: Vec<String>,
}

/// The tags of the first image.
pub(super) struct Tags<'a>(pub &'a mut Decoder<BufReader<File>>);

impl Tags<'_> {
    pub fn find(&mut self, tag: Tag) -> Result<Option<Value>> {
        self.0.find_tag(tag).map_err(unreadable)
    }
    pub fn numbers(&mut self, tag: Tag) -> Result<Vec<f64>> {
        let Some(value) = self.find(tag)? else { return Ok(Vec::new()) };
        let list = match value {
            Value::List(list) => list,
            one => vec![one],
        };
        list.into_iter().map(|one| number(&one).ok_or_else(|| unfit(tag))).collect()
    }
    pub fn number(&mut self, tag: Tag) -> Result<Option<f64>> {
        Ok(self.numbers(tag)?.first().copied())
    }
    pub fn text(&mut self, tag: Tag) -> Result<Option<String>> {
        match self.find(tag)? {
            Some(Value::Ascii(text)) => Ok(Some(text.trim_matches(['\0', ' ']).to_owned())),
            Some(_) => Err(unfit(tag)),
            None => Ok(None),
        }
    }

    /// The grid's place.
    ///
    /// # Errors
    /// None is given, or one that cannot be used.
    pub fn place(&mut self) -> Result<Place> {
        let keys = self.keys()?;
        let mut notes = Vec::new();
        let mut affine = self.affine()?;
        if keys.short(1025) == Some(2) {
            // PixelIsPoint: the file's (0, 0) is the middle of the first pixel (§7.1.2.3, and as GDAL writes it).
            affine = affine.after_shift(-0.5, -0.5);
        }
        affine.inverse().ok_or_else(|| Fault::bad_input("has a georeference that places nothing (a scale of 0)"))?;
        let System { crs, metres } = keys.system(&mut notes)?;
        if self.0.more_images() {
            notes.push("further images in the file (overviews, masks, pages) are left out".into());
        }
        Ok(Place { crs, affine, metres, notes })
    }

    /// From the file's raster coordinates to the CRS (§7.1.2).
    fn affine(&mut self) -> Result<Affine> {
        if let &[a, b, _, c, d, e, _, f, ..] = self.numbers(Tag::ModelTransformationTag)?.as_slice() {
            return Ok(Affine([a, b, c, d, e, f]));
        }
        let ties = self.numbers(Tag::ModelTiepointTag)?;
        match (self.numbers(Tag::ModelPixelScaleTag)?.as_slice(), ties.as_slice()) {
            (&[sx, sy, ..], &[i, j, _, x, y, _, ..]) => Ok(Affine([sx, 0.0, x - i * sx, 0.0, -sy, y + j * sy])),
            ([], ties) if ties.len() > 6 => Err(Fault::bad_input("is placed by ground control points only")
                .remedy("rectify it first, such as with gdalwarp")),
            _ => Err(Fault::bad_input("has no place: neither a transformation nor a tie point with a pixel scale")
                .remedy("give it one, such as with gdal_translate -a_ullr and -a_srs")),
        }
    }

    fn keys(&mut self) -> Result<GeoKeys> {
        let directory = self.numbers(Tag::GeoKeyDirectoryTag)?;
        let ascii = self.text(Tag::GeoAsciiParamsTag).unwrap_or_default().unwrap_or_default();
        let whole = |n: &f64| (0.0..=65_535.0).contains(n).then_some(*n as u16);
        let numbers: Option<Vec<u16>> = directory.iter().map(whole).collect();
        let doubles = self.numbers(Tag::GeoDoubleParamsTag)?;
        Ok(GeoKeys::new(&numbers.ok_or_else(|| unfit(Tag::GeoKeyDirectoryTag))?, ascii, doubles))
    }

    /// What a sample is worth: its factor and what is added (GDAL's `SCALE` and `OFFSET`), in units of `metres`.
    pub fn scale(&mut self, metres: f64) -> Result<(f64, f64)> {
        let text = self.text(Tag::Unknown(GDAL_METADATA))?.unwrap_or_default();
        let role = |role: &str| -> Result<Option<f64>> {
            let Some((_, rest)) = text.split_once(&format!("role=\"{role}\">")) else { return Ok(None) };
            let value = rest.split('<').next().and_then(|n| n.trim().parse().ok()).filter(|n: &f64| n.is_finite());
            value.map(Some).ok_or_else(|| Fault::bad_input(format!("has an unreadable {role} in its GDAL metadata")))
        };
        Ok((role("scale")?.unwrap_or(1.0) * metres, role("offset")?.unwrap_or(0.0) * metres))
    }
}

fn unfit(tag: Tag) -> Fault {
    Fault::bad_input(format!("has a tag {} of the wrong form", tag.to_u16()))
}

fn number(value: &Value) -> Option<f64> {
    Some(match value {
        Value::Byte(n) => f64::from(*n),
        Value::Short(n) => f64::from(*n),
        Value::SignedByte(n) => f64::from(*n),
        Value::SignedShort(n) => f64::from(*n),
        Value::Unsigned(n) => f64::from(*n),
        Value::Signed(n) => f64::from(*n),
        Value::UnsignedBig(n) => *n as f64,
        Value::SignedBig(n) => *n as f64,
        Value::Float(n) => f64::from(*n),
        Value::Double(n) => *n,
        _ => return None,
    })
}
