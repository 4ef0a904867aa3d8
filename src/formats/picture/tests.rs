//! Pictures of every kind, whole and broken.

use super::*;
use image::{Rgba, RgbaImage};

fn picture() -> RgbaImage {
    RgbaImage::from_fn(16, 8, |x, _| if x < 8 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 255]) })
}

fn written(picture: &RgbaImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Vec::new();
    let rgb = DynamicImage::ImageRgba8(picture.clone());
    let rgb = if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(rgb.to_rgb8()) } else { rgb };
    rgb.write_to(&mut Cursor::new(&mut out), format).unwrap();
    out
}

/// A KTX 2 of the words that it is looked at for; its one level is 16 bytes.
fn ktx2(width: u32, format: u32, end: u64) -> Vec<u8> {
    let words = [format, 1, width, 8, 0, 0, 1, 1, 1];
    let mut bytes = super::ktx2::BEGINNING.to_vec();
    bytes.extend(words.iter().flat_map(|word: &u32| word.to_le_bytes()));
    bytes.extend([0; 32]);
    bytes.extend([104_u64, end - 104, 16].iter().flat_map(|word| word.to_le_bytes()));
    bytes.extend([7; 16]);
    bytes
}

#[test]
fn each_kind_is_known_and_kept_in_the_shorter_form() {
    for (format, media, kept) in [
        (ImageFormat::Png, Media::Png, Media::WebP),
        (ImageFormat::Jpeg, Media::Jpeg, Media::Jpeg),
        (ImageFormat::WebP, Media::WebP, Media::WebP),
    ] {
        let bytes = written(&picture(), format);
        assert_eq!(Media::of(&bytes), Some(media));
        let shaded = RgbaImage::from_fn(64, 64, |x, y| Rgba([(x * 4) as u8, (y * 4) as u8, 120, 255]));
        let shaded = written(&shaded, format);
        let length = shaded.len();
        let shaded = sound(shaded).unwrap();
        assert_eq!((Media::of(&shaded.bytes), shaded.sheer), (Some(kept), false));
        assert!(shaded.bytes.len() < length || media == kept);
        let sound = sound(bytes).unwrap();
        // Half of the light of a channel is 188 in sRGB.
        let [r, g, b] = sound.mean.unwrap();
        assert!(r.abs_diff(188) < 3 && g < 20 && b.abs_diff(188) < 3, "{media:?}: {:?}", sound.mean);
        let (common, _) = as_common(&sound.bytes).unwrap();
        assert!(matches!(Media::of(&common), Some(Media::Png | Media::Jpeg)));
        if format != ImageFormat::Jpeg {
            assert_eq!(image::load_from_memory(&common).unwrap().to_rgba8(), picture(), "nothing is lost");
        }
    }
    let mut holed = picture();
    holed.put_pixel(3, 3, Rgba([0, 255, 0, 0]));
    let holed = sound(written(&holed, ImageFormat::Png)).unwrap();
    assert!(holed.sheer && holed.mean.unwrap()[1] < 5, "what is not seen has no part in the mean");
    let packed = ktx2(16, 0, 120);
    let kept = sound(packed.clone()).unwrap();
    assert!(kept.bytes == packed && kept.mean.is_none() && as_common(&packed).is_none());
}

#[test]
fn what_is_no_picture_or_too_large_or_not_whole_is_refused() {
    let said = |bytes: Vec<u8>| sound(bytes).err().unwrap().to_string();
    assert!(said(b"GIF89a".to_vec()).contains("no PNG"));
    assert!(said(Vec::new()).contains("no PNG"));
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let bytes = written(&picture(), format);
        for end in 12..bytes.len() {
            // Some end in bytes that nothing needs; none of it panics.
            let _ = sound(bytes[..end].to_vec());
        }
        assert!(said(bytes[..40].to_vec()).contains("not whole"), "{format:?}");
    }
    assert!(said(ktx2(9000, 0, 120)).contains("8192"));
    assert!(said(ktx2(16, 37, 120)).contains("Basis"));
    assert!(said(ktx2(16, 0, 121)).contains("not whole"));
    assert!(said(super::ktx2::BEGINNING.to_vec()).contains("not whole"));
}

/// Whatever the bytes: no panic, and nothing larger than the limits.
#[test]
fn mutated_pictures_are_refused_or_within_the_limits() {
    use rand::{RngExt, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let seeds = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP].map(|format| written(&picture(), format));
    let mut taken = 0;
    for round in 0..6000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..random.random_range(1..4) {
            let at = random.random_range(0..bytes.len());
            bytes[at] = [0, 1, 0x7f, 0xff, random.random()][random.random_range(0..5)];
        }
        taken += usize::from(sound(bytes).is_ok());
    }
    assert!((60..6000).contains(&taken), "both ends must be met: {taken}");
}
