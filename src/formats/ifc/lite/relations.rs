//! The file's relations: who relates to whom, by the relation's kind.

use super::book::Book;
use ifc_lite_core::DecodedEntity;
use std::collections::HashMap;

/// The relations that are read: the entity, the attribute that names the one side, and that which names the other.
const SIDES: [(&str, &str, &str); 20] = [
    ("IFCRELAGGREGATES", "RelatingObject", "RelatedObjects"),
    ("IFCRELNESTS", "RelatingObject", "RelatedObjects"),
    ("IFCRELCONTAINEDINSPATIALSTRUCTURE", "RelatingStructure", "RelatedElements"),
    ("IFCRELREFERENCEDINSPATIALSTRUCTURE", "RelatingStructure", "RelatedElements"),
    ("IFCRELCONNECTSPORTTOELEMENT", "RelatedElement", "RelatingPort"),
    ("IFCRELPROJECTSELEMENT", "RelatingElement", "RelatedFeatureElement"),
    ("IFCRELFILLSELEMENT", "RelatingOpeningElement", "RelatedBuildingElement"),
    ("IFCRELVOIDSELEMENT", "RelatingBuildingElement", "RelatedOpeningElement"),
    ("IFCRELDEFINESBYPROPERTIES", "RelatingPropertyDefinition", "RelatedObjects"),
    ("IFCRELDEFINESBYTYPE", "RelatingType", "RelatedObjects"),
    ("IFCRELASSOCIATESMATERIAL", "RelatingMaterial", "RelatedObjects"),
    ("IFCRELASSOCIATESCLASSIFICATION", "RelatingClassification", "RelatedObjects"),
    ("IFCRELASSIGNSTOGROUP", "RelatingGroup", "RelatedObjects"),
    ("IFCRELSERVICESBUILDINGS", "RelatingSystem", "RelatedBuildings"),
    ("IFCRELCONNECTSPORTS", "RelatingPort", "RelatedPort"),
    ("IFCRELCONNECTSELEMENTS", "RelatingElement", "RelatedElement"),
    ("IFCRELCONNECTSPATHELEMENTS", "RelatingElement", "RelatedElement"),
    ("IFCRELSPACEBOUNDARY", "RelatingSpace", "RelatedBuildingElement"),
    ("IFCRELSPACEBOUNDARY1STLEVEL", "RelatingSpace", "RelatedBuildingElement"),
    ("IFCRELSPACEBOUNDARY2NDLEVEL", "RelatingSpace", "RelatedBuildingElement"),
];
/// Entities that say more than one of [`SIDES`] and are read as it.
const READ_AS: [(&str, &str); 2] = [
    ("IFCRELASSIGNSTOGROUPBYFACTOR", "IFCRELASSIGNSTOGROUP"),
    ("IFCRELCONNECTSWITHREALIZINGELEMENTS", "IFCRELCONNECTSELEMENTS"),
];

/// One relation.
pub(super) struct Relation {
    /// The relating side; a set of property definitions names several.
    pub relating: Vec<u32>,
    /// The related side; empty where the relation names none, as a boundary without an element.
    pub related: Vec<u32>,
    /// The relation itself.
    pub record: DecodedEntity,
}

/// All relations by kind, in the file's order.
#[derive(Default)]
pub(super) struct Relations(HashMap<&'static str, Vec<Relation>>);

impl Relations {
    /// Reads those at `places`, the beginnings and ends of relations' records.
    pub(super) fn read(book: &mut Book, places: &[(usize, usize)]) -> Self {
        let mut all = Self::default();
        for (start, end) in places {
            let Ok(record) = book.decoder.decode_at_uncached(*start, *end) else { continue };
            let keyword = record.ifc_type.as_str();
            let keyword = READ_AS.iter().find(|(own, _)| *own == keyword).map_or(keyword, |(_, other)| *other);
            let Some((kind, relating, related)) = SIDES.iter().find(|(kind, ..)| *kind == keyword) else { continue };
            let (relating, related) = (book.references(&record, relating), book.references(&record, related));
            all.0.entry(kind).or_default().push(Relation { relating, related, record });
        }
        all
    }
    /// Those of one kind.
    pub(super) fn of(&self, kind: &str) -> &[Relation] {
        self.0.get(kind).map_or(&[], Vec::as_slice)
    }
    /// Relating and related number of each link of one kind.
    pub(super) fn pairs(&self, kind: &str) -> impl Iterator<Item = (u32, u32)> {
        let each = |r: &Relation| -> Vec<(u32, u32)> {
            r.relating.iter().flat_map(|one| r.related.iter().map(move |other| (*one, *other))).collect()
        };
        self.of(kind).iter().flat_map(each)
    }
}
