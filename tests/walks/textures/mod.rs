//! Pictures on surfaces, from the file through the store to tiles and out again: what is seen at each place is what the source shows
//! there.

mod cityjson;
mod models;

use crate::support::gltf::Buffer;
use crate::support::run;
use crate::support::textured::Seen;
use cimbra::formats::{ReadOptions, SourceItem, reader_of};
use cimbra::geom::{Face, Mesh, Shape};
use cimbra::store::{Snapshot, Store};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

const HERE: &str = "118.78,32.04,20";
/// Cells along a side of the plane, and pixels of the picture for each.
const CELLS: u32 = 4;
const FINE: u32 = 16;

/// What the picture shows at a pixel: each half of a cell another colour.
fn colour(x: u32, y: u32) -> [u8; 3] {
    let half = FINE / 2;
    [(x / half * 30) as u8, (y / half * 30) as u8, 200]
}

fn drawn() -> RgbImage {
    RgbImage::from_fn(CELLS * FINE, CELLS * FINE, |x, y| Rgb(colour(x, y)))
}

fn png() -> Vec<u8> {
    let (picture, mut out) = (drawn(), Vec::new());
    let encoder = image::codecs::png::PngEncoder::new(&mut out);
    encoder.write_image(&picture, CELLS * FINE, CELLS * FINE, ExtendedColorType::Rgb8).unwrap();
    out
}

fn jpeg() -> Vec<u8> {
    let (picture, mut out) = (drawn(), Vec::new());
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 100).encode_image(&picture).unwrap();
    out
}

/// A plane of 4 by 4 m, x east and z south, with a picture over all of it that is moved by `shift` cells, in a model that names
/// its picture by `image`.
fn plane(image: impl FnOnce(&mut Buffer) -> Value, shift: f32) -> Value {
    plane_of(image, |[x, z]| [(x + shift) / CELLS as f32, z / CELLS as f32])
}

/// As [`plane`], with a place of the picture for each corner.
fn plane_of(image: impl FnOnce(&mut Buffer) -> Value, place: impl Fn([f32; 2]) -> [f32; 2]) -> Value {
    let mut buffer = Buffer::default();
    let side = CELLS as usize + 1;
    let corners = || (0..side * side).map(|k| [(k % side) as f32, (k / side) as f32]);
    let points: Vec<f32> = corners().flat_map(|[x, z]| [x, 0.0, z]).collect();
    let places: Vec<f32> = corners().flat_map(place).collect();
    let cells = (0..side * side).filter(|k| k % side < side - 1 && k / side < side - 1);
    let triangles: Vec<u16> =
        cells.flat_map(|k| [k, k + side, k + side + 1, k, k + side + 1, k + 1]).map(|k| k as u16).collect();
    let (points, places) = (buffer.floats("VEC3", &points), buffer.floats("VEC2", &places));
    let triangles = buffer.shorts(&triangles);
    let image = image(&mut buffer);
    buffer.model(json!({
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": points, "TEXCOORD_0": places }, "indices": triangles, "material": 0 }] }],
        "materials": [{ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } } }],
        "textures": [{ "source": 0 }], "images": [image],
    }))
}

fn embedded(bytes: Vec<u8>, media: &'static str) -> impl FnOnce(&mut Buffer) -> Value {
    move |buffer| json!({ "bufferView": buffer.view(&bytes), "mimeType": media })
}

/// Imports a file that must come in; what the report says, and the store's only site.
fn import(file: &Path, store: &Path, more: &[&str]) -> (Value, Arc<Snapshot>) {
    let done = run(&[&["import", file.to_str().unwrap(), "--store", store.to_str().unwrap(), "--json"], more].concat());
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    (serde_json::from_slice(&done.stdout).unwrap(), Store::open(store).unwrap().sites()[0].snapshot())
}

fn mesh(snapshot: &Snapshot, id: &str) -> Mesh {
    snapshot.geometry(snapshot.find(id).unwrap()).unwrap().mesh.clone().unwrap()
}

/// Whether each triangle's middle has the colour that the source shows there; how many have one.
fn fits(all: &[Seen], shift: f64, most: u8) -> usize {
    let mut count = 0;
    for Seen { middle: [x, y, _], pixel, .. } in all {
        let Some([r, g, b, _]) = *pixel else { continue };
        let at = |c: f64| (c.rem_euclid(f64::from(CELLS)) * f64::from(FINE)) as u32;
        let wanted = colour(at(x + shift), at(-y));
        let near = [r, g, b].iter().zip(&wanted).all(|(a, b)| a.abs_diff(*b) <= most);
        assert!(near, "at ({x}, {y}) {:?} is seen and not {wanted:?}", [r, g, b]);
        count += 1;
    }
    count
}

/// The GLB that is exported of all.
fn exported(store: &Path) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.glb");
    let done = run(&["export", out.to_str().unwrap(), "--store", store.to_str().unwrap()]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::read(out).unwrap()
}

/// Every GLB of a tileset that is baked of all and that the checker finds sound.
fn baked(store: &Path) -> Vec<Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("tiles");
    let out = folder.to_str().unwrap();
    let done = run(&["bake", out, "--store", store.to_str().unwrap(), "--precompress", "none"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let checked = run(&["check", out]);
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
    let mut tiles = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "glb") {
                tiles.push(std::fs::read(path).unwrap());
            }
        }
    }
    tiles
}

/// The objects of a file as its reader gives them, what it notes, and how many pictures.
fn read(file: &Path) -> (Vec<cimbra::formats::SourceObject>, String, usize) {
    let (mut objects, mut notes, mut pictures) = (Vec::new(), String::new(), 0);
    let mut sink = |item| {
        match item {
            SourceItem::Object(object) => objects.push(*object),
            SourceItem::Note(note) => notes += &format!("{note}\n"),
            SourceItem::Picture(_) => pictures += 1,
            SourceItem::Frame(_) | SourceItem::Refused { .. } => {}
        }
        Ok(())
    };
    reader_of(file).unwrap().read(file, &ReadOptions::default(), &mut sink).unwrap();
    (objects, notes, pictures)
}

fn faces(shape: &Shape) -> &[Face] {
    if let Shape::Faces { faces, .. } = shape { faces } else { unreachable!("faces, not {shape:?}") }
}
