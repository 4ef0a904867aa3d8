//! Pictures in a tile: a material for each texture, an image for each picture, as it is kept.

use super::buffer::Buffer;
use crate::fault::{Fault, Result};
use crate::formats::Media;
use crate::geom::{Sheer, Texture, Wrap};
use crate::tiles::colour::linear;
use crate::tiles::content::Pictures;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The textures that a tile's materials show, in the order of their first use.
#[derive(Default)]
pub(super) struct Palette {
    list: Vec<Texture>,
    numbers: HashMap<Texture, usize>,
}

/// What a palette comes to.
#[derive(Default)]
pub(super) struct Painted {
    /// One for each texture, to follow the plain one.
    pub materials: Vec<Value>,
    /// `images`, `textures`, `samplers`, where there are any.
    pub members: Map<String, Value>,
    /// Whether some picture is WebP, and whether some is KTX 2.
    pub by: [bool; 2],
}

impl Palette {
    /// The number of the material that shows a texture; 0 is the plain one.
    pub fn number(&mut self, texture: Option<&Texture>) -> usize {
        let Some(texture) = texture else { return 0 };
        *self.numbers.entry(*texture).or_insert_with(|| {
            self.list.push(*texture);
            self.list.len()
        })
    }
    /// Writes the pictures into `buffer`.
    ///
    /// # Errors
    /// A picture that `pictures` lacks, or that is none, which the store never gives.
    pub fn write(self, pictures: &Pictures, buffer: &mut Buffer) -> Result<Painted> {
        let mut painted = Painted::default();
        let (mut images, mut textures, mut samplers) = (Vec::<Value>::new(), Vec::new(), Vec::<Value>::new());
        let mut known: Vec<Media> = Vec::new();
        let mut sources: HashMap<[u8; 32], usize> = HashMap::new();
        for texture in &self.list {
            let source = match sources.get(&texture.picture) {
                Some(source) => *source,
                None => {
                    let bytes = pictures.get(&texture.picture);
                    let found = bytes.and_then(|bytes| Some((bytes, Media::of(bytes)?)));
                    let (bytes, media) = found.ok_or_else(|| Fault::internal("a tile lacks a picture"))?;
                    images.push(json!({ "bufferView": buffer.view(bytes), "mimeType": media.name() }));
                    sources.insert(texture.picture, known.len());
                    known.push(media);
                    known.len() - 1
                }
            };
            let mut made = match known[source] {
                Media::WebP => json!({ "extensions": { "EXT_texture_webp": { "source": source } } }),
                Media::Ktx2 => json!({ "extensions": { "KHR_texture_basisu": { "source": source } } }),
                Media::Png | Media::Jpeg => json!({ "source": source }),
            };
            if texture.wrap != [Wrap::Repeat; 2] {
                let [across, down] = texture.wrap.map(|wrap| match wrap {
                    Wrap::Repeat => 10497,
                    Wrap::Mirror => 33648,
                    Wrap::Clamp => 33071,
                });
                let sampler = json!({ "wrapS": across, "wrapT": down });
                let number = samplers.iter().position(|known| *known == sampler).unwrap_or(samplers.len());
                if number == samplers.len() {
                    samplers.push(sampler);
                }
                made["sampler"] = json!(number);
            }
            painted.materials.push(material(texture, textures.len()));
            textures.push(made);
        }
        painted.by = [Media::WebP, Media::Ktx2].map(|media| known.contains(&media));
        for (name, list) in [("images", images), ("samplers", samplers), ("textures", textures)] {
            if !list.is_empty() {
                painted.members.insert(name.to_owned(), Value::Array(list));
            }
        }
        Ok(painted)
    }
}

fn material(texture: &Texture, number: usize) -> Value {
    let [r, g, b, a] = texture.tint;
    let [r, g, b] = [r, g, b].map(|c| f64::from(linear(c)) / 255.0);
    let mut material = json!({
        "pbrMetallicRoughness": { "baseColorFactor": [r, g, b, f64::from(a) / 255.0],
            "baseColorTexture": { "index": number }, "metallicFactor": 0.0, "roughnessFactor": 0.9 },
        "doubleSided": true
    });
    match texture.sheer {
        Sheer::Never => {}
        Sheer::Cut => material["alphaMode"] = json!("MASK"),
        Sheer::Mixed => material["alphaMode"] = json!("BLEND"),
    }
    material
}
