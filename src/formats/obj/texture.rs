//! The pictures of materials (`map_Kd`).

use crate::formats::picture::{Lost, Pictures, linear, srgb};
use crate::geom::{Sheer, Texture, Wrap};
use tobj::Material;

/// What surfaces of a material look like.
#[derive(Default)]
pub(super) struct Look {
    /// sRGB and alpha: the material's own, or its picture's from afar.
    pub colour: Option<[u8; 4]>,
    /// Its picture, or what is lost of it.
    pub texture: Option<Result<Texture, Lost>>,
}

/// The look of a material.
pub(super) fn look(material: &Material, pictures: &Pictures) -> Look {
    let byte = |c: f64| (c * 255.0).round().clamp(0.0, 255.0) as u8;
    let alpha = byte(material.dissolve.unwrap_or(1.0));
    let own = material.diffuse.map(|diffuse| diffuse.map(byte));
    let plain = own.map(|[r, g, b]| [r, g, b, alpha]);
    let Some(map) = &material.diffuse_texture else { return Look { colour: plain, texture: None } };
    let (name, wrap) = match named(map) {
        Ok(named) => named,
        Err(lost) => return Look { colour: plain, texture: Some(Err(lost)) },
    };
    let Some(look) = pictures.named(&name) else {
        return Look { colour: plain, texture: Some(Err(Lost::Picture(name))) };
    };
    // A black that would hide the picture is not meant.
    let tint = own.filter(|own| *own != [0; 3]).unwrap_or([u8::MAX; 3]);
    let [r, g, b] = tint;
    let sheer = match (alpha < u8::MAX, look.sheer) {
        (true, _) => Sheer::Mixed,
        (false, true) => Sheer::Cut,
        (false, false) => Sheer::Never,
    };
    let seen = look.mean.map(|mean| {
        let [x, y, z] = [0, 1, 2].map(|k: usize| {
            let of = |three: &[u8; 3]| three.get(k).copied().map_or(0.0, linear);
            srgb(of(&mean) * of(&tint))
        });
        [x, y, z, alpha]
    });
    let texture = Texture { picture: look.picture, tint: [r, g, b, alpha], wrap: [wrap; 2], sheer };
    Look { colour: seen.or(plain), texture: Some(Ok(texture)) }
}

/// The file that a `map_Kd` names, behind its options, and whether the picture is repeated.
fn named(map: &str) -> Result<(String, Wrap), Lost> {
    let map = map.trim();
    // Exporters of one system write its own separators.
    let file = |name: &str| name.replace('\\', "/");
    if !map.starts_with('-') {
        return Ok((file(map), Wrap::Repeat));
    }
    let words: Vec<&str> = map.split_whitespace().collect();
    if words.iter().any(|word| matches!(*word, "-o" | "-s" | "-t")) {
        return Err(Lost::Broken("is moved on its surfaces by options (-o, -s, -t), which are not read".into()));
    }
    let clamped = words.windows(2).any(|two| two == ["-clamp", "on"]);
    Ok((file(words.last().unwrap_or(&map)), if clamped { Wrap::Clamp } else { Wrap::Repeat }))
}
