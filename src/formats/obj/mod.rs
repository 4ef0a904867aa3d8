//! Wavefront OBJ models with their `.mtl` colours: every object (`o`) or group (`g`) becomes an asset.

use super::reader::{clip, open};
use super::taken::Taken;
use super::{Placement, ReadOptions, Reader, Sink, SourceFrame, SourceItem, SourceObject, Up};
use crate::fault::{Fault, Kind, Result};
use crate::geom::{Face, Polygon, Shape, SurfaceKind};
use crate::model::Class;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use tobj::{LoadError, LoadOptions, Material, Model};

/// The reader of `.obj` files.
///
/// OBJ says neither units nor an up axis: metres are taken, and y up unless `--crs` places the model or `--up` says otherwise.
/// Faces keep their corners, so that concave ones are cut right. An object without a name is called after its file.
#[derive(Debug, Clone, Copy)]
pub struct Obj;

/// The most bytes of a model, and of its materials.
const LARGEST: u64 = 1 << 30;
/// The most faces of a model.
const FACES: usize = 20_000_000;

impl Reader for Obj {
    fn name(&self) -> &'static str {
        "OBJ"
    }
    fn extensions(&self) -> &'static [&'static str] {
        &["obj"]
    }
    fn sniff(&self, head: &[u8]) -> bool {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let known = |line: &str| {
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            match word {
                "v" => rest.split_whitespace().take(3).filter(|n| n.parse::<f64>().is_ok()).count() == 3,
                "mtllib" | "o" | "g" | "s" | "usemtl" | "vn" | "vt" => !rest.is_empty(),
                _ => false,
            }
        };
        let first: Vec<&str> = lines.by_ref().take(4).collect();
        first.len() == 4 && first.iter().all(|line| known(line))
    }
    fn read(&self, file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
        read(file, options, sink).map_err(|fault| fault.about(file.display().to_string()))
    }
}

fn read(file: &Path, options: &ReadOptions, sink: &mut Sink) -> Result<()> {
    let bytes = whole(open(file)?)?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let beside = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let notes = RefCell::new(Vec::new());
    if std::str::from_utf8(&bytes).is_err() {
        notes.borrow_mut().push("its text is not UTF-8: characters that cannot be read are replaced".to_owned());
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // The library loads materials as it meets them; a missing one costs colours, not the model.
    let load = |path: &Path| {
        let loaded = materials(path, beside);
        if let Err(fault) = &loaded {
            notes.borrow_mut().push(format!("its materials are left out: {fault}"));
        }
        loaded.map_err(|_| LoadError::OpenFileFailed)
    };
    let wanted = LoadOptions { ignore_points: true, ignore_lines: true, ..LoadOptions::default() };
    let parsed =
        catch_unwind(AssertUnwindSafe(|| tobj::load_obj_buf(&mut Cursor::new(text.as_bytes()), &wanted, load)));
    let parsed = parsed.unwrap_or(Err(LoadError::GenericFailure));
    let (models, materials) = parsed.map_err(|e| Fault::bad_input(format!("is no sound OBJ: {e}")))?;
    let materials = materials.unwrap_or_default();
    sink(SourceItem::Frame(SourceFrame {
        crs: None,
        placement: Some(Placement::Unplaced { true_north: 0.0 }),
        assumed: false,
    }))?;
    for note in notes.into_inner() {
        sink(SourceItem::Note(note))?;
    }
    let pictures = materials.iter().filter(|m| m.diffuse_texture.is_some()).count();
    if pictures > 0 {
        sink(SourceItem::Note(format!("pictures of {pictures} materials are not drawn, their colours are")))?;
    }
    let all: usize = models.iter().map(|m| m.mesh.face_arities.len().max(m.mesh.indices.len() / 3)).sum();
    if all > FACES {
        return Err(Fault::new(Kind::TooLarge, format!("has {all} faces; at most {FACES} are read"))
            .remedy("cut the model into parts, or make a tileset of it"));
    }
    let mut taken = Taken::default();
    // The library begins a model at every change of material: those that follow each other under one name are one object.
    let mut objects: Vec<(String, Vec<&Model>)> = Vec::new();
    for model in &models {
        let name = match model.name.trim() {
            "" | "unnamed_object" => stem.clone(),
            name => name.to_owned(),
        };
        match objects.iter_mut().rev().take(64).find(|(known, _)| *known == name) {
            Some((_, parts)) => parts.push(model),
            None => objects.push((name, vec![model])),
        }
    }
    let upright = options.up != Some(Up::Z);
    for (name, parts) in objects {
        let faces: Vec<Face> = parts.iter().flat_map(|model| faces(model, &materials, upright)).collect();
        if faces.is_empty() {
            sink(SourceItem::Refused { object: clip(&name), reason: "it has no face".into() })?;
            continue;
        }
        let id = match taken.id(&name) {
            Ok(id) => id,
            Err(reason) => {
                sink(SourceItem::Refused { object: clip(&name), reason })?;
                continue;
            }
        };
        let class = options.class.unwrap_or_else(|| taken.assumed(Class::Component));
        let (parent, storey, layer, crs) = (None, None, None, None);
        let (attributes, footprint, shape) = (Vec::new(), Vec::new(), Shape::Faces { faces, solid: false });
        let object = SourceObject { id, class, name, parent, storey, layer, attributes, shape, footprint, crs };
        sink(SourceItem::Object(Box::new(object)))?;
    }
    taken.end(sink)
}

fn whole(file: File) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| Fault::io("reading", &e))?;
    match bytes.len() as u64 > LARGEST {
        true => Err(Fault::new(Kind::TooLarge, "is over 1 GiB").remedy("cut the model into parts")),
        false => Ok(bytes),
    }
}

type Library = (Vec<Material>, HashMap<String, usize>);

/// The materials in a file that lies within the model's folder.
fn materials(path: &Path, beside: &Path) -> Result<Library> {
    let shown = clip(&path.to_string_lossy());
    let missing = || Fault::bad_input(format!("'{shown}' is not within the model's own folder"));
    let real = beside.join(path).canonicalize().map_err(|_| missing())?;
    let root = beside.canonicalize().map_err(|_| missing())?;
    if path.is_absolute() || !real.starts_with(root) || !real.is_file() {
        return Err(missing());
    }
    let bytes = whole(File::open(&real).map_err(|e| Fault::io("opening the materials", &e))?)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let loaded = catch_unwind(|| tobj::load_mtl_buf(&mut BufReader::new(text.as_bytes())));
    let loaded = loaded.unwrap_or(Err(LoadError::GenericFailure));
    loaded.map_err(|e| Fault::bad_input(format!("'{shown}' is no sound MTL: {e}")))
}

/// The faces of a model whose points are numbers.
fn faces<'m>(model: &'m Model, materials: &'m [Material], upright: bool) -> impl Iterator<Item = Face> + 'm {
    let mesh = &model.mesh;
    let material = mesh.material_id.and_then(|id| materials.get(id));
    let byte = |c: f64| (c * 255.0).round().clamp(0.0, 255.0) as u8;
    let colour = material.and_then(|m| {
        let [r, g, b] = m.diffuse?.map(byte);
        Some([r, g, b, byte(m.dissolve.unwrap_or(1.0))])
    });
    let (points, _) = mesh.positions.as_chunks::<3>();
    let mut rest = mesh.indices.as_slice();
    let count = if mesh.face_arities.is_empty() { mesh.indices.len() / 3 } else { mesh.face_arities.len() };
    (0..count).filter_map(move |k| {
        let arity = mesh.face_arities.get(k).map_or(3, |n| *n as usize);
        let (corners, after) = rest.split_at_checked(arity)?;
        rest = after;
        let place = |corner: &u32| {
            let [x, y, z] = *points.get(*corner as usize)?;
            [x, y, z].iter().all(|c| c.is_finite()).then_some(if upright { [x, -z, y] } else { [x, y, z] })
        };
        let exterior: Vec<[f64; 3]> = corners.iter().map(place).collect::<Option<_>>()?;
        let polygon = Polygon { exterior, interiors: Vec::new() };
        (arity >= 3).then_some(Face { polygon, kind: SurfaceKind::Other, colour })
    })
}
