use std::sync::Arc;

use formats::ImportError;
use formats::feed::Feed;
use space::{AddressSet, Region, RuleSet, Set, Side, SymbolKind};

use crate::{Db, File, FileKind, Project};

/// What is known about names and groups beside policies and exports, with where it comes from: the pinned feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// By the feeds' names.
    feeds: Vec<(Arc<str>, Feed)>,
}

/// A feed as read, or why it cannot be.
#[salsa::tracked]
pub fn read_feed(db: &dyn Db, file: File) -> Result<Feed, ImportError> {
    let kind = match file.kind(db) {
        FileKind::Feed { kind, .. } => Some(kind.as_str()),
        _ => None,
    };
    formats::feed::read(kind, file.text(db))
}

/// The facts of the project. A feed that cannot be read gives none; whoever loads it says so.
#[salsa::tracked]
pub fn known_facts(db: &dyn Db, project: Project) -> Facts {
    let mut feeds = Vec::new();
    for &file in project.feeds(db) {
        if let (FileKind::Feed { name, .. }, Ok(feed)) = (file.kind(db), read_feed(db, file)) {
            feeds.push((name.as_str().into(), feed.clone()));
        }
    }
    Facts { feeds }
}

impl Facts {
    /// The addresses behind a DNS name or wildcard, by the first feed that knows them.
    pub fn addresses_of(&self, name: &str) -> Option<AddressSet> {
        self.feeds.iter().find_map(|(_, feed)| feed.addresses_of(name))
    }

    /// The addresses of a group, exactly: a service tag, a prefix list.
    fn group(&self, kind: SymbolKind, name: &str) -> Option<&AddressSet> {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        self.feeds.iter().find_map(|(_, feed)| {
            feed.groups.iter().find(|((known, group), _)| *known == kind && same(group)).map(|(_, set)| set)
        })
    }

    /// `rules` with every group that is known replaced by its addresses.
    pub fn applied_to(&self, rules: &RuleSet) -> RuleSet {
        if self.feeds.iter().all(|(_, feed)| feed.groups.is_empty()) {
            return rules.clone();
        }
        let mut rules = rules.clone();
        for chain in &mut rules.chains {
            let changed = chain.rules.iter().map(|rule| space::Rule {
                matches: rule.matches.iter().map(|region| self.applied_to_region(region)).collect(),
                ..rule.clone()
            });
            *chain = changed.collect::<Vec<_>>().into();
        }
        rules
    }

    fn applied_to_region(&self, region: &Region) -> Region {
        let mut out = region.clone();
        for (symbol, held) in region.conditions.iter() {
            let axis = match symbol.side {
                Side::Source => &mut out.source,
                Side::Destination => &mut out.destination,
                Side::Packet => continue,
            };
            let Some(known) = self.group(symbol.kind, &symbol.name) else { continue };
            *axis = if *held { axis.intersect(known) } else { axis.subtract(known) };
            out.conditions = out.conditions.retain(|other| other != symbol);
        }
        out
    }
}
