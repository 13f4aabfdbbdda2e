use std::collections::BTreeMap;

use diagnostics::printable;
use space::{AddressSet, Conditions, Set as _, Side, Symbol, SymbolKind};

use super::model::{IpGroup, Reading};
use super::template::{Scope, Term};
use super::values::addresses;
use crate::json::Kind;
use crate::{Coverage, ObjectEntry, Problem, Status};

/// The IP groups of a file, and the names of those that it only points at.
pub struct IpGroups<'j> {
    groups: Vec<Known>,
    by_id: BTreeMap<String, usize>,
    /// `None` where two groups have the name.
    by_name: BTreeMap<String, Option<usize>>,
    /// Of those without an id alone.
    by_bare_name: BTreeMap<String, Option<usize>>,
    /// What rules point at, by name in lower case; `None` where two pointers with one name differ.
    pointed: BTreeMap<String, Option<(String, String)>>,
    scope: &'j Scope<'j>,
}

struct Known {
    /// The addresses that the file says.
    addresses: AddressSet,
    /// Whether it has others that the file does not say.
    is_open: bool,
    name: String,
    uses: u32,
    entry: ObjectEntry,
}

pub const OBJECT_KIND: &str = "IP group";

impl<'j> IpGroups<'j> {
    pub fn new(reading: &'j Reading<'j>, coverage: &mut Coverage, problems: &mut Vec<Problem>) -> Self {
        let mut groups = Vec::with_capacity(reading.ip_groups.len());
        let (mut by_id, mut by_name, mut by_bare_name) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for group in &reading.ip_groups {
            let one = |map: &mut BTreeMap<String, Option<usize>>| {
                let twice = map.insert(group.name.exact.clone(), Some(groups.len())).is_some();
                if twice {
                    map.insert(group.name.exact.clone(), None);
                }
            };
            match &group.id {
                // The same group again, in a second list.
                Some(id) if by_id.contains_key(id) => {}
                Some(id) => {
                    by_id.insert(id.clone(), groups.len());
                    one(&mut by_name);
                }
                None => {
                    one(&mut by_name);
                    one(&mut by_bare_name);
                }
            }
            let known = known(group, &reading.scope, problems);
            let (status, reason) = if known.is_open {
                (Status::Approximated, "addresses that are only known when the template is deployed")
            } else {
                (Status::Understood, "")
            };
            coverage.push(group.place, status, reason);
            groups.push(known);
        }
        let mut all = IpGroups {
            groups,
            by_id,
            by_name,
            by_bare_name,
            pointed: BTreeMap::new(),
            scope: &reading.scope,
        };
        let rules = reading.sets.iter().flat_map(|set| &set.groups).flat_map(|group| &group.collections);
        for rule in rules.flat_map(|collection| &collection.rules) {
            let lists = [rule.source_ip_groups, rule.destination_ip_groups];
            for pointer in lists.into_iter().flatten().flat_map(crate::json::Value::elements) {
                let Some((name, shown, whole)) = all.pointer(&all.scope.term(pointer)) else { continue };
                let known = all.pointed.entry(name).or_insert_with(|| Some((shown, whole.clone())));
                if known.as_ref().is_some_and(|(_, other)| *other != whole) {
                    *known = None;
                }
            }
        }
        all
    }

    /// The name that a pointer ends in, for comparison and for people, and all of the pointer.
    fn pointer(&self, term: &Term<'_>) -> Option<(String, String, String)> {
        match term {
            Term::Text(id) => {
                let name = id.trim().rsplit('/').next().filter(|name| !name.is_empty())?;
                Some((name.to_ascii_lowercase(), name.to_owned(), id.trim().to_ascii_lowercase()))
            }
            Term::Expression(expression) => {
                let name = self.scope.pointed(expression)?;
                Some((name.exact, name.shown, expression.to_ascii_lowercase()))
            }
            Term::Other => None,
        }
    }

    /// What the group is that `term` points at; `None` where it points at none that can be told.
    pub fn alternatives(&mut self, side: Side, term: &Term<'_>) -> Option<Vec<(AddressSet, Conditions)>> {
        let (name, shown, whole) = self.pointer(term)?;
        let symbol = |name: &str| Conditions::holds(Symbol::new(side, SymbolKind::AddressGroup, name));
        // A whole id points at a group of one resource group, and no other of its name.
        let at = if whole.starts_with('/') {
            self.by_id.get(&whole).copied().or_else(|| *self.by_bare_name.get(&name)?)
        } else {
            self.by_name.get(&name).copied().flatten()
        };
        if let Some(known) = at.and_then(|at| self.groups.get_mut(at)) {
            known.uses = known.uses.saturating_add(1);
            let mut out = Vec::new();
            // A group that was emptied matches nothing ("IP Groups in Azure Firewall").
            if !known.addresses.is_empty() {
                out.push((known.addresses.clone(), Conditions::none()));
            }
            if known.is_open {
                out.push((AddressSet::any(), symbol(&known.name)));
            }
            return Some(out);
        }
        // Two groups of one name are in two resource groups: then all of the id tells them apart.
        let name = match self.pointed.get(&name) {
            Some(Some((first, _))) => first.clone(),
            Some(None) => whole,
            None => shown,
        };
        Some(vec![(AddressSet::any(), symbol(&name))])
    }

    pub fn objects(self) -> Vec<ObjectEntry> {
        self.groups.into_iter().map(|known| ObjectEntry { uses: known.uses, ..known.entry }).collect()
    }
}

fn known(group: &IpGroup<'_>, scope: &Scope<'_>, problems: &mut Vec<Problem>) -> Known {
    let mut sets = Vec::new();
    let mut is_open = false;
    let list = group.addresses.map(|list| scope.resolve(list));
    match list {
        Some(list) if list.kind() == Kind::Array => {
            for element in list.elements() {
                let Term::Text(text) = scope.term(element) else {
                    is_open = true;
                    continue;
                };
                match addresses(text.trim()) {
                    Some((set, _)) => sets.push(set),
                    None => {
                        is_open = true;
                        problems.push(Problem {
                            place: element.place(),
                            message: format!("`{}` is no address, prefix or range", printable(&text)),
                            help: "correct it: Azure refuses such an IP group".to_owned(),
                        });
                    }
                }
            }
        }
        Some(list) => is_open = !list.is_empty(),
        None => is_open = true,
    }
    let addresses = AddressSet::union_of(&sets);
    let ranges = || {
        let ranges: Vec<String> = addresses.ranges().map(|(low, high)| format!("{low}-{high}")).collect();
        ranges.join(" ")
    };
    let content = (!is_open).then(ranges);
    let name = group.name.shown.clone();
    let entry = ObjectEntry {
        kind: OBJECT_KIND,
        name: name.clone(),
        place: group.place,
        head: group.head,
        uses: 0,
        content,
    };
    Known { addresses, is_open, name, uses: 0, entry }
}

/// What points at each IP group of the file, by its name; `None` where two differ.
pub fn ids(reading: &Reading<'_>) -> BTreeMap<String, Option<String>> {
    let mut ids: BTreeMap<String, Option<String>> = BTreeMap::new();
    let collections = reading.sets.iter().flat_map(|set| &set.groups).flat_map(|group| &group.collections);
    for rule in collections.flat_map(|collection| &collection.rules) {
        let lists = [rule.source_ip_groups, rule.destination_ip_groups];
        for pointer in lists.into_iter().flatten().flat_map(crate::json::Value::elements) {
            let name = match reading.scope.term(pointer) {
                Term::Text(id) => id.trim().rsplit('/').next().unwrap_or_default().to_ascii_lowercase(),
                Term::Expression(expression) => match reading.scope.pointed(&expression) {
                    Some(name) => name.shown.to_ascii_lowercase(),
                    None => continue,
                },
                Term::Other => continue,
            };
            let Some(id) = pointer.string() else { continue };
            let known = ids.entry(name).or_insert_with(|| Some(id.to_string()));
            if known.as_ref().is_some_and(|known| !known.eq_ignore_ascii_case(&id)) {
                *known = None;
            }
        }
    }
    ids
}
