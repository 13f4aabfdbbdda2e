//! Object groups with what they contain, however deep they are nested.

use std::collections::{BTreeMap, HashMap};

use diagnostics::TextRange;
use space::{AddressSet, IntervalSet, Set};

use super::lines::short;
use super::model::{Config, Family, GroupKind, Member};

/// What a group stands for.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    pub addresses: Vec<AddressSet>,
    /// Destination ports by protocols and source ports.
    pub services: BTreeMap<(IntervalSet<u8>, IntervalSet<u16>), IntervalSet<u16>>,
    /// Members that are not known, by the names of their conditions.
    pub unknown: Vec<String>,
}

impl Resolved {
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.services.is_empty() && self.unknown.is_empty()
    }
}

/// The groups of a file.
pub struct Groups<'a> {
    by_name: HashMap<&'a str, Vec<usize>>,
    kinds: Vec<GroupKind>,
    resolved: Vec<Resolved>,
    /// Members that name no group: name and place.
    pub undefined: Vec<(&'a str, TextRange)>,
    /// Groups that others have as members, by index.
    pub nested: Vec<usize>,
}

/// All groups together hold no more parts than this.
const MOST_PARTS: usize = 2_000_000;

/// A group has no more unknown members than this, each by itself.
const MOST_UNKNOWN: usize = 32;

impl<'a> Groups<'a> {
    pub fn new(config: &Config<'a>) -> Self {
        let mut groups = Groups {
            by_name: HashMap::new(),
            kinds: config.groups.iter().map(|group| group.kind).collect(),
            resolved: vec![Resolved::default(); config.groups.len()],
            undefined: Vec::new(),
            nested: Vec::new(),
        };
        for (index, group) in config.groups.iter().enumerate() {
            groups.by_name.entry(group.name).or_default().push(index);
        }
        let mut parts = 0;
        // 0 is new, 1 is open, 2 is done. An explicit stack: groups nest as deep as a file wants.
        let mut state = vec![0_u8; config.groups.len()];
        for root in 0..config.groups.len() {
            let mut stack = vec![(root, false)];
            while let Some((index, leave)) = stack.pop() {
                if leave {
                    groups.close(config, index, &state, &mut parts);
                    state[index] = 2;
                    continue;
                }
                if state[index] != 0 {
                    continue;
                }
                state[index] = 1;
                stack.push((index, true));
                let Some(group) = config.groups.get(index) else { continue };
                for member in &group.members {
                    if let Member::Group(name, _) = member
                        && let Some(inner) = groups.find(name, |kind| kind == group.kind)
                        && state[inner] == 0
                    {
                        stack.push((inner, false));
                    }
                }
            }
        }
        groups
    }

    /// Puts a group together, of which the members are done.
    fn close(&mut self, config: &Config<'a>, index: usize, state: &[u8], parts: &mut usize) {
        let Some(group) = config.groups.get(index) else { return };
        let mut all = Resolved::default();
        let mut own = Vec::new();
        for member in &group.members {
            match member {
                Member::Addresses(set) => own.push(set),
                Member::Service { protocols, source, destination } => {
                    let ports = all
                        .services
                        .entry((protocols.clone(), source.clone()))
                        .or_insert_with(IntervalSet::empty);
                    *ports = ports.union(destination);
                }
                Member::Unknown(text) => {
                    all.unknown.push(format!("`{text}` in object-group {}", short(group.name)))
                }
                Member::Group(name, place) => {
                    let Some(inner) = self.find(name, |kind| kind == group.kind) else {
                        self.undefined.push((name, *place));
                        all.unknown.push(format!("object-group {}", short(name)));
                        continue;
                    };
                    self.nested.push(inner);
                    let found = &self.resolved[inner];
                    let size = found
                        .addresses
                        .iter()
                        .map(|set| set.v4.ranges().len() + set.v6.ranges().len())
                        .sum::<usize>()
                        + found.services.len();
                    *parts += size;
                    if state[inner] == 1 || *parts > MOST_PARTS {
                        // A circle, or too much to hold.
                        all.unknown.push(format!("object-group {}", short(name)));
                        continue;
                    }
                    all.addresses.extend(found.addresses.iter().cloned());
                    for (key, ports) in &found.services {
                        let known = all.services.entry(key.clone()).or_insert_with(IntervalSet::empty);
                        *known = known.union(ports);
                    }
                    all.unknown.extend(found.unknown.iter().cloned());
                }
            }
        }
        let has_addresses = !own.is_empty() || !all.addresses.is_empty();
        let union = AddressSet::union_of(own.into_iter().chain(&all.addresses));
        all.addresses = if has_addresses { vec![union] } else { Vec::new() };
        all.unknown.sort();
        all.unknown.dedup();
        if all.unknown.len() > MOST_UNKNOWN {
            all.unknown = vec![format!("members of object-group {}", short(group.name))];
        }
        self.resolved[index] = all;
    }

    /// The last group of that name and of a kind that fits.
    pub fn find(&self, name: &str, fits: impl Fn(GroupKind) -> bool) -> Option<usize> {
        let known = self.by_name.get(name)?;
        known.iter().rev().copied().find(|index| self.kinds.get(*index).is_some_and(|kind| fits(*kind)))
    }

    pub fn get(&self, index: usize) -> &Resolved {
        &self.resolved[index]
    }

    pub fn of_addresses(&self, name: &str, family: Family) -> Option<usize> {
        self.find(name, |kind| matches!(kind, GroupKind::Addresses(of) if of.is_none_or(|of| of == family)))
    }
}
