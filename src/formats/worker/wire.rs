//! What a reader tells its sink, as bytes between two processes of this one program: a frame is its length and one word.

use super::{beside, object};
use crate::bytes::{Bytes, Sink};
use crate::fault::{Fault, Kind, Result};
use crate::formats::points::{self, Point};
use crate::formats::{Placement, SourceFrame, SourceItem, raster};
use crate::units::Geodetic;
use std::io::{self, Read, Write};

/// Bytes of one frame at most, as much as the store keeps of an object: some forty million triangles.
const FRAME: usize = 1 << 30;
/// What the words of objects begin with: those that came, and those that were refused.
pub(super) const OBJECTS: [u8; 2] = [1, 2];
/// Every kind of fault by its number.
const KINDS: [Kind; 13] = [
    Kind::BadInput,
    Kind::Unauthorized,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::Conflict,
    Kind::MethodNotAllowed,
    Kind::UriTooLong,
    Kind::TooLarge,
    Kind::TooMany,
    Kind::Unavailable,
    Kind::Corrupt,
    Kind::Io,
    Kind::Internal,
];

/// One word of the worker's.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::formats) enum Word {
    /// What the reader found.
    Item(SourceItem),
    /// What a raster's header says; its rows follow.
    Raster(raster::About),
    /// A row of heights.
    Heights(Vec<f32>),
    /// A row of colours.
    Colours(Vec<[u8; 4]>),
    /// What a point cloud's header says; its points follow.
    Cloud(points::About),
    /// Points, and how many between them were withheld.
    Points(Vec<Point>, u64),
    /// The file is read whole; the last word.
    Done,
    /// The file is refused; the last word.
    Failed(Fault),
}

/// Writes one word; an object too large for a frame goes as refused.
///
/// # Errors
/// [`Kind::Io`] when the other end is gone; [`Kind::TooLarge`] for a remark that no frame holds.
pub(super) fn write(word: &Word, out: &mut dyn Write) -> Result<()> {
    let mut bytes = vec![0; 4];
    put(word, &mut bytes);
    if bytes.len() > FRAME {
        let Word::Item(SourceItem::Object(object)) = word else {
            return Err(Fault::new(Kind::TooLarge, "has a remark that is too long"));
        };
        let reason = format!("takes over {} MiB", FRAME >> 20);
        return write(&Word::Item(SourceItem::Refused { object: object.id.to_string(), reason }), out);
    }
    let length = u32::try_from(bytes.len() - 4).unwrap_or(u32::MAX).to_le_bytes();
    if let Some(head) = bytes.first_chunk_mut() {
        *head = length;
    }
    out.write_all(&bytes).map_err(|e| Fault::io("writing to the process that asked", &e))
}

/// The next word. Memory is taken for bytes that have come, never for those that a length promises.
///
/// # Errors
/// `UnexpectedEof` when the stream ends before a last word, `InvalidData` when it is not what [`write()`] writes.
pub(super) fn read(from: &mut dyn Read) -> io::Result<Word> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > FRAME {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    get(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn put(word: &Word, out: &mut Vec<u8>) {
    match word {
        Word::Item(SourceItem::Frame(frame)) => {
            out.u8(0);
            out.maybe(frame.crs.as_deref());
            put_placement(frame.placement.as_ref(), out);
            out.u8(u8::from(frame.assumed));
        }
        Word::Item(SourceItem::Object(object)) => {
            out.u8(OBJECTS[0]);
            object::put(object, out);
        }
        Word::Item(SourceItem::Refused { object, reason }) => {
            out.u8(OBJECTS[1]);
            out.text(object);
            out.text(reason);
        }
        Word::Item(SourceItem::Note(note)) => {
            out.u8(3);
            out.text(note);
        }
        Word::Item(SourceItem::Picture(bytes)) => {
            out.u8(11);
            out.extend_from_slice(bytes);
        }
        Word::Done => out.u8(4),
        Word::Failed(fault) => {
            out.u8(5);
            out.u8(KINDS.iter().position(|k| *k == fault.kind).unwrap_or(KINDS.len()) as u8);
            out.text(&fault.detail);
            out.maybe(fault.subject.as_deref());
            out.maybe(fault.remedy.as_deref());
        }
        Word::Raster(about) => {
            out.u8(6);
            beside::put_raster(about, out);
        }
        Word::Heights(row) => {
            out.u8(7);
            out.extend_from_slice(bytemuck::cast_slice(row));
        }
        Word::Colours(row) => {
            out.u8(8);
            out.extend_from_slice(bytemuck::cast_slice(row));
        }
        Word::Cloud(about) => {
            out.u8(9);
            beside::put_cloud(about, out);
        }
        Word::Points(points, withheld) => {
            out.u8(10);
            out.u64(*withheld);
            beside::put_points(points, out);
        }
    }
}

fn get(bytes: &[u8]) -> Option<Word> {
    let mut b = Bytes(bytes);
    let word = match b.u8()? {
        0 => Word::Item(SourceItem::Frame(SourceFrame {
            crs: owned(b.maybe()?),
            placement: placement(&mut b)?,
            assumed: b.u8()? == 1,
        })),
        1 => Word::Item(SourceItem::Object(Box::new(object::get(&mut b)?))),
        2 => Word::Item(SourceItem::Refused { object: b.text()?.to_owned(), reason: b.text()?.to_owned() }),
        3 => Word::Item(SourceItem::Note(b.text()?.to_owned())),
        4 => Word::Done,
        5 => Word::Failed(Fault {
            kind: *KINDS.get(usize::from(b.u8()?))?,
            detail: b.text()?.to_owned(),
            subject: owned(b.maybe()?),
            remedy: owned(b.maybe()?),
        }),
        6 => Word::Raster(beside::raster(&mut b)?),
        7 => Word::Heights(beside::row(&mut b)?),
        8 => Word::Colours(beside::row(&mut b)?),
        9 => Word::Cloud(beside::cloud(&mut b)?),
        10 => {
            let withheld = b.u64()?;
            Word::Points(beside::points(&mut b)?, withheld)
        }
        11 => Word::Item(SourceItem::Picture(b.take(b.0.len())?.to_vec())),
        _ => return None,
    };
    b.end().map(|()| word)
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn put_placement(placement: Option<&Placement>, out: &mut Vec<u8>) {
    match placement {
        None => out.u8(0),
        Some(Placement::MapConversion { eastings, northings, height, rotation, scale }) => {
            out.u8(1);
            out.f64s(&[*eastings, *northings, *height, *rotation, *scale]);
        }
        Some(Placement::Geographic { origin, true_north, accuracy }) => {
            out.u8(2);
            out.f64s(&[origin.lon, origin.lat, origin.h, *true_north, *accuracy]);
        }
        Some(Placement::Unplaced { true_north }) => {
            out.u8(3);
            out.f64(*true_north);
        }
    }
}

fn placement(b: &mut Bytes) -> Option<Option<Placement>> {
    Some(match b.u8()? {
        0 => None,
        1 => {
            let [eastings, northings, height, rotation, scale] = b.f64s()?;
            Some(Placement::MapConversion { eastings, northings, height, rotation, scale })
        }
        2 => {
            let [lon, lat, h, true_north, accuracy] = b.f64s()?;
            Some(Placement::Geographic { origin: Geodetic { lon, lat, h }, true_north, accuracy })
        }
        3 => Some(Placement::Unplaced { true_north: b.f64()? }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::SourceObject;
    use crate::geom::{
        Affine, Face, Mesh, Polygon, Shape, Sheer, Shown, Surface, SurfaceKind, Texture, Textures, Wrap,
    };
    use crate::model::{Class, Value};

    fn words() -> Vec<Word> {
        let corner = |i: u32| [f64::from(i), -0.5, 1e6];
        let surfaces = vec![
            Surface { first: 0, kind: SurfaceKind::Roof, colour: None },
            Surface { first: 1, kind: SurfaceKind::Door, colour: Some([0, 1, 2, 3]) },
        ];
        let texture =
            Texture { picture: [7; 32], tint: [1, 2, 3, 4], wrap: [Wrap::Mirror, Wrap::Clamp], sheer: Sheer::Cut };
        let corners = vec![[[0.0, 0.5], [1.0, -2.0], [0.25, 1.0]]; 2];
        let textures = Textures { list: vec![texture], of: vec![None, Some(0)], corners };
        let mesh = Mesh::from_points(&[0, 1, 2, 3].map(corner), vec![[0, 1, 2], [2, 1, 3]], surfaces);
        let mesh = Mesh { textures: Some(Box::new(textures)), ..mesh };
        let values = vec![Value::Null, Value::Bool(true), Value::Bool(false), Value::Int(-1), Value::Float(-0.0)];
        let object = SourceObject {
            id: "1YvctVUKr0kugbFTf53O9L".into(),
            class: Class::Address,
            name: "一号楼".into(),
            parent: Some("p".into()),
            storey: None,
            layer: None,
            attributes: vec![("a.b".into(), Value::Map(vec![("list".into(), Value::List(values))]))],
            shape: Shape::Mesh(mesh),
            footprint: Vec::new(),
            crs: None,
        };
        let line = vec![[0.0, 1.0, 2.0], [3.0, 4.0, -0.5]];
        let axis = SourceObject { shape: Shape::Lines(vec![line.clone(), line]), ..object.clone() };
        let ring = vec![[0.0, 1.0, 2.0], [3.0, 4.0, -0.5], [5.0, 6.0, f64::MAX]];
        let area = Polygon { exterior: ring.clone(), interiors: vec![ring.clone(), Vec::new()] };
        let face = |colour| Face::plain(area.clone(), SurfaceKind::Wall, colour);
        let shown = Some(Box::new(Shown { texture, at: vec![[0.5, 1.5]; 6] }));
        let faces = vec![face(None), face(Some([9, 8, 7, 6])), Face { shown, ..face(None) }];
        let solid = SourceObject {
            shape: Shape::Faces { faces: faces.clone(), solid: true },
            footprint: vec![area.clone(), Polygon::default()],
            layer: Some("l".into()),
            crs: Some("EPSG:1".into()),
            ..object.clone()
        };
        let of = |shape| Word::Item(SourceItem::Object(Box::new(SourceObject { shape, ..object.clone() })));
        let others = [
            of(Shape::Faces { faces, solid: false }),
            of(Shape::Points(ring.clone())),
            of(Shape::Areas(vec![area.clone(), area.clone()])),
            Word::Raster(raster::About {
                width: 3,
                height: 2,
                crs: None,
                affine: Affine([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
                content: raster::Content::Colours,
                notes: vec!["n".into(), String::new()],
            }),
            Word::Heights(vec![1.5, -0.0, f32::MAX]),
            Word::Colours(vec![[1, 2, 3, 4], [5, 6, 7, 8]]),
            Word::Cloud(points::About {
                form: "LAS".into(),
                points: u64::MAX,
                has_colour: true,
                crs: Some("EPSG:2".into()),
                notes: Vec::new(),
            }),
            Word::Points(
                vec![Point { place: ring[2], colour: [1, 2, 65535], class: 6, intensity: 4, returns: [1, 2] }],
                9,
            ),
        ];
        let bare = SourceObject { shape: Shape::Empty, storey: Some("12A".into()), ..object.clone() };
        let frame = |placement| {
            Word::Item(SourceItem::Frame(SourceFrame { crs: Some("EPSG:1".into()), placement, assumed: true }))
        };
        let mapped = Placement::MapConversion { eastings: 1.0, northings: 2.0, height: 3.0, rotation: 4.0, scale: 5.0 };
        let mut words = vec![
            frame(None),
            frame(Some(mapped)),
            frame(Some(Placement::Geographic { origin: Geodetic::new(1.0, 2.0, 3.0), true_north: 4.0, accuracy: 5.0 })),
            frame(Some(Placement::Unplaced { true_north: 90.0 })),
            Word::Item(SourceItem::Object(Box::new(object))),
            Word::Item(SourceItem::Object(Box::new(solid))),
            Word::Item(SourceItem::Object(Box::new(bare))),
            Word::Item(SourceItem::Object(Box::new(axis))),
            Word::Item(SourceItem::Refused { object: "#7".into(), reason: "has no id".into() }),
            Word::Item(SourceItem::Note(String::new())),
            Word::Item(SourceItem::Picture(vec![0, 1, 2, 255])),
            Word::Failed(Fault::bad_input("is cut short").about("a.ifc").remedy("export it again")),
        ];
        words.extend(others);
        words.extend(KINDS.map(|kind| Word::Failed(Fault::new(kind, "x"))));
        words.push(Word::Done);
        words
    }

    #[test]
    fn words_cross_whole_and_a_stream_that_ends_early_or_lies_is_told_from_them() {
        let mut stream = Vec::new();
        words().iter().for_each(|word| write(word, &mut stream).unwrap());
        let mut from = stream.as_slice();
        words().iter().for_each(|word| assert_eq!(read(&mut from).unwrap(), *word));
        let early = |bytes: &[u8]| read(&mut &*bytes).unwrap_err().kind();
        assert_eq!(early(from), io::ErrorKind::UnexpectedEof);
        (0..4).for_each(|n| assert_eq!(early(&stream[..n]), io::ErrorKind::UnexpectedEof));
        assert_eq!(early(&[0, 0, 0, 0x10, 3]), io::ErrorKind::UnexpectedEof, "a length of 256 MiB and one byte");
        assert_eq!(early(&[0xff; 9]), io::ErrorKind::InvalidData, "a length of 4 GiB");
        assert_eq!(early(b"\x01\0\0\0\x63"), io::ErrorKind::InvalidData, "no such word");
    }

    /// Whatever the bytes: no panic, and no mesh that does not hold together.
    #[test]
    fn mutated_words_are_refused_or_hold_together() {
        use rand::{RngExt, SeedableRng};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(11);
        let mut wholes = [Vec::new(), Vec::new()];
        words()[4..].iter().zip(&mut wholes).for_each(|(word, whole)| put(word, whole));
        let (mut taken, rounds) = (0, 50_000);
        for round in 0..rounds {
            let mut bytes = wholes[round % 2].clone();
            let at = random.random_range(0..bytes.len());
            match random.random_range(0..3) {
                0 => bytes.truncate(at + 1),
                1 => bytes[at] ^= 1 << random.random_range(0..8),
                _ => bytes[at] = [0, 1, 0x7f, 0xff][random.random_range(0..4)],
            }
            let Some(Word::Item(SourceItem::Object(object))) = get(&bytes) else { continue };
            taken += 1;
            if let Shape::Mesh(mesh) = &object.shape {
                assert!(mesh.holds());
                assert!(mesh.runs().all(|(_, run)| mesh.triangles.get(run).is_some()));
                assert!(mesh.triangles.iter().flatten().all(|i| mesh.point(*i).is_some()));
            }
        }
        assert!((rounds / 20..rounds).contains(&taken), "both ends must be met: {taken}");
    }
}
