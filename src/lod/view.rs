//! Which assets a tileset is of.

use crate::model::{Class, Collection, DatasetName};
use crate::store::{AssetRef, Row, Snapshot};
use crate::units::Instant;
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
    /// Less of another view.
    Less(Arc<Less>),
}

/// A view at another time, of one storey only, or of what matches a filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Less {
    /// Of what.
    pub view: View,
    /// As the city was then.
    pub at: Option<Instant>,
    /// What has this storey's label.
    pub storey: Option<Arc<str>>,
    /// What matches this filter, CQL2 text. A view keeps the words; whoever plans it looks for the rows.
    pub filter: Option<Arc<str>>,
}

impl View {
    /// Whether an asset belongs to the view, its filter apart. The parts of a building do where buildings do: they are drawn as it.
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
            Self::Less(less) => {
                less.view.includes(asset) && less.storey.as_deref().is_none_or(|storey| asset.storey() == Some(storey))
            }
        }
    }
    /// Whether buildings give way to their walls, slabs and rooms when one comes near.
    pub fn opens_buildings(&self) -> bool {
        match self {
            Self::Collection(_) => false,
            Self::Less(less) => less.view.opens_buildings(),
            _ => true,
        }
    }
    /// Whether it is of the collection of buildings.
    pub(super) fn is_of_buildings(&self) -> bool {
        match self {
            Self::Less(less) => less.view.is_of_buildings(),
            view => *view == Self::Collection(Collection::Buildings),
        }
    }
    /// The time at which it looks, when that is not now.
    pub fn at(&self) -> Option<Instant> {
        if let Self::Less(less) = self { less.at } else { None }
    }
    /// The label of the storey that it is of.
    pub fn storey(&self) -> Option<&str> {
        if let Self::Less(less) = self { less.storey.as_deref() } else { None }
    }
    /// The filter, CQL2 text, that its assets match.
    pub fn filter(&self) -> Option<&str> {
        if let Self::Less(less) = self { less.filter.as_deref() } else { None }
    }
    /// The rows among which its assets are.
    pub fn rows(&self, snapshot: &Snapshot) -> Vec<Row> {
        self.at().map_or_else(|| snapshot.rows().collect(), |at| snapshot.rows_at(at))
    }
}
