use std::collections::BTreeMap;
use std::sync::Arc;

use compiler::{Anchor, Kind, Requirement, requirements_at};
use diagnostics::{Finding, Level};
use formats::{Export, NamePattern};
use space::pattern_covers;

use crate::context::BoundFirewall;
use crate::{Check, Context, words};

pub(crate) const CHECK: Check = Check {
    name: "wildcard-mismatch",
    summary: "a name in an export covers less, or more, than the name that a flow needs",
    level: Level::Warning,
    page: include_str!("wildcard_mismatch.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for firewall in &context.firewalls {
        let Ok(read) = compiler::imported(context.db, firewall.export) else { continue };
        if read.inventory.patterns.is_empty() {
            continue;
        }
        let needed = needed(context, firewall);
        for (name, requirements) in &needed {
            out.extend(too_little(firewall, read, name, requirements));
        }
        for pattern in &read.inventory.patterns {
            out.extend(too_much(firewall, read, pattern, &needed));
        }
    }
}

/// The names that required flows through the firewall go to or come from, with those flows.
fn needed(context: &Context<'_>, firewall: &BoundFirewall<'_>) -> BTreeMap<Arc<str>, Vec<Requirement>> {
    let mut needed: BTreeMap<Arc<str>, Vec<Requirement>> = BTreeMap::new();
    for (requirement, assessment) in requirements_at(context.db, context.project, &firewall.value) {
        if requirement.kind != Kind::Required || assessment.verdict.is_none() {
            continue;
        }
        let ends = requirement.alternatives.iter().flat_map(|it| it.from.names.iter().chain(&it.to.names));
        let names: std::collections::BTreeSet<Arc<str>> = ends.cloned().collect();
        for name in names {
            needed.entry(name).or_default().push(requirement.clone());
        }
    }
    needed
}

/// A name that no pattern covers, though one seems to be meant for it.
fn too_little(
    firewall: &BoundFirewall<'_>,
    read: &Export,
    name: &str,
    requirements: &[Requirement],
) -> Option<Finding<Anchor>> {
    let patterns = &read.inventory.patterns;
    let covered = |pattern: &NamePattern| pattern.covers.iter().any(|covers| pattern_covers(covers, name));
    if patterns.iter().any(covered) {
        return None;
    }
    let wanted = base(name);
    let closeness = |pattern: &NamePattern| {
        let mine = base(&pattern.written);
        if mine == wanted {
            2
        } else {
            u8::from(under(&wanted, &mine) && pattern.written.contains(['*', '^']) || under(&mine, &wanted))
        }
    };
    let meant = patterns.iter().rev().max_by_key(|pattern| closeness(pattern))?;
    if closeness(meant) == 0 {
        return None;
    }
    let requirement = requirements.first()?;
    let at = &firewall.value.name;
    let message =
        format!("`{}` at `{at}` does not cover `{name}`, which `{}` needs", meant.written, requirement.id);
    let mut finding = finding(firewall, read, meant, message, "covers less than is needed").secondary(
        Anchor::Statement { id: requirement.statement.clone(), range: requirement.range },
        "needed here",
    );
    if let [_, others @ ..] = requirements
        && !others.is_empty()
    {
        let others = words::list(others.iter().take(6).map(|other| format!("`{}`", other.id)));
        finding = finding.note(format!("{others} need it too"));
    }
    finding.requirement = Some(requirement.id.to_string());
    Some(finding.help(format!("add `{name}` beside it")))
}

/// A pattern that covers a name that is needed, and more than anything needs.
fn too_much(
    firewall: &BoundFirewall<'_>,
    read: &Export,
    pattern: &NamePattern,
    needed: &BTreeMap<Arc<str>, Vec<Requirement>>,
) -> Option<Finding<Anchor>> {
    let is_needed = |covers: &String| needed.keys().any(|name| pattern_covers(name, covers));
    let beyond: Vec<&String> = pattern.covers.iter().filter(|covers| !is_needed(covers)).collect();
    let widest = beyond.iter().find(|covers| covers.starts_with("*."))?;
    let within: Vec<&Arc<str>> = needed.keys().filter(|name| pattern_covers(widest, name)).collect();
    let (first, requirements) = within.first().and_then(|name| needed.get_key_value(*name))?;
    let requirement = requirements.first()?;
    let at = &firewall.value.name;
    let message = format!("`{}` at `{at}` covers more than the names that are needed", pattern.written);
    let names = words::list(within.iter().take(6).map(|name| format!("`{name}`")));
    let mut finding = finding(firewall, read, pattern, message, "covers more than is needed")
        .secondary(
            Anchor::Statement { id: requirement.statement.clone(), range: requirement.range },
            format!("needs `{first}`"),
        )
        .note(format!("of what it covers, {names} {} needed", if within.len() == 1 { "is" } else { "are" }));
    finding.level = Level::Note;
    finding.requirement = Some(requirement.id.to_string());
    Some(finding.help("write the names that are needed in its place"))
}

fn finding(
    firewall: &BoundFirewall<'_>,
    read: &Export,
    pattern: &NamePattern,
    message: String,
    label: &str,
) -> Finding<Anchor> {
    let mut finding = Finding::new(CHECK.name, CHECK.level, message)
        .primary(Anchor::Text { file: firewall.export, range: pattern.place }, label);
    if let Some(law) = formats::find(read.format).and_then(formats::Format::wildcards) {
        finding = finding.note(law);
    }
    finding.firewall = Some(firewall.value.name.to_string());
    finding
}

/// The name without what stands for any label at its front.
fn base(pattern: &str) -> String {
    pattern.trim_start_matches(['*', '.', '^']).trim_end_matches(['.', '/']).to_ascii_lowercase()
}

/// Whether `name` has at least one label before `base`.
fn under(name: &str, base: &str) -> bool {
    name.strip_suffix(base).is_some_and(|head| head.len() > 1 && head.ends_with('.'))
}
