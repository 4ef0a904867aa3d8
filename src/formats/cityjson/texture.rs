//! Textures of surfaces (CityJSON 2.0.1 §6.2): which picture a surface shows, and which of its points its corners do.

use super::model::Appearance;
use super::nested::{NOTHING, Nested, Unread};
use crate::formats::picture::{Look, Lost, Pictures};
use crate::geom::{At, Sheer, Texture, Wrap};
use crate::model::Value;
use std::collections::BTreeMap;

/// The textures of a document.
#[derive(Debug, Default)]
pub(super) struct Album {
    /// What is none stands as nothing, so that the others keep their numbers.
    textures: Vec<Option<Definition>>,
    /// Points of pictures; (0, 0) is the lower left corner.
    places: Vec<[f64; 2]>,
    /// The theme that is shown where there are several.
    theme: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
struct Definition {
    image: String,
    #[serde(rename = "wrapMode", default)]
    wrap: String,
}

/// The textures of a theme: a number, then a point for each corner, for each ring.
#[derive(Debug, Default, serde::Deserialize)]
struct Theme {
    #[serde(default)]
    values: Nested,
}

/// What a surface shows.
pub(super) struct Dress {
    pub texture: Texture,
    pub look: Look,
    /// A point for each corner, ring by ring as the surface has them.
    pub rings: Vec<Vec<At>>,
}

impl Album {
    /// That of an appearance; `theme` is shown where it names none.
    pub fn new(appearance: &Appearance, theme: Option<&str>) -> Self {
        let textures: Vec<serde_json::Value> = appearance.textures.parsed().unwrap_or_default();
        let textures = textures.into_iter().map(|one| serde_json::from_value(one).ok()).collect();
        let own = theme_of(appearance).or(theme).map(str::to_owned);
        Self { textures, places: appearance.places.parsed().unwrap_or_default(), theme: own }
    }
    /// The textures of a geometry's surfaces, as deeply nested as they are, one level for the rings more.
    pub fn values(&self, texture: &Unread) -> Option<Nested> {
        let mut themes: BTreeMap<String, Theme> = texture.parsed()?;
        let chosen = self.theme.as_ref().and_then(|theme| themes.remove(theme));
        Some(chosen.or_else(|| themes.into_values().next())?.values)
    }
    /// What the surface of these rings shows; nothing where it has no texture.
    pub fn dress(&self, told: &Nested, surface: &Nested, pictures: &Pictures) -> Option<Result<Dress, Lost>> {
        let told = told.lists()?;
        let number = *told.first()?.numbers()?.first().filter(|n| **n != NOTHING)?;
        Some(self.dressed(number, told, surface, pictures))
    }

    fn dressed(&self, number: u32, told: &[Nested], surface: &Nested, pictures: &Pictures) -> Result<Dress, Lost> {
        let count = self.textures.len();
        let definition = self.textures.get(number as usize).and_then(Option::as_ref);
        let definition =
            definition.ok_or_else(|| Lost::Broken(format!("has the number {number} of {count} that hold")))?;
        // Exporters of one system write its own separators.
        let name = definition.image.replace('\\', "/");
        let look = pictures.named(&name).ok_or(Lost::Picture(name))?;
        let odd = || Lost::Broken("does not say of each corner which point of the picture it shows".into());
        let rings = surface.lists().unwrap_or_default().iter().enumerate().map(|(k, ring)| {
            let (first, at) = told.get(k).and_then(Nested::numbers).and_then(<[u32]>::split_first).ok_or_else(odd)?;
            if *first != number || Some(at.len()) != ring.numbers().map(<[u32]>::len) {
                return Err(odd());
            }
            at.iter().map(|n| self.place(*n)).collect::<Result<_, _>>()
        });
        let rings = rings.collect::<Result<_, _>>()?;
        let wrap = match definition.wrap.as_str() {
            "" | "wrap" => Wrap::Repeat,
            "mirror" => Wrap::Mirror,
            _ => Wrap::Clamp,
        };
        // The format does not say how a picture is seen through: what most are for is cutting out.
        let sheer = if look.sheer { Sheer::Cut } else { Sheer::Never };
        let texture = Texture { picture: look.picture, tint: [u8::MAX; 4], wrap: [wrap; 2], sheer };
        Ok(Dress { texture, look, rings })
    }
    fn place(&self, number: u32) -> Result<At, Lost> {
        let count = self.places.len();
        let place = self.places.get(number as usize).map(|[u, v]| [*u as f32, (1.0 - v) as f32]);
        let place =
            place.ok_or_else(|| Lost::Broken(format!("shows a point of a picture beyond the {count} there are")))?;
        // After the cast: what f32 has no number for is none.
        if !place.iter().all(|c| c.is_finite()) {
            return Err(Lost::Broken("shows a point of a picture beyond all numbers".into()));
        }
        Ok(place)
    }
}

/// The theme that an appearance names.
pub(super) fn theme_of(appearance: &Appearance) -> Option<&str> {
    if let Value::Text(theme) = &appearance.theme.0 { Some(theme) } else { None }
}
