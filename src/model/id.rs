//! Names of sites, datasets and assets.

use super::Collection;
use crate::fault::{Fault, Result};
use std::fmt;
use std::sync::Arc;

/// What an asset is called: its source's own id (IFC GlobalId, gml:id, CityJSON key, feature id), or one made from it where
/// another asset of the node has that; unique in the node.
pub type AssetId = Arc<str>;

/// A 12-digit community code: district 6 + street 3 + community 3.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteCode(Arc<str>);

impl SiteCode {
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) when `code` is not twelve digits.
    pub fn new(code: &str) -> Result<Self> {
        if code.len() == 12 && code.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(code.into()))
        } else {
            Err(Fault::parameter("site", format!("'{code}' is not a community code"))
                .remedy("give 12 digits: district 6, street 3, community 3, such as 320106003001"))
        }
    }
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an imported dataset, unique in its site: 1 to 64 letters, digits, `_` or `-` in any script.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DatasetName(Arc<str>);

impl DatasetName {
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) when the name is empty, too long or holds another character.
    pub fn new(name: &str) -> Result<Self> {
        if is_collection(name) {
            return Err(Fault::parameter("dataset", format!("'{name}' is the name of a collection"))
                .remedy("name the dataset otherwise: it becomes a collection too"));
        }
        named(name).map(Self).ok_or_else(|| {
            Fault::parameter("dataset", format!("'{name}' is not a dataset name"))
                .remedy("use 1 to 64 letters, digits, '_' or '-'")
        })
    }
    /// A valid name made from a file's stem: other characters become `_`, and a collection's own name gets `_file` behind it.
    pub fn from_stem(stem: &str) -> Self {
        let name: String =
            stem.chars().take(64).map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
        Self(match name.as_str() {
            "" => "dataset".into(),
            taken if is_collection(taken) => format!("{taken}_file").into(),
            free => free.into(),
        })
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a planning variant, unique in its site: 1 to 64 letters, digits, `_` or `-` in any script.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariantName(Arc<str>);

impl VariantName {
    /// # Errors
    /// [`Kind::BadInput`](crate::fault::Kind::BadInput) when the name is empty, too long or holds another character.
    pub fn new(name: &str) -> Result<Self> {
        named(name).map(Self).ok_or_else(|| {
            Fault::parameter("variant", format!("'{name}' is not a variant's name"))
                .remedy("use 1 to 64 letters, digits, '_' or '-'")
        })
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VariantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text, if it is 1 to 64 letters, digits, `_` or `-`.
fn named(text: &str) -> Option<Arc<str>> {
    let fits =
        (1..=64).contains(&text.chars().count()) && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    fits.then(|| text.into())
}

/// Whether a collection that is no dataset has this name.
fn is_collection(name: &str) -> bool {
    name == "assets" || Collection::SERVED.into_iter().any(|collection| collection.name() == name)
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
