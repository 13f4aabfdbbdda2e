//! A configuration to an export: its rule sets, and what became of each statement.

use diagnostics::{TextRange, printable};

use super::config::{Config, LineEntry, ListKind};
use super::inventory::inventory;
use super::parse;
use super::resolve::Resolver;
use super::rule_set::{Builder, Outcomes};
use crate::{Coverage, Export, ImportError, Status};

/// Reads an export.
pub(super) fn import(text: &str) -> Result<Export, ImportError> {
    let mut config = parse::parse(text)?;
    let mut statements = std::mem::take(&mut config.statements);
    let mut problems = std::mem::take(&mut config.problems);
    let mut resolver = Resolver::new(&config);
    let is_firewall = !config.bindings.is_empty() || config.named_interfaces().next().is_some();
    let fragments: Vec<usize> = if is_firewall { Vec::new() } else { unbound(&config) };
    if !is_firewall && fragments.is_empty() {
        return Err(nothing(&config));
    }
    let mut builder = Builder::new(&mut resolver);
    let rule_sets = if is_firewall {
        vec![builder.firewall()]
    } else {
        fragments.iter().map(|list| builder.fragment(*list)).collect()
    };
    problems.append(&mut builder.problems);
    let outcomes = std::mem::take(&mut builder.outcomes);
    let decided = vec_of_decided(&outcomes, statements.len());
    for (statement, status, reason) in outcomes {
        if let Some(statement) = statements.get_mut(statement as usize) {
            statement.status = status;
            statement.reason = reason.into();
        }
    }
    // Lists that are asked nothing about what passes through.
    let users = users_of_lists(&config);
    for (list, user) in config.lists.iter().zip(&users) {
        let reason = match (list.kind, user) {
            (_, Some("access-group")) => "the list is for traffic to the firewall itself".to_owned(),
            (_, Some(user)) => {
                format!("the list serves `{}`, and filters nothing by itself", printable(user))
            }
            (ListKind::Standard, None) => "a standard list filters no packets".to_owned(),
            (ListKind::Ethertype, None) => "frames that carry no IP packets".to_owned(),
            (ListKind::Webtype, None) => "VPN without a client".to_owned(),
            _ => "the list is bound to no interface".to_owned(),
        };
        for line in &list.lines {
            if decided.get(line.statement as usize) == Some(&true) {
                continue;
            }
            if let Some(statement) = statements.get_mut(line.statement as usize) {
                let remark = matches!(line.entry, LineEntry::Remark(_));
                statement.status = Status::Irrelevant;
                statement.reason = if remark { "a remark".into() } else { reason.clone().into() };
            }
        }
    }
    let inventory = inventory(text, &mut resolver);
    problems.sort_by_key(|problem| problem.place);
    problems.dedup();
    Ok(Export {
        format: super::NAME,
        mapping: None,
        rule_sets,
        coverage: Coverage { statements },
        problems,
        inventory,
    })
}

fn vec_of_decided(outcomes: &Outcomes, statements: usize) -> Vec<bool> {
    let mut decided = vec![false; statements];
    for (statement, ..) in outcomes {
        if let Some(decided) = decided.get_mut(*statement as usize) {
            *decided = true;
        }
    }
    decided
}

/// The lists of a file that binds none: each is a rule set.
fn unbound(config: &Config<'_>) -> Vec<usize> {
    let filters = |kind| matches!(kind, ListKind::Extended | ListKind::V6);
    let lists = config.lists.iter().enumerate();
    lists.filter(|(_, list)| filters(list.kind) && !list.lines.is_empty()).map(|(at, _)| at).collect()
}

/// For each list the command that uses it otherwise than to filter.
fn users_of_lists<'a>(config: &Config<'a>) -> Vec<Option<&'a str>> {
    let mut users = vec![None; config.lists.len()];
    for mention in &config.mentions {
        let mut words = *mention;
        let first = words.next().map(|word| word.text);
        for word in words {
            if let Some(&at) = config.list_names.get(word.text)
                && let Some(user @ None) = users.get_mut(at)
            {
                *user = first;
            }
        }
    }
    users
}

fn nothing(config: &Config<'_>) -> ImportError {
    let (message, help) = if !config.definitions.is_empty() {
        (
            "the file has objects, and no access list and no interface",
            "export the whole configuration with `show running-config`",
        )
    } else {
        (
            "the file has no access list and no interface with a name",
            "export the configuration with `show running-config`",
        )
    };
    ImportError::new(TextRange::new(0, 0), message, help)
}
