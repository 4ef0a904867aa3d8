//! Geometry and attributes by offset: packed on the way in, checked and cached on the way back.

use super::bytes::{Bytes, Sink};
use super::geometry::{Placed, Stored};
use super::{decode_attributes, decode_geometry};
use crate::fault::{Fault, Kind, Result};
use crate::geom::Motion;
use crate::model::{Attributes, Footprint, Geometry, Value};
use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Where a version's geometry and attributes lie in its log; a length of 0 means there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Blob {
    /// Where the geometry starts.
    pub offset: u64,
    /// The packed geometry's length in bytes.
    pub geometry: u32,
    /// The packed attributes' length in bytes; they follow the geometry.
    pub attributes: u32,
}

/// The most that one asset's geometry, or its attributes, may take unpacked.
const LIMIT: usize = 1 << 30;
/// What is shorter is not worth compressing.
const WORTHWHILE: usize = 192;

/// Packs one blob after the other.
pub(crate) struct Packer {
    zstd: zstd::bulk::Compressor<'static>,
    salt: u64,
}

impl Packer {
    pub fn new(salt: u64) -> Result<Self> {
        let zstd = zstd::bulk::Compressor::new(1).map_err(|e| Fault::io("starting zstd", &e))?;
        Ok(Self { zstd, salt })
    }
    /// `[hash 8][compressed 1][raw length 4][bytes]` of [`packable`] bytes; nothing of none.
    pub fn pack(&mut self, raw: &[u8]) -> Vec<u8> {
        if raw.is_empty() {
            return Vec::new();
        }
        let packed = if raw.len() < WORTHWHILE { None } else { self.zstd.compress(raw).ok() };
        let packed = packed.filter(|p| p.len() < raw.len() / 8 * 7);
        let stored = packed.as_deref().unwrap_or(raw);
        let mut out = Vec::with_capacity(13 + stored.len());
        out.u64(0);
        out.u8(u8::from(packed.is_some()));
        out.u32(raw.len() as u32);
        out.extend(stored);
        let hash = xxh3_64_with_seed(out.get(8..).unwrap_or_default(), self.salt);
        if let Some(place) = out.get_mut(..8) {
            place.copy_from_slice(&hash.to_le_bytes());
        }
        out
    }
}

/// Whether bytes are few enough to be packed.
///
/// # Errors
/// [`Kind::TooLarge`] over 1 GiB.
pub(crate) fn packable(raw: &[u8]) -> Result<()> {
    let fault = || Fault::new(Kind::TooLarge, "the asset's geometry or attributes take more than 1 GiB");
    if raw.len() > LIMIT { Err(fault()) } else { Ok(()) }
}

thread_local! {
    /// Making one takes longer than most of what it unpacks.
    static UNPACKER: RefCell<Option<zstd::bulk::Decompressor<'static>>> = RefCell::new(zstd::bulk::Decompressor::new().ok());
}

fn unpack(bytes: &[u8], salt: u64) -> Option<Vec<u8>> {
    let mut b = Bytes(bytes);
    let hash = b.u64()?;
    if xxh3_64_with_seed(b.0, salt) != hash {
        return None;
    }
    let (compressed, len) = (b.u8()?, b.u32()? as usize);
    match compressed {
        0 => (b.0.len() == len).then(|| b.0.to_vec()),
        1 if len <= LIMIT => UNPACKER.with_borrow_mut(|unpacker| {
            let unpacker = unpacker.as_mut()?;
            unpacker.decompress(b.0, len).ok().filter(|raw| raw.len() == len)
        }),
        _ => None,
    }
}

/// What came from disk lately, for all sites of a store together: bounded by bytes.
pub(crate) type Cache = quick_cache::sync::Cache<(u32, u64, bool), Page, Weigh>;

/// One cached blob.
#[derive(Debug, Clone)]
pub(crate) enum Page {
    /// And whether it is stored whole, so that it may be others' shape.
    Geometry(Arc<Geometry>, bool),
    Attributes(Arc<Attributes>),
}

/// Weighs a page by the bytes it takes in memory, roughly.
#[derive(Debug, Clone)]
pub(crate) struct Weigh;

impl quick_cache::Weighter<(u32, u64, bool), Page> for Weigh {
    fn weight(&self, _: &(u32, u64, bool), page: &Page) -> u64 {
        let bytes = match page {
            Page::Geometry(g, _) => geometry_size(g),
            Page::Attributes(a) => attributes_size(a),
        };
        bytes as u64 + 128
    }
}

fn geometry_size(geometry: &Geometry) -> usize {
    let lines = |lines: &[Vec<[f64; 3]>]| lines.iter().map(|l| 24 + l.len() * 24).sum::<usize>();
    let footprint = match &geometry.footprint {
        Footprint::None | Footprint::Point(_) => 0,
        Footprint::Lines(l) => lines(l),
        Footprint::Areas(areas) => areas.iter().map(|rings| 24 + lines(rings)).sum(),
    };
    let mesh = geometry.mesh.as_ref();
    let textures = mesh.and_then(|m| m.textures.as_ref()).map_or(0, |t| t.list.len() * 39 + t.corners.len() * 24);
    footprint + textures + mesh.map_or(0, |m| m.positions.len() * 12 + m.triangles.len() * 12 + m.surfaces.len() * 12)
}

fn attributes_size(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, value)| 56 + name.len() + value_size(value)).sum()
}

fn value_size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::List(values) => values.iter().map(|v| 32 + value_size(v)).sum(),
        Value::Map(entries) => attributes_size(entries),
        _ => 0,
    }
}

/// A mesh as a shape that may be in several places.
#[derive(Debug, Clone)]
pub struct Instance {
    /// The shape's number in its site: meshes with one number are the same but for where they are and how they are turned.
    pub shape: u64,
    /// What moves the shape's offsets to their place.
    pub motion: Motion,
    /// The geometry whose mesh is the shape; its origin is one of its places.
    pub geometry: Arc<Geometry>,
}

/// The bits of an offset that are left to a log's mark; the rest are for 16 TiB.
const MARKS: u64 = !0 << 44;

/// The mark of a further log of a site, by the number that no other log of this process has: its offsets bear it, so that what lies
/// there is told from what lies in the site's own. Nothing where there are no more marks.
pub(crate) fn mark(number: u32) -> Option<u64> {
    let mark = u64::from(number) << MARKS.trailing_zeros();
    (number > 0 && mark >> MARKS.trailing_zeros() == u64::from(number)).then_some(mark)
}

/// The reading side of one site's log.
#[derive(Debug, Clone)]
pub(crate) struct Blobs {
    /// The site's number in the cache.
    pub site: u32,
    pub file: Arc<File>,
    pub path: PathBuf,
    pub salt: u64,
    pub cache: Arc<Cache>,
    /// What every offset in it bears; 0 for a site's own log.
    pub mark: u64,
    /// The log of the variant that is laid over the site.
    pub over: Option<Arc<Self>>,
}

impl Blobs {
    /// The log that an offset is in.
    fn of(&self, offset: u64) -> &Self {
        self.over.as_deref().filter(|over| offset & MARKS == over.mark).unwrap_or(self)
    }
    pub fn geometry(&self, blob: Blob) -> Result<Arc<Geometry>> {
        self.of(blob.offset).own_geometry(blob)
    }
    fn own_geometry(&self, blob: Blob) -> Result<Arc<Geometry>> {
        if blob.geometry == 0 {
            return Ok(Arc::default());
        }
        let load = || match self.stored(blob.offset, blob.geometry)? {
            Stored::Whole(geometry) => Ok(Page::Geometry(Arc::new(geometry), true)),
            Stored::Placed(footprint, placed) => {
                let shape = self.shape(blob.offset, &placed)?;
                let mesh = shape.mesh.as_ref().map(|mesh| placed.motion.place(mesh));
                Ok(Page::Geometry(Arc::new(Geometry { footprint, mesh }), false))
            }
        };
        match self.cache.get_or_insert_with(&(self.site, blob.offset, true), load)? {
            Page::Geometry(geometry, _) => Ok(geometry),
            Page::Attributes(_) => Err(Fault::internal("the cache holds attributes where geometry was asked")),
        }
    }
    /// The shape of a geometry's mesh, by where it lies, and how it is moved to its place; nothing without a mesh.
    pub fn instance(&self, blob: Blob) -> Result<Option<Instance>> {
        self.of(blob.offset).own_instance(blob)
    }
    fn own_instance(&self, blob: Blob) -> Result<Option<Instance>> {
        if blob.geometry == 0 {
            return Ok(None);
        }
        let key = (self.site, blob.offset, true);
        let whole = |geometry: Arc<Geometry>| {
            let motion = geometry.mesh.as_ref().map(|mesh| Motion::from(mesh.origin))?;
            Some(Instance { shape: blob.offset, motion, geometry })
        };
        if let Some(Page::Geometry(geometry, true)) = self.cache.get(&key) {
            return Ok(whole(geometry));
        }
        Ok(match self.stored(blob.offset, blob.geometry)? {
            Stored::Whole(geometry) => {
                let geometry = Arc::new(geometry);
                self.cache.insert(key, Page::Geometry(geometry.clone(), true));
                whole(geometry)
            }
            Stored::Placed(_, placed) => Some(Instance {
                shape: placed.offset,
                motion: placed.motion,
                geometry: self.shape(blob.offset, &placed)?,
            }),
        })
    }
    fn stored(&self, offset: u64, length: u32) -> Result<Stored> {
        let raw = self.read(offset, length)?;
        match decode_geometry(&raw).ok_or_else(|| self.corrupt(offset))? {
            Stored::Placed(footprint, placed) => {
                Ok(Stored::Placed(footprint, Placed { offset: placed.offset | self.mark, ..placed }))
            }
            whole => Ok(whole),
        }
    }
    /// The geometry that has a placed one's shape. It lies before it and is whole, so no two wait for each other.
    fn shape(&self, before: u64, placed: &Placed) -> Result<Arc<Geometry>> {
        if placed.offset >= before {
            return Err(self.corrupt(before));
        }
        let key = (self.site, placed.offset, true);
        if let Some(Page::Geometry(shape, _)) = self.cache.get(&key) {
            return Ok(shape);
        }
        match self.stored(placed.offset, placed.length)? {
            Stored::Whole(shape) => {
                let shape = Arc::new(shape);
                self.cache.insert(key, Page::Geometry(shape.clone(), true));
                Ok(shape)
            }
            Stored::Placed(..) => Err(self.corrupt(placed.offset)),
        }
    }
    pub fn attributes(&self, blob: Blob) -> Result<Arc<Attributes>> {
        self.of(blob.offset).own_attributes(blob)
    }
    fn own_attributes(&self, blob: Blob) -> Result<Arc<Attributes>> {
        if blob.attributes == 0 {
            return Ok(Arc::default());
        }
        let offset = blob.offset + u64::from(blob.geometry);
        let load = || {
            let raw = self.read(offset, blob.attributes)?;
            decode_attributes(&raw).map(|a| Page::Attributes(Arc::new(a))).ok_or_else(|| self.corrupt(offset))
        };
        match self.cache.get_or_insert_with(&(self.site, offset, false), load)? {
            Page::Attributes(attributes) => Ok(attributes),
            Page::Geometry(..) => Err(Fault::internal("the cache holds geometry where attributes were asked")),
        }
    }
    fn read(&self, offset: u64, len: u32) -> Result<Vec<u8>> {
        let mut bytes = vec![0; len as usize];
        self.file.read_exact_at(&mut bytes, offset & !MARKS).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => self.corrupt(offset),
            _ => Fault::io(&format!("reading {}", self.path.display()), &e),
        })?;
        unpack(&bytes, self.salt).ok_or_else(|| self.corrupt(offset))
    }
    fn corrupt(&self, offset: u64) -> Fault {
        Fault::new(Kind::Corrupt, format!("the bytes at offset {} are not what was written", offset & !MARKS))
            .about(self.path.display().to_string())
            .remedy("import the asset's dataset again, or restore the file from a backup")
    }
}
