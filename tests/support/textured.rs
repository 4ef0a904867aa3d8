//! Which colour of a picture is seen where, in a GLB: by the words of glTF 2.0, KHR_mesh_quantization and EXT_texture_webp, and nothing
//! of the code that writes them.

use serde_json::Value;

/// The middle of a triangle that is drawn, in the tile's z-up frame.
pub struct Seen {
    pub middle: [f64; 3],
    /// The pixel of the picture there; nothing where the material has none.
    pub pixel: Option<[u8; 4]>,
    /// The picture's media type.
    pub media: String,
}

/// The JSON and the binary of a GLB.
pub fn parts(glb: &[u8]) -> (Value, &[u8]) {
    let length = u32::from_le_bytes(glb[12..16].try_into().unwrap()) as usize;
    (serde_json::from_slice(&glb[20..20 + length]).unwrap(), &glb[28 + length..])
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn view<'b>(json: &Value, bin: &'b [u8], view: &Value) -> &'b [u8] {
    let view = &json["bufferViews"][number(view)];
    assert!(view["extensions"].is_null(), "not packed");
    &bin[view["byteOffset"].as_u64().unwrap_or(0) as usize..][..number(&view["byteLength"])]
}

/// The numbers of an accessor, normalised where it says so.
fn rows(json: &Value, bin: &[u8], accessor: &Value) -> Vec<Vec<f64>> {
    let own = &json["accessors"][number(accessor)];
    let width = ["SCALAR", "VEC2", "VEC3", "VEC4"].iter().position(|kind| own["type"] == *kind).unwrap() + 1;
    let (size, whole) = match number(&own["componentType"]) {
        5121 => (1, 255.0),
        5122 => (2, 32_767.0),
        5123 => (2, 65_535.0),
        _ => (4, 1.0),
    };
    let divisor = if own["normalized"] == true { whole } else { 1.0 };
    let bytes = view(json, bin, &own["bufferView"]);
    let stride =
        json["bufferViews"][number(&own["bufferView"])]["byteStride"].as_u64().unwrap_or((size * width) as u64);
    let one = |at: usize| match (number(&own["componentType"]), &bytes[at..at + size]) {
        (5121, b) => f64::from(b[0]),
        (5122, b) => f64::from(i16::from_le_bytes(b.try_into().unwrap())),
        (5123, b) => f64::from(u16::from_le_bytes(b.try_into().unwrap())),
        (5125, b) => f64::from(u32::from_le_bytes(b.try_into().unwrap())),
        (_, b) => f64::from(f32::from_le_bytes(b.try_into().unwrap())),
    };
    let first = own["byteOffset"].as_u64().unwrap_or(0) as usize;
    let row = |k: usize| (0..width).map(|c| one(first + k * stride as usize + c * size) / divisor).collect();
    (0..number(&own["count"])).map(row).collect()
}

/// The bytes of a texture's picture, and its media type.
pub fn picture<'b>(json: &Value, bin: &'b [u8], texture: &Value) -> (&'b [u8], String) {
    let texture = &json["textures"][number(texture)];
    let others = ["EXT_texture_webp", "KHR_texture_basisu"].map(|name| texture["extensions"][name]["source"].as_u64());
    let source = texture["source"].as_u64().or(others[0]).or(others[1]).expect("a picture");
    let image = &json["images"][source as usize];
    let needed = [("image/webp", "EXT_texture_webp"), ("image/ktx2", "KHR_texture_basisu")];
    for (media, extension) in needed {
        let required = json["extensionsRequired"].as_array().unwrap().iter().any(|e| *e == extension);
        assert!(image["mimeType"] != media || required, "{extension} is required");
    }
    (view(json, bin, &image["bufferView"]), image["mimeType"].as_str().unwrap().to_owned())
}

/// Every triangle of a GLB without packed views or instances.
pub fn seen(glb: &[u8]) -> Vec<Seen> {
    let (json, bin) = parts(glb);
    let mut all = Vec::new();
    for node in json["nodes"].as_array().unwrap() {
        let three = |v: &Value| [0, 1, 2].map(|k| v[k].as_f64().unwrap());
        let (shift, scale) = (three(&node["translation"]), three(&node["scale"]));
        for primitive in json["meshes"][number(&node["mesh"])]["primitives"].as_array().unwrap() {
            let points = rows(&json, bin, &primitive["attributes"]["POSITION"]);
            let corners = rows(&json, bin, &primitive["indices"]);
            let info = &json["materials"][number(&primitive["material"])]["pbrMetallicRoughness"]["baseColorTexture"];
            let texture = info.is_object().then(|| {
                let places = rows(&json, bin, &primitive["attributes"]["TEXCOORD_0"]);
                let (bytes, media) = picture(&json, bin, &info["index"]);
                (places, image::load_from_memory(bytes).unwrap().to_rgba8(), media)
            });
            for triangle in corners.chunks(3) {
                let mean =
                    |rows: &[Vec<f64>], k: usize| triangle.iter().map(|c| rows[c[0] as usize][k]).sum::<f64>() / 3.0;
                let [x, y, z] = [0, 1, 2].map(|k| mean(&points, k) * scale[k] + shift[k]);
                let pixel = texture.as_ref().map(|(places, picture, _)| {
                    let at = |k: usize, size: u32| (mean(places, k).rem_euclid(1.0) * f64::from(size)) as u32;
                    picture.get_pixel(at(0, picture.width()), at(1, picture.height())).0
                });
                let media = texture.as_ref().map_or_else(String::new, |(_, _, media)| media.clone());
                all.push(Seen { middle: [x, -z, y], pixel, media });
            }
        }
    }
    all
}
