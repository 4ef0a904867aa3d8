//! Sets of collections: what a caller may read, what a dataset has.

use super::Collection;

/// A set of collections. Cheap to copy and to compare, so that rights can be part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Collections(u16);

impl Collections {
    /// Every collection, guarded ones included.
    pub const ALL: Self = Self((1 << Collection::COUNT) - 1);

    /// Those collections for which `test` holds.
    pub fn of(test: impl Fn(Collection) -> bool) -> Self {
        Collection::ALL.into_iter().filter(|c| test(*c)).collect()
    }
    /// Whether `collection` is in the set.
    pub const fn contains(self, collection: Collection) -> bool {
        self.0 & (1 << collection as u32) != 0
    }
    /// The collections, in the order of listing.
    pub fn iter(self) -> impl Iterator<Item = Collection> {
        Collection::ALL.into_iter().filter(move |c| self.contains(*c))
    }
    /// The collections that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// Whether every guarded collection is in the set: whoever may read these may read what is personal.
    pub fn has_guarded(self) -> bool {
        Collection::ALL.into_iter().filter(|c| c.is_guarded()).all(|c| self.contains(c))
    }
    /// Whether no collection is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Collection> for Collections {
    fn from_iter<I: IntoIterator<Item = Collection>>(collections: I) -> Self {
        Self(collections.into_iter().fold(0, |bits, c| bits | 1 << c as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let open = Collections::of(|c| !c.is_guarded());
        assert!(open.contains(Collection::Parts) && !open.contains(Collection::Cameras));
        assert_eq!(open.iter().count() + 1, Collection::COUNT);
        assert_eq!(Collections::ALL.iter().collect::<Collections>(), Collections::ALL);
        let cameras: Collections = [Collection::Cameras].into_iter().collect();
        assert!(open.and(cameras).is_empty() && !open.is_empty());
    }
}
