//! What security levels permit and deny, and what interfaces do by themselves.

use std::collections::HashMap;

use diagnostics::printable;
use space::{Action, AddressSet, NameSet, Region, Set};

use super::bindings::Effective;
use super::config::{Bound, Interface};
use super::rule_set::{Builder, region_at};

/// The list of entries that come from security levels.
const LEVELS: &str = "security levels";

impl<'a> Builder<'_, '_, 'a> {
    /// An interface that passes nothing through.
    pub fn management_only(&mut self, chain: usize) {
        for (name, interface) in self.config.named_interfaces() {
            if let Some(place) = interface.management_only {
                let only = NameSet::one(name);
                let matches = vec![
                    Region { in_interface: only.clone(), ..Region::any() },
                    Region { out_interface: only, ..Region::any() },
                ];
                let title = format!("management-only of {}", printable(name));
                self.implied(chain, place, LEVELS, title, matches, Action::Deny);
            }
        }
    }

    /// Between interfaces of one level, and back out of one, nothing passes without `same-security-traffic permit`,
    /// whatever the lists say ("Allowing Same Security Level Communication").
    pub fn same_security(&mut self, chain: usize) {
        let (inter, intra) = (self.config.same_security.inter, self.config.same_security.intra);
        if inter.is_some() && intra.is_some() {
            return;
        }
        let mut by_level: Vec<(u8, Vec<(&str, &Interface<'_>)>)> = Vec::new();
        for (name, interface) in self.config.named_interfaces() {
            let level = level_of(name, interface);
            match by_level.iter_mut().find(|(known, _)| *known == level) {
                Some((_, all)) => all.push((name, interface)),
                None => by_level.push((level, vec![(name, interface)])),
            }
        }
        for (_, all) in &by_level {
            let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
            let level = any_of(&names);
            for (name, interface) in all {
                let own = NameSet::one(name);
                if inter.is_none() && names.len() > 1 {
                    let region = Region {
                        in_interface: own.clone(),
                        out_interface: level.subtract(&own),
                        ..Region::any()
                    };
                    let title =
                        format!("no same-security-traffic permit inter-interface, from {}", printable(name));
                    self.implied(chain, interface.level_place, LEVELS, title, vec![region], Action::Deny);
                }
                if intra.is_none() {
                    let region = Region { in_interface: own.clone(), out_interface: own, ..Region::any() };
                    let title =
                        format!("no same-security-traffic permit intra-interface, at {}", printable(name));
                    self.implied(chain, interface.level_place, LEVELS, title, vec![region], Action::Deny);
                }
            }
        }
    }

    /// Where neither a list of the interface nor a global one is asked, security levels decide.
    pub fn levels(&mut self, chain: usize, bindings: &[Effective<'_, 'a>]) {
        let config = self.config;
        let global = bindings.iter().filter(|binding| binding.binding.at == Bound::Global);
        let open = AddressSet::any().subtract(&AddressSet::union_of(global.map(|binding| &binding.base)));
        if open.is_empty() {
            return;
        }
        let mut bound: HashMap<&str, AddressSet> = HashMap::new();
        for binding in bindings {
            if let Bound::In(name) = binding.binding.at {
                let families = bound.entry(name).or_insert_with(AddressSet::empty);
                *families = families.union(&binding.base);
            }
        }
        let mut named: Vec<(u8, &str, &Interface<'_>)> =
            config.named_interfaces().map(|(name, it)| (level_of(name, it), name, it)).collect();
        named.sort_by_key(|(level, ..)| *level);
        let mut lower = NameSet::empty();
        let none = AddressSet::empty();
        for same in named.chunk_by(|a, b| a.0 == b.0) {
            let names: Vec<&str> = same.iter().map(|(_, name, _)| *name).collect();
            let level = lower.union(&any_of(&names));
            for (number, name, interface) in same {
                let families = open.subtract(bound.get(name).unwrap_or(&none));
                if families.is_empty() {
                    continue;
                }
                let mut to = if config.same_security.inter.is_some() { level.clone() } else { lower.clone() };
                if config.same_security.intra.is_some() {
                    to = to.union(&NameSet::one(name));
                }
                let from = region_at(Bound::In(name), &families);
                if config.levels_permit && !to.is_empty() {
                    let region = Region { out_interface: to, ..from.clone() };
                    let title = format!("security-level {number} of {}", printable(name));
                    self.implied(chain, interface.level_place, LEVELS, title, vec![region], Action::Permit);
                }
                let title = format!("implicit deny of security-level {number} of {}", printable(name));
                self.implied(chain, interface.level_place, LEVELS, title, vec![from], Action::Deny);
            }
            lower = level;
        }
    }
}

/// `inside` is 100 unless it says otherwise, and every other name 0 (command reference, `security-level`).
fn level_of(name: &str, interface: &Interface<'_>) -> u8 {
    interface.level.unwrap_or(if name == "inside" { 100 } else { 0 })
}

/// The union of many names, in as many steps as it takes to halve them.
fn any_of(names: &[&str]) -> NameSet {
    match names {
        [] => NameSet::empty(),
        [one] => NameSet::one(one),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            any_of(left).union(&any_of(right))
        }
    }
}
