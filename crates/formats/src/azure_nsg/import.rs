use std::borrow::Cow;
use std::collections::HashMap;

use diagnostics::{TextRange, printable};
use space::{
    Action, Conditions, Effort, FlowSet, Region, Rule as SpaceRule, RuleId, RuleSet, Side, Symbol, SymbolKind,
};

use super::defaults::{DEFAULTS, DefaultRule};
use super::matching::{Matched, Matcher, Reader};
use super::model::{Gap, Group, Reading, Rule};
use super::template::{Scope, Term};
use crate::{Coverage, Direction, Problem, RuleEntry, RuleSetExport, StageEntry, Status};

/// What a group's list of one direction holds, as it is listed.
pub struct Item<'g, 'j> {
    pub kind: ItemKind<'g, 'j>,
    /// Unique in the list.
    pub name: String,
    pub place: TextRange,
    pub priority: Priority,
}

#[derive(Clone, Copy)]
pub enum ItemKind<'g, 'j> {
    Rule(&'g Rule<'j>),
    Implied(&'static DefaultRule),
    Gap(&'g Gap),
}

/// The lowest number is asked first; what has none may stand anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    Unknown,
    Number(i64),
}

/// The two rule sets of every group, and what became of the rules.
pub fn rule_sets(
    reading: &Reading<'_>,
    coverage: &mut Coverage,
    problems: &mut Vec<Problem>,
) -> Vec<RuleSetExport> {
    let all = |group| {
        let Group { rules, defaults, .. }: &Group<'_> = group;
        rules.iter().chain(defaults.iter().flatten())
    };
    let mut matcher = Matcher::new(&reading.scope, reading.groups.iter().flat_map(all));
    let names = names(&reading.groups);
    let mut out = Vec::with_capacity(2 * names.len());
    for (group, name) in reading.groups.iter().zip(names) {
        unbound(group, problems);
        for direction in [Direction::Inbound, Direction::Outbound] {
            let mut import = Import { matcher: &mut matcher, group, direction, coverage, problems };
            out.push(import.rule_set(&name));
        }
    }
    out
}

/// The items of one direction, in the order of the file. The same call gives the same order: the index is the rule id.
pub fn items<'g, 'j>(group: &'g Group<'j>, direction: Direction, scope: &Scope<'j>) -> Vec<Item<'g, 'j>> {
    let mut items: Vec<Item<'g, 'j>> = Vec::new();
    let written = group.rules.iter().chain(group.defaults.iter().flatten());
    for (at, rule) in written.enumerate() {
        if way(rule, scope).is_none_or(|way| way == direction) {
            let name = rule_name(rule, scope).unwrap_or_else(|| format!("rule {}", at + 1));
            let priority = priority(rule, scope).map_or(Priority::Unknown, Priority::Number);
            items.push(Item { kind: ItemKind::Rule(rule), name, place: rule.object.place(), priority });
        }
    }
    for gap in &group.gaps {
        let kind = ItemKind::Gap(gap);
        items.push(Item { kind, name: gap.what.clone(), place: gap.place, priority: Priority::Unknown });
    }
    items.sort_by_key(|item| item.place.start);
    if group.defaults.is_none() {
        items.extend(DEFAULTS.iter().filter(|rule| rule.direction == direction).map(|rule| Item {
            kind: ItemKind::Implied(rule),
            name: rule.name.to_owned(),
            place: group.name_place,
            priority: Priority::Number(rule.priority),
        }));
    }
    make_unique(items.iter_mut().map(|item| &mut item.name));
    items
}

/// The order in which Azure asks the items: by number; what may stand anywhere comes first, and is not sure to match.
pub fn order(items: &[Item<'_, '_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|at| items[*at].priority);
    order
}

/// Which way a rule's traffic goes; `None` where the file does not tell.
fn way(rule: &Rule<'_>, scope: &Scope<'_>) -> Option<Direction> {
    match scope.term(rule.direction?) {
        Term::Text(text) if text.trim().eq_ignore_ascii_case("inbound") => Some(Direction::Inbound),
        Term::Text(text) if text.trim().eq_ignore_ascii_case("outbound") => Some(Direction::Outbound),
        _ => None,
    }
}

pub fn priority(rule: &Rule<'_>, scope: &Scope<'_>) -> Option<i64> {
    match scope.term(rule.priority?) {
        Term::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub fn rule_name(rule: &Rule<'_>, scope: &Scope<'_>) -> Option<String> {
    let given = || rule.name.map(|name| scope.name(name).shown);
    let from_id = || {
        let id = rule.id.and_then(|id| id.string())?;
        id.rsplit('/').next().map(str::to_owned)
    };
    let named = |name: &String| !name.trim().is_empty();
    rule.shown_name
        .clone()
        .filter(named)
        .or_else(|| given().filter(named))
        .or_else(|| from_id().filter(named))
}

/// Names that tell the groups apart: with the resource group where one alone does not.
fn names(groups: &[Group<'_>]) -> Vec<String> {
    let mut count: HashMap<String, usize> = HashMap::new();
    for group in groups {
        *count.entry(group.name.shown.to_ascii_lowercase()).or_default() += 1;
    }
    let mut names: Vec<String> = groups
        .iter()
        .map(|group| {
            let shared = count.get(&group.name.shown.to_ascii_lowercase()).is_some_and(|count| *count > 1);
            match &group.resource_group {
                Some(resource_group) if shared => format!("{resource_group}/{}", group.name.shown),
                _ => group.name.shown.clone(),
            }
        })
        .collect();
    make_unique(names.iter_mut());
    names
}

fn make_unique<'n>(names: impl Iterator<Item = &'n mut String>) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for name in names {
        if !seen.contains_key(name.as_str()) {
            seen.insert(name.clone(), 1);
            continue;
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
}

/// A group that is bound to nothing filters nothing. Only where both lists are there is that known.
fn unbound(group: &Group<'_>, problems: &mut Vec<Problem>) {
    if let (Some(subnets), Some(interfaces)) = (group.subnets, group.network_interfaces)
        && subnets.is_empty()
        && interfaces.is_empty()
    {
        problems.push(Problem {
            place: group.name_place,
            message: format!(
                "`{}` is associated with no subnet or network interface: it filters nothing",
                printable(&group.name.shown)
            ),
            help: "associate it with a subnet: `az network vnet subnet update --network-security-group`"
                .to_owned(),
        });
    }
}

struct Import<'i, 'a, 'j> {
    matcher: &'i mut Matcher<'a, 'j>,
    group: &'a Group<'j>,
    direction: Direction,
    coverage: &'i mut Coverage,
    problems: &'i mut Vec<Problem>,
}

impl<'a, 'j> Import<'_, 'a, 'j> {
    fn rule_set(&mut self, name: &str) -> RuleSetExport {
        let items = items(self.group, self.direction, self.matcher.scope());
        let mut entries = Vec::with_capacity(items.len());
        let mut rules: Vec<Option<SpaceRule>> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let id = RuleId(u32::try_from(at).unwrap_or(u32::MAX));
            let (entry, rule) = self.item(id, item);
            entries.push(entry);
            rules.push(rule);
        }
        let order = order(&items);
        self.ties(&items, &order, &mut rules);
        let ordered = order.iter().filter_map(|at| rules[*at].take()).collect();
        let way = if self.direction == Direction::Inbound { "inbound" } else { "outbound" };
        RuleSetExport {
            name: format!("{name}/{way}"),
            direction: self.direction,
            stateful: true,
            rules: RuleSet::flat(ordered, Action::Deny),
            entries,
            stages: vec![StageEntry { name: "implicit deny".to_owned(), place: None }],
        }
    }

    fn item(&mut self, id: RuleId, item: &Item<'_, 'j>) -> (RuleEntry, Option<SpaceRule>) {
        let mut entry = RuleEntry {
            name: item.name.clone(),
            place: item.place,
            head: item.place,
            list: self.group.name.shown.clone(),
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
            ItemKind::Implied(rule) => {
                entry.implied = true;
                let regions = rule.regions(&self.matcher.any());
                let action = if rule.permits { Action::Permit } else { Action::Deny };
                Some(SpaceRule { id, matches: regions, action })
            }
            ItemKind::Rule(rule) => {
                entry.implied = rule.is_default;
                entry.head = rule.name.map_or(item.place, |name| name.place());
                entry.comment = rule.description.filter(|text| !text.is_empty()).map(|text| {
                    match self.matcher.scope().term(text) {
                        Term::Text(text) => text.into_owned(),
                        _ => text.string().unwrap_or_default().into_owned(),
                    }
                });
                self.written(id, item, rule, &mut entry)
            }
        };
        (entry, rule)
    }

    /// A rule of the file.
    fn written(
        &mut self,
        id: RuleId,
        item: &Item<'_, 'j>,
        rule: &Rule<'j>,
        entry: &mut RuleEntry,
    ) -> Option<SpaceRule> {
        let way = way(rule, self.matcher.scope());
        let mut problems = Vec::new();
        let mut matched = Reader::new(self.matcher, &item.name, self.direction, &mut problems).matches(rule);
        if way.is_none() {
            self.no_direction(rule, item, &mut matched, &mut problems);
        }
        if item.priority == Priority::Unknown {
            self.no_priority(rule, item, &mut matched, &mut problems);
        } else {
            self.out_of_range(rule, item, &mut problems);
        }
        let mut action = self.action(rule, item, &mut matched, &mut problems);
        let deployed = self.condition(rule, &mut matched);
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
            let symbol = Symbol::new(
                Side::Packet,
                SymbolKind::Match,
                &format!("property {} of {}", strange.name, item.name),
            );
            matched.regions = vec![self.matcher.any().when(Conditions::holds(symbol))];
            matched.status = Status::NotUnderstood;
            matched.reason = message.clone().into();
            action = Action::Unknown;
            problems.push(Problem { place: strange.place, message, help: help.to_owned() });
        }
        // A rule whose direction is not known stands in both rule sets and is counted once.
        if way.is_some() || self.direction == Direction::Inbound {
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

    fn no_direction(
        &self,
        rule: &Rule<'j>,
        item: &Item<'_, 'j>,
        matched: &mut Matched,
        problems: &mut Vec<Problem>,
    ) {
        let symbol = self.unknown_property(rule.direction, "direction", item);
        restrict(&mut matched.regions, &Conditions::holds(symbol));
        approximate(matched, "whether the rule is for inbound or outbound traffic is not known");
        if !self.is_expression(rule.direction) {
            problems.push(Problem {
                place: rule.direction.unwrap_or(rule.object).place(),
                message: format!("rule `{}` has no direction that Azure knows", printable(&item.name)),
                help: "say `Inbound` or `Outbound`".to_owned(),
            });
        }
    }

    /// Where it stands is not known. First, and perhaps not matching, is every place at once: what it would decide
    /// further down it may decide here, and what others would have decided before it, they may still decide.
    fn no_priority(
        &self,
        rule: &Rule<'j>,
        item: &Item<'_, 'j>,
        matched: &mut Matched,
        problems: &mut Vec<Problem>,
    ) {
        let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &format!("position of {}", item.name));
        restrict(&mut matched.regions, &Conditions::holds(symbol));
        approximate(matched, "the rule's priority is not known");
        if !self.is_expression(rule.priority) {
            problems.push(Problem {
                place: rule.priority.unwrap_or(rule.object).place(),
                message: format!("rule `{}` has no priority that is a number", printable(&item.name)),
                help: "give it a number from 100 to 4096".to_owned(),
            });
        }
    }

    fn out_of_range(&self, rule: &Rule<'j>, item: &Item<'_, 'j>, problems: &mut Vec<Problem>) {
        if let (Priority::Number(number), Some(value)) = (item.priority, rule.priority)
            && !rule.is_default
            && !(100..=4096).contains(&number)
        {
            problems.push(Problem {
                place: value.place(),
                message: format!(
                    "priority {number} of `{}` is not between 100 and 4096",
                    printable(&item.name)
                ),
                help: "Azure refuses it: give the rule a number in that range".to_owned(),
            });
        }
    }

    fn action(
        &self,
        rule: &Rule<'j>,
        item: &Item<'_, 'j>,
        matched: &mut Matched,
        problems: &mut Vec<Problem>,
    ) -> Action {
        if let Some(Term::Text(text)) = rule.access.map(|access| self.matcher.scope().term(access)) {
            if text.trim().eq_ignore_ascii_case("allow") {
                return Action::Permit;
            }
            if text.trim().eq_ignore_ascii_case("deny") {
                return Action::Deny;
            }
        }
        approximate(matched, "whether the rule allows or denies is not known");
        if !self.is_expression(rule.access) {
            problems.push(Problem {
                place: rule.access.unwrap_or(rule.object).place(),
                message: format!("rule `{}` has no access that Azure knows", printable(&item.name)),
                help: "say `Allow` or `Deny`".to_owned(),
            });
        }
        Action::Unknown
    }

    /// A template deploys a resource only if its `condition` holds. Returns whether this one may be deployed.
    fn condition(&self, rule: &Rule<'j>, matched: &mut Matched) -> bool {
        let Some(condition) = rule.condition.filter(|condition| condition.raw() != "true") else {
            return true;
        };
        if condition.raw() == "false" {
            return false;
        }
        let name = match self.matcher.scope().term(condition) {
            Term::Expression(expression) => format!("condition {expression}"),
            _ => format!("condition {}", condition.raw()),
        };
        let symbol = Symbol::new(Side::Packet, SymbolKind::Placeholder, &name);
        restrict(&mut matched.regions, &Conditions::holds(symbol));
        approximate(matched, "whether the rule is deployed depends on a condition");
        true
    }

    fn is_expression(&self, value: Option<crate::json::Value<'j>>) -> bool {
        value.is_some_and(|value| matches!(self.matcher.scope().term(value), Term::Expression(_)))
    }

    fn unknown_property(
        &self,
        value: Option<crate::json::Value<'j>>,
        what: &str,
        item: &Item<'_, 'j>,
    ) -> Symbol {
        let name = format!("{what} of {}", item.name);
        let kind = if self.is_expression(value) { SymbolKind::Placeholder } else { SymbolKind::Undefined };
        Symbol::new(Side::Packet, kind, &name)
    }

    /// Two rules of one priority: Azure refuses them, and in which order it would ask them is not known. Where it
    /// matters, the earlier one in the file perhaps decides.
    fn ties(&mut self, items: &[Item<'_, 'j>], order: &[usize], rules: &mut [Option<SpaceRule>]) {
        let numbered =
            order.iter().position(|at| items[*at].priority != Priority::Unknown).unwrap_or(order.len());
        for tied in order[numbered..].chunk_by(|a, b| items[*a].priority == items[*b].priority) {
            let ([_, second, ..], Some(Priority::Number(number))) =
                (tied, tied.first().map(|at| items[*at].priority))
            else {
                continue;
            };
            let way = if self.direction == Direction::Inbound { "inbound" } else { "outbound" };
            self.problems.push(Problem {
                place: items[*second].place,
                message: format!(
                    "{} {way} rules have priority {number}: `{}` and `{}`{}",
                    tied.len(),
                    printable(&items[tied[0]].name),
                    printable(&items[*second].name),
                    if tied.len() > 2 { " among them" } else { "" },
                ),
                help: "give each rule of a direction a priority of its own".to_owned(),
            });
            let many = tied.len() > TIES_TOLD_APART;
            for (index, at) in tied.iter().enumerate() {
                let Some(mut rule) = rules[*at].take() else { continue };
                let rivals = || {
                    let later = tied[index + 1..].iter().filter_map(|other| rules[*other].as_ref());
                    later.filter(|other| other.action != rule.action || rule.action == Action::Unknown)
                };
                if many || rivals().next().is_some() {
                    let what = format!("{} before others of priority {number}", items[*at].name);
                    let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &what);
                    let mut contested = rule.matches.clone();
                    restrict(&mut contested, &Conditions::holds(symbol));
                    let contested_by: FlowSet = if many {
                        FlowSet::any()
                    } else {
                        rivals().flat_map(|other| other.matches.clone()).collect()
                    };
                    let mine: FlowSet = rule.matches.iter().cloned().collect();
                    // What is too much work to tell apart is contested.
                    let alone = mine.subtract(&contested_by, &Effort::limited(TIE_EFFORT));
                    rule.matches = alone.map_or_else(|_| Vec::new(), |alone| alone.regions);
                    rule.matches.append(&mut contested);
                }
                rules[*at] = Some(rule);
            }
        }
    }
}

/// Of more rules than this at one priority, each only perhaps decides.
const TIES_TOLD_APART: usize = 8;
const TIE_EFFORT: u64 = 4_096;

fn restrict(regions: &mut Vec<Region>, conditions: &Conditions) {
    regions.retain_mut(|region| match region.conditions.and(conditions) {
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
