//! One pipeline to a rule set and its entries.

use std::collections::HashMap;
use std::fmt::Write as _;

use diagnostics::TextRange;
use space::{
    Action, AddressSet, Chain, Conditions, NameSet, Region, Rule, RuleId, RuleSet, Set, Side, Stage, Symbol,
    SymbolKind,
};

use super::first_packet::FOR_REPLIES;
use super::import::Translated;
use super::meaning::{self, Act, Meaning};
use super::model::{Family, Model, Policy};
use super::pipeline::{Pipeline, Reach, Station, see};
use crate::{RuleEntry, RuleSetExport, StageEntry};

/// No chain of the rule set.
const NOWHERE: usize = usize::MAX;

/// Puts the rules of all chains that the pipeline reaches into one rule set.
pub(super) fn build(
    pipeline: &Pipeline,
    model: &Model<'_>,
    translated: &[Translated],
    lists: &[Vec<String>],
) -> RuleSetExport {
    let mut builder = Builder::new(pipeline, model, lists);
    builder.passing();
    let mut items: Vec<(u32, Item)> = Vec::new();
    items.extend((0..model.obscure.len()).map(|at| (model.obscure[at].place.start, Item::Obscure(at))));
    for (table, places) in builder.places.iter().enumerate() {
        for (chain, _) in places.iter().enumerate().filter(|(_, place)| **place != NOWHERE) {
            let order = model.tables[table].chains[chain].order.iter();
            items.extend(order.enumerate().map(|(at, &rule)| {
                let start = model.rules.get(rule as usize).map_or(0, |rule| rule.place.start);
                (start, Item::Rule { table, chain, rule, number: at + 1 })
            }));
        }
    }
    items.sort_by_key(|(start, _)| *start);
    builder.entries.reserve(items.len());
    let mut slots: HashMap<u32, Vec<Rule>> = HashMap::with_capacity(items.len());
    let mut obscure = Vec::new();
    for (_, item) in items {
        match item {
            Item::Obscure(at) => obscure.extend(builder.obscure(at)),
            Item::Rule { table, chain, rule, number } => {
                if let Some(Some(meaning)) = translated.get(rule as usize) {
                    let rules = builder.rule(table, chain, rule, number, meaning);
                    slots.insert(rule, rules);
                }
            }
        }
    }
    let mut chains: Vec<Vec<Rule>> = vec![Vec::new(); builder.count];
    if let Some(first) = builder.stage_chains.first().and_then(|first| chains.get_mut(*first)) {
        first.extend(obscure);
    }
    for (chain, rules) in std::mem::take(&mut builder.passing_rules) {
        if let Some(chain) = chains.get_mut(chain) {
            chain.extend(rules);
        }
    }
    for (table, places) in builder.places.iter().enumerate() {
        for (chain, &at) in places.iter().enumerate() {
            let Some(target) = chains.get_mut(at) else { continue };
            for rule in &model.tables[table].chains[chain].order {
                target.extend(slots.remove(rule).unwrap_or_default());
            }
        }
    }
    let stages = pipeline.stages.iter().zip(&builder.stage_chains);
    let (stages, stage_entries) = stages.map(|(station, chain)| stage(model, lists, station, *chain)).unzip();
    RuleSetExport {
        name: pipeline.name.clone(),
        direction: pipeline.direction,
        stateful: true,
        rules: RuleSet { chains: chains.into_iter().map(Chain::from).collect(), stages },
        entries: builder.entries,
        stages: stage_entries,
    }
}

/// What becomes an entry.
enum Item {
    Obscure(usize),
    Rule { table: usize, chain: usize, rule: u32, number: usize },
}

struct Builder<'p, 'm, 'a> {
    pipeline: &'p Pipeline,
    model: &'m Model<'a>,
    lists: &'p [Vec<String>],
    count: usize,
    /// For each table and chain its number here.
    places: Vec<Vec<usize>>,
    stage_chains: Vec<usize>,
    /// What passes a base chain unasked: rules for the beginning of each.
    passing_rules: Vec<(usize, Vec<Rule>)>,
    entries: Vec<RuleEntry>,
    /// How often each name of an entry that is no rule came up: nothing else keeps them apart.
    names: HashMap<String, u32>,
}

impl<'p, 'm, 'a> Builder<'p, 'm, 'a> {
    fn new(pipeline: &'p Pipeline, model: &'m Model<'a>, lists: &'p [Vec<String>]) -> Self {
        let mut count = 0;
        let mut place = |reach: &Reach| {
            if !reach.is_reached() {
                return NOWHERE;
            }
            count += 1;
            count - 1
        };
        let places: Vec<Vec<usize>> =
            pipeline.reach.iter().map(|reach| reach.iter().map(&mut place).collect()).collect();
        let there = |station: &Station| {
            places.get(station.table).and_then(|places| places.get(station.chain)).copied().unwrap_or(NOWHERE)
        };
        let stage_chains = pipeline.stages.iter().map(there).collect();
        Builder {
            pipeline,
            model,
            lists,
            count,
            places,
            stage_chains,
            passing_rules: Vec::new(),
            entries: Vec::new(),
            names: HashMap::new(),
        }
    }

    fn next_id(&self) -> RuleId {
        RuleId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX))
    }

    fn list(&self, table: usize, chain: usize) -> String {
        self.lists.get(table).and_then(|lists| lists.get(chain)).cloned().unwrap_or_default()
    }

    fn entry(&mut self, name: String, place: TextRange, list: String, implied: bool) {
        let count = self.names.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name} ({count})") };
        self.entries.push(RuleEntry {
            name,
            place,
            head: place,
            list,
            comment: None,
            enabled: true,
            logs: false,
            implied,
            expires: None,
            inactive: None,
        });
    }

    /// A chain of the family ip never sees IPv6, nor one of an interface what comes in by another.
    fn passing(&mut self) {
        for (station, &at) in self.pipeline.stages.iter().zip(&self.stage_chains.clone()) {
            let Some(table) = self.model.tables.get(station.table) else { continue };
            let Some(chain) = table.chains.get(station.chain) else { continue };
            let list = self.list(station.table, station.chain);
            let mut rules = Vec::new();
            let other = match table.family {
                Family::Ip => Some(("IPv6", AddressSet::any_v4(), AddressSet::any_v6())),
                Family::Ip6 => Some(("IPv4", AddressSet::any_v6(), AddressSet::any_v4())),
                _ => None,
            };
            if let Some((name, mine, other)) = other {
                let matches = vec![Region::any().from(other.clone()), Region::any().from(mine).to(other)];
                rules.push(Rule { id: self.next_id(), matches, action: Action::Permit });
                self.entry(format!("{name} (no traffic of {list})"), chain.place, list.clone(), true);
            }
            let devices = chain.base.as_ref().map(|base| base.devices.as_slice()).unwrap_or_default();
            if !devices.is_empty() {
                let mut names = NameSet::empty();
                for device in devices {
                    names = names.union(&NameSet::one(device));
                }
                // What comes in by a VLAN or bond comes in by the interface below it as well.
                let text = format!("by way of {}", devices.join(", "));
                let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &super::canonical::fitting(text));
                let incoming = station.hook == super::model::Hook::Ingress;
                let others = names.complement();
                let region = match incoming {
                    true => Region { in_interface: others, ..Region::any() },
                    false => Region { out_interface: others, ..Region::any() },
                };
                let matches = vec![region.when(Conditions::lacks(symbol))];
                rules.push(Rule { id: self.next_id(), matches, action: Action::Permit });
                self.entry(format!("other interfaces (no traffic of {list})"), chain.place, list, true);
            }
            if !rules.is_empty() {
                self.passing_rules.push((at, rules));
            }
        }
    }

    /// A statement that may decide anything stands before the rules that it may change.
    fn obscure(&mut self, at: usize) -> Option<Rule> {
        let obscure = self.model.obscure.get(at)?;
        let region = Region::any().when(Conditions::holds(meaning::obscure(&obscure.name)));
        let rule = Rule { id: self.next_id(), matches: vec![region], action: Action::Unknown };
        let station = self.pipeline.stages.first()?;
        let list = self.list(station.table, station.chain);
        self.entry(obscure.name.clone(), obscure.place, list, false);
        Some(rule)
    }

    fn rule(&mut self, table: usize, chain: usize, rule: u32, number: usize, meaning: &Meaning) -> Vec<Rule> {
        let Some(written) = self.model.rules.get(rule as usize) else { return Vec::new() };
        let reach = self.pipeline.reach[table][chain];
        let list = self.list(table, chain);
        let mut rules = Vec::with_capacity(meaning.outcomes.len());
        for outcome in &meaning.outcomes {
            let id = self.next_id();
            let action = self.action(outcome.action, table, reach);
            let (matches, inactive) = self.matches(meaning, &outcome.matches, outcome.inactive, reach);
            let mut name = String::with_capacity(list.len() + 8);
            let _ = match outcome.element {
                Some((element, _)) => write!(name, "{list} {number}.{element}"),
                None => write!(name, "{list} {number}"),
            };
            self.entries.push(RuleEntry {
                name,
                place: written.place,
                head: outcome.element.map_or(written.head, |(_, place)| place),
                list: list.clone(),
                comment: written.comment.as_deref().map(str::to_owned),
                enabled: true,
                logs: meaning.logs,
                implied: false,
                expires: None,
                inactive,
            });
            rules.push(Rule { id, matches, action });
        }
        rules
    }

    /// What the rule matches here, and why it is nothing where that is no mistake.
    fn matches(
        &self,
        meaning: &Meaning,
        matches: &[Region],
        inactive: Option<&'static str>,
        reach: Reach,
    ) -> (Vec<Region>, Option<&'static str>) {
        if !reach.is_active() {
            return (Vec::new(), inactive.or(Some(FOR_REPLIES)));
        }
        let mut matches = matches.to_vec();
        if !meaning.interfaces {
            return (matches, inactive);
        }
        let (knows_in, knows_out) = (reach.knows_in(self.pipeline.direction), reach.knows_out());
        let before = matches.len();
        matches.retain_mut(|region| {
            let Some(ask_in) = see(&mut region.in_interface, knows_in) else { return false };
            let Some(ask_out) = see(&mut region.out_interface, knows_out) else { return false };
            for (ask, key) in [(ask_in, "iifname"), (ask_out, "oifname")] {
                if ask {
                    let name = format!("{key} at another hook, in {}", meaning.key);
                    let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
                    match region.conditions.and(&Conditions::holds(symbol)) {
                        Some(both) => region.conditions = both,
                        None => return false,
                    }
                }
            }
            true
        });
        let elsewhere = before > 0 && matches.is_empty();
        (matches, inactive.or(elsewhere.then_some("for packets with another way")))
    }

    fn action(&self, action: Act, table: usize, reach: Reach) -> Action {
        let to = |chain: usize| {
            let place = self.places.get(table).and_then(|places| places.get(chain)).copied();
            place.filter(|place| *place != NOWHERE)
        };
        match action {
            Act::Permit => Action::Permit,
            Act::Deny => Action::Deny,
            Act::Unknown | Act::NewDestination => Action::Unknown,
            Act::Continue => Action::Continue,
            Act::Return => Action::Return,
            Act::Jump(chain) => to(chain).map_or(Action::Unknown, Action::Jump),
            Act::Goto(chain) => to(chain).map_or(Action::Unknown, Action::Goto),
            // Who looks at the source later looks at another one.
            Act::NewSource => {
                if reach.filtered_later {
                    Action::Unknown
                } else {
                    Action::Permit
                }
            }
        }
    }
}

fn stage(model: &Model<'_>, lists: &[Vec<String>], station: &Station, chain: usize) -> (Stage, StageEntry) {
    let list =
        lists.get(station.table).and_then(|lists| lists.get(station.chain)).cloned().unwrap_or_default();
    let base = model.tables[station.table].chains[station.chain].base.as_ref();
    let (default, place, name) = match base {
        Some(base) => {
            let default = match base.policy {
                Policy::Accept => Action::Permit,
                Policy::Drop => Action::Deny,
                Policy::Unknown => Action::Unknown,
            };
            let name = match base.policy_place {
                Some(_) => format!("policy of chain {list}"),
                None => format!("policy of chain {list}, which is accept where none is given"),
            };
            (default, base.policy_place, name)
        }
        None => {
            (Action::Unknown, None, format!("end of chain {list}, which no base chain of the file leads to"))
        }
    };
    (Stage { chain, default }, StageEntry { name, place })
}
