//! Which assets a collection gathers.

use crate::model::{Collection, Collections, DatasetName};
use crate::store::{AssetRef, Snapshot};
use std::sync::Arc;

/// What a collection's id names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// `assets`: everything.
    All,
    /// Assets whose class belongs to the collection.
    Classes(Collection),
    /// What one dataset brought.
    Dataset(DatasetName),
    /// What one layer of a dataset brought.
    Layer(DatasetName, Arc<str>),
}

impl Scope {
    /// The scope that `name` means for `snapshots` and somebody who may read `readable`: a class collection, `assets`, a dataset,
    /// or `dataset.layer`. A dataset or layer of which nothing may be read is not there.
    pub fn named(name: &str, snapshots: &[Arc<Snapshot>], readable: Collections) -> Option<Self> {
        if name == "assets" {
            return Some(Self::All);
        }
        if let Some(collection) = Collection::SERVED.into_iter().find(|c| c.name() == name) {
            return Some(Self::Classes(collection));
        }
        let meant = |snapshot: &Arc<Snapshot>| {
            let mut scopes = snapshot.datasets().filter_map(|dataset| {
                let rest = name.strip_prefix(dataset.name.as_str())?;
                if rest.is_empty() {
                    return Some(Self::Dataset(dataset.name.clone()));
                }
                let layer = dataset.layers.iter().find(|layer| rest.strip_prefix('.') == Some(layer))?;
                Some(Self::Layer(dataset.name.clone(), layer.clone()))
            });
            scopes.find(|scope| !scope.collections(snapshot).and(readable).is_empty())
        };
        snapshots.iter().find_map(meant)
    }
    /// The collections of a snapshot's assets that the scope gathers.
    pub fn collections(&self, snapshot: &Snapshot) -> Collections {
        match self {
            Self::All => snapshot.collections(),
            Self::Classes(collection) => snapshot.collections().and([*collection].into_iter().collect()),
            Self::Dataset(name) => snapshot.collections_of(name, None),
            Self::Layer(name, layer) => snapshot.collections_of(name, Some(layer)),
        }
    }
    /// Whether the scope gathers this asset.
    pub fn holds(&self, asset: &AssetRef<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Classes(collection) => asset.class().collection() == *collection,
            Self::Dataset(name) => asset.dataset() == name,
            Self::Layer(name, layer) => asset.dataset() == name && asset.layer() == Some(layer),
        }
    }
}
