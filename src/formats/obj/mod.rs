//! Wavefront OBJ models with their `.mtl` colours and pictures: every object (`o`) or group (`g`) becomes an asset.

mod texture;

use super::picture::{Lost, Pictures};
use super::reader::{clip, open};
use super::taken::Taken;
use super::{Placement, ReadOptions, Reader, Sink, SourceFrame, SourceItem, SourceObject, Up};
use crate::fault::{Fault, Kind, Result};
use crate::geom::{At, Face, Polygon, Shape, Shown, SurfaceKind};
use crate::model::Class;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use texture::{Look, look};
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
    let pictures = Pictures::of(file);
    let used: HashSet<usize> = models.iter().filter_map(|m| m.mesh.material_id).collect();
    let look = |(k, material)| if used.contains(&k) { look(material, &pictures) } else { Look::default() };
    let looks: Vec<Look> = materials.iter().enumerate().map(look).collect();
    pictures.give(sink)?;
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
        let mut faces: Vec<Face> = parts.iter().flat_map(|model| faces(model, &looks, upright)).collect();
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
        let of = |model: &&Model| model.mesh.material_id.and_then(|id| looks.get(id)?.texture.as_ref()?.as_ref().err());
        let lost: HashSet<&Lost> = parts.iter().filter_map(of).collect();
        lost.into_iter().for_each(|lost| pictures.lost(lost, &id));
        pictures.bound(&mut faces).iter().for_each(|lost| pictures.lost(lost, &id));
        let class = options.class.unwrap_or_else(|| taken.assumed(Class::Component));
        let (parent, storey, layer, crs) = (None, None, None, None);
        let (attributes, footprint, shape) = (Vec::new(), Vec::new(), Shape::Faces { faces, solid: false });
        let object = SourceObject { id, class, name, parent, storey, layer, attributes, shape, footprint, crs };
        sink(SourceItem::Object(Box::new(object)))?;
    }
    pictures.tell(sink)?;
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
fn faces<'m>(model: &'m Model, looks: &'m [Look], upright: bool) -> impl Iterator<Item = Face> + 'm {
    let mesh = &model.mesh;
    let look = mesh.material_id.and_then(|id| looks.get(id));
    let colour = look.and_then(|look| look.colour);
    let texture = look.and_then(|look| look.texture.as_ref()?.as_ref().ok());
    let ((points, _), (places, _)) = (mesh.positions.as_chunks::<3>(), mesh.texcoords.as_chunks::<2>());
    let (mut rest, mut rest_shown) = (mesh.indices.as_slice(), mesh.texcoord_indices.as_slice());
    let count = if mesh.face_arities.is_empty() { mesh.indices.len() / 3 } else { mesh.face_arities.len() };
    (0..count).filter_map(move |k| {
        let arity = mesh.face_arities.get(k).map_or(3, |n| *n as usize);
        let (corners, after) = rest.split_at_checked(arity)?;
        let (shown, after_shown) = rest_shown.split_at_checked(arity).unwrap_or_default();
        (rest, rest_shown) = (after, after_shown);
        let place = |corner: &u32| {
            let [x, y, z] = *points.get(*corner as usize)?;
            [x, y, z].iter().all(|c| c.is_finite()).then_some(if upright { [x, -z, y] } else { [x, y, z] })
        };
        let exterior: Vec<[f64; 3]> = corners.iter().map(place).collect::<Option<_>>()?;
        // OBJ counts from a picture's lower edge.
        let at = |place: &u32| {
            let [u, v] = places.get(*place as usize)?.map(|c| c as f32);
            (u.is_finite() && v.is_finite()).then_some([u, 1.0 - v])
        };
        let at: Option<Vec<At>> = shown.iter().map(at).collect();
        let at = at.filter(|at| at.len() == arity);
        let shown = texture.zip(at).map(|(texture, at)| Box::new(Shown { texture: *texture, at }));
        let polygon = Polygon { exterior, interiors: Vec::new() };
        (arity >= 3).then_some(Face { polygon, kind: SurfaceKind::Other, colour, shown })
    })
}
