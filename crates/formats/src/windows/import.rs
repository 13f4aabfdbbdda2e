use std::collections::HashSet;

use diagnostics::printable;
use space::{Action, Conditions, Region, Rule as SpaceRule, RuleId, RuleSet, Side, Symbol, SymbolKind};

use super::items::{Item, ItemKind, common_default, directions, items};
use super::keywords::Keywords;
use super::matching::Matcher;
use super::model::{Reading, Rule, Slot, Store};
use super::profiles;
use super::property::Property;
use super::words::{self, Verb};
use crate::{Coverage, Direction, Export, Problem, RuleEntry, RuleSetExport, StageEntry, Status};

/// The rule sets of a computer, and what became of its rules.
pub fn export(mut reading: Reading<'_>) -> Export {
    let mut coverage = std::mem::take(&mut reading.coverage);
    let mut problems = std::mem::take(&mut reading.problems);
    let keywords = Keywords::new(&reading);
    let mut matcher = Matcher::new(&reading, &keywords);
    let mut rule_sets = Vec::new();
    let mut counted = false;
    for direction in directions(&reading) {
        let mut import = Import {
            reading: &reading,
            matcher: &mut matcher,
            direction,
            coverage: &mut coverage,
            problems: &mut problems,
            counted,
        };
        rule_sets.push(import.rule_set());
        counted = true;
    }
    let mut inventory = keywords.inventory(&reading);
    inventory.objects.sort_by_key(|object| object.place);
    coverage.statements.sort_by_key(|statement| statement.place);
    problems.sort_by_key(|problem| problem.place);
    Export { format: super::NAME, rule_sets, coverage, problems, inventory, mapping: None }
}

/// When a rule is asked: what authenticated traffic overrides comes before blocking rules, and those come before
/// allowing ones (MS-FASP, FW_RULE_ACTION). What may block or allow comes in between, where it may do both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// May be anything, a setting too.
    First,
    Profile,
    Bypass,
    Block,
    Unknown,
    Allow,
    Default,
}

/// What a rule does, and when it is asked.
pub fn turn(rule: &Rule<'_>) -> (Turn, Action) {
    if rule.strange.is_some() {
        return (Turn::First, Action::Unknown);
    }
    let text = rule.text(Property::Action);
    let verb = match rule.get(Property::Action) {
        // `New-NetFirewallRule`: "The default value is Allow."
        None if rule.has(Property::Action) => Some(Verb::Allow),
        _ => text.and_then(words::action),
    };
    let overrides = match rule.get(Property::OverrideBlockRules) {
        None => Some(false),
        Some(Slot::Expression(_)) => None,
        Some(_) => rule.text(Property::OverrideBlockRules).and_then(|text| match text {
            "1" => Some(true),
            text => words::boolean(text),
        }),
    };
    match (verb, overrides) {
        (Some(Verb::Block), _) => (Turn::Block, Action::Deny),
        (Some(Verb::Bypass), _) | (Some(Verb::Allow), Some(true)) => (Turn::Bypass, Action::Permit),
        (Some(Verb::Allow), Some(false)) => (Turn::Allow, Action::Permit),
        (Some(Verb::Allow), None) => (Turn::Bypass, Action::Unknown),
        (None, _) => (Turn::Unknown, Action::Unknown),
    }
}

/// Whether a rule is switched on; `None` where that is not known.
pub fn is_enabled(rule: &Rule<'_>) -> Option<bool> {
    match rule.get(Property::Enabled) {
        None if rule.has(Property::Enabled) => Some(true),
        _ => words::enabled(rule.text(Property::Enabled)?),
    }
}

struct Import<'i, 'r, 't> {
    reading: &'r Reading<'t>,
    matcher: &'i mut Matcher<'r, 't>,
    direction: Direction,
    coverage: &'i mut Coverage,
    problems: &'i mut Vec<Problem>,
    /// Whether what stands in both rule sets was counted with the first.
    counted: bool,
}

impl<'r, 't> Import<'_, 'r, 't> {
    fn rule_set(&mut self) -> RuleSetExport {
        let items = items(self.reading, self.direction);
        let overridden = self.overridden(&items);
        let mut entries = Vec::with_capacity(items.len());
        let mut rules: Vec<(Turn, SpaceRule)> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let id = RuleId(u32::try_from(at).unwrap_or(u32::MAX));
            let (entry, rule) = self.item(id, item, overridden.contains(&at));
            entries.push(entry);
            rules.extend(rule);
        }
        rules.sort_by_key(|(turn, _)| *turn);
        let permits = common_default(self.reading, self.direction);
        let default = if permits { Action::Permit } else { Action::Deny };
        let way = if self.direction == Direction::Outbound { "outbound" } else { "inbound" };
        RuleSetExport {
            name: format!("{}/{way}", self.reading.host()),
            direction: self.direction,
            stateful: true,
            rules: RuleSet::flat(rules.into_iter().map(|(_, rule)| rule).collect(), default),
            entries,
            stages: vec![self.stage(permits, way)],
        }
    }

    /// The default of the profiles that have none of their own listed.
    fn stage(&self, permits: bool, way: &str) -> StageEntry {
        let says = self.reading.profiles.iter().find(|profile| {
            profile.says_default(self.direction) && profile.default_permits(self.direction) == Some(permits)
        });
        match says {
            Some(profile) => {
                StageEntry { name: format!("default {way} action of the profiles"), place: profile.place }
            }
            None => {
                let does = if permits { "allows" } else { "blocks" };
                let name = format!("default {way} action: Windows {does} unless a profile says otherwise");
                StageEntry { name, place: None }
            }
        }
    }

    /// A rule of a group policy takes the place of a local one with its name (`New-NetFirewallRule`, parameter Name).
    fn overridden(&self, items: &[Item<'r, 't>]) -> HashSet<usize> {
        let stores = self.reading.rules.iter();
        if !stores.clone().any(|rule| rule.store == Store::Policy) {
            return HashSet::new();
        }
        let policy = stores.filter(|rule| rule.store == Store::Policy);
        let names: HashSet<&str> = policy.filter_map(|rule| rule.key()).collect();
        let local = |item: &Item<'r, 't>| match item.kind {
            ItemKind::Rule(rule) => {
                rule.store == Store::Local && rule.key().is_some_and(|key| names.contains(key))
            }
            _ => false,
        };
        items.iter().enumerate().filter(|(_, item)| local(item)).map(|(at, _)| at).collect()
    }

    fn item(
        &mut self,
        id: RuleId,
        item: &Item<'r, 't>,
        overridden: bool,
    ) -> (RuleEntry, Option<(Turn, SpaceRule)>) {
        let mut entry = RuleEntry {
            name: item.name.clone(),
            place: item.place,
            head: item.place,
            list: if self.direction == Direction::Outbound { "Outbound Rules" } else { "Inbound Rules" }
                .to_owned(),
            comment: None,
            enabled: true,
            logs: false,
            implied: false,
            expires: None,
            inactive: None,
        };
        let action = |permits: Option<bool>| match permits {
            Some(true) => Action::Permit,
            Some(false) => Action::Deny,
            None => Action::Unknown,
        };
        let rule = match &item.kind {
            ItemKind::Rule(rule) => self.written(id, item, rule, &mut entry, overridden),
            ItemKind::Gap => Some((Turn::First, anything(id, &item.name))),
            ItemKind::Override(over) => {
                entry.implied = true;
                let rule = SpaceRule { id, matches: over.regions.clone(), action: action(over.permits) };
                Some((Turn::Profile, rule))
            }
            ItemKind::Default { profile, permits } => {
                entry.implied = true;
                let when = profiles::conditions(1 << profile).into_iter();
                let matches = when.map(|conditions| Region::any().when(conditions)).collect();
                Some((Turn::Default, SpaceRule { id, matches, action: action(*permits) }))
            }
        };
        (entry, rule)
    }

    /// A rule of the file.
    fn written(
        &mut self,
        id: RuleId,
        item: &Item<'r, 't>,
        rule: &'r Rule<'t>,
        entry: &mut RuleEntry,
        overridden: bool,
    ) -> Option<(Turn, SpaceRule)> {
        entry.head = rule.head;
        entry.comment = rule.text(Property::Description).filter(|text| !text.is_empty()).map(str::to_owned);
        // A rule whose direction is not known stands in both rule sets and is counted once.
        let way = rule.direction();
        let counts = way.is_some() || !self.counted;
        let enabled = is_enabled(rule);
        if let Some((what, place)) = &rule.strange {
            if counts {
                self.coverage.push(rule.place, Status::NotUnderstood, what.clone());
                let help = "take it out, if it is a slip; otherwise decide by hand what this rule does";
                self.problem(Problem { place: *place, message: what.clone(), help: help.to_owned() });
            }
            return Some((Turn::First, anything(id, &item.name)));
        }
        if enabled == Some(false) || overridden {
            if counts {
                self.coverage.push(rule.place, Status::Understood, "");
            }
            entry.enabled = enabled != Some(false);
            entry.inactive =
                Some(if entry.enabled { "a group policy has a rule of its name" } else { "disabled" });
            return None;
        }
        let mut matched = self.matcher.matches(rule, &item.name, self.direction);
        let mut unknown = |what: &str, reason: &'static str, conditional: bool| {
            if matched.status == Status::Understood {
                matched.status = Status::Approximated;
                matched.reason = reason.into();
            }
            if conditional {
                let symbol =
                    Symbol::new(Side::Packet, SymbolKind::Match, &format!("{what} of {}", item.name));
                restrict(&mut matched.regions, &Conditions::holds(symbol));
            }
        };
        if way.is_none() {
            unknown("direction", "whether the rule is for inbound or outbound traffic is not known", true);
        }
        if enabled.is_none() {
            unknown("enabled state", "whether the rule is enabled is not known", true);
        }
        let (turn, action) = turn(rule);
        if action == Action::Unknown {
            unknown("action", "whether the rule allows or blocks is not known", false);
        }
        if rule.store == Store::Service {
            let reason = "a restriction of one service, which other restrictions may lift";
            unknown("service restriction", reason, true);
        }
        if counts {
            self.coverage.push(rule.place, matched.status, matched.reason);
            for problem in matched.problems {
                self.problem(problem);
            }
        }
        if let Some(inactive) = matched.inactive {
            entry.inactive = Some(inactive);
            return None;
        }
        Some((turn, SpaceRule { id, matches: matched.regions, action }))
    }

    fn problem(&mut self, problem: Problem) {
        if self.problems.len() <= super::PROBLEM_LIMIT {
            self.problems.push(problem);
        }
    }
}

/// What may match anything and do anything with it.
fn anything(id: RuleId, name: &str) -> SpaceRule {
    let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &printable(name));
    let matches = vec![Region::any().when(Conditions::holds(symbol))];
    SpaceRule { id, matches, action: Action::Unknown }
}

fn restrict(regions: &mut Vec<Region>, conditions: &Conditions) {
    regions.retain_mut(|region| match region.conditions.and(conditions) {
        Some(both) => {
            region.conditions = both;
            true
        }
        None => false,
    });
}
