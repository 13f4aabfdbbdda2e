//! Objects and groups to sets, whatever is nested in them.

use std::collections::HashMap;
use std::sync::Arc;

use space::{AddressSet, Conditions, IntervalSet, Set, Side, Symbol, SymbolKind};

use super::config::{Config, Definition, Interface, Kind, Member, Service};
use crate::UndefinedEntry;

/// What an object stands for. Its kind says which of the sets count.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub addresses: AddressSet,
    pub services: Vec<Service>,
    /// Ports, or ICMP types as `type * 256 + code`.
    pub numbers: IntervalSet<u16>,
    pub protocols: IntervalSet<u8>,
    /// What else is in it, which the file does not determine.
    pub missing: Vec<Missing>,
}

/// A set that the file names and does not determine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// The addresses it can have.
    pub families: AddressSet,
    pub kind: SymbolKind,
    pub name: Arc<str>,
}

impl Missing {
    pub fn new(kind: SymbolKind, name: impl Into<Arc<str>>) -> Self {
        Missing { families: AddressSet::any(), kind, name: name.into() }
    }

    pub fn condition(&self, side: Side) -> Conditions {
        Conditions::holds(Symbol::new(side, self.kind, &self.name))
    }

    /// `object network `web`, which is not defined`
    pub fn in_words(&self) -> String {
        let name = diagnostics::printable(&self.name);
        match self.kind {
            SymbolKind::Undefined => format!("`{name}` is not defined"),
            SymbolKind::Match => format!("`{name}` is kept as a condition"),
            kind => format!("the {} `{name}` is not known", kind.noun()),
        }
    }
}

/// How much all objects together may be copied into the groups that hold them: groups in groups in groups, each with
/// all that the one before has, would need more time than there is.
const MOST_COPIED: usize = 50_000_000;

/// Resolves the objects of a configuration, each once.
pub(super) struct Resolver<'c, 'a> {
    pub config: &'c Config<'a>,
    interfaces: HashMap<&'a str, usize>,
    memo: Vec<Option<Arc<Resolved>>>,
    copies_left: usize,
    /// Where entries use a name for an address that nothing defines.
    pub undefined: Vec<UndefinedEntry>,
}

impl<'c, 'a> Resolver<'c, 'a> {
    pub fn new(config: &'c Config<'a>) -> Self {
        let memo = vec![None; config.definitions.len()];
        let named = config.interfaces.iter().enumerate().filter_map(|(at, it)| Some((it.name?, at)));
        Resolver {
            config,
            interfaces: named.collect(),
            memo,
            copies_left: MOST_COPIED,
            undefined: Vec::new(),
        }
    }

    /// The interface with this name.
    pub fn interface(&self, name: &str) -> Option<&'c Interface<'a>> {
        self.config.interfaces.get(*self.interfaces.get(name)?)
    }

    /// What the object with this index stands for.
    pub fn resolve(&mut self, index: usize) -> Arc<Resolved> {
        if let Some(known) = self.memo.get(index).and_then(Option::as_ref) {
            return known.clone();
        }
        // An explicit stack, with the member to look at next: groups can be nested deep. What is open holds itself.
        let mut open = vec![false; self.memo.len()];
        let mut stack = vec![(index, 0_usize)];
        let mut last = None;
        while let Some((at, next)) = stack.pop() {
            if let Some(open) = open.get_mut(at) {
                *open = true;
            }
            let config = self.config;
            let Some(definition) = config.definitions.get(at) else { continue };
            let inner = definition.members.iter().enumerate().skip(next).find_map(|(place, member)| {
                let Member::Reference(name) = member else { return None };
                let (inner, _) = config.definition(name)?;
                let fresh = self.memo.get(inner).is_some_and(Option::is_none);
                (fresh && open.get(inner) == Some(&false)).then_some((inner, place))
            });
            match inner {
                Some((inner, place)) => {
                    stack.push((at, place + 1));
                    stack.push((inner, 0));
                }
                None => {
                    let resolved = Arc::new(self.put_together(definition));
                    if let Some(slot) = self.memo.get_mut(at) {
                        *slot = Some(resolved.clone());
                    }
                    if let Some(open) = open.get_mut(at) {
                        *open = false;
                    }
                    last = Some(resolved);
                }
            }
        }
        last.unwrap_or_else(|| Arc::new(nothing()))
    }

    /// Its members, of which those that are objects are resolved; one that is not holds itself.
    fn put_together(&mut self, definition: &Definition<'a>) -> Resolved {
        let mut out = nothing();
        let (mut addresses, mut numbers, mut protocols) = (Vec::new(), Vec::new(), Vec::new());
        let mut inner_addresses: Vec<Arc<Resolved>> = Vec::new();
        let label = |what: &str| format!("{} {}: {what}", definition.kind.noun(), definition.name);
        for member in &definition.members {
            match member {
                Member::Addresses(set) => addresses.push(set),
                Member::Name(families, name, _) => out.missing.push(Missing {
                    families: families.clone(),
                    kind: SymbolKind::Name,
                    name: (*name).into(),
                }),
                Member::Service(service) => out.services.push(service.clone()),
                Member::Numbers(set) => numbers.extend(set.ranges()),
                Member::Protocols(set) => protocols.extend(set.ranges()),
                Member::Elsewhere(what) => out.missing.push(Missing::new(SymbolKind::AddressGroup, *what)),
                Member::Undefined(name) => {
                    let kind =
                        if is_redacted(name) { SymbolKind::Placeholder } else { SymbolKind::Undefined };
                    let name = if kind == SymbolKind::Undefined { (*name).to_owned() } else { label(name) };
                    out.missing.push(Missing::new(kind, name));
                }
                Member::Unclear(text) => out.missing.push(Missing::new(SymbolKind::Match, label(text))),
                Member::Reference(name) => match self.inner(definition.kind, name) {
                    Ok(inner) => {
                        numbers.extend(inner.numbers.ranges());
                        protocols.extend(inner.protocols.ranges());
                        out.services.extend(inner.services.iter().cloned());
                        out.missing.extend(inner.missing.iter().cloned());
                        inner_addresses.push(inner);
                    }
                    Err(missing) => out.missing.push(missing),
                },
            }
        }
        out.addresses = AddressSet::union_of(
            addresses.into_iter().chain(inner_addresses.iter().map(|inner| &inner.addresses)),
        );
        out.numbers = IntervalSet::from_ranges(numbers);
        out.protocols = IntervalSet::from_ranges(protocols);
        out.services = merged(out.services);
        // The ASA takes no empty group into a rule: what is behind the name is not in the file.
        if out.is_empty() {
            let name = match definition.kind {
                Kind::Other => definition.name.to_owned(),
                _ => label("empty"),
            };
            out.missing.push(Missing::new(SymbolKind::Match, name));
        }
        out
    }

    fn inner(&mut self, outer: Kind, name: &str) -> Result<Arc<Resolved>, Missing> {
        let Some((at, inner)) = self.config.definition(name) else {
            return Err(Missing::new(SymbolKind::Undefined, name));
        };
        let fits = match outer {
            Kind::Networks => inner.kind.is_network(),
            Kind::Services => matches!(inner.kind, Kind::Service | Kind::Services),
            outer => outer == inner.kind,
        };
        if !fits {
            return Err(Missing::new(SymbolKind::Match, format!("{} {name}", inner.kind.noun())));
        }
        let Some(resolved) = self.memo.get(at).and_then(Option::clone) else {
            return Err(Missing::new(
                SymbolKind::Match,
                format!("{} {name}: holds itself", inner.kind.noun()),
            ));
        };
        match self.copies_left.checked_sub(resolved.size()) {
            Some(left) => self.copies_left = left,
            None => return Err(Missing::new(SymbolKind::Match, format!("{} {name}", inner.kind.noun()))),
        }
        Ok(resolved)
    }
}

fn nothing() -> Resolved {
    Resolved {
        addresses: AddressSet::empty(),
        services: Vec::new(),
        numbers: IntervalSet::empty(),
        protocols: IntervalSet::empty(),
        missing: Vec::new(),
    }
}

impl Resolved {
    fn is_empty(&self) -> bool {
        self.addresses.is_empty()
            && self.services.is_empty()
            && self.numbers.is_empty()
            && self.protocols.is_empty()
            && self.missing.is_empty()
    }

    fn size(&self) -> usize {
        self.addresses.v4.ranges().len()
            + self.addresses.v6.ranges().len()
            + self.services.len()
            + self.numbers.ranges().len()
            + self.missing.len()
    }
}

/// The same services in fewer.
pub(super) fn merged(mut services: Vec<Service>) -> Vec<Service> {
    if services.len() < 2 {
        return services;
    }
    services.sort_by(|a, b| (&a.protocols, &a.source).cmp(&(&b.protocols, &b.source)));
    let mut by_protocol: Vec<Service> = Vec::new();
    for group in services.chunk_by(|a, b| a.protocols == b.protocols && a.source == b.source) {
        if let Some(first) = group.first() {
            let destination =
                IntervalSet::from_ranges(group.iter().flat_map(|service| service.destination.ranges()));
            by_protocol.push(Service { destination, ..first.clone() });
        }
    }
    by_protocol.sort_by(|a, b| (&a.source, &a.destination).cmp(&(&b.source, &b.destination)));
    let mut out = Vec::new();
    for group in by_protocol.chunk_by(|a, b| a.source == b.source && a.destination == b.destination) {
        if let Some(first) = group.first() {
            let protocols =
                IntervalSet::from_ranges(group.iter().flat_map(|service| service.protocols.ranges()));
            out.push(Service { protocols, ..first.clone() });
        }
    }
    out
}

/// Whether a word is an address that was made illegible: `xxx.xxx.45.196`. Two that read the same may be two.
pub(super) fn is_redacted(word: &str) -> bool {
    let hidden = |byte: u8| matches!(byte, b'x' | b'X' | b'*');
    word.contains(['.', ':'])
        && word.bytes().any(hidden)
        && word.bytes().all(|byte| {
            hidden(byte) || byte.is_ascii_hexdigit() || b".:/".contains(&byte) || byte.is_ascii_whitespace()
        })
}
