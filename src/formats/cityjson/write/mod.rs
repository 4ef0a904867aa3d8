//! CityJSON 2.0 and CityJSONSeq out of the city (OGC 20-072r5, CityJSON 2.0.1).
//!
//! What came as CityJSON leaves as it came, read again from the kept file: every level of detail, semantics, materials,
//! textures, templates and extensions. What came otherwise is made into city objects from its attributes and its mesh.

mod convert;
mod head;
mod pool;
mod source;
mod spill;

use crate::fault::{Fault, Kind, Result};
use crate::formats::write::{Item, Writer, writing};
use convert::{Objects, set};
use head::{Head, Quantum};
use pool::Pool;
use serde_json::{Map, Value, json};
use source::Target;
use spill::{Feature, Spill};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, Write};

pub use convert::Family;
pub(in crate::formats::cityjson) use convert::is_written_as;

/// What the caller decides.
#[derive(Debug, Clone, Default)]
pub struct CityJsonOptions {
    /// One feature a line.
    pub sequence: bool,
    /// The CRS where no kept file is written: `EPSG:n`.
    pub crs: String,
    /// Metres that make the heights of the CRS ellipsoidal, where PROJ cannot.
    pub height_offset: Option<f64>,
    /// All assets that will be written.
    pub family: Family,
}

/// What pictures are called in a file, by the SHA-256 of their bytes as they are kept.
pub type PictureNames = HashMap<[u8; 32], String>;

/// Writes CityJSON: kept files first, by [`CityJsonWriter::take_source`], then whatever they do not have.
pub struct CityJsonWriter<W: Write> {
    out: W,
    options: CityJsonOptions,
    head: Head,
    spill: Spill,
    /// The transform of the source in work, and the number of its first template.
    of_source: Option<(Quantum, usize)>,
    objects: Option<Objects>,
    pictures: PictureNames,
    left_out: bool,
}

impl<W: Write> CityJsonWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// [`Kind::Io`] when there is no room for what is to be written.
    pub fn new(out: W, options: CityJsonOptions) -> Result<Self> {
        let (head, spill) = (Head::default(), Spill::new()?);
        let pictures = PictureNames::new();
        Ok(Self { out, options, head, spill, of_source: None, objects: None, pictures, left_out: false })
    }
    /// Says what the pictures are called that assets of other formats show; those without a name are left out.
    pub fn name_pictures(&mut self, pictures: PictureNames) {
        self.pictures = pictures;
    }
    /// Writes what `wanted` (the source's own id to the id to write) names out of a kept CityJSON file, of which `whole` says
    /// that it is all of it; gives the ids found. A file in another CRS than the first gives none.
    ///
    /// # Errors
    /// A file that cannot be read again.
    pub fn take_source(
        &mut self,
        input: impl BufRead,
        wanted: &HashMap<String, String>,
        whole: bool,
    ) -> Result<HashSet<String>> {
        self.of_source = None;
        self.left_out |= !whole;
        source::features(input, wanted, self)
    }
    /// The transform of the file: the first source's, else millimetres around the first asset.
    fn quantum(&self) -> Option<Quantum> {
        self.head.frame().map(|(_, quantum)| quantum).or_else(|| self.objects.as_ref()?.quantum())
    }
}

impl<W: Write> Target for CityJsonWriter<W> {
    fn begin(&mut self, members: Map<String, Value>) -> Result<bool> {
        self.of_source = self.head.join(members)?;
        Ok(self.of_source.is_some())
    }
    fn take(&mut self, mut feature: Feature) -> Result<()> {
        let (Some((own, first)), Some((_, common))) = (self.of_source, self.head.frame()) else {
            return Err(Fault::internal("a feature before its head"));
        };
        if own != common {
            feature.tables.vertices.iter_mut().for_each(|v| *v = common.stored(own.real(*v)));
        }
        if first > 0 {
            for (_, object) in &mut feature.objects {
                let geometries = object.get_mut("geometry").and_then(Value::as_array_mut);
                for template in geometries.into_iter().flatten().filter_map(|g| g.get_mut("template")) {
                    *template = json!(template.as_u64().unwrap_or(0) + first as u64);
                }
            }
        }
        self.spill.push(&feature)
    }
}

impl<W: Write> Writer for CityJsonWriter<W> {
    fn put(&mut self, item: &Item) -> Result<()> {
        let objects = match &mut self.objects {
            Some(objects) => objects,
            None => {
                let frame = self.head.frame().map(|(crs, quantum)| (crs.map(str::to_owned), quantum));
                self.objects.insert(Objects::new(&self.options, std::mem::take(&mut self.pictures), frame)?)
            }
        };
        self.spill.push(&objects.feature(item)?)
    }
    fn end(self: Box<Self>) -> Result<()> {
        let quantum = self.quantum().unwrap_or(Quantum { scale: [0.001; 3], translate: [0.0; 3] });
        let Self { mut out, options, head, spill, left_out, objects, .. } = *self;
        let whole = !left_out && objects.is_none();
        let (mut members, mut pool) = head.members(quantum, &uri(&options.crs), whole);
        let line = |out: &mut W, value: Value| writeln!(out, "{value}").map_err(|e| writing(&e));
        if options.sequence {
            let mut head = members;
            head.insert("CityObjects".into(), json!({}));
            head.insert("vertices".into(), json!([]));
            head.extend(pool.tables.appearance().map(|appearance| ("appearance".to_owned(), appearance)));
            line(&mut out, Value::Object(head))?;
            spill.drain(&mut |root, features| {
                let mut own = Pool::default();
                let objects = join(features, &mut own)?;
                let mut feature = json!({ "type": "CityJSONFeature", "id": root, "CityObjects": objects,
                    "vertices": own.tables.vertices });
                if let Some(appearance) = own.tables.appearance() {
                    set(&mut feature, "appearance", appearance);
                }
                line(&mut out, feature)
            })?;
        } else {
            let io = |e: std::io::Error| writing(&e);
            // City objects go out as they come; what they point to is known only after the last of them.
            out.write_all(b"{\"CityObjects\":{").map_err(io)?;
            let mut first = true;
            spill.drain(&mut |_, features| {
                for (id, object) in join(features, &mut pool)? {
                    let comma = if std::mem::take(&mut first) { "\n" } else { ",\n" };
                    write!(out, "{comma}{}:{object}", Value::String(id)).map_err(io)?;
                }
                Ok(())
            })?;
            out.write_all(b"\n}").map_err(io)?;
            members.extend(pool.tables.appearance().map(|appearance| ("appearance".to_owned(), appearance)));
            members.insert("vertices".into(), json!(pool.tables.vertices));
            for (name, value) in members {
                write!(out, ",\n{}:{value}", Value::String(name)).map_err(io)?;
            }
            out.write_all(b"}\n").map_err(io)?;
        }
        out.flush().map_err(|e| writing(&e))
    }
}

/// The objects of one root, pointing into `pool`.
fn join(features: Vec<Feature>, pool: &mut Pool) -> Result<Map<String, Value>> {
    let mut all = Map::new();
    for Feature { objects, tables, .. } in features {
        for (id, object) in objects {
            let object = pool.take(object, &tables).map_err(|fault| fault.about(id.clone()))?;
            if all.insert(id.clone(), object).is_some() {
                return Err(Fault::new(Kind::Conflict, "stands twice in what is exported").about(id));
            }
        }
    }
    Ok(all)
}

/// The URL by which CityJSON names a CRS (§5.2).
fn uri(crs: &str) -> String {
    match crs.split_once(':') {
        Some((authority, code)) => format!("https://www.opengis.net/def/crs/{authority}/0/{code}"),
        None => crs.to_owned(),
    }
}
