//! What things have to do with each other besides being part of one another: groups, connections, boundaries, references.

use super::book::Book;
use super::materials::Extras;
use super::relations::{Relation, Relations};
use crate::formats::ifc::Product;
use crate::model::{Attributes, Value};
use std::collections::{BTreeMap, HashMap};

/// Every link of `products`, as attributes of either end that has something to say.
pub(super) fn read(book: &Book, relations: &Relations, products: &[Product]) -> Extras {
    let by_number: HashMap<u32, &Product> = products.iter().map(|p| (p.entity, p)).collect();
    let mut links = Links { book, relations, by_number, lists: BTreeMap::new() };
    links.groups();
    links.references();
    links.ports();
    links.elements();
    links.boundaries();
    let mut all = Extras::new();
    for ((entity, name), values) in links.lists {
        all.entry(entity).or_default().push((name, Value::List(values)));
    }
    all
}

struct Links<'l, 'a> {
    book: &'l Book<'a>,
    relations: &'l Relations,
    by_number: HashMap<u32, &'l Product>,
    /// Values by entity and attribute.
    lists: BTreeMap<(u32, &'static str), Vec<Value>>,
}

fn map(entries: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Value {
    let entries = entries.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::Text(text?))));
    Value::Map(entries.collect::<Attributes>())
}

impl Links<'_, '_> {
    fn id(&self, entity: u32) -> Option<String> {
        self.by_number.get(&entity).map(|p| p.global_id.clone())
    }
    fn add(&mut self, entity: u32, name: &'static str, value: Value) {
        let list = self.lists.entry((entity, name)).or_default();
        // The same said twice is next to itself.
        if list.last() != Some(&value) {
            list.push(value);
        }
    }

    /// `systems`, `zones` and `groups` of members, `serves` of systems.
    fn groups(&mut self) {
        for (group, member) in self.relations.pairs("IFCRELASSIGNSTOGROUP") {
            let Some(to) = self.by_number.get(&group).copied() else { continue };
            let name = match () {
                () if to.lineage.contains(&"IfcZone") => "zones",
                () if to.lineage.contains(&"IfcSystem") => "systems",
                () => "groups",
            };
            let named = (!to.name.is_empty()).then(|| to.name.clone());
            self.add(member, name, map([("id", Some(to.global_id.clone())), ("name", named)]));
        }
        for (system, building) in self.relations.pairs("IFCRELSERVICESBUILDINGS") {
            if let Some(id) = self.id(building) {
                self.add(system, "serves", Value::Text(id));
            }
        }
    }
    /// `also_in` of what several spatial elements hold.
    fn references(&mut self) {
        for (structure, element) in self.relations.pairs("IFCRELREFERENCEDINSPATIALSTRUCTURE") {
            if let Some(id) = self.id(structure) {
                self.add(element, "also_in", Value::Text(id));
            }
        }
    }
    /// `connected_to` of elements whose ports are connected, and of the ports.
    fn ports(&mut self) {
        let mut owners: HashMap<u32, u32> = HashMap::new();
        for kind in ["IFCRELCONNECTSPORTTOELEMENT", "IFCRELNESTS"] {
            for (element, port) in self.relations.pairs(kind) {
                owners.entry(port).or_insert(element);
            }
        }
        for (one, other) in self.relations.pairs("IFCRELCONNECTSPORTS") {
            for (port, to) in [(one, other), (other, one)] {
                let flow = self.by_number.get(&port).and_then(|p| p.flow.clone());
                let own = self.id(port);
                let to_port = self.id(to);
                let to_element = owners.get(&to).and_then(|element| self.id(*element));
                self.add(port, "connected_to", map([("id", to_element.clone()), ("port", to_port.clone())]));
                if let Some(element) = owners.get(&port) {
                    let said = [("id", to_element), ("by", own), ("port", to_port), ("flow", flow)];
                    self.add(*element, "connected_to", map(said));
                }
            }
        }
    }
    /// `connected_to` of elements that touch.
    fn elements(&mut self) {
        for kind in ["IFCRELCONNECTSELEMENTS", "IFCRELCONNECTSPATHELEMENTS"] {
            for relation in self.relations.of(kind) {
                let end = |name| self.book.word(&relation.record, name).map(str::to_owned);
                let (ends, others) = (end("RelatingConnectionType"), end("RelatedConnectionType"));
                for (one, other) in pairs(relation) {
                    for (from, to, at, to_at) in [(one, other, &ends, &others), (other, one, &others, &ends)] {
                        let Some(id) = self.id(to) else { continue };
                        self.add(
                            from,
                            "connected_to",
                            map([("id", Some(id)), ("at", at.clone()), ("to_at", to_at.clone())]),
                        );
                    }
                }
            }
        }
    }
    /// `bounded_by` of spaces, `bounds` of elements.
    fn boundaries(&mut self) {
        // Walls have a boundary for every patch: one link for all alike.
        let mut seen: HashMap<(u32, u32), Vec<Value>> = HashMap::new();
        for kind in ["IFCRELSPACEBOUNDARY", "IFCRELSPACEBOUNDARY1STLEVEL", "IFCRELSPACEBOUNDARY2NDLEVEL"] {
            for relation in self.relations.of(kind) {
                let word = |name| self.book.word(&relation.record, name).map(str::to_owned);
                let level = self.level(kind, relation).map(str::to_owned);
                let (physical, side) = (word("PhysicalOrVirtualBoundary"), word("InternalOrExternalBoundary"));
                for space in relation.relating.clone() {
                    // A virtual boundary may have no element.
                    let element = relation.related.first().copied();
                    let id = element.and_then(|e| self.id(e));
                    let said =
                        [("id", id), ("level", level.clone()), ("physical", physical.clone()), ("side", side.clone())];
                    let link = map(said);
                    let before = seen.entry((space, element.unwrap_or(0))).or_default();
                    if before.contains(&link) {
                        continue;
                    }
                    let first = before.is_empty();
                    before.push(link.clone());
                    self.add(space, "bounded_by", link);
                    if let (Some(element), Some(space), true) = (element, self.id(space), first) {
                        self.add(element, "bounds", Value::Text(space));
                    }
                }
            }
        }
    }
    /// `1st` or `2nd`: by the entity, else by the name and description that the agreements on views ask for.
    fn level(&self, kind: &str, relation: &Relation) -> Option<&'static str> {
        match kind {
            "IFCRELSPACEBOUNDARY1STLEVEL" => return Some("1st"),
            "IFCRELSPACEBOUNDARY2NDLEVEL" => return Some("2nd"),
            _ => {}
        }
        let name = self.book.text(&relation.record, "Name").unwrap_or_default().to_lowercase();
        match () {
            () if name.starts_with("1st") || name.starts_with("first") => Some("1st"),
            () if name.starts_with("2nd") || name.starts_with("second") => Some("2nd"),
            () => None,
        }
    }
}

fn pairs(relation: &Relation) -> impl Iterator<Item = (u32, u32)> {
    relation.relating.iter().flat_map(|one| relation.related.iter().map(move |other| (*one, *other)))
}
