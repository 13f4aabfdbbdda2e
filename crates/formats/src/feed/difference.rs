use std::collections::BTreeMap;
use std::sync::Arc;

use space::{AddressSet, Set, SymbolKind};

use crate::feed::Feed;

/// How what a newer feed tells differs from what an older one told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedDifference {
    pub gained: Vec<Known>,
    pub lost: Vec<Known>,
    /// Names and groups of both, with other addresses.
    pub changed: Vec<Moved>,
}

/// A name or group, and its addresses where the feed tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub kind: SymbolKind,
    pub name: Arc<str>,
    pub addresses: Option<AddressSet>,
}

/// A name or group whose addresses changed, became known or became unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub kind: SymbolKind,
    pub name: Arc<str>,
    pub old: Option<AddressSet>,
    pub new: Option<AddressSet>,
}

impl FeedDifference {
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty() && self.changed.is_empty()
    }
}

/// Compares two feeds by what they tell, whatever their files look like. Each list is sorted by kind and name.
pub fn difference(old: &Feed, new: &Feed) -> FeedDifference {
    let (before, after) = (told(old), told(new));
    let mut difference = FeedDifference::default();
    for ((kind, name), addresses) in &before {
        if !after.contains_key(&(*kind, name.clone())) {
            difference.lost.push(Known { kind: *kind, name: name.clone(), addresses: addresses.clone() });
        }
    }
    for ((kind, name), new) in after {
        match before.get(&(kind, name.clone())) {
            None => difference.gained.push(Known { kind, name, addresses: new }),
            Some(old) if *old != new => difference.changed.push(Moved { kind, name, old: old.clone(), new }),
            Some(_) => {}
        }
    }
    difference
}

impl Moved {
    /// The addresses that came and those that went; `None` where they are unknown before or after.
    pub fn addresses(&self) -> Option<(AddressSet, AddressSet)> {
        let (old, new) = (self.old.as_ref()?, self.new.as_ref()?);
        Some((new.subtract(old), old.subtract(new)))
    }
}

/// Everything a feed has a word about.
fn told(feed: &Feed) -> BTreeMap<(SymbolKind, Arc<str>), Option<AddressSet>> {
    let known = feed.names.iter().map(|(name, set)| ((SymbolKind::Name, name.clone()), Some(set.clone())));
    let unknown = feed.unknown_names.iter().map(|name| ((SymbolKind::Name, name.clone()), None));
    let groups = feed.groups.iter().map(|(key, set)| (key.clone(), Some(set.clone())));
    known.chain(unknown).chain(groups).collect()
}
