use std::collections::BTreeMap;

use diagnostics::printable;
use space::RuleId;

use super::commands::Commands;
use super::dialect::{Dialect, action};
use super::emit::RULE_LIMIT;
use super::import::{Item, ItemKind, Order, Place, collection_name, items, lineage, missing_bases};
use super::ip_groups::ids;
use super::model::{Collection, Group, Holder, Kind, Reading, Rule, Set};
use super::parse;
use super::place::{Asked, Placer, Target};
use super::rule_names::{Names, description};
use super::splice::{ListChange, Splicer};
use super::write::{Spec, specs};
use crate::json::{Json, Kind as JsonKind, Value};
use crate::json_out::Out;
use crate::{Change, Edited, Export, NewRule, Refusal, RuleSetExport};

/// Edits the text so that `changes` are made to one rule set of it.
pub fn edit(text: &str, export: &Export, rule_set: usize, changes: &[Change]) -> Result<Edited, Refusal> {
    let other_text = || {
        Refusal::new("the text is not the one that was read", "read the export again, then make the change")
    };
    let json = Json::parse(text).map_err(|_| other_text())?;
    let mut reading = parse::read(&json);
    missing_bases(&mut reading);
    let given = export.rule_sets.get(rule_set).ok_or_else(other_text)?;
    let set = reading.sets.get(rule_set).ok_or_else(other_text)?;
    let items = items(&reading, set);
    let same = items.len() == given.entries.len()
        && items
            .iter()
            .zip(&given.entries)
            .all(|(item, entry)| item.name == entry.name && item.place == entry.place);
    if !same {
        return Err(other_text());
    }
    let is_template = json.root().get("resources").is_some() || json.root().get("template").is_some();
    Plan::new(&reading, set, given, &items, is_template).carry_out(text, changes)
}

/// Azure takes 90 groups a policy; a file with more than this was made to take long.
const GROUP_LIMIT: usize = 1_000;

/// One rule set, and what becomes of it.
struct Plan<'p, 'j, 'e> {
    reading: &'p Reading<'j>,
    set: &'p Set<'j>,
    items: &'p [Item<'p, 'j>],
    placer: Placer<'p, 'j, 'e>,
    is_template: bool,
    names: Names,
    /// Ids of IP groups that the file has, by name.
    group_ids: BTreeMap<String, Option<String>>,
    new: Vec<New>,
    /// Rules that go; those in whose place others come, by position.
    gone: Vec<usize>,
}

/// A rule that is to be written.
struct New {
    spec: Spec,
    name: String,
    description: Option<String>,
    target: Target,
    /// The position of the rule that it comes in the place of.
    instead: Option<usize>,
    /// The place that was asked for, and the one that it has.
    wanted: usize,
    order: Order,
}

impl<'p, 'j, 'e> Plan<'p, 'j, 'e> {
    fn new(
        reading: &'p Reading<'j>,
        set: &'p Set<'j>,
        given: &'e RuleSetExport,
        items: &'p [Item<'p, 'j>],
        is_template: bool,
    ) -> Self {
        let mut names = Names::default();
        for item in items.iter().filter(|item| item.is_own) {
            if let ItemKind::Rule { rule, .. } = item.kind {
                names
                    .take_as_it_is(&rule.name.map(|name| reading.scope.name(name).shown).unwrap_or_default());
            }
        }
        for collection in set.groups.iter().flat_map(|group| &group.collections) {
            names.take_as_it_is(&collection_name(collection, &reading.scope));
        }
        let asked = given.rules.rules().map(|rule| {
            let item = items.get(rule.id.0 as usize);
            let at = item.filter(|item| item.is_own).and_then(|item| match item.kind {
                ItemKind::Rule { at, index, .. } => Some((at, index)),
                ItemKind::Gap(_) => None,
            });
            let order = item.and_then(|item| item.order);
            Asked { id: rule.id, action: rule.action, matches: &rule.matches, order, at, gone: false }
        });
        let level = lineage(reading, set).0.len() - 1;
        let placer = Placer { reading, set, asked: asked.collect(), new: Vec::new(), level };
        let group_ids = ids(reading);
        Plan { reading, set, items, placer, is_template, names, group_ids, new: Vec::new(), gone: Vec::new() }
    }

    fn carry_out(mut self, text: &str, changes: &[Change]) -> Result<Edited, Refusal> {
        if self.set.groups.len() > GROUP_LIMIT {
            return Err(Refusal::new(
                "the policy has more rule collection groups than Azure takes",
                "correct the file by hand",
            ));
        }
        for change in changes {
            if let Change::Remove { rule } | Change::Replace { rule, .. } = change {
                let position = self.changeable(*rule)?;
                if std::mem::replace(&mut self.placer.asked[position].gone, true) {
                    let name = self.name(*rule);
                    return Err(Refusal::new(
                        format!("`{name}` is changed twice"),
                        "make one change of the two",
                    ));
                }
                self.gone.push(position);
            }
        }
        for change in changes {
            match change {
                Change::Insert { before, rule } => {
                    let wanted = match before {
                        Some(id) => self.position(*id)?,
                        None => self.placer.asked.len(),
                    };
                    self.insert(rule, wanted, None)?;
                }
                Change::Remove { .. } => {}
                Change::Replace { rule, with } => {
                    let position = self.position(*rule)?;
                    for rule in with {
                        self.insert(rule, position, Some(position))?;
                    }
                }
            }
        }
        self.check_order()?;
        self.limits()?;
        let edits = self.edits(text)?;
        let (commands, rollback) = self.commands();
        Ok(Edited { edits, commands, rollback })
    }

    fn name(&self, id: RuleId) -> String {
        self.items.get(id.0 as usize).map(|item| printable(&item.name).into_owned()).unwrap_or_default()
    }

    fn position(&self, id: RuleId) -> Result<usize, Refusal> {
        let found = self.placer.asked.iter().position(|asked| asked.id == id);
        found.ok_or_else(|| {
            Refusal::new("there is no such rule in force in the rule set", "read the export again")
        })
    }

    fn changeable(&self, id: RuleId) -> Result<usize, Refusal> {
        let position = self.position(id)?;
        let asked = &self.placer.asked[position];
        let Some((place, _)) = asked.at else {
            return Err(Refusal::new(
                format!("`{}` is not a rule of `{}` itself", self.name(id), printable(&self.set.name.shown)),
                "change the base policy, or the template, that has it",
            ));
        };
        let editable = self.collection(place).and_then(|(_, collection)| self.list(collection));
        editable.map(|_| position).ok_or_else(|| {
            Refusal::new(
                format!("`{}` is in a list that others may use too", self.name(id)),
                "write the rules into the collection itself first",
            )
        })
    }

    fn collection(&self, place: Place) -> Option<(&'p Group<'j>, &'p Collection<'j>)> {
        let group = self.set.groups.get(place.group)?;
        Some((group, group.collections.get(place.collection)?))
    }

    /// The array of a collection's rules, if it stands in the collection itself and nothing in it stands elsewhere.
    fn list(&self, collection: &Collection<'j>) -> Option<Value<'j>> {
        let list = collection.list?;
        let own = list.kind() == JsonKind::Array
            && list.elements().count() == collection.rules.len()
            && list
                .elements()
                .zip(&collection.rules)
                .all(|(element, rule)| element.place() == rule.object.place());
        own.then_some(list)
    }

    fn insert(&mut self, rule: &NewRule, wanted: usize, instead: Option<usize>) -> Result<(), Refusal> {
        if self.set.holder == Holder::Policy && self.set.groups.is_empty() {
            return Err(Refusal::new(
                format!("`{}` has no rule collection group to write to", printable(&self.set.name.shown)),
                "create one: `az network firewall policy rule-collection-group create --priority 200`",
            ));
        }
        let written = |by_address: bool, ids: &BTreeMap<String, Option<String>>| {
            specs(rule, by_address, &|name| ids.get(&name.to_ascii_lowercase()).cloned().flatten())
        };
        let parts = written(false, &self.group_ids)?;
        let before = (self.new.len(), self.placer.new.len());
        let first = parts.into_iter().try_for_each(|spec| self.insert_one(rule, spec, wanted, instead));
        let Err(refusal) = first else { return Ok(()) };
        // Where no application rule can stand, a network rule with the name perhaps can.
        self.new.truncate(before.0);
        self.placer.new.truncate(before.1);
        let Ok(parts) = written(true, &self.group_ids) else { return Err(refusal) };
        if parts.iter().any(|spec| spec.kind == Kind::Application) {
            return Err(refusal);
        }
        parts
            .into_iter()
            .try_for_each(|spec| self.insert_one(rule, spec, wanted, instead))
            .map_err(|_| refusal)
    }

    fn insert_one(
        &mut self,
        rule: &NewRule,
        spec: Spec,
        wanted: usize,
        instead: Option<usize>,
    ) -> Result<(), Refusal> {
        let same_place = instead.and_then(|position| {
            let asked = &self.placer.asked[position];
            let ((place, index), order) = (asked.at?, asked.order?);
            let permits = asked.action == space::Action::Permit;
            let denies = asked.action == space::Action::Deny;
            let fits = order.kind == spec.kind && (if spec.permit { permits } else { denies });
            fits.then_some((Target::Old(place, index), order))
        });
        let (target, order, instead) = match same_place {
            Some((target, order)) => (target, order, instead),
            None => {
                let found = self.placer.place(&spec, wanted).ok_or_else(|| {
                    Refusal::new(
                        format!(
                            "`{}` would be a{} {}, and there is no place for one where it decides what it should",
                            printable(&rule.name),
                            if spec.kind == Kind::Application { "n" } else { "" },
                            spec.kind.noun()
                        ),
                        "put it before or after rules of its own kind, or split the collection that it would stand in",
                    )
                })?;
                (found.0, found.1, None)
            }
        };
        if let Target::Old(place, _) = target
            && self.collection(place).and_then(|(_, collection)| self.list(collection)).is_none()
        {
            return Err(Refusal::new(
                "the rules of the collection stand where others may use them too",
                "write the rules into the collection itself first",
            ));
        }
        let name = self.names.take(&rule.name);
        let description = description(&rule.name, &name);
        self.new.push(New { spec, name, description, target, instead, wanted, order });
        Ok(())
    }

    /// New rules of two actions that have packets in common keep the order in which they were asked for.
    fn check_order(&self) -> Result<(), Refusal> {
        for (at, one) in self.new.iter().enumerate() {
            for other in self.new.iter().skip(at + 1) {
                if one.spec.permit == other.spec.permit || !one.spec.region.overlaps(&other.spec.region) {
                    continue;
                }
                let (first, second) = if one.wanted <= other.wanted { (one, other) } else { (other, one) };
                if first.order >= second.order {
                    return Err(Refusal::new(
                        format!(
                            "`{}` cannot be put before `{}` in one step",
                            printable(&first.name),
                            printable(&second.name)
                        ),
                        "make the two changes one after the other",
                    ));
                }
            }
        }
        Ok(())
    }

    fn limits(&self) -> Result<(), Refusal> {
        let rules = (self.items.len() + self.new.len()).saturating_sub(self.gone.len());
        if rules > RULE_LIMIT && !self.new.is_empty() {
            return Err(Refusal::new(
                format!("the firewall would have {rules} rules, and it can have at most {RULE_LIMIT}"),
                "remove rules that decide nothing first",
            ));
        }
        Ok(())
    }

    fn edits(&self, text: &str) -> Result<Vec<diagnostics::Edit>, Refusal> {
        let mut rules: BTreeMap<Place, ListChange> = BTreeMap::new();
        for position in &self.gone {
            if let Some((place, index)) = self.placer.asked[*position].at {
                rules.entry(place).or_default().removed.insert(index);
            }
        }
        let mut made: Vec<Vec<Out>> = self.placer.new.iter().map(|_| Vec::new()).collect();
        for new in &self.new {
            let place = match new.target {
                Target::Old(place, _) => place,
                Target::New(at) => {
                    let group = self.placer.new[at].group;
                    Place { group, collection: usize::MAX }
                }
            };
            let out =
                self.dialect(place, new.spec.kind).rule(&new.spec, &new.name, new.description.as_deref());
            match (new.target, new.instead) {
                (Target::New(at), _) => made[at].push(out),
                (Target::Old(place, index), Some(_)) => {
                    let change = rules.entry(place).or_default();
                    change.removed.remove(&index);
                    change.replaced.entry(index).or_default().push(out);
                }
                (Target::Old(place, index), None) => {
                    rules.entry(place).or_default().inserted.entry(index).or_default().push(out);
                }
            }
        }
        let mut splicer = Splicer::new(text);
        let mut lists: BTreeMap<u32, (Value<'j>, ListChange)> = BTreeMap::new();
        for (place, change) in rules {
            let Some((_, collection)) = self.collection(place) else { continue };
            let Some(list) = self.list(collection) else { continue };
            // A collection without any rule goes, as Azure demands of classic ones.
            if change.removed.len() == collection.rules.len() && change.inserted.is_empty() {
                let holder = collection.holder;
                let index = holder.elements().position(|item| item.place() == collection.object.place());
                let index = index.filter(|_| !self.reading.scope.is_variable(holder.place())).ok_or_else(|| {
                    Refusal::new(
                        "the last rule of the collection would go, and the collection stands where others may use it",
                        "take the collection out by hand",
                    )
                })?;
                lists
                    .entry(holder.place().start)
                    .or_insert_with(|| (holder, ListChange::default()))
                    .1
                    .removed
                    .insert(index);
            } else {
                splicer.change_list(list, change);
            }
        }
        for (new, out) in self.placer.new.iter().zip(made) {
            let Some(group) = self.set.groups.get(new.group) else { continue };
            let list = group.lists.iter().find(|list| list.kind.is_none_or(|kind| kind == new.kind));
            let list =
                list.map(|list| list.value).filter(|list| !self.reading.scope.is_variable(list.place()));
            let list = list.ok_or_else(|| {
                Refusal::new(
                    "the list of collections stands where others may use it",
                    "write the collections into the group itself first",
                )
            })?;
            let dialect = self.dialect(Place { group: new.group, collection: usize::MAX }, new.kind);
            let collection = dialect.collection(&new_name(new), new.priority, new.permit, out);
            let change =
                &mut lists.entry(list.place().start).or_insert_with(|| (list, ListChange::default())).1;
            change.inserted.entry(usize::MAX).or_default().push(collection);
        }
        for (list, change) in lists.into_values() {
            splicer.change_list(list, change);
        }
        Ok(splicer.finish())
    }

    /// How the rules of a kind are written, learned from the collection or from others.
    fn dialect(&self, place: Place, kind: Kind) -> Dialect {
        let of_group = self.set.groups.get(place.group);
        let own = self.collection(place).map(|(_, collection)| collection);
        let in_group = of_group.into_iter().flat_map(|group| &group.collections);
        let elsewhere = self.set.groups.iter().flat_map(|group| &group.collections);
        let examples = || own.into_iter().chain(in_group.clone()).chain(elsewhere.clone());
        let pascal = |object: Value<'j>| {
            object.members().any(|member| {
                member.name.eq_ignore_ascii_case("name") && member.name.starts_with(char::is_uppercase)
            })
        };
        let example = examples().next();
        let rule = examples().flat_map(|collection| &collection.rules).find(|rule| rule.kind == Some(kind));
        let is_policy = match (rule, self.set.holder) {
            (Some(rule), _) => rule.rule_type.is_some() || rule.ip_protocols.is_some(),
            (None, Holder::Classic) => false,
            (None, Holder::Policy) => true,
            (None, Holder::Parameters) => {
                example.is_some_and(|example| example.object.get("ruleCollectionType").is_some())
            }
        };
        let action = example.and_then(|example| example.body.get("action"));
        Dialect {
            is_policy,
            nested: match example {
                Some(example) => example.body.place() != example.object.place(),
                None => self.set.holder == Holder::Classic,
            },
            plain_action: action.is_some_and(|action| action.kind() == JsonKind::String),
            pascal: example.is_some_and(|example| pascal(example.object)),
            template: self.is_template,
        }
    }

    /// What makes the change on the running firewall, and what takes it back.
    fn commands(&self) -> (Vec<String>, Vec<String>) {
        let Some(commands) = Commands::new(self.set, &self.reading.scope) else {
            return (Vec::new(), Vec::new());
        };
        let scope = &self.reading.scope;
        let mut steps: Vec<(String, String)> = Vec::new();
        // What is new comes first, so that nothing is open or closed in between that is not before or after.
        let mut is_made = vec![false; self.placer.new.len()];
        for new in &self.new {
            let description = new.description.as_deref();
            let step = match new.target {
                Target::Old(place, _) => self.collection(place).map(|(group, collection)| {
                    let of = collection_name(collection, scope);
                    let add = commands.add(group, &of, &new.spec, &new.name, description);
                    (add, commands.remove(group, &of, new.spec.kind, &new.name))
                }),
                Target::New(at) => {
                    let made = &self.placer.new[at];
                    let of = new_name(made);
                    self.set.groups.get(made.group).map(|group| {
                        if std::mem::replace(&mut is_made[at], true) {
                            let add = commands.add(group, &of, &new.spec, &new.name, description);
                            (add, commands.remove(group, &of, new.spec.kind, &new.name))
                        } else {
                            let key = (of.as_str(), made.priority);
                            let create = commands.create(group, key, &new.spec, &new.name, description);
                            (create, commands.remove_collection(group, made.kind, &of))
                        }
                    })
                }
            };
            steps.extend(step);
        }
        let mut left: BTreeMap<Place, usize> = BTreeMap::new();
        for position in &self.gone {
            let Some((place, index)) = self.placer.asked[*position].at else { continue };
            let Some((group, collection)) = self.collection(place) else { continue };
            let Some(rule) = collection.rules.get(index) else { continue };
            let added = self.new.iter().filter(|new| matches!(new.target, Target::Old(at, _) if at == place));
            let left = left.entry(place).or_insert_with(|| collection.rules.len() + added.count());
            *left = left.saturating_sub(1);
            let of = collection_name(collection, scope);
            let kind = rule.kind.unwrap_or(Kind::Network);
            let remove = if *left == 0 {
                commands.remove_collection(group, kind, &of)
            } else {
                commands.remove(group, &of, kind, &shown(rule, self.reading))
            };
            steps.push((remove, commands.add_again(group, collection, rule, *left == 0)));
        }
        let (forward, mut back): (Vec<String>, Vec<String>) = steps.into_iter().unzip();
        back.reverse();
        (forward, back)
    }
}

fn shown(rule: &Rule<'_>, reading: &Reading<'_>) -> String {
    rule.name.map(|name| reading.scope.name(name).shown).unwrap_or_default()
}

fn new_name(new: &super::place::NewCollection) -> String {
    let kind = if new.kind == Kind::Application { "Application" } else { "Network" };
    format!("{}-{kind}-{}", action(new.permit), new.priority)
}
