//! Ids that clash: an id is one asset's in the whole node, so a later one is called otherwise, and its source's own id is kept in it.
//!
//! A later asset becomes `dataset~id`, and `site~dataset~id` where that is taken too. Inside a site the source's id still leads
//! to it: parents, children and devices are named as their files name them.

use crate::model::{AssetId, DatasetName, SiteCode};

/// What an asset may be called, best first.
pub(super) fn names(site: &SiteCode, dataset: &DatasetName, id: &AssetId) -> [AssetId; 3] {
    [id.clone(), format!("{dataset}~{id}").into(), format!("{site}~{dataset}~{id}").into()]
}

/// The id that the source gave to the asset called `id`.
pub(super) fn source_id<'a>(site: &SiteCode, dataset: &DatasetName, id: &'a str) -> &'a str {
    let without = |id: &'a str, word: &str| id.strip_prefix(word).and_then(|rest| rest.strip_prefix('~'));
    without(id, site.as_str())
        .and_then(|rest| without(rest, dataset.as_str()))
        .or_else(|| without(id, dataset.as_str()))
        .unwrap_or(id)
}

/// The ids under which the source may know an asset called `id`, the whole of it first.
pub(super) fn possible_sources(id: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(id), |rest| rest.split_once('~').map(|(_, rest)| rest)).take(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_the_source() {
        let (site, dataset) = (SiteCode::new("320106003001").unwrap(), DatasetName::new("panels").unwrap());
        for id in ["CAM-1", "a~b", "panel~1", "门~口"] {
            for name in names(&site, &dataset, &id.into()) {
                assert_eq!(source_id(&site, &dataset, &name), id, "{name}");
                assert!(possible_sources(&name).any(|source| source == id), "{name}");
            }
        }
        assert_eq!(source_id(&site, &dataset, "320106003001~other~x"), "320106003001~other~x");
    }
}
