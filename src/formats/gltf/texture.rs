//! Base colour pictures: which picture a primitive shows, how it lies, and which of its points the vertices show.

use super::buffers::{numbers, view};
use super::document::{Document, Material, Primitive, Sampler, TextureInfo};
use crate::fault::Fault;
use crate::formats::picture::{Look, Lost, Pictures};
use crate::geom::{At, Sheer, Texture, Wrap};

/// What a primitive shows.
pub(super) struct Dress {
    /// The picture and how it lies; its tint is not known yet.
    pub texture: Texture,
    /// What is known of the picture.
    pub look: Look,
    /// What each vertex shows.
    pub at: Vec<At>,
}

/// What `primitive`, of so many vertices, shows; nothing where its material has no picture.
pub(super) fn dress(
    document: &Document,
    buffers: &[Vec<u8>],
    pictures: &Pictures,
    primitive: &Primitive,
    vertices: usize,
) -> Option<Result<Dress, Lost>> {
    let material = primitive.material.and_then(|m| document.materials.get(m))?;
    let info = material.pbr_metallic_roughness.base_color_texture.as_ref()?;
    Some(dressed(document, buffers, pictures, primitive, (material, info)).and_then(|dress| {
        let broken = || Lost::Broken("has vertices without a point of its picture".into());
        if dress.at.len() == vertices { Ok(dress) } else { Err(broken()) }
    }))
}

fn dressed(
    document: &Document,
    buffers: &[Vec<u8>],
    pictures: &Pictures,
    primitive: &Primitive,
    (material, info): (&Material, &TextureInfo),
) -> Result<Dress, Lost> {
    let broken = |what: String| Lost::Broken(what);
    let texture = info.index.and_then(|index| document.textures.get(index));
    let texture = texture.ok_or_else(|| broken(format!("is not among the {} of the file", document.textures.len())))?;
    // What a viewer needs least work for goes before what the others fall back on.
    let of = &texture.extensions;
    let source = [of.webp.as_ref().and_then(|w| w.source), of.basisu.as_ref().and_then(|b| b.source), texture.source];
    let number = source.into_iter().flatten().next();
    let image = number.and_then(|n| Some((n, document.images.get(n)?)));
    let (number, image) = image.ok_or_else(|| broken("names no picture of the file".into()))?;
    let name = match &image.uri {
        Some(uri) if !uri.starts_with("data:") => uri.clone(),
        // Of what lies in the model itself: no file is called so, as above.
        _ => format!("data:image {number}"),
    };
    let look = match (&image.uri, image.buffer_view) {
        (Some(uri), _) => pictures.at(&name, uri),
        (None, Some(lies)) => pictures.take(&name, || {
            let bytes = view(document, buffers, lies).ok_or_else(|| Fault::bad_input("does not lie in its buffer"))?;
            Ok(bytes.to_vec())
        }),
        (None, None) => pictures.take(&name, || Err(Fault::bad_input("lies nowhere"))),
    };
    let look = look.ok_or(Lost::Picture(name))?;
    let moved = info.extensions.transform.as_ref();
    let set = moved.and_then(|m| m.tex_coord).unwrap_or(info.tex_coord);
    let at = primitive.attributes.get(&format!("TEXCOORD_{set}"));
    let at = at.and_then(|a| numbers::<2>(document, buffers, *a));
    let at = at.ok_or_else(|| broken(format!("has no TEXCOORD_{set} that holds")))?;
    let place = |[u, v]: [f64; 2]| {
        // KHR_texture_transform: scaled, turned clockwise, moved.
        let Some(m) = moved else { return [u, v] };
        let ([sx, sy], (sin, cos)) = (m.scale.unwrap_or([1.0; 2]), m.rotation.sin_cos());
        let ([u, v], [x, y]) = ([u * sx, v * sy], m.offset.unwrap_or_default());
        [cos * u + sin * v + x, cos * v - sin * u + y]
    };
    let at: Vec<At> = at.into_iter().map(|at| place(at).map(|c| c as f32)).collect();
    // After the cast: what f32 has no number for is none.
    if !at.iter().flatten().all(|c| c.is_finite()) {
        return Err(broken(format!("has points of TEXCOORD_{set} beyond all numbers")));
    }
    let sampler = texture.sampler.and_then(|s| document.samplers.get(s));
    let wrap = sampler.map_or([Wrap::Repeat; 2], |Sampler { wrap_s, wrap_t }| [*wrap_s, *wrap_t].map(wrap));
    let sheer = match material.alpha_mode.as_str() {
        "MASK" => Sheer::Cut,
        "BLEND" => Sheer::Mixed,
        _ => Sheer::Never,
    };
    let texture = Texture { picture: look.picture, tint: [u8::MAX; 4], wrap, sheer };
    Ok(Dress { texture, look, at })
}

/// GL's numbers (§5.26).
const fn wrap(number: u32) -> Wrap {
    match number {
        33071 => Wrap::Clamp,
        33648 => Wrap::Mirror,
        _ => Wrap::Repeat,
    }
}
