//! Changes to an export: the lines of lists that come and go, and the commands that do the same on the device.

use std::collections::{BTreeMap, HashMap, HashSet};

use space::{AddressSet, NameSet, Region, RuleId, Set};

use super::build::keyword;
use super::lines::short;
use super::model::{Body, Config, Family, List, Way};
use super::parse;
use super::plan::{self, Plan};
use super::write;
use crate::{Change, Edited, Export, NewRule, Refusal, RuleSetExport};

/// The edits and commands that make `changes`, in order, to one rule set of the export.
pub fn edit(text: &str, export: &Export, rule_set: usize, changes: &[Change]) -> Result<Edited, Refusal> {
    let set = export
        .rule_sets
        .get(rule_set)
        .ok_or_else(|| Refusal::new("the export has no such rule set", "import the export again"))?;
    let config = parse::parse(text);
    let mut by_place = HashMap::new();
    let mut by_keyword = HashMap::new();
    for (index, list) in config.lists.iter().enumerate().filter(|(_, list)| !list.gone) {
        by_keyword.insert(keyword(list), index);
        for (at, entry) in list.entries.iter().enumerate() {
            by_place.insert(entry.place, (index, at));
        }
    }
    let mut editor = Editor {
        export,
        set,
        config: &config,
        by_place,
        by_keyword,
        plans: BTreeMap::new(),
        changed: HashSet::new(),
    };
    for change in changes {
        match change {
            Change::Insert { before: Some(before), rule } => editor.insert(*before, rule)?,
            Change::Insert { before: None, rule } => editor.append(rule)?,
            Change::Remove { rule } => editor.replace(*rule, &[])?,
            Change::Replace { rule, with } => editor.replace(*rule, with)?,
        }
    }
    let mut edited = Edited::default();
    let mut rollbacks = Vec::new();
    for (index, plan) in editor.plans {
        let Some(list) = config.lists.get(index).filter(|_| !plan.is_empty()) else { continue };
        let outcome = plan.carry_out(text, &config, list)?;
        edited.edits.extend(outcome.edits);
        edited.commands.extend(outcome.commands);
        rollbacks.push(outcome.rollback);
    }
    edited.rollback = rollbacks.into_iter().rev().flatten().collect();
    Ok(edited)
}

struct Editor<'e, 'a> {
    export: &'e Export,
    set: &'e RuleSetExport,
    config: &'e Config<'a>,
    by_place: HashMap<diagnostics::TextRange, (usize, usize)>,
    by_keyword: HashMap<String, usize>,
    plans: BTreeMap<usize, Plan>,
    changed: HashSet<RuleId>,
}

impl<'a> Editor<'_, 'a> {
    /// The list that a rule is in, and which of its entries it is. What is implied stands after all of them, and what
    /// binds a list before.
    fn find(&self, rule: RuleId) -> Result<(usize, usize), Refusal> {
        let again = "import the export again";
        let entry =
            self.set.entry(rule).ok_or_else(|| Refusal::new("the rule set has no such rule", again))?;
        if entry.implied {
            let list = self.by_keyword.get(&entry.list).copied();
            let list = list.ok_or_else(|| {
                let message = format!("`{}` stands in no access list", short(&entry.name));
                Refusal::new(message, "put the rule before an entry of a list")
            })?;
            return Ok((list, self.config.lists.get(list).map_or(0, |list| list.entries.len())));
        }
        if let Some(found) = self.by_place.get(&entry.place) {
            return Ok(*found);
        }
        let bindings = self.config.interfaces.iter().flat_map(|interface| &interface.bindings);
        let binding = bindings.into_iter().find(|binding| binding.place == entry.place);
        let list = binding.and_then(|binding| self.config.list_by_name.get(&(binding.family, binding.list)));
        match list {
            Some(list) => Ok((*list, 0)),
            None => {
                let message = format!("`{}` is no entry of an access list", short(&entry.name));
                Err(Refusal::new(message, "define an access list with an entry first, and change that"))
            }
        }
    }

    fn list(&self, index: usize) -> Result<&List<'a>, Refusal> {
        let list = self.config.lists.get(index);
        list.ok_or_else(|| Refusal::new("the access list is not in the file", "import the export again"))
    }

    fn insert(&mut self, before: RuleId, rule: &NewRule) -> Result<(), Refusal> {
        let (index, at) = self.find(before)?;
        let list = self.list(index)?;
        if list.entries.iter().all(|entry| matches!(entry.body, Body::Remark(_))) {
            return Err(Refusal::new(
                format!(
                    "the access list `{}` has no entries, and with the first it denies everything else",
                    short(list.name)
                ),
                "write the whole list by hand",
            ));
        }
        let lines = self.lines(list, rule)?;
        if lines.is_empty() {
            let message = format!(
                "the access list `{}` is for {}, and the rule is not",
                short(list.name),
                list.family.name()
            );
            return Err(Refusal::new(message, "put the rule into a list of its family"));
        }
        self.plans.entry(index).or_default().before.entry(at).or_default().extend(lines);
        Ok(())
    }

    /// After all rules, where it is one list of each family that is asked last.
    fn append(&mut self, rule: &NewRule) -> Result<(), Refusal> {
        let mut lists: Vec<usize> =
            self.set.entries.iter().filter_map(|entry| self.by_keyword.get(&entry.list).copied()).collect();
        lists.sort_unstable();
        lists.dedup();
        let mut written = false;
        for family in [Family::V4, Family::V6] {
            let of_family: Vec<usize> = lists
                .iter()
                .copied()
                .filter(|index| self.config.lists.get(*index).is_some_and(|list| list.family == family))
                .collect();
            let region = &rule.region;
            let wanted = region.source.overlaps(&family.any()) && region.destination.overlaps(&family.any());
            let both = region.source.is_any() && region.destination.is_any();
            match of_family[..] {
                _ if !wanted => {}
                [index] => {
                    let list = self.list(index)?;
                    let lines = self.lines(list, rule)?;
                    let end = list.entries.len();
                    self.plans.entry(index).or_default().before.entry(end).or_default().extend(lines);
                    written = true;
                }
                [] if both => {}
                [] => {
                    let message =
                        format!("there is no access list for {} to put the rule into", family.name());
                    return Err(Refusal::new(message, "bind one to the interface, and put the rule there"));
                }
                _ => {
                    return Err(Refusal::new(
                        format!(
                            "several access lists for {} are bound, and the rule could go into any",
                            family.name()
                        ),
                        "say before which entry it is to stand",
                    ));
                }
            }
        }
        match written {
            true => Ok(()),
            false => Err(Refusal::new(
                "there is no access list to put the rule into",
                "bind one, and put the rule there",
            )),
        }
    }

    /// The new rules in the place of the old one; with none, it goes.
    fn replace(&mut self, rule: RuleId, with: &[NewRule]) -> Result<(), Refusal> {
        let (index, at) = self.find(rule)?;
        let name = self.set.entry(rule).map_or_else(String::new, |entry| short(&entry.name));
        let list = self.list(index)?;
        let is_entry = self
            .set
            .entry(rule)
            .is_some_and(|entry| list.entries.get(at).is_some_and(|it| it.place == entry.place));
        if !is_entry {
            return Err(Refusal::new(
                format!("`{name}` is no entry that a list has"),
                "put a rule before it",
            ));
        }
        let mut lines = Vec::new();
        for rule in with {
            lines.extend(self.lines(list, rule)?);
        }
        if !self.changed.insert(rule) {
            return Err(Refusal::new(
                format!("rule `{name}` is changed twice"),
                "make one change after the other",
            ));
        }
        let plan = self.plans.entry(index).or_default();
        plan.gone.insert(at);
        plan.instead.entry(at).or_default().extend(lines);
        Ok(())
    }

    /// A rule as entries of a list.
    fn lines(&self, list: &List<'_>, rule: &NewRule) -> Result<Vec<String>, Refusal> {
        self.fits(list, &rule.region)?;
        let open = NewRule {
            region: Region {
                in_interface: NameSet::any(),
                out_interface: NameSet::any(),
                ..rule.region.clone()
            },
            ..rule.clone()
        };
        write::entries(&open, plan::dialect(self.config, list))
    }

    /// A list knows no interfaces: those that a rule names must be the ones that it is bound to, or those behind which
    /// its addresses are.
    fn fits(&self, list: &List<'_>, region: &Region) -> Result<(), Refusal> {
        let bound = |way: Way| -> Vec<&str> {
            let has = |interface: &&super::model::Interface<'_>| {
                interface
                    .bindings
                    .iter()
                    .any(|it| it.way == way && it.family == list.family && it.list == list.name)
            };
            self.config.interfaces.iter().filter(has).map(|interface| interface.name.as_str()).collect()
        };
        let (inbound, outbound) = (bound(Way::In), bound(Way::Out));
        let sides = [
            (&region.in_interface, &region.source, &inbound, &outbound),
            (&region.out_interface, &region.destination, &outbound, &inbound),
        ];
        for (names, addresses, here, elsewhere) in sides {
            let all_here =
                elsewhere.is_empty() && !here.is_empty() && here.iter().all(|name| names.contains(name));
            let addresses = addresses.intersect(&list.family.any());
            if names.is_any() || all_here || addresses.intersect(&self.behind(names)) == addresses {
                continue;
            }
            let shown = names.example().unwrap_or_default();
            return Err(Refusal::new(
                format!("an access list knows no interfaces, and the rule is for `{}` alone", short(&shown)),
                "give the rule the addresses behind the interface, or a list that is bound to it alone",
            ));
        }
        Ok(())
    }

    fn behind(&self, names: &NameSet) -> AddressSet {
        let entries = self.export.inventory.interfaces.iter().filter(|entry| names.contains(&entry.name));
        AddressSet::union_of(entries.map(|entry| &entry.behind))
    }
}
