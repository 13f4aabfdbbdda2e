use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use diagnostics::{TextRange, printable};
use space::{Action, Conditions, Region, Rule as SpaceRule, RuleId, RuleSet, Side, Symbol, SymbolKind};

use super::matching::{Matched, Matcher, Reader};
use super::model::{Collection, Gap, Group, Holder, Kind, Reading, Rule, Set};
use super::template::{Scope, Term};
use super::ties;
use crate::json::Value;
use crate::{Coverage, Direction, Problem, RuleEntry, RuleSetExport, StageEntry, Status};

/// What a rule set holds, as it is listed.
pub struct Item<'g, 'j> {
    pub kind: ItemKind<'g, 'j>,
    /// Unique in the list.
    pub name: String,
    pub place: TextRange,
    /// Where Azure asks it; `None` for what may stand anywhere.
    pub order: Option<Order>,
    /// Not inherited from a base policy.
    pub is_own: bool,
}

#[derive(Clone, Copy)]
pub enum ItemKind<'g, 'j> {
    Rule { rule: &'g Rule<'j>, collection: &'g Collection<'j>, group: &'g Group<'j>, at: Place, index: usize },
    Gap(&'g Gap),
}

/// The indices of a rule: of the group in its set, of the collection in the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub group: usize,
    pub collection: usize,
}

/// "Azure Firewall rule processing logic": all NAT rules, then all network rules, then all application rules; in each
/// kind those of the base policy first; then by the priority of the group, and of the collection. Rules of one
/// collection are asked as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    pub kind: Kind,
    /// 0 for the policy at the very base.
    pub level: usize,
    pub group: i64,
    pub collection: i64,
}

/// Base policies of base policies, deeper than this, are not followed: Azure has one level.
const LEVEL_LIMIT: usize = 8;

pub const PRIORITIES: std::ops::RangeInclusive<i64> = 100..=65_000;

/// The rule set of every firewall and policy, and what became of the rules. `None` where there are more rules than any
/// export has.
pub fn rule_sets<'j>(
    reading: &'j Reading<'j>,
    matcher: &mut Matcher<'j>,
    coverage: &mut Coverage,
    problems: &mut Vec<Problem>,
) -> Option<Vec<RuleSetExport>> {
    let names = names(&reading.sets);
    let mut out = Vec::with_capacity(names.len());
    let mut left = super::parse::RULE_LIMIT;
    for (set, name) in reading.sets.iter().zip(names) {
        let items = items(reading, set);
        left = left.checked_sub(items.len())?;
        let mut import = Import { matcher, set, coverage, problems };
        out.push(import.rule_set(name, &items));
    }
    Some(out)
}

/// The policies from which a set inherits, the base of all first, and the set itself; and the base that is not in the
/// file.
pub fn lineage<'g, 'j>(
    reading: &'g Reading<'j>,
    set: &'g Set<'j>,
) -> (Vec<&'g Set<'j>>, Option<&'g Set<'j>>) {
    let mut line = vec![set];
    while let Some(last) = line.last().copied()
        && let Some(base) = &last.base
    {
        let is_it = |other: &&Set<'j>| {
            let in_other = base.resource_group.as_ref().zip(other.resource_group.as_ref());
            other.holder == Holder::Policy
                && other.name.exact == base.exact
                && in_other.is_none_or(|(wanted, its)| its.trim().eq_ignore_ascii_case(wanted))
        };
        match reading.sets.iter().find(is_it) {
            Some(found)
                if line.len() < LEVEL_LIMIT && !line.iter().any(|other| std::ptr::eq(*other, found)) =>
            {
                line.push(found);
            }
            _ => {
                line.reverse();
                return (line, Some(last));
            }
        }
    }
    line.reverse();
    (line, None)
}

/// The items of a set in the order of the file. The same call gives the same order: the index is the rule id.
pub fn items<'g, 'j>(reading: &'g Reading<'j>, set: &'g Set<'j>) -> Vec<Item<'g, 'j>> {
    let scope = &reading.scope;
    let mut items: Vec<Item<'g, 'j>> = Vec::new();
    let (line, _) = lineage(reading, set);
    for (level, member) in line.into_iter().enumerate() {
        let is_own = std::ptr::eq(member, set);
        for (group_at, group) in member.groups.iter().enumerate() {
            // The collections of a classic firewall are in no group.
            let of_group = if group.name.is_none() { Some(0) } else { number(group.priority, scope) };
            for (collection_at, collection) in group.collections.iter().enumerate() {
                let of_collection = number(collection.priority, scope);
                for (at, rule) in collection.rules.iter().enumerate() {
                    let name =
                        rule.name.map(|name| scope.name(name).shown).filter(|name| !name.trim().is_empty());
                    let order = rule
                        .kind
                        .zip(of_group)
                        .zip(of_collection)
                        .map(|((kind, group), collection)| Order { kind, level, group, collection });
                    let place = Place { group: group_at, collection: collection_at };
                    items.push(Item {
                        kind: ItemKind::Rule { rule, collection, group, at: place, index: at },
                        name: name.unwrap_or_else(|| format!("rule {}", at + 1)),
                        place: rule.object.place(),
                        order,
                        is_own,
                    });
                }
            }
        }
        items.extend(member.gaps.iter().map(|gap| Item {
            kind: ItemKind::Gap(gap),
            name: gap.what.clone(),
            place: gap.place,
            order: None,
            is_own,
        }));
    }
    items.sort_by_key(|item| item.place.start);
    make_unique(&mut items, scope);
    items
}

/// The order in which Azure asks the items; what may stand anywhere comes first, and is not sure to match.
pub fn order(items: &[Item<'_, '_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|at| items[*at].order);
    order
}

pub fn number(value: Option<Value<'_>>, scope: &Scope<'_>) -> Option<i64> {
    match scope.term(value?) {
        Term::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub fn collection_name(collection: &Collection<'_>, scope: &Scope<'_>) -> String {
    let name = collection.name.map(|name| scope.name(name).shown).filter(|name| !name.trim().is_empty());
    name.unwrap_or_else(|| "unnamed".to_owned())
}

/// Names of rules are unique in a collection: where two collections have the same, each is told with its collection.
fn make_unique(items: &mut [Item<'_, '_>], scope: &Scope<'_>) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for item in items.iter() {
        *count.entry(item.name.clone()).or_default() += 1;
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for item in items {
        if let ItemKind::Rule { collection, .. } = item.kind
            && count.get(&item.name).is_some_and(|count| *count > 1)
        {
            item.name = format!("{}/{}", collection_name(collection, scope), item.name);
        }
        unique(&mut item.name, &mut seen);
    }
}

fn unique(name: &mut String, seen: &mut HashMap<String, usize>) {
    if !seen.contains_key(name.as_str()) {
        seen.insert(name.clone(), 1);
        return;
    }
    let base = name.clone();
    loop {
        // The count goes on where it stopped for the same name, so that many equal names are not quadratic.
        let number = seen.entry(base.clone()).or_insert(1);
        *number += 1;
        *name = format!("{base} ({number})");
        if !seen.contains_key(name.as_str()) {
            break;
        }
    }
    seen.insert(name.clone(), 1);
}

/// Names that tell the rule sets apart: with the resource group where one alone does not.
fn names(sets: &[Set<'_>]) -> Vec<String> {
    let mut count: HashMap<String, usize> = HashMap::new();
    for set in sets {
        *count.entry(set.name.shown.to_ascii_lowercase()).or_default() += 1;
    }
    let mut seen = HashMap::new();
    let name = |set: &Set<'_>| {
        let shared = count.get(&set.name.shown.to_ascii_lowercase()).is_some_and(|count| *count > 1);
        let mut name = match &set.resource_group {
            Some(resource_group) if shared => format!("{resource_group}/{}", set.name.shown),
            _ => set.name.shown.clone(),
        };
        unique(&mut name, &mut seen);
        name
    };
    sets.iter().map(name).collect()
}

struct Import<'i, 'j> {
    matcher: &'i mut Matcher<'j>,
    set: &'j Set<'j>,
    coverage: &'i mut Coverage,
    problems: &'i mut Vec<Problem>,
}

impl<'j> Import<'_, 'j> {
    fn rule_set(&mut self, name: String, items: &[Item<'j, 'j>]) -> RuleSetExport {
        let mut entries = Vec::with_capacity(items.len());
        let mut rules: Vec<Option<SpaceRule>> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let id = RuleId(u32::try_from(at).unwrap_or(u32::MAX));
            let (entry, rule) = self.item(id, item);
            entries.push(entry);
            rules.push(rule);
        }
        let order = order(items);
        self.priorities();
        ties::contested(items, &order, &mut rules, self.matcher.scope, self.problems);
        let ordered = order.iter().filter_map(|at| rules[*at].take()).collect();
        RuleSetExport {
            name,
            direction: Direction::Transit,
            stateful: true,
            rules: RuleSet::flat(ordered, Action::Deny),
            entries,
            stages: vec![StageEntry {
                name: "implicit deny, after the built-in infrastructure rule collection".to_owned(),
                place: None,
            }],
        }
    }

    fn item(&mut self, id: RuleId, item: &Item<'j, 'j>) -> (RuleEntry, Option<SpaceRule>) {
        let mut entry = RuleEntry {
            name: item.name.clone(),
            place: item.place,
            head: item.place,
            list: self.set.name.shown.clone(),
            comment: None,
            enabled: true,
            logs: false,
            implied: false,
            expires: None,
            inactive: None,
        };
        let rule = match item.kind {
            ItemKind::Gap(gap) => {
                let symbol = Symbol::new(Side::Packet, SymbolKind::Undefined, &gap.what);
                let matches = vec![self.matcher.any().when(Conditions::holds(symbol))];
                Some(SpaceRule { id, matches, action: Action::Unknown })
            }
            ItemKind::Rule { rule, collection, group, .. } => {
                let scope = self.matcher.scope;
                entry.list = collection_name(collection, scope);
                entry.head = rule.name.map_or(item.place, |name| name.place());
                entry.comment =
                    rule.description.filter(|text| !text.is_empty()).map(|text| match scope.term(text) {
                        Term::Text(text) => text.into_owned(),
                        _ => text.string().unwrap_or_default().into_owned(),
                    });
                self.written(id, item, rule, collection, group, &mut entry)
            }
        };
        (entry, rule)
    }

    /// A rule of the file.
    fn written(
        &mut self,
        id: RuleId,
        item: &Item<'j, 'j>,
        rule: &'j Rule<'j>,
        collection: &Collection<'j>,
        group: &Group<'j>,
        entry: &mut RuleEntry,
    ) -> Option<SpaceRule> {
        let mut problems = Vec::new();
        let mut reader = Reader::new(self.matcher, &item.name, &mut problems);
        reader.without_proxy = self.set.dns_proxy == Some(false);
        let mut matched = reader.matches(rule);
        let mut action = self.action(rule, item, collection, &mut matched, &mut problems);
        if rule.kind.is_none() {
            let what = "what kind of rule it is is not known";
            self.not_understood(item, what.to_owned(), &mut matched);
            action = Action::Unknown;
            problems.push(Problem {
                place: rule.rule_type.unwrap_or(rule.object).place(),
                message: format!("rule `{}` has no `ruleType` that Azure knows", printable(&item.name)),
                help: "say `NetworkRule`, `ApplicationRule` or `NatRule`".to_owned(),
            });
        } else if item.order.is_none() {
            // Where it stands is not known. First, and perhaps not matching, is every place at once.
            let name = format!("position of {}", item.name);
            restrict(&mut matched.regions, &Symbol::new(Side::Packet, SymbolKind::Match, &name));
            approximate(&mut matched, "the priority of its collection, or of the group, is not known");
        }
        let deployed = self.condition(group, &mut matched);
        if let Some(strange) = &rule.strange {
            let (message, help) = if strange.twice {
                (
                    format!("property `{}` is there twice, with two values", printable(&strange.name)),
                    "keep one of them",
                )
            } else {
                (
                    format!(
                        "property `{}` of a rule is not known: it may change what the rule does",
                        printable(&strange.name)
                    ),
                    "take it out, if it is a slip; otherwise decide by hand what this rule does",
                )
            };
            self.not_understood(item, message.clone(), &mut matched);
            action = Action::Unknown;
            problems.push(Problem { place: strange.place, message, help: help.to_owned() });
        }
        // What is inherited is counted with the policy that has it.
        if item.is_own {
            self.coverage.push(rule.object.place(), matched.status, matched.reason);
            // What nobody will see is not kept: a file may be made of problems.
            if self.problems.len() <= super::PROBLEM_LIMIT {
                self.problems.append(&mut problems);
            }
        }
        if !deployed {
            entry.enabled = false;
            entry.inactive = Some("not deployed");
            return None;
        }
        Some(SpaceRule { id, matches: matched.regions, action })
    }

    fn not_understood(&self, item: &Item<'_, 'j>, what: String, matched: &mut Matched) {
        let name = format!("{} of {}", what.replace('`', ""), item.name);
        let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
        matched.regions = vec![self.matcher.any().when(Conditions::holds(symbol))];
        matched.status = Status::NotUnderstood;
        matched.reason = what.into();
    }

    fn action(
        &self,
        rule: &Rule<'j>,
        item: &Item<'_, 'j>,
        collection: &Collection<'j>,
        matched: &mut Matched,
        problems: &mut Vec<Problem>,
    ) -> Action {
        let scope = self.matcher.scope;
        let said = collection.action.map(|action| scope.term(action));
        if let Some(Term::Text(text)) = &said {
            let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
            match rule.kind {
                Some(Kind::Nat) if is("Dnat") => return Action::Permit,
                Some(Kind::Network | Kind::Application) if is("Allow") => return Action::Permit,
                Some(Kind::Network | Kind::Application) if is("Deny") => return Action::Deny,
                _ => {}
            }
        }
        if said.is_none() && rule.kind == Some(Kind::Nat) {
            return Action::Permit;
        }
        approximate(matched, "whether the collection allows or denies is not known");
        if !matches!(said, Some(Term::Expression(_))) {
            problems.push(Problem {
                place: collection.action.unwrap_or(collection.object).place(),
                message: format!(
                    "the collection of `{}` has no action that Azure knows",
                    printable(&item.name)
                ),
                help: "say `Allow` or `Deny`, or `Dnat` for NAT rules".to_owned(),
            });
        }
        Action::Unknown
    }

    /// A template deploys a resource only if its `condition` holds. Returns whether this one may be deployed.
    fn condition(&self, group: &Group<'j>, matched: &mut Matched) -> bool {
        let Some(condition) = group.condition.filter(|condition| condition.raw() != "true") else {
            return true;
        };
        if condition.raw() == "false" {
            return false;
        }
        let name = match self.matcher.scope.term(condition) {
            Term::Expression(expression) => format!("condition {expression}"),
            _ => format!("condition {}", condition.raw()),
        };
        restrict(&mut matched.regions, &Symbol::new(Side::Packet, SymbolKind::Placeholder, &name));
        approximate(matched, "whether the group is deployed depends on a condition");
        true
    }

    /// Priorities that are missing or that Azure refuses.
    fn priorities(&mut self) {
        let scope = self.matcher.scope;
        let mut wrong = |value: Option<Value<'j>>, place: TextRange, what: String| {
            let message = match number(value, scope) {
                Some(number) if PRIORITIES.contains(&number) => return,
                Some(number) => format!("priority {number} of {what} is not between 100 and 65000"),
                None if value.is_some_and(|value| matches!(scope.term(value), Term::Expression(_))) => return,
                None => format!("{what} has no priority that is a number"),
            };
            if self.problems.len() <= super::PROBLEM_LIMIT {
                let help = "give it a number from 100 to 65000".to_owned();
                self.problems.push(Problem { place: value.map_or(place, Value::place), message, help });
            }
        };
        for group in &self.set.groups {
            if let Some(name) = &group.name {
                wrong(group.priority, group.place, format!("group `{}`", printable(&name.shown)));
            }
            for collection in group.collections.iter().filter(|collection| !collection.rules.is_empty()) {
                let name = collection_name(collection, scope);
                let place = collection.name.unwrap_or(collection.object).place();
                wrong(collection.priority, place, format!("collection `{}`", printable(&name)));
            }
        }
    }
}

/// Adds a condition to all that a rule matches.
pub fn restrict(regions: &mut Vec<Region>, symbol: &Symbol) {
    let condition = Conditions::holds(symbol.clone());
    regions.retain_mut(|region| match region.conditions.and(&condition) {
        Some(both) => {
            region.conditions = both;
            true
        }
        None => false,
    });
}

fn approximate(matched: &mut Matched, reason: &'static str) {
    if matched.status == Status::Understood {
        matched.status = Status::Approximated;
        matched.reason = Cow::Borrowed(reason);
    }
}

/// What the file does not have of each set: the base policies. By set.
pub fn missing_bases(reading: &mut Reading<'_>) {
    let mut gaps: BTreeMap<usize, Gap> = BTreeMap::new();
    for (at, set) in reading.sets.iter().enumerate() {
        if let (_, Some(last)) = lineage(reading, set)
            && std::ptr::eq(last, set)
            && let Some(base) = &set.base
        {
            let what = format!("rules of the base policy {}", base.shown);
            gaps.insert(at, Gap { place: base.place, what });
        }
    }
    for (at, gap) in gaps {
        if let Some(set) = reading.sets.get_mut(at) {
            set.gaps.push(gap);
        }
    }
}
