//! One pipeline to a rule set and its entries.

use std::collections::HashMap;

use space::{Action, Chain, Conditions, Region, Rule, RuleId, RuleSet, Side, Stage, Symbol, SymbolKind};

use super::addresses;
use super::dump::{Dump, Hook, Obscure, Policy, TableKind};
use super::import::Translated;
use super::meaning::{Meaning, Verdict};
use super::pipeline::{Pipeline, Reach, see};
use super::state::FOR_REPLIES;
use crate::{RuleEntry, RuleSetExport, StageEntry};

/// Puts the rules of all chains that the pipeline reaches into one rule set.
pub(super) fn build(pipeline: &Pipeline, dump: &Dump<'_>, tables: &mut [Translated<'_>]) -> RuleSetExport {
    let mut builder = Builder::new(pipeline, tables);
    let mut items = items(pipeline, dump, tables, &builder);
    items.sort_by_key(|(start, _)| *start);
    builder.entries.reserve(items.len());
    let mut slots: Vec<Vec<Option<Rule>>> =
        tables.iter().map(|translated| translated.table.lines.iter().map(|_| None).collect()).collect();
    for (_, item) in items {
        match item {
            Item::OtherFamily => builder.other_family(dump, tables),
            Item::Obscure { obscure, list, chain } => builder.obscure(dump, obscure, &list, chain),
            Item::Line { table, line } => {
                let rule = builder.line(&mut tables[table], table, line);
                slots[table][line] = rule;
            }
        }
    }
    for (table, translated) in tables.iter_mut().enumerate() {
        for (uses, reach) in translated.uses.iter_mut().zip(&pipeline.reach[table]) {
            *uses = uses.saturating_sub(u8::from(reach.is_reached()));
        }
        for (chain, &at) in translated.table.chains.iter().zip(&builder.places[table]) {
            let Some(target) = builder.chains.get_mut(at) else { continue };
            target
                .rules
                .extend(chain.order.iter().filter_map(|line| slots[table].get_mut(*line as usize)?.take()));
        }
    }
    let stages = pipeline.stages.iter().zip(&builder.stage_chains);
    let (stages, stage_entries) = stages.map(|(station, chain)| stage(tables, station, *chain)).unzip();
    RuleSetExport {
        name: pipeline.hook.chain().to_owned(),
        direction: pipeline.direction,
        stateful: true,
        rules: RuleSet { chains: builder.chains, stages },
        entries: builder.entries,
        stages: stage_entries,
    }
}

/// What becomes an entry.
enum Item<'a> {
    /// What the export says of the other family: nothing.
    OtherFamily,
    Obscure {
        obscure: &'a Obscure,
        list: String,
        /// Of the rule set.
        chain: usize,
    },
    Line {
        table: usize,
        line: usize,
    },
}

/// The items with the byte at which each stands.
fn items<'a>(
    pipeline: &Pipeline,
    dump: &'a Dump<'a>,
    tables: &[Translated<'a>],
    builder: &Builder<'_>,
) -> Vec<(u32, Item<'a>)> {
    let mut items = Vec::new();
    let first = builder.stage_chains.first().copied().unwrap_or_default();
    let list = builder.stage_list(tables);
    if let Some(station) = pipeline.stages.first() {
        items.push((tables[station.table].table.place.start, Item::OtherFamily));
    }
    let obscure = |obscure: &'a Obscure, list: &str, chain| {
        (obscure.place.start, Item::Obscure { obscure, list: list.to_owned(), chain })
    };
    items.extend(dump.obscure.iter().map(|one| obscure(one, &list, first)));
    for (index, translated) in tables.iter().enumerate() {
        let table = translated.table;
        items.extend(table.obscure.iter().map(|one| obscure(one, &list, first)));
        for (chain, &at) in table.chains.iter().zip(&builder.places[index]) {
            if at != NOWHERE {
                let list = table.list_name(&chain.name);
                items.extend(chain.obscure.iter().map(|one| obscure(one, &list, at)));
            }
        }
        let places = &builder.places[index];
        let here = |chain: u32| places.get(chain as usize).is_some_and(|at| *at != NOWHERE);
        let lines = table.lines.iter().enumerate().filter(|(_, line)| !line.gone && here(line.chain));
        items.extend(lines.map(|(line, stands)| (stands.place.start, Item::Line { table: index, line })));
    }
    items
}

/// No chain of the rule set.
const NOWHERE: usize = usize::MAX;

struct Builder<'p> {
    pipeline: &'p Pipeline,
    chains: Vec<Chain>,
    /// For each table and chain its number here.
    places: Vec<Vec<usize>>,
    stage_chains: Vec<usize>,
    /// The chains' names as an administrator writes them, for each table and chain.
    lists: Vec<Vec<String>>,
    entries: Vec<RuleEntry>,
    /// How often each name of an entry that is no rule came up: nothing else keeps them apart.
    names: HashMap<String, u32>,
}

impl<'p> Builder<'p> {
    fn new(pipeline: &'p Pipeline, tables: &[Translated<'_>]) -> Self {
        let mut chains = Vec::new();
        let mut places = Vec::with_capacity(tables.len());
        for reach in &pipeline.reach {
            let place = |reach: &Reach| {
                if !reach.is_reached() {
                    return NOWHERE;
                }
                chains.push(Chain::default());
                chains.len() - 1
            };
            places.push(reach.iter().map(place).collect::<Vec<_>>());
        }
        let mut stage_chains = Vec::with_capacity(pipeline.stages.len());
        for station in &pipeline.stages {
            let there = station.chain.and_then(|chain| places.get(station.table)?.get(chain).copied());
            stage_chains.push(there.unwrap_or_else(|| {
                chains.push(Chain::default());
                chains.len() - 1
            }));
        }
        let lists = tables
            .iter()
            .map(|translated| {
                translated.table.chains.iter().map(|chain| translated.table.list_name(&chain.name)).collect()
            })
            .collect();
        Builder { pipeline, chains, places, stage_chains, lists, entries: Vec::new(), names: HashMap::new() }
    }

    /// The chain of the first stage.
    fn stage_list(&self, tables: &[Translated<'_>]) -> String {
        let first = self.pipeline.stages.first();
        first.map_or_else(String::new, |station| tables[station.table].table.list_name(station.hook.chain()))
    }

    fn next_id(&self) -> RuleId {
        RuleId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX))
    }

    /// The export says nothing of the other family, and no default is to decide it.
    fn other_family(&mut self, dump: &Dump<'_>, tables: &[Translated<'_>]) {
        let Some(station) = self.pipeline.stages.first() else { return };
        let (mine, other) = (addresses::any(dump.family), addresses::any(dump.family.other()));
        let matches = vec![Region::any().from(other.clone()), Region::any().from(mine).to(other)];
        let rule = Rule { id: self.next_id(), matches, action: Action::Unknown };
        let first = self.stage_chains.first().and_then(|first| self.chains.get_mut(*first));
        if let Some(chain) = first {
            chain.rules.insert(0, rule);
        }
        self.entries.push(RuleEntry {
            name: format!("{} (not in this export)", dump.family.other().name()),
            place: tables[station.table].table.place,
            head: tables[station.table].table.place,
            list: self.stage_list(tables),
            comment: None,
            enabled: true,
            logs: false,
            implied: true,
            expires: None,
            inactive: None,
        });
    }

    /// A statement that may decide anything stands before the rules that it may change.
    fn obscure(&mut self, dump: &Dump<'_>, obscure: &Obscure, list: &str, chain: usize) {
        let count = self.names.entry(obscure.name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { obscure.name.clone() } else { format!("{} ({count})", obscure.name) };
        let any = addresses::any(dump.family);
        let symbol = Symbol::new(Side::Packet, SymbolKind::Undefined, &name);
        let region = Region::any().from(any.clone()).to(any).when(Conditions::holds(symbol));
        let rule = Rule { id: self.next_id(), matches: vec![region], action: Action::Unknown };
        if let Some(chain) = self.chains.get_mut(chain) {
            chain.rules.push(rule);
        }
        self.entries.push(RuleEntry {
            name,
            place: obscure.place,
            head: obscure.place,
            list: list.to_owned(),
            comment: None,
            enabled: true,
            logs: false,
            implied: false,
            expires: None,
            inactive: None,
        });
    }

    fn line(&mut self, translated: &mut Translated<'_>, table: usize, index: usize) -> Option<Rule> {
        let line = translated.table.lines.get(index)?;
        let chain = line.chain as usize;
        let meaning = translated.meanings.get_mut(index)?;
        // The last rule set that has the chain may keep what the others copy.
        let mut meaning =
            if translated.uses.get(chain) == Some(&1) { meaning.take()? } else { meaning.clone()? };
        let reach = self.pipeline.reach.get(table)?.get(chain).copied()?;
        let list = self.lists.get(table)?.get(chain)?;
        let number = translated.numbers.get(index).copied().unwrap_or_default();
        let mut name = String::with_capacity(list.len() + 8);
        name.push_str(list);
        name.push(' ');
        push_number(&mut name, number);
        if line.width > 1 {
            name.push('-');
            push_number(&mut name, number.saturating_add(line.width - 1));
        }
        let id = self.next_id();
        let action = self.action(meaning.verdict, table, reach);
        let (matches, inactive) = self.matches(&mut meaning, reach);
        self.entries.push(RuleEntry {
            name,
            place: line.place,
            head: line.place,
            list: list.clone(),
            comment: meaning.comment,
            enabled: true,
            logs: meaning.logs,
            implied: false,
            expires: None,
            inactive,
        });
        Some(Rule { id, matches, action })
    }

    /// What the rule matches here, and why it is nothing where that is no mistake.
    fn matches(&self, meaning: &mut Meaning, reach: Reach) -> (Vec<Region>, Option<&'static str>) {
        if !reach.is_active() {
            return (Vec::new(), meaning.inactive.or(Some(FOR_REPLIES)));
        }
        let mut matches = std::mem::take(&mut meaning.matches);
        let (knows_in, knows_out) = (reach.knows_in(self.pipeline.direction), reach.knows_out());
        let before = matches.len();
        matches.retain_mut(|region| {
            let Some(ask_in) = see(&mut region.in_interface, knows_in) else { return false };
            let Some(ask_out) = see(&mut region.out_interface, knows_out) else { return false };
            for (ask, option) in [(ask_in, "-i"), (ask_out, "-o")] {
                if ask {
                    let key = meaning.key.as_deref().unwrap_or_default();
                    let name = format!("{option} at another hook, in {key}");
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
        (matches, meaning.inactive.or(elsewhere.then_some("for packets with another way")))
    }

    fn action(&self, verdict: Verdict, table: usize, reach: Reach) -> Action {
        let to = |chain: usize| {
            let place = self.places.get(table).and_then(|places| places.get(chain)).copied();
            place.filter(|place| *place != NOWHERE)
        };
        match verdict {
            Verdict::Permit => Action::Permit,
            Verdict::Deny => Action::Deny,
            Verdict::Unknown => Action::Unknown,
            Verdict::Continue => Action::Continue,
            Verdict::Return => Action::Return,
            Verdict::Jump(chain) => to(chain).map_or(Action::Unknown, Action::Jump),
            Verdict::Goto(chain) => to(chain).map_or(Action::Unknown, Action::Goto),
            Verdict::NewPrefix => {
                let after = |hook: Hook| matches!(hook, Hook::Postrouting | Hook::Input);
                if reach.hooks().all(after) { Action::Permit } else { Action::Unknown }
            }
        }
    }
}

/// `name.push_str(&number.to_string())` without the string: this is done for every rule.
fn push_number(name: &mut String, number: u32) {
    let mut digits = [0_u8; 10];
    let (mut rest, mut at) = (number, digits.len());
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    name.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

fn stage(tables: &[Translated<'_>], station: &super::pipeline::Station, chain: usize) -> (Stage, StageEntry) {
    let table = tables[station.table].table;
    let list = table.list_name(station.hook.chain());
    let declared = station.chain.and_then(|chain| table.chains.get(chain)).filter(|chain| chain.declared);
    let (default, place) = match declared {
        Some(chain) => {
            let default = match chain.policy {
                Policy::Accept => Action::Permit,
                Policy::Drop => Action::Deny,
                Policy::Unknown => Action::Unknown,
            };
            (default, chain.policy_place)
        }
        // Nobody filters there: iptables refuses a rule that would.
        None if table.kind == TableKind::Nat => (Action::Permit, None),
        None => (Action::Unknown, None),
    };
    let name = match place {
        Some(_) => format!("policy of chain {list}"),
        None => format!("policy of chain {list}, not in the file"),
    };
    (Stage { chain, default }, StageEntry { name, place })
}
