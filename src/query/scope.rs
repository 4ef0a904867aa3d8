//! Which assets a collection gathers.

use crate::model::{Class, Collection};
use crate::store::{AssetRef, Snapshot};

/// What a collection's id names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// `assets`: everything.
    All,
    /// Assets whose class belongs to the collection.
    Classes(Collection),
    /// What one dataset brought.
    Dataset(String),
    /// What one layer of a dataset brought.
    Layer(String, String),
}

impl Scope {
    /// The scope that `name` means for `snapshots`: a class collection, `assets`, a dataset, or `dataset.layer`.
    pub fn named(name: &str, snapshots: &[std::sync::Arc<Snapshot>]) -> Option<Self> {
        if name == "assets" {
            return Some(Self::All);
        }
        if let Some(collection) = Collection::SERVED.into_iter().find(|c| c.name() == name) {
            return Some(Self::Classes(collection));
        }
        let mut datasets = snapshots.iter().flat_map(|s| s.datasets());
        datasets.find_map(|dataset| {
            let own = dataset.name.as_str();
            if own == name {
                return Some(Self::Dataset(own.to_owned()));
            }
            let layer = name.strip_prefix(own)?.strip_prefix('.')?;
            dataset.layers.iter().any(|l| &**l == layer).then(|| Self::Layer(own.to_owned(), layer.to_owned()))
        })
    }
    /// Whether the scope gathers this asset.
    pub fn holds(&self, asset: &AssetRef<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Classes(collection) => asset.class().collection() == *collection,
            Self::Dataset(name) => asset.dataset().as_str() == name,
            Self::Layer(name, layer) => asset.dataset().as_str() == name && asset.layer() == Some(layer.as_str()),
        }
    }
    /// The classes that may be in it.
    pub fn may_hold(&self, class: Class) -> bool {
        !matches!(self, Self::Classes(collection) if class.collection() != *collection)
    }
}
