//! A configuration to rule sets.

use std::collections::HashSet;

use space::{Action, Conditions, Region};

use super::build::{Builder, Draft, keyword};
use super::inventory;
use super::lines::short;
use super::meaning::{Meaning, Meanings, Verdict, every};
use super::model::{Body, Config, Family};
use super::parse;
use super::reflexive;
use super::resolve::Groups;
use super::router;
use crate::{Export, ImportError, RuleSetExport, Status};

/// Reads a configuration, or lists alone.
pub fn import(text: &str) -> Result<Export, ImportError> {
    let config = parse::parse(text);
    let groups = Groups::new(&config);
    let mut meanings_of = Meanings::new(&config, &groups);
    let mut meanings: Vec<Vec<Meaning>> = config
        .lists
        .iter()
        .map(|list| list.entries.iter().map(|entry| meanings_of.entry(list, entry)).collect())
        .collect();
    reflexive::connect(&config, &mut meanings);
    let is_router = !config.interfaces.is_empty();
    let (rule_sets, bound) = if is_router {
        let bound = router::bound(&config);
        (vec![router::rule_set(&config, &meanings, &mut meanings_of, &bound)], Some(bound))
    } else {
        (alone(&config, &meanings), None)
    };
    let inventory = inventory::inventory(&config, &groups, &meanings_of.uses);
    let mut problems = inventory::undefined_problems(&inventory);
    problems.extend(router::problems(&config));
    drop(meanings_of);
    let mut config = config;
    settle(&mut config, &meanings, bound.as_ref());
    config.problems.extend(problems);
    config.problems.sort_by_key(|problem| problem.place);
    let Config { problems, mut coverage, .. } = config;
    coverage.statements.sort_by_key(|statement| statement.place.start);
    if rule_sets.is_empty() {
        let place = diagnostics::TextRange::new(0, 0);
        return Err(ImportError::new(
            place,
            "there is no access list in the file, and no interface",
            "export the configuration with `show running-config`, or its lists with `show ip access-lists`",
        ));
    }
    Ok(Export { format: super::NAME, rule_sets, coverage, problems, inventory, mapping: None })
}

/// What became of the entries of lists.
fn settle(config: &mut Config<'_>, meanings: &[Vec<Meaning>], bound: Option<&HashSet<usize>>) {
    let statements = &mut config.coverage.statements;
    let mut set = |number: u32, status, reason: std::borrow::Cow<'static, str>| {
        if let Some(statement) = statements.get_mut(number as usize) {
            (statement.status, statement.reason) = (status, reason);
        }
    };
    for (index, (list, meanings)) in config.lists.iter().zip(meanings).enumerate() {
        if list.gone {
            continue;
        }
        if bound.is_none_or(|bound| bound.contains(&index)) {
            for (entry, meaning) in list.entries.iter().zip(meanings) {
                // What the parser had to say of an entry stays.
                if !matches!(entry.body, Body::Unreadable(_)) {
                    set(entry.statement, meaning.status, meaning.reason.clone());
                }
            }
            continue;
        }
        let reason = match config.other_uses.get(list.name) {
            Some(purpose) => {
                format!("the list is used by {purpose}, and filters no packets on their way through")
            }
            None => "the list is bound to no interface".to_owned(),
        };
        for number in list.statements.iter().copied().chain(list.entries.iter().map(|entry| entry.statement))
        {
            set(number, Status::Irrelevant, reason.clone().into());
        }
    }
}

/// The lists of a file that says nothing of interfaces: each is a rule set, and the two families of one name are one.
fn alone(config: &Config<'_>, meanings: &[Vec<Meaning>]) -> Vec<RuleSetExport> {
    let mut out = Vec::new();
    let mut taken: HashSet<usize> = HashSet::new();
    let mut names: HashSet<String> = HashSet::new();
    for (index, list) in config.lists.iter().enumerate() {
        if list.gone || list.reflexive || taken.contains(&index) {
            continue;
        }
        let partner = partner(config, list.family, list.name).filter(|partner| !taken.contains(partner));
        let mut both: Vec<usize> = [Some(index), partner].into_iter().flatten().collect();
        taken.extend(&both);
        both.sort_by_key(|index| config.lists.get(*index).map(|list| list.family));
        let mut builder = Builder::new();
        let chain = builder.chain();
        for index in &both {
            if let (Some(list), Some(meanings)) = (config.lists.get(*index), meanings.get(*index)) {
                builder.list(chain, config, list, meanings);
            }
        }
        let first = both.first().and_then(|index| config.lists.get(*index)).unwrap_or(list);
        if both.len() == 1 {
            let other = if list.family == Family::V4 { Family::V6 } else { Family::V4 };
            let name = format!("{} (not in this list)", other.name());
            let draft = Draft { name, place: list.head, list: keyword(list), implied: true };
            builder.rule(chain, draft, vec![every(other)], Action::Unknown);
        }
        builder.stage(chain, Action::Deny, "implicit deny");
        let mut name = short(first.name);
        while !names.insert(name.clone()) {
            name.push_str(" (IPv6)");
        }
        out.push(builder.finish(name));
    }
    out
}

/// The list of the other family that belongs to this one. IOS forbids one name for both (IOS Software Configuration
/// Guide, "Configuring IP Version 6"), so the family is said in the name.
fn partner(config: &Config<'_>, family: Family, name: &str) -> Option<usize> {
    let find = |family, name: &str| config.list_by_name.get(&(family, name)).copied();
    match family {
        Family::V4 => find(Family::V6, name)
            .or_else(|| SUFFIXES.iter().find_map(|suffix| find(Family::V6, &format!("{name}{suffix}"))))
            .or_else(|| find(Family::V6, &format!("ipv6-{name}"))),
        Family::V6 => find(Family::V4, name)
            .or_else(|| SUFFIXES.iter().find_map(|suffix| find(Family::V4, name.strip_suffix(suffix)?)))
            .or_else(|| find(Family::V4, name.strip_prefix("ipv6-")?)),
    }
}

/// How the name of an IPv6 list says of which IPv4 list it is the other half. The first is the one we write.
pub const SUFFIXES: [&str; 4] = ["-v6", "_v6", "-V6", "_V6"];

/// Whether a rule permits something by itself.
pub fn permits(meaning: &Meaning) -> bool {
    matches!(meaning.verdict, Verdict::Permit | Verdict::Unknown)
}

/// A region under a condition that holds of replies alone.
pub fn replies(region: Region) -> Option<Region> {
    let conditions = region.conditions.and(&Conditions::holds(crate::established()))?;
    let region = region.when(conditions);
    (!region.is_empty()).then_some(region)
}
