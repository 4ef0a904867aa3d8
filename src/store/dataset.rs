//! Where assets come from: one import under one name, its entry in the catalogue, and its editions.

use crate::model::DatasetName;
use crate::units::Instant;
use std::sync::Arc;

/// An imported dataset, as of its last import.
#[derive(Debug, Clone, PartialEq)]
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
    /// What people say of it, and whether it is shown.
    pub entry: Entry,
}

/// A dataset's entry in the catalogue, besides what the import knows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entry {
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// On which terms it may be used, such as `CC-BY-4.0`.
    pub licence: Option<String>,
    /// How far positions may be off by the change of frame, metres.
    pub accuracy: Option<f64>,
    /// Whether it is shown.
    pub standing: Standing,
}

impl Entry {
    /// Takes what people say of it; what they leave out stays, an empty text takes away.
    pub fn say(&mut self, description: Option<String>, owner: Option<String>, licence: Option<String>) {
        let fields = [(&mut self.description, description), (&mut self.owner, owner), (&mut self.licence, licence)];
        for (field, said) in fields {
            if let Some(text) = said {
                *field = Some(text).filter(|t| !t.is_empty());
            }
        }
    }
}

/// Whether a dataset's assets are in the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// They are.
    #[default]
    Published,
    /// They were, and come again when it is published.
    Withdrawn,
    /// They were; another import under the name begins anew.
    Deleted,
}

impl Standing {
    /// Every standing, in the order of its stored number.
    pub const ALL: [Self; 3] = [Self::Published, Self::Withdrawn, Self::Deleted];

    /// Its word in the catalogue.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Withdrawn => "withdrawn",
            Self::Deleted => "deleted",
        }
    }
}

/// A dataset as one commit left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The site's revision that the commit made.
    pub revision: u64,
    /// From when it held.
    pub at: Instant,
    /// The file's name.
    pub title: String,
    /// The CRS its coordinates came in.
    pub crs: String,
    /// The SHA-256 (hex) under which its file is kept.
    pub source: Option<String>,
    /// How many assets there were.
    pub assets: usize,
    /// Whether they were in the city.
    pub standing: Standing,
}
