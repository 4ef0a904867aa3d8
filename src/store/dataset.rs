//! Where assets come from: one import under one name.

use crate::model::DatasetName;
use crate::units::Instant;
use std::sync::Arc;

/// An imported dataset, as of its last import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Its name, unique in the site.
    pub name: DatasetName,
    /// What people call it: the file's name.
    pub title: String,
    /// The CRS its coordinates came in, such as `EPSG:7415`.
    pub crs: String,
    /// The SHA-256 (hex) under which the original file is kept, if it is.
    pub source: Option<String>,
    /// When it was imported last.
    pub imported: Instant,
    /// The file's layers; those of assets put under this dataset are added by themselves.
    pub layers: Vec<Arc<str>>,
}
