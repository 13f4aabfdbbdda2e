//! Tables and chains to an export: what each rule means, and what became of each line.

use std::collections::HashMap;

use space::Region;

use super::dump::{Dump, Table, TableKind};
use super::meaning::{Meaning, Surroundings, Translator};
use super::pipeline::Pipeline;
use super::{addresses, parse, rule_set, tokens};
use crate::{Coverage, Direction, Export, ImportError, Inventory, Problem, Status};

/// Reads an export.
pub(super) fn import(text: &str) -> Result<Export, ImportError> {
    let dump = parse::parse(text)?;
    let mut problems = Vec::new();
    let mut tables = translate(text, &dump, &mut problems);
    problems.extend(missing(&dump));

    let directions = [Direction::Transit, Direction::Inbound, Direction::Outbound];
    let pipelines: Vec<Pipeline> =
        directions.into_iter().filter_map(|direction| Pipeline::new(direction, &tables)).collect();
    count_uses(&mut tables, &pipelines);
    let mut coverage = Coverage { statements: dump.statements.clone() };
    account(&tables, &mut coverage);
    let rule_sets: Vec<_> =
        pipelines.iter().map(|pipeline| rule_set::build(pipeline, &dump, &mut tables)).collect();

    problems.extend(dump.problems.iter().cloned());
    problems.sort_by_key(|problem| problem.place);
    Ok(Export {
        format: super::NAME,
        rule_sets,
        coverage,
        problems,
        inventory: Inventory::default(),
        mapping: None,
    })
}

/// A table with what its rules mean.
pub(super) struct Translated<'a> {
    pub table: &'a Table<'a>,
    /// One for each line; `None` for those that do not count, and for those that were handed on.
    pub meanings: Vec<Option<Meaning>>,
    /// The number of each line's first rule in its chain.
    pub numbers: Vec<u32>,
    /// For each chain, in how many of the rule sets that are not built yet it is.
    pub uses: Vec<u8>,
}

fn translate<'a>(text: &str, dump: &'a Dump<'a>, problems: &mut Vec<Problem>) -> Vec<Translated<'a>> {
    let any = addresses::any(dump.family);
    let base = Region::any().from(any.clone()).to(any);
    let changed_sets = changed_sets(text, dump);
    let exempting = |table: &Table<'_>| {
        let takes = |word: &str| {
            memchr::memmem::find_iter(&text.as_bytes()[table.place.start as usize..table.end], word)
                .next()
                .is_some()
        };
        table.kind == TableKind::Raw && (takes("NOTRACK") || takes("--notrack"))
    };
    let exempted = dump.tables.iter().any(exempting);
    let resized = memchr::memmem::find(text.as_bytes(), b"TCPMSS").is_some();
    let mut translator = Translator::default();
    let mut translated = Vec::with_capacity(dump.tables.len());
    for table in &dump.tables {
        let chains: HashMap<&str, usize> =
            table.chains.iter().enumerate().map(|(index, chain)| (&*chain.name, index)).collect();
        let (family, base, changed_sets) = (dump.family, base.clone(), changed_sets.as_slice());
        let around = Surroundings { family, base, table, chains, exempted, resized, changed_sets };
        let meanings = table
            .lines
            .iter()
            .map(|line| (!line.gone).then(|| translator.meaning(&around, line, problems)))
            .collect();
        translated.push(Translated {
            table,
            meanings,
            numbers: table.numbers(),
            uses: vec![0; table.chains.len()],
        });
    }
    translated
}

/// The ipsets that `-j SET` changes.
fn changed_sets(text: &str, dump: &Dump<'_>) -> Vec<String> {
    const CHANGES: [&str; 3] = ["--add-set", "--del-set", "--map-set"];
    let mut names = Vec::new();
    if !CHANGES.iter().any(|change| memchr::memmem::find(text.as_bytes(), change.as_bytes()).is_some()) {
        return names;
    }
    let mut words = Vec::new();
    for line in dump.tables.iter().flat_map(|table| &table.lines) {
        if tokens::split(line.spec, 0, &mut words).is_some() {
            let pairs = words.iter().zip(words.iter().skip(1));
            names.extend(
                pairs
                    .filter(|(option, _)| CHANGES.contains(&&*option.text))
                    .map(|(_, name)| name.text.to_string()),
            );
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// What the file should say and does not.
fn missing(dump: &Dump<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(first) = dump.tables.first()
        && !dump.tables.iter().any(|table| table.kind == TableKind::Filter)
    {
        problems.push(Problem {
            place: first.place,
            message: "the file has no table `filter`: it is read as if nothing were filtered there"
                .to_owned(),
            help: "export with `iptables-save`, without `-t`".to_owned(),
        });
    }
    for table in dump.tables.iter().filter(|table| table.kind != TableKind::Nat) {
        for chain in table.chains.iter().filter(|chain| chain.hook.is_some() && !chain.declared) {
            if let Some(line) = chain.order.front().and_then(|first| table.lines.get(*first as usize)) {
                problems.push(Problem {
                    place: line.place,
                    message: format!(
                        "the file does not say the policy of chain `{}`",
                        table.list_name(&chain.name)
                    ),
                    help: format!("declare it: `:{} ACCEPT [0:0]` or `:{0} DROP [0:0]`", chain.name),
                });
            }
        }
    }
    problems
}

fn count_uses(tables: &mut [Translated<'_>], pipelines: &[Pipeline]) {
    for pipeline in pipelines {
        for (translated, reached) in tables.iter_mut().zip(&pipeline.reach) {
            for (uses, reach) in translated.uses.iter_mut().zip(reached) {
                *uses += u8::from(reach.is_reached());
            }
        }
    }
}

/// Writes down what became of each rule.
fn account(tables: &[Translated<'_>], coverage: &mut Coverage) {
    for translated in tables {
        for (line, meaning) in translated.table.lines.iter().zip(&translated.meanings) {
            let Some(meaning) = meaning else { continue };
            let Some(statement) = coverage.statements.get_mut(line.statement as usize) else { continue };
            let declared = translated
                .table
                .chains
                .get(line.chain as usize)
                .is_some_and(|chain| chain.declared || chain.hook.is_some());
            (statement.status, statement.reason) = match translated.uses.get(line.chain as usize) {
                _ if !declared => (Status::NotUnderstood, "its chain is not declared".into()),
                Some(0) => (Status::Irrelevant, "no packet is led to its chain".into()),
                _ => (meaning.status, meaning.reason.clone()),
            };
        }
    }
}
