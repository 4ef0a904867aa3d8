//! Where the nodes are that ways go through: as few numbers a node as will do.

use super::too_large;
use crate::fault::Result;
use crate::formats::feature::Ring;

/// Nodes held at once: 24 bytes each.
const MOST: usize = 20_000_000;

/// Nodes that are needed, and where they are once they have been met.
#[derive(Default)]
pub(super) struct Places {
    ids: Vec<i64>,
    at: Vec<[f64; 2]>,
}

impl Places {
    /// Notes nodes that are needed.
    ///
    /// # Errors
    /// More than are held.
    pub fn need(&mut self, nodes: &[i64]) -> Result<()> {
        self.ids.extend(nodes);
        if self.ids.len() > MOST * 2 {
            self.sort();
        }
        if self.ids.len() > MOST * 2 { Err(too_large("20 million nodes in what is taken of it")) } else { Ok(()) }
    }
    /// Makes them ready to be found.
    pub fn sort(&mut self) {
        self.ids.sort_unstable();
        self.ids.dedup();
        self.at = vec![[f64::NAN; 2]; self.ids.len()];
    }
    /// Notes where a node is.
    pub fn set(&mut self, id: i64, at: [f64; 2]) {
        if let Some(place) = self.ids.binary_search(&id).ok().and_then(|i| self.at.get_mut(i)) {
            *place = at;
        }
    }
    /// The line through nodes.
    pub fn line(&self, nodes: &[i64]) -> std::result::Result<Ring, String> {
        let find = |id: &i64| {
            let at = self.ids.binary_search(id).ok().and_then(|i| self.at.get(i)).filter(|at| !at[0].is_nan());
            at.map(|[x, y]| [*x, *y, 0.0]).ok_or(*id)
        };
        let missing = |id| format!("its node {id} is not in the file");
        nodes.iter().map(find).collect::<std::result::Result<Ring, i64>>().map_err(missing)
    }
}
