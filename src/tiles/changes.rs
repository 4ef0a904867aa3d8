//! Which files of a tileset went and came between two plans of it.

use super::address::Address;
use super::plan::{File, Plan};
use crate::lod::{Planner, Stem, Tiling};
use crate::tiles::tiles3d::Manner;
use std::collections::BTreeMap;

/// The files, in the order of their names, that one plan has and the other has not. Names never mean other bytes, so whoever
/// has drawn the first is to forget those gone and to ask for those that have come, and for nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Only in the earlier plan.
    pub gone: Vec<Address>,
    /// Only in the later one.
    pub come: Vec<Address>,
}

impl Plan {
    /// What the files of `later`, a plan of the same view, are beside those of this one, as they are named in JSON and without compression.
    /// Documents that both have are not looked into: their names cover all below them.
    pub fn changes(&self, later: &Self) -> Changes {
        let (mut gone, mut come) = (BTreeMap::new(), BTreeMap::new());
        let (mut old, mut new) = (vec![Stem::Site], vec![Stem::Site]);
        while !old.is_empty() || !new.is_empty() {
            let (mut before, mut after) = (self.named_in(&old), later.named_in(&new));
            let both: Vec<Address> = before.keys().filter(|name| after.contains_key(name)).copied().collect();
            for name in both {
                before.remove(&name);
                after.remove(&name);
            }
            (old, new) = (stems(&before), stems(&after));
            gone.append(&mut before);
            come.append(&mut after);
        }
        // What only stands on another level of the tree is the same file.
        let only = |one: &BTreeMap<Address, File>, other: &BTreeMap<Address, File>| {
            one.keys().filter(|name| !other.contains_key(name)).copied().collect()
        };
        Changes { gone: only(&gone, &come), come: only(&come, &gone) }
    }

    fn named_in(&self, stems: &[Stem]) -> BTreeMap<Address, File> {
        let planner = Planner::new(self.snapshot(), self.grove(), Tiling::Explicit);
        let mut named = BTreeMap::new();
        for root in stems.iter().filter_map(|stem| planner.document(stem)) {
            self.tell(&root, Manner::default(), &mut |hash, file| {
                let name = if file.is_tile() { Address::Tile(hash) } else { Address::Tileset(hash) };
                named.insert(name, file);
            });
        }
        named
    }
}

fn stems(files: &BTreeMap<Address, File>) -> Vec<Stem> {
    let stem = |file: &File| if let File::Document(stem) = file { Some(stem.clone()) } else { None };
    files.values().filter_map(stem).collect()
}
