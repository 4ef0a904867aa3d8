//! A commit's changes as bytes: what becomes of which asset, and the dataset it comes from.

use super::blob::Blob;
use super::bytes::{Bytes, Sink};
use crate::geom::Bounds;
use crate::model::{AssetId, Class, Collection, DatasetName, Grain};
use crate::store::{Dataset, Entry, Standing};
use crate::units::Instant;
use std::sync::Arc;

/// What a commit does to one asset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Op {
    /// It is there from now on, like this.
    Put(Version),
    /// It ends.
    Remove(AssetId),
}

/// The resident part of a version, and where the rest of it lies.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Version {
    pub id: AssetId,
    pub class: Class,
    pub name: String,
    pub parent: Option<Arc<str>>,
    pub storey: Option<Arc<str>>,
    pub layer: Option<Arc<str>>,
    pub bounds: Bounds,
    pub hash: u64,
    pub grain: Grain,
    pub blob: Blob,
}

impl Version {
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.text(&self.id);
        out.text(self.class.name());
        out.text(&self.name);
        [&self.parent, &self.storey, &self.layer].into_iter().for_each(|t| out.maybe(t.as_deref()));
        out.f64s(&self.bounds.min);
        out.f64s(&self.bounds.max);
        out.u64(self.hash);
        out.u8(self.grain.byte());
        out.u64(self.blob.offset);
        out.u32(self.blob.geometry);
        out.u32(self.blob.attributes);
    }
}

impl Op {
    /// The asset that this puts when it is of a class that measures.
    pub fn measuring(&self) -> Option<&AssetId> {
        match self {
            Self::Put(version) if matches!(version.class.collection(), Collection::Devices | Collection::Cameras) => {
                Some(&version.id)
            }
            _ => None,
        }
    }
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Remove(id) => {
                out.u8(0);
                out.text(id);
            }
            Self::Put(version) => {
                out.u8(1);
                version.encode(out);
            }
        }
    }
    /// The changes in `bytes`, one by one; `None` where the bytes are not changes, and nothing after that.
    pub fn decode(bytes: &[u8]) -> impl Iterator<Item = Option<Self>> + '_ {
        let mut b = Bytes(bytes);
        std::iter::from_fn(move || {
            let more = b.end().is_none().then(|| Self::read(&mut b));
            if more == Some(None) {
                b = Bytes(&[]);
            }
            more
        })
    }
    fn read(b: &mut Bytes) -> Option<Self> {
        Some(match b.u8()? {
            0 => Self::Remove(b.text()?.into()),
            1 => Self::Put(Version {
                id: b.text()?.into(),
                class: class(b.text()?)?,
                name: b.text()?.to_owned(),
                parent: b.maybe()?.map(Into::into),
                storey: b.maybe()?.map(Into::into),
                layer: b.maybe()?.map(Into::into),
                bounds: Bounds { min: b.f64s()?, max: b.f64s()? },
                hash: b.u64()?,
                grain: Grain::from_byte(b.u8()?),
                blob: Blob { offset: b.u64()?, geometry: b.u32()?, attributes: b.u32()? },
            }),
            _ => return None,
        })
    }
}

/// The class by its word. A class is stored by word, so that the table of classes may grow and be sorted anew.
fn class(word: &str) -> Option<Class> {
    Class::ALL.iter().copied().find(|c| c.name() == word)
}

pub(crate) fn encode_dataset(dataset: &Dataset, out: &mut Vec<u8>) {
    out.text(dataset.name.as_str());
    out.text(&dataset.title);
    out.text(&dataset.crs);
    out.maybe(dataset.source.as_deref());
    out.i64(dataset.imported.0);
    out.u32(dataset.layers.len() as u32);
    dataset.layers.iter().for_each(|l| out.text(l));
    let Entry { description, owner, licence, accuracy, standing } = &dataset.entry;
    [description, owner, licence].into_iter().for_each(|text| out.maybe(text.as_deref()));
    out.f64(accuracy.unwrap_or(f64::NAN));
    out.u8(Standing::ALL.iter().position(|s| s == standing).unwrap_or(0) as u8);
}

/// The entry after a dataset; stores of before have none.
fn decode_entry(b: &mut Bytes) -> Option<Entry> {
    if b.0.is_empty() {
        return Some(Entry::default());
    }
    let mut text = || Some(b.maybe()?.map(str::to_owned));
    let (description, owner, licence) = (text()?, text()?, text()?);
    let accuracy = Some(b.f64()?).filter(|metres| !metres.is_nan());
    let standing = *Standing::ALL.get(usize::from(b.u8()?))?;
    Some(Entry { description, owner, licence, accuracy, standing })
}

pub(crate) fn decode_dataset(bytes: &[u8]) -> Option<Dataset> {
    let mut b = Bytes(bytes);
    let dataset = Dataset {
        name: DatasetName::new(b.text()?).ok()?,
        title: b.text()?.to_owned(),
        crs: b.text()?.to_owned(),
        source: b.maybe()?.map(Into::into),
        imported: Instant(b.i64()?),
        layers: {
            let count = b.count(4)?;
            (0..count).map(|_| b.text().map(Into::into)).collect::<Option<_>>()?
        },
        entry: decode_entry(&mut b)?,
    };
    b.end().map(|()| dataset)
}

/// The end of a commit: what came before it since `start` holds from `at` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seal {
    /// The site's revision that it makes; one more than before.
    pub revision: u64,
    pub at: Instant,
    /// Where the commit's first frame lies.
    pub start: u64,
    /// The hash over all frames of the log up to here.
    pub chain: u64,
}

impl Seal {
    /// Its length as bytes.
    pub const LEN: usize = 32;

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::LEN);
        out.u64(self.revision);
        out.i64(self.at.0);
        out.u64(self.start);
        out.u64(self.chain);
        out
    }
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut b = Bytes(bytes);
        let seal = Self { revision: b.u64()?, at: Instant(b.i64()?), start: b.u64()?, chain: b.u64()? };
        b.end().map(|()| seal)
    }
}
