//! Which assets a tileset is of.

use crate::model::{Class, Collection, DatasetName};
use crate::store::AssetRef;
use std::sync::Arc;

/// Which assets of a site are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum View {
    /// The map: everything that can be drawn once. Storeys, grids and addresses cover what is drawn already.
    Map,
    /// Everything.
    Assets,
    /// One collection.
    Collection(Collection),
    /// One dataset, or one layer of it.
    Dataset {
        /// The dataset's name.
        name: DatasetName,
        /// The layer's name.
        layer: Option<Arc<str>>,
    },
}

impl View {
    /// Whether an asset belongs to the view. The parts of a building do where buildings do: they are drawn as it.
    pub fn includes(&self, asset: &AssetRef<'_>) -> bool {
        let collection = asset.class().collection();
        match self {
            Self::Map => !matches!(collection, Collection::Storeys | Collection::Grids | Collection::Addresses),
            Self::Assets => true,
            Self::Collection(own) => {
                collection == *own || (*own == Collection::Buildings && asset.class() == Class::BuildingPart)
            }
            Self::Dataset { name, layer } => {
                asset.dataset() == name && layer.as_deref().is_none_or(|layer| asset.layer() == Some(layer))
            }
        }
    }
    /// Whether buildings give way to their walls, slabs and rooms when one comes near.
    pub const fn opens_buildings(&self) -> bool {
        !matches!(self, Self::Collection(_))
    }
}
