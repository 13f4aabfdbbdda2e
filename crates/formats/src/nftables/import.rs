//! A file to an export.

use std::collections::HashMap;
use std::rc::Rc;

use diagnostics::TextRange;

use super::axis;
use super::builder::Builder;
use super::canonical;
use super::draft::{Around, Facts, Memory};
use super::meaning::{self, Meaning};
use super::model::{Data, Family, Hook, Model, Statement, Table, Value, Verdict};
use super::pipeline::{self, Pipeline};
use super::{first_packet, json, rule_set, text};
use crate::json::Json;
use crate::{Export, ImportError, Inventory, ObjectEntry, Problem, Status};

/// For each rule what it means; `None` for one that is in no chain any more.
pub(super) type Translated = Option<Meaning>;

pub(super) fn import(source: &str) -> Result<Export, ImportError> {
    let start = source.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('{') && !["{%", "{{", "{#"].iter().any(|open| start.starts_with(open))
        || start.starts_with('[')
    {
        let json = Json::parse(source).map_err(|error| {
            ImportError::new(error.place, error.message, "the file is no whole JSON: export it again")
        })?;
        let build = json::read(&json)?;
        return finish(build);
    }
    let comment = start.starts_with("{#").then_some(("{#", "#}"));
    for (open, close) in comment.into_iter().chain([("{%", "%}"), ("<%", "%>")]) {
        let found = memchr::memmem::find(source.as_bytes(), open.as_bytes());
        if let Some(at) = found
            && memchr::memmem::find(&source.as_bytes()[at..], close.as_bytes()).is_some()
        {
            return Err(ImportError::new(
                TextRange::new(at, at + open.len()),
                "the file is a template: what it becomes is not in it",
                "fill it in, load it, and export the outcome with `nft list ruleset`",
            ));
        }
    }
    if start.starts_with("#!")
        && start.lines().next().is_some_and(|line| line.ends_with("sh") && !line.contains("nft"))
    {
        return Err(ImportError::new(
            TextRange::new(0, 0),
            "this is a shell script, not a ruleset",
            "run it, and export the outcome with `nft list ruleset`",
        ));
    }
    finish(text::read(source)?)
}

fn finish(mut build: Builder<'_>) -> Result<Export, ImportError> {
    let model = std::mem::take(&mut build.model);
    let lists = lists(&model);
    let facts = facts(&model);
    let mut memory = Memory::default();
    let mut problems = std::mem::take(&mut build.problems);
    let translated = translate(&model, &lists, &facts, &mut memory, &mut problems);
    let mut pipelines = pipeline::all(&model, &translated);
    let bases =
        model.tables.iter().filter(|table| table.family != Family::Arp).flat_map(|table| &table.chains);
    if pipelines.is_empty() && !bases.clone().any(|chain| chain.base.is_some()) {
        pipelines = pipeline::loose(&model, &translated, &lists);
    }
    if pipelines.is_empty() {
        let place = build.coverage.statements.first().map_or(TextRange::new(0, 0), |first| first.place);
        let (message, help) = match bases.clone().any(|chain| chain.base.is_some()) {
            true => ("no base chain of the file filters anything", "export with `nft list ruleset`"),
            false if !model.obscure.is_empty() => {
                ("what the file has for rules is not in it", "load it, and export with `nft list ruleset`")
            }
            false => ("the file has no chain with rules in it", "export with `nft list ruleset`"),
        };
        return Err(ImportError::new(place, message, help));
    }
    let rule_sets = pipelines.iter().map(|one| rule_set::build(one, &model, &translated, &lists)).collect();
    bridged(&model, &mut problems);
    account(&model, &translated, &pipelines, &mut build);
    let mut undefined = std::mem::take(&mut build.undefined);
    undefined.append(&mut memory.undefined);
    undefined.sort_by_key(|entry| entry.place);
    problems.sort_by_key(|problem| problem.place);
    build.coverage.statements.sort_by_key(|statement| statement.place);
    let inventory = Inventory { objects: objects(&model, &memory), undefined, ..Inventory::default() };
    Ok(Export {
        format: super::NAME,
        rule_sets,
        coverage: build.coverage,
        problems,
        inventory,
        mapping: None,
    })
}

/// The chains' names as an administrator writes them: `inet filter input`.
fn lists(model: &Model<'_>) -> Vec<Vec<String>> {
    let mut all = Vec::with_capacity(model.tables.len());
    for table in &model.tables {
        let title = table.title();
        let mut names: Vec<String> = table
            .chains
            .iter()
            .map(|chain| if chain.anonymous { String::new() } else { format!("{title} {}", chain.name) })
            .collect();
        let mut open: Vec<usize> = (0..names.len()).filter(|at| !table.chains[*at].anonymous).collect();
        while let Some(chain) = open.pop() {
            for (at, rule) in table.chains[chain].order.iter().enumerate() {
                let statements = model.rules.get(*rule as usize).map(|rule| rule.statements.as_slice());
                if let Some(Statement::Verdict(Verdict::Block(block, _))) =
                    statements.and_then(|all| all.last())
                    && names.get(*block).is_some_and(String::is_empty)
                {
                    names[*block] = format!("{} {} block", names[chain], at + 1);
                    open.push(*block);
                }
            }
        }
        all.push(names);
    }
    all
}

fn facts<'a>(model: &Model<'a>) -> Facts<'a> {
    let mut facts = Facts::default();
    for (number, table) in model.tables.iter().enumerate() {
        for set in &table.sets {
            *facts.set_names.entry(set.name.clone()).or_default() += 1;
        }
        for rule in table.chains.iter().flat_map(|chain| &chain.order) {
            let Some(rule) = model.rules.get(*rule as usize) else { continue };
            for statement in &rule.statements {
                match statement {
                    Statement::Notrack => facts.exempted = true,
                    Statement::Update { set, .. } => _ = facts.updated.insert((number, set.clone())),
                    Statement::Change { key, .. } => _ = facts.changed.insert(canonical::key(key)),
                    _ => {}
                }
            }
        }
    }
    facts
}

/// The chains to which a rule may lead.
fn calls<'m>(table: &'m Table<'_>, statement: &'m Statement<'_>) -> Vec<usize> {
    let by_name = |verdict: &Verdict<'_>| match verdict {
        Verdict::Jump(name) | Verdict::Goto(name) => table.chain_numbers.get(name).copied(),
        Verdict::Block(block, _) => Some(*block),
        _ => None,
    };
    let of = |data: &Option<Data<'_>>| match data {
        Some(Data::Verdict(verdict)) => by_name(verdict),
        _ => None,
    };
    match statement {
        Statement::Verdict(verdict) => by_name(verdict).into_iter().collect(),
        Statement::Vmap { map: Value::Reference(_), .. } => Vec::new(),
        Statement::Vmap { map, .. } => match map.elements() {
            Some(elements) => elements.iter().filter_map(|element| of(&element.data)).collect(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// For each chain whether packets come to it before connection tracking knows of them: from an ingress hook, or one
/// that is asked before priority -200 (`NF_IP_PRI_CONNTRACK`).
fn early(model: &Model<'_>, table: &Table<'_>) -> Vec<bool> {
    let mut early = vec![false; table.chains.len()];
    let mut open: Vec<usize> = Vec::new();
    for (number, chain) in table.chains.iter().enumerate() {
        let before = chain.base.as_ref().is_some_and(|base| match base.hook {
            Hook::Ingress => true,
            Hook::Prerouting | Hook::Output => base.priority <= -200,
            _ => false,
        });
        if before {
            open.push(number);
        }
    }
    if open.is_empty() {
        return early;
    }
    // Chains that a named map leads to: any rule may use it.
    let mapped: Vec<usize> = table
        .sets
        .iter()
        .flat_map(|set| set.elements.iter().flat_map(|elements| elements.iter()))
        .filter_map(|element| match &element.data {
            Some(Data::Verdict(Verdict::Jump(name) | Verdict::Goto(name))) => {
                table.chain_numbers.get(name).copied()
            }
            _ => None,
        })
        .collect();
    let mut all_mapped = false;
    while let Some(chain) = open.pop() {
        if early.get(chain) != Some(&false) {
            continue;
        }
        early[chain] = true;
        for rule in &table.chains[chain].order {
            for statement in model.rules.get(*rule as usize).map_or(&[][..], |rule| &rule.statements) {
                open.extend(calls(table, statement));
                if matches!(statement, Statement::Vmap { map: Value::Reference(_), .. }) && !all_mapped {
                    all_mapped = true;
                    open.extend(&mapped);
                }
            }
        }
    }
    early
}

fn translate<'a>(
    model: &Model<'a>,
    lists: &[Vec<String>],
    facts: &Facts<'a>,
    memory: &mut Memory,
    problems: &mut Vec<Problem>,
) -> Vec<Translated> {
    let mut translated: Vec<Translated> = model.rules.iter().map(|_| None).collect();
    for (number, table) in model.tables.iter().enumerate().filter(|(_, table)| table.family != Family::Arp) {
        let base = match table.family {
            Family::Ip => axis::any_v4(),
            Family::Ip6 => axis::any_v6(),
            _ => axis::any(),
        };
        let early = early(model, table);
        let lists = lists.get(number).map(Vec::as_slice).unwrap_or_default();
        let states = Rc::new(first_packet::states(table.family, facts.exempted));
        let around = Around { number, table, base, lists, early: &early, facts, states };
        for (chain, list) in table.chains.iter().enumerate() {
            for &rule in &list.order {
                if let Some(written) = model.rules.get(rule as usize)
                    && let Some(slot) = translated.get_mut(rule as usize)
                {
                    *slot = Some(meaning::meaning(written, chain, &around, memory, problems));
                }
            }
        }
    }
    translated
}

/// A packet that comes in by a port of a bridge passes the chains of the bridge as well as those of IP.
fn bridged(model: &Model<'_>, problems: &mut Vec<Problem>) {
    let filters = |table: &Table<'_>| {
        table.chains.iter().any(|chain| chain.base.is_some() && !chain.order.is_empty()) && !table.dormant
    };
    let routed = |table: &Table<'_>| matches!(table.family, Family::Ip | Family::Ip6 | Family::Inet);
    let bridge = model.tables.iter().find(|table| table.family == Family::Bridge && filters(table));
    if let Some(table) = bridge.filter(|_| model.tables.iter().any(|table| routed(table) && filters(table))) {
        problems.push(Problem {
            place: table.place,
            message: "packets that come in by a port of a bridge pass its chains as well".to_owned(),
            help: "ask the rule sets of the bridge, too".to_owned(),
        });
    }
}

/// Writes down what became of each rule and set.
fn account(model: &Model<'_>, translated: &[Translated], pipelines: &[Pipeline], build: &mut Builder<'_>) {
    let mut last = HashMap::new();
    for (number, table) in model.tables.iter().enumerate() {
        for (chain, list) in table.chains.iter().enumerate() {
            let reached = pipelines.iter().any(|pipeline| {
                let reach = pipeline.reach.get(number).and_then(|chains| chains.get(chain));
                reach.is_some_and(|reach| reach.is_reached())
            });
            for &rule in &list.order {
                let Some(written) = model.rules.get(rule as usize) else { continue };
                let Some(statement) = build.coverage.statements.get_mut(written.covered as usize) else {
                    continue;
                };
                (statement.status, statement.reason) =
                    match translated.get(rule as usize).and_then(Option::as_ref) {
                        None => (Status::Irrelevant, "ARP is no traffic of IP".into()),
                        Some(_) if table.dormant => (Status::Irrelevant, "its table is dormant".into()),
                        Some(_) if !reached => (Status::Irrelevant, "no packet is led to its chain".into()),
                        Some(meaning) => (meaning.status, meaning.reason.clone()),
                    };
            }
        }
        for set in &table.sets {
            let empty = set.elements.iter().all(|elements| elements.is_empty());
            if table.family == Family::Arp {
                last.insert(set.place, (Status::Irrelevant, "ARP is no traffic of IP"));
            } else if set.changing || empty && !set.constant {
                last.insert(set.place, (Status::Approximated, "it is filled while the firewall runs"));
            }
        }
    }
    for statement in &mut build.coverage.statements {
        if let Some((status, reason)) =
            last.get(&statement.place).filter(|_| statement.status == Status::Understood)
        {
            (statement.status, statement.reason) = (*status, (*reason).into());
        }
    }
}

fn objects(model: &Model<'_>, memory: &Memory) -> Vec<ObjectEntry> {
    let mut objects = Vec::new();
    for (number, table) in model.tables.iter().enumerate() {
        for (at, set) in table.sets.iter().enumerate() {
            let uses = memory.set_uses.get(&(number, at)).copied().unwrap_or(0);
            let updates = set.changing;
            let content = (!updates && !set.elements.is_empty()).then(|| {
                let mut words: Vec<String> = set
                    .elements
                    .iter()
                    .flat_map(|elements| elements.iter())
                    .map(|element| {
                        let data = match &element.data {
                            Some(Data::Verdict(verdict)) => format!(" : {}", canonical::verdict(verdict)),
                            Some(Data::Value(value)) => format!(" : {}", canonical::value(value, false)),
                            None => String::new(),
                        };
                        canonical::value(&element.key, true) + &data
                    })
                    .collect();
                words.sort_unstable();
                words.dedup();
                format!("{} {}", if set.is_map { "map" } else { "set" }, words.join(", "))
            });
            objects.push(ObjectEntry {
                kind: if set.is_map { "map" } else { "set" },
                name: format!("{} {}", table.title(), set.name),
                place: set.place,
                head: set.head,
                uses,
                content,
            });
        }
        for (at, chain) in table.chains.iter().enumerate() {
            if chain.base.is_none() && chain.declared && !chain.anonymous {
                objects.push(ObjectEntry {
                    kind: "chain",
                    name: format!("{} {}", table.title(), chain.name),
                    place: chain.place,
                    head: chain.place,
                    uses: memory.chain_uses.get(&(number, at)).copied().unwrap_or(0),
                    content: None,
                });
            }
        }
    }
    for variable in &model.variables {
        objects.push(ObjectEntry {
            kind: "variable",
            name: variable.name.to_string(),
            place: variable.place,
            head: variable.head,
            uses: variable.uses,
            content: None,
        });
    }
    objects.sort_by_key(|object| object.place);
    objects
}
