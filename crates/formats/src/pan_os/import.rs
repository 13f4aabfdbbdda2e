use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use diagnostics::TextRange;
use space::{Action, AddressSet, Conditions, Region, Rule, RuleId, RuleSet, Side, Symbol, SymbolKind};

use super::config::{Config, Position, Rulebase, ScopeKind};
use super::findings::Findings;
use super::interfaces;
use super::inventory;
use super::marks::Marks;
use super::resolve::Resolver;
use super::rule::{self, RuleReading, action_of};
use super::tree::{NodeId, Shape, Tree};
use super::zones::{RuleType, Zones, region};
use super::{braces, detect, set, xml};
use crate::{
    Direction, Export, ImportError, Inventory, Problem, RuleEntry, RuleSetExport, StageEntry, Status,
};

/// How many rules all rule sets together may have: those of `shared` are in every device group's.
const MOST_RULES: usize = 3_000_000;
/// How many regions all rules together may have beyond one for each.
const MOST_REGIONS: usize = 1_000_000;
/// More problems than this nobody reads.
const PROBLEM_LIMIT: usize = 10_000;

/// A file that was read, with what edits need to know of it.
pub struct Import<'t> {
    pub tree: Tree<'t>,
    pub config: Config,
    pub export: Export,
    /// For each rule set, where its rules come from.
    pub origins: Vec<Origin>,
}

/// Where a rule set comes from.
pub struct Origin {
    pub scope: usize,
    /// For each entry, the rule in the file and the rule base it is in.
    pub rules: Vec<Option<(NodeId, Source)>>,
}

/// A list of rules, and who has it.
#[derive(Clone, Copy)]
pub struct Source {
    pub scope: usize,
    pub rulebase: Rulebase,
}

/// Reads the text as a tree of words, whatever its shape.
pub fn parse(text: &str) -> Result<Tree<'_>, ImportError> {
    match detect::shape(text) {
        Shape::Xml => xml::read(text),
        Shape::Braces => braces::read(text),
        Shape::Set => set::read(text),
    }
}

pub fn import(text: &str) -> Result<Import<'_>, ImportError> {
    let mut tree = parse(text)?;
    let mut marks = Marks::new(&tree);
    let config = Config::of(&tree, &mut marks);
    let wanted = wanted(&config);
    let lists: Vec<Vec<Source>> = wanted.iter().map(|scope| lists(&config, *scope)).collect();
    check_size(&tree, &config, &lists)?;

    let mut findings = Findings::of(&config, wanted.len() > 1);
    findings.problems = std::mem::take(&mut tree.problems);
    let mut budget = MOST_REGIONS;
    let (mut rule_sets, mut origins) = (Vec::new(), Vec::new());
    let mut names = Names::default();
    // Those of all templates, for every device group.
    let mut of_templates: Option<Rc<Zones>> = None;
    for (scope, sources) in wanted.iter().zip(&lists) {
        let vsys = config.scopes.get(*scope).is_some_and(|scope| scope.kind == ScopeKind::Vsys);
        let known = of_templates.take().filter(|_| !vsys);
        let zones = known.unwrap_or_else(|| Rc::new(zones(&tree, &config, *scope)));
        if !vsys {
            of_templates = Some(zones.clone());
        }
        let mut builder = Builder {
            tree: &tree,
            config: &config,
            marks: &mut marks,
            zones,
            resolver: Resolver::new(&tree, &config, &mut findings, *scope),
            budget: &mut budget,
            names: Names::default(),
            rules: Vec::new(),
            entries: Vec::new(),
            origins: Vec::new(),
        };
        builder.loose(*scope);
        for source in sources {
            builder.rulebase(*source);
        }
        let name = names.distinct(config.scopes.get(*scope).map_or("", |scope| &scope.name));
        let (rule_set, rules) = builder.finish(*scope, name);
        rule_sets.push(rule_set);
        origins.push(Origin { scope: *scope, rules });
    }
    let (objects, patterns) = inventory::objects(&tree, &config, &mut findings, &mut marks);
    let interfaces = interfaces::behind(&tree, &config);
    let mut undefined = std::mem::take(&mut findings.undefined);
    undefined.sort_by_key(|entry| entry.place);
    let problems = tidied(findings.problems, text);
    let coverage = marks.coverage(&tree);
    let inventory = Inventory { objects, undefined, patterns, interfaces };
    let export = Export { format: super::NAME, rule_sets, coverage, problems, inventory, mapping: None };
    Ok(Import { tree, config, export, origins })
}

fn tidied(mut problems: Vec<Problem>, text: &str) -> Vec<Problem> {
    problems.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
    problems.dedup();
    if problems.len() > PROBLEM_LIMIT {
        problems.truncate(PROBLEM_LIMIT);
        problems.push(Problem {
            place: TextRange::new(text.len(), text.len()),
            message: "there are more problems than these".to_owned(),
            help: "correct them, and import again".to_owned(),
        });
    }
    problems
}

/// The vsys and device groups that are rule sets: one for each, and `shared` where there is none.
fn wanted(config: &Config) -> Vec<usize> {
    let of = |kind| move |(at, scope): (usize, &super::config::Scope)| (scope.kind == kind).then_some(at);
    let groups: Vec<usize> =
        config.scopes.iter().enumerate().filter_map(of(ScopeKind::DeviceGroup)).collect();
    let systems = config.scopes.iter().enumerate().filter_map(of(ScopeKind::Vsys));
    let mut wanted: Vec<usize> = systems
        .filter(|at| {
            let has_rules = |at: &usize| {
                config.scopes.get(*at).is_some_and(|scope| {
                    scope.kind != ScopeKind::Shared
                        && (!scope.rulebases.is_empty() || !scope.defaults.is_empty())
                })
            };
            let zones = config.scopes.get(*at).is_some_and(|scope| !scope.zones.is_empty());
            config.chain(*at).iter().any(has_rules) || (groups.is_empty() && zones)
        })
        .collect();
    wanted.extend(groups);
    if wanted.is_empty() {
        wanted.extend(config.index(ScopeKind::Shared, "shared"));
        wanted.extend(config.index(ScopeKind::Pushed, ""));
        wanted.truncate(1);
    }
    wanted
}

/// The lists of security rules that a vsys or device group walks, in order (Panorama Administrator's Guide, "Device
/// Group Policies"): pre-rules from `shared` inwards, its own, and post-rules from the inside out.
fn lists(config: &Config, scope: usize) -> Vec<Source> {
    let chain = config.chain(scope);
    let group = config
        .scopes
        .get(scope)
        .is_some_and(|scope| matches!(scope.kind, ScopeKind::DeviceGroup | ScopeKind::Shared));
    let of = |at: usize, position: Position| {
        let scope = config.scopes.get(at).filter(|scope| group || scope.kind != ScopeKind::Shared);
        let all = scope.map_or(&[][..], |scope| scope.rulebases.as_slice());
        let rulebases = all.iter().filter(move |rulebase| rulebase.position == position);
        rulebases.map(move |rulebase| Source { scope: at, rulebase: *rulebase }).collect::<Vec<_>>()
    };
    let mut out: Vec<Source> = chain.iter().rev().flat_map(|at| of(*at, Position::Pre)).collect();
    out.extend(of(scope, Position::Local));
    out.extend(chain.iter().flat_map(|at| of(*at, Position::Post)));
    out
}

fn check_size(tree: &Tree<'_>, config: &Config, lists: &[Vec<Source>]) -> Result<(), ImportError> {
    let mut sizes: HashMap<NodeId, usize> = HashMap::new();
    let mut total = lists.len().saturating_mul(config.loose.len());
    for source in lists.iter().flatten() {
        let rules = source.rulebase.rules;
        let size = *sizes.entry(rules).or_insert_with(|| tree.children(rules).count());
        total = total.saturating_add(size);
        if total > MOST_RULES {
            return Err(ImportError::new(
                tree.name(rules),
                "the device groups have more rules together than can be read at once",
                "export one device group at a time",
            ));
        }
    }
    let defaults = config.scopes.iter().any(|scope| !scope.defaults.is_empty());
    if total == 0 && !defaults {
        return Err(ImportError::new(
            TextRange::new(0, 0),
            "there are no security rules in it",
            "export the whole running configuration, or `show rulebase security` and the objects it uses",
        ));
    }
    Ok(())
}

/// The zones that a rule set knows: those that are defined where it applies. Those that only its rules name do not count:
/// with the last rule that names one, it would be gone, and rules for equal zones would say something else.
pub fn zones(tree: &Tree<'_>, config: &Config, scope: usize) -> Zones {
    let mut names: HashSet<&str> = HashSet::new();
    let own = config.scopes.get(scope);
    let firewall = own.is_some_and(|scope| scope.kind == ScopeKind::Vsys);
    if firewall {
        let containers = own.map_or(&[][..], |scope| scope.zones.as_slice());
        names.extend(containers.iter().flat_map(|zones| tree.children(*zones)).map(|zone| tree.word(zone)));
    } else {
        let containers = config.devices.iter().flat_map(|device| &device.zones);
        names.extend(containers.flat_map(|(_, zones)| tree.children(*zones)).map(|zone| tree.word(zone)));
    }
    let complete = firewall && !config.managed;
    Zones::new(names.into_iter().map(str::to_owned).collect(), complete)
}

struct Builder<'b, 'a, 't> {
    tree: &'a Tree<'t>,
    config: &'a Config,
    marks: &'b mut Marks,
    zones: Rc<Zones>,
    resolver: Resolver<'a, 't>,
    budget: &'b mut usize,
    names: Names,
    rules: Vec<Rule>,
    /// In the order in which they are asked.
    entries: Vec<RuleEntry>,
    origins: Vec<Option<(NodeId, Source)>>,
}

impl<'a> Builder<'_, 'a, '_> {
    fn next_id(&self) -> RuleId {
        RuleId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX))
    }

    /// Statements that may decide packets before any rule does.
    fn loose(&mut self, scope: usize) {
        let config = self.config;
        let chain = self.resolver.chain.clone();
        for loose in &config.loose {
            if loose.scope.is_some_and(|at| at != scope && !chain.contains(&at)) {
                continue;
            }
            let name = self.names.distinct(&loose.says);
            let condition =
                Conditions::holds(Symbol::new(Side::Packet, SymbolKind::Match, &format!("statement {name}")));
            let mut matches = Region::any().when(condition);
            if loose.only_v6 {
                matches = matches.from(AddressSet::any_v6()).to(AddressSet::any_v6());
            }
            self.rules.push(Rule { id: self.next_id(), matches: vec![matches], action: Action::Unknown });
            self.entries.push(RuleEntry {
                name,
                place: place(self.tree, loose.node),
                head: self.tree.name(loose.node),
                list: "before the security rules".to_owned(),
                comment: None,
                enabled: true,
                logs: false,
                implied: false,
                expires: None,
                inactive: None,
            });
            self.origins.push(None);
        }
    }

    fn rulebase(&mut self, source: Source) {
        let owner = self.config.scopes.get(source.scope).map_or("", |scope| scope.name.as_str());
        let list = match owner {
            "" => format!("{} of panorama", source.rulebase.position.word()),
            owner => format!("{} of {owner}", source.rulebase.position.word()),
        };
        let tree = self.tree;
        for node in tree.children(source.rulebase.rules) {
            let name = self.names.distinct(tree.word(node));
            let reading = rule::read(&mut self.resolver, node, &name, &self.zones, self.budget);
            self.mark(node, &reading);
            let id = self.next_id();
            if reading.enabled {
                self.rules.push(Rule { id, matches: reading.matches, action: reading.action });
            }
            self.entries.push(RuleEntry {
                name,
                place: place(tree, node),
                head: tree.name(node),
                list: list.clone(),
                comment: reading.comment,
                enabled: reading.enabled,
                logs: reading.logs,
                implied: false,
                expires: reading.expires,
                inactive: (!reading.enabled).then_some("disabled"),
            });
            self.origins.push(Some((node, source)));
        }
    }

    fn mark(&mut self, node: NodeId, reading: &RuleReading) {
        if !reading.enabled {
            // It matches nothing, whatever it says.
            return;
        }
        for (part, status, reason) in &reading.parts {
            // A line is a statement of `set` text, a whole rule one of the others.
            let at = if self.tree.shape == Shape::Set { *part } else { node };
            self.marks.mark(at, *status, reason.clone());
        }
    }

    /// The default rules, and the rule set with its entries in the order of the file.
    fn finish(mut self, scope: usize, name: String) -> (RuleSetExport, Vec<Option<(NodeId, Source)>>) {
        let intrazone = self.default_rule(scope, "intrazone-default");
        let interzone = self.default_rule(scope, "interzone-default");
        let pairs = self.zones.pairs(RuleType::Intrazone, None, None, self.zones.len() <= *self.budget);
        *self.budget = self.budget.saturating_sub(pairs.len());
        let id = self.next_id();
        let entry_name = self.names.distinct("intrazone-default");
        let action = intrazone.action.unwrap_or(Action::Permit);
        self.rules.push(Rule { id, matches: pairs.into_iter().map(region).collect(), action });
        let end = TextRange::new(self.tree.text.len(), self.tree.text.len());
        self.entries.push(RuleEntry {
            name: entry_name,
            place: intrazone.node.map_or(end, |node| place(self.tree, node)),
            head: intrazone.node.map_or(end, |node| self.tree.name(node)),
            list: "default-security-rules".to_owned(),
            comment: None,
            enabled: true,
            logs: intrazone.logs,
            implied: intrazone.node.is_none(),
            expires: None,
            inactive: None,
        });
        self.origins.push(None);
        let default = interzone.action.unwrap_or(Action::Deny);
        let stage = StageEntry {
            name: "interzone-default".to_owned(),
            place: interzone.node.map(|node| place(self.tree, node)),
        };

        // The entries stand as in the file, the rules as they are asked.
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|at| {
            self.entries.get(*at).map(|entry| (entry.implied, entry.place.start, entry.place.end))
        });
        let mut numbers = vec![0u32; order.len()];
        for (number, at) in (0..).zip(&order) {
            if let Some(slot) = numbers.get_mut(*at) {
                *slot = number;
            }
        }
        for rule in &mut self.rules {
            rule.id = RuleId(numbers.get(rule.id.0 as usize).copied().unwrap_or(rule.id.0));
        }
        let mut entries: Vec<Option<RuleEntry>> = self.entries.into_iter().map(Some).collect();
        let mut origins: Vec<Option<(NodeId, Source)>> = Vec::with_capacity(order.len());
        let mut sorted = Vec::with_capacity(order.len());
        for at in order {
            sorted.extend(entries.get_mut(at).and_then(Option::take));
            origins.push(self.origins.get(at).copied().flatten());
        }
        let rule_set = RuleSetExport {
            name,
            direction: Direction::Transit,
            stateful: true,
            rules: RuleSet::flat(self.rules, default),
            entries: sorted,
            stages: vec![stage],
        };
        (rule_set, origins)
    }

    /// What the file says of a default rule, the nearest statement first.
    fn default_rule(&mut self, scope: usize, name: &str) -> DefaultRule {
        let tree = self.tree;
        let mut out = DefaultRule { node: None, action: None, logs: false };
        let chain = self.resolver.chain.clone();
        let firewall = self.config.scopes.get(scope).is_some_and(|own| own.kind == ScopeKind::Vsys);
        let scopes = chain.iter().filter_map(|at| self.config.scopes.get(*at));
        for own in scopes.filter(|own| !firewall || own.kind != ScopeKind::Shared) {
            for rule in own.defaults.iter().take(2).filter_map(|rules| {
                // There are two of them, whatever a file has.
                tree.children(*rules).take(1_000).find(|rule| tree.word(*rule) == name)
            }) {
                if out.node.is_none() {
                    out.logs =
                        ["log-start", "log-end"].iter().any(|key| tree.value_of(rule, key) == Some("yes"));
                }
                out.node = out.node.or(Some(rule));
                if out.action.is_some() {
                    continue;
                }
                if let Some(action) = tree.value_of(rule, "action") {
                    out.action = Some(action_of(action).unwrap_or_else(|| {
                        let reason = Cow::Borrowed("its action is not known");
                        self.marks.mark(rule, Status::NotUnderstood, reason);
                        Action::Unknown
                    }));
                }
            }
        }
        out
    }
}

struct DefaultRule {
    node: Option<NodeId>,
    action: Option<Action>,
    logs: bool,
}

/// A rule as a piece of the text: an element, or the lines in a row that set it.
pub fn place(tree: &Tree<'_>, node: NodeId) -> TextRange {
    if tree.shape != Shape::Set {
        return tree.place(node);
    }
    let start = tree.name(node).start;
    let first = tree.lines.partition_point(|line| line.place.end < start);
    let mut out = tree.lines.get(first).map_or(tree.name(node), |line| line.place);
    for line in tree.lines.iter().skip(first) {
        let super::tree::Command::Set(at) = line.command else { break };
        let inside = std::iter::successors(Some(at), |at| tree.parent(*at)).any(|at| at == node);
        if !inside {
            break;
        }
        out = out.cover(line.place);
    }
    out
}

/// The names given out, and the last number that made one of them different.
#[derive(Default)]
pub struct Names(HashMap<String, usize>);

impl Names {
    /// `name`, or where it was given out before, `name (2)`, `name (3)` and so on.
    pub fn distinct(&mut self, name: &str) -> String {
        let Some(&last) = self.0.get(name) else {
            self.0.insert(name.to_owned(), 1);
            return name.to_owned();
        };
        let mut number = last;
        let distinct = loop {
            number += 1;
            let candidate = format!("{name} ({number})");
            if !self.0.contains_key(&candidate) {
                break candidate;
            }
        };
        self.0.insert(name.to_owned(), number);
        self.0.insert(distinct.clone(), 1);
        distinct
    }
}
