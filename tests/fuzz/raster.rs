//! GeoTIFF: tags, strips and tiles.

use super::Target;
use crate::support::tiff::{doubles, placed, tiff};
use cimbra::formats::raster::{Content, GeoTiff};
use std::io::Cursor;
use std::path::Path;
use tiff::encoder::{Compression, DeflateLevel, Predictor, TiffEncoder, colortype};
use tiff::tags::Tag;

/// Reads one case; gives how many pixels had a value.
pub fn drive(case: &Path) -> usize {
    let (mut found, mut rows) = (0, 0);
    let read = GeoTiff::open(case, None).and_then(|mut raster| {
        let (width, height) = (raster.about.width as usize, raster.about.height as usize);
        assert!(raster.about.affine.inverse().is_some() && width > 0 && height > 0);
        match raster.about.content {
            Content::Heights => raster.heights(&mut |row| {
                assert_eq!(row.len(), width);
                rows += 1;
                found += row.iter().filter(|h| !h.is_nan()).count();
                Ok(())
            }),
            Content::Colours => raster.colours(&mut |row| {
                assert_eq!(row.len(), width);
                rows += 1;
                found += row.len();
                Ok(())
            }),
        }?;
        assert_eq!(rows, height);
        Ok(())
    });
    if let Err(fault) = read {
        assert!(fault.to_string().len() < 4000);
    }
    found
}

/// A raster by the encoder of the TIFF library.
fn encoded(compression: Compression, predictor: Predictor, colours: bool) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).unwrap().with_compression(compression).with_predictor(predictor);
    if colours {
        let mut image = encoder.new_image::<colortype::RGB8>(20, 30).unwrap();
        place(image.encoder());
        image.write_data(&(0..1800_u32).map(|n| (n % 251) as u8).collect::<Vec<_>>()).unwrap();
    } else {
        let mut image = encoder.new_image::<colortype::GrayI16>(20, 30).unwrap();
        place(image.encoder());
        image.write_data(&(0..600_i16).collect::<Vec<_>>()).unwrap();
    }
    out.into_inner()
}

fn place<W: std::io::Write + std::io::Seek, K: tiff::encoder::TiffKind>(
    encoder: &mut tiff::encoder::DirectoryEncoder<'_, W, K>,
) {
    encoder.write_tag(Tag::ModelPixelScaleTag, &[10.0, 10.0, 0.0][..]).unwrap();
    encoder.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, 465_000.0, 5_247_000.0, 0.0][..]).unwrap();
    encoder.write_tag(Tag::GeoKeyDirectoryTag, &[1_u16, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32632][..]).unwrap();
    encoder.write_tag(Tag::GdalNodata, "7").unwrap();
}

#[test]
fn any_bytes_are_read_or_refused() {
    let mut turned = placed();
    turned.retain(|(tag, ..)| *tag == 34_735);
    turned.push((
        34_264,
        12,
        16,
        doubles(&[10.0, 1.0, 0.0, 4e5, 1.0, -10.0, 0.0, 5e6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
    ));
    let seeds = vec![
        tiff(&placed()),
        tiff(&turned),
        encoded(Compression::Lzw, Predictor::Horizontal, false),
        encoded(Compression::Deflate(DeflateLevel::Fast), Predictor::None, true),
        encoded(Compression::Packbits, Predictor::None, false),
    ];
    let test = "fuzz::raster::any_bytes_are_read_or_refused";
    Target { test, reader: "GeoTIFF", ending: "tif", seeds, words: &["II*\0", "MM\0*", "role=\"scale\">", "\0\0\0\0"] }
        .run();
}
