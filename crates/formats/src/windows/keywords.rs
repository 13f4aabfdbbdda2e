use std::collections::HashMap;

use space::{AddressSet, Conditions, Side, Symbol, SymbolKind};

use super::model::{Keyword, Reading};
use super::property::Property;
use super::values::{self, Address};
use crate::{Inventory, NamePattern, ObjectEntry, UndefinedEntry};

pub const KIND: &str = "dynamic keyword address";

/// The dynamic keyword addresses of a file, by id.
pub struct Keywords<'r, 't> {
    known: Vec<Known<'r, 't>>,
    by_id: HashMap<String, usize>,
}

/// What a dynamic keyword stands for.
pub struct Known<'r, 't> {
    pub keyword: &'r Keyword<'t>,
    pub addresses: AddressSet,
    /// Whether more may belong to it than the addresses.
    open: bool,
}

impl<'r, 't> Keywords<'r, 't> {
    pub fn new(reading: &'r Reading<'t>) -> Self {
        let mut known = Vec::new();
        let mut by_id = HashMap::new();
        for keyword in &reading.keywords {
            by_id.entry(keyword.id.to_lowercase()).or_insert(known.len());
            let mut sets = Vec::new();
            let mut open = keyword.resolves;
            // What a name was found to have is gone tomorrow: it is no part of what the rule says.
            if !keyword.resolves {
                for (text, _) in &keyword.addresses {
                    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                        match values::address(word) {
                            Address::Known { set, .. } => sets.push(set),
                            _ => open = true,
                        }
                    }
                }
            }
            known.push(Known { keyword, addresses: AddressSet::union_of(&sets), open });
        }
        Keywords { known, by_id }
    }

    pub fn find(&self, id: &str) -> Option<&Known<'r, 't>> {
        self.known.get(*self.by_id.get(&id.to_lowercase())?)
    }

    /// The objects with their uses, the names, and what is named and not defined.
    pub fn inventory(&self, reading: &Reading<'_>) -> Inventory {
        let mut inventory = Inventory { interfaces: reading.interfaces.clone(), ..Inventory::default() };
        let mut uses = vec![0_u32; self.known.len()];
        for rule in &reading.rules {
            let Some(slot) = rule.get(Property::RemoteDynamicKeywordAddresses) else { continue };
            for (word, place) in slot.words() {
                match self.by_id.get(&word.to_lowercase()).and_then(|at| uses.get_mut(*at)) {
                    Some(uses) => *uses = uses.saturating_add(1),
                    None => {
                        inventory.undefined.push(UndefinedEntry { kind: KIND, name: word.to_owned(), place });
                    }
                }
            }
        }
        for (known, uses) in self.known.iter().zip(uses) {
            let keyword = known.keyword;
            if keyword.resolves {
                let covers = known.name().map(str::to_owned).into_iter().collect();
                let written = keyword.keyword.clone().into_owned();
                inventory.patterns.push(NamePattern { written, place: keyword.place, covers });
            }
            inventory.objects.push(ObjectEntry {
                kind: KIND,
                name: keyword.keyword.clone().into_owned(),
                place: keyword.place,
                head: keyword.place,
                uses,
                content: known.content(),
            });
        }
        inventory
    }
}

impl Known<'_, '_> {
    /// The DNS name or wildcard, where the keyword is one: `*.example.com` stands for hosts below the domain ("Windows
    /// Firewall dynamic keywords": "Wildcards `*` are supported for hosts").
    pub fn name(&self) -> Option<&str> {
        let text = self.keyword.keyword.trim();
        (self.keyword.resolves && is_name(text)).then_some(text)
    }

    /// What holds of the packets whose addresses the file does not have, if there are any.
    pub fn conditions(&self, side: Side) -> Option<Conditions> {
        if !self.open {
            return None;
        }
        Some(match self.name() {
            Some(name) => Conditions::named(side, name),
            None => {
                let name = format!("dynamic keyword {}", self.keyword.keyword.trim());
                Conditions::holds(Symbol::new(side, SymbolKind::Match, &name))
            }
        })
    }

    fn content(&self) -> Option<String> {
        if let Some(name) = self.name() {
            return Some(name.to_ascii_lowercase());
        }
        (!self.open).then(|| values::address_words(&self.addresses).join(","))
    }
}

/// Whether a text is a host's name with a domain, or all names below one.
pub fn is_name(text: &str) -> bool {
    let base = text.strip_prefix("*.").unwrap_or(text);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last_is_word = base
        .rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with(|first: char| first.is_ascii_alphabetic()));
    text.len() <= 255 && base.contains('.') && last_is_word && base.split('.').all(label)
}
