use compiler::Anchor;
use diagnostics::{Finding, Level};
use space::{Action, Decider, Region, Rule, Set};

use crate::context::BoundRuleSet;
use crate::superfluous::Superfluous;
use crate::{Check, Context, deciders};

pub(crate) const CHECK: Check = Check {
    name: "redundant-rule",
    summary: "removing a rule changes nothing",
    level: Level::Warning,
    page: include_str!("redundant_rule.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    let tick = || context.db.unwind_if_revision_cancelled();
    for firewall in &context.firewalls {
        for rule_set in &firewall.rule_sets {
            let superfluous = Superfluous::of(&rule_set.meaning.rules);
            for rule in rule_set.written_rules().filter(|rule| is_asked(rule_set, rule)) {
                match superfluous.redundant(rule, &context.effort(&tick)) {
                    Ok(Some(heirs)) => out.push(finding(rule_set, &firewall.value.name, rule, &heirs)),
                    Ok(None) => {}
                    Err(exhausted) => context.cut_short(CHECK.name, rule_set, exhausted, out),
                }
            }
        }
    }
}

/// Rules that log are wanted for the log, and a last rule that says the default aloud is good practice.
pub(crate) fn is_asked(rule_set: &BoundRuleSet<'_>, rule: &Rule) -> bool {
    let logs = rule_set.entry(rule.id).is_some_and(|entry| entry.logs);
    matches!(rule.action, Action::Permit | Action::Deny) && !logs && !rule.matches.iter().any(matches_all)
}

/// Whether a region holds every packet of a family.
fn matches_all(region: &Region) -> bool {
    let whole = |v4: bool| {
        let (source, destination) = (&region.source, &region.destination);
        if v4 {
            source.v4.is_any() && destination.v4.is_any()
        } else {
            source.v6.is_any() && destination.v6.is_any()
        }
    };
    (whole(true) || whole(false))
        && region.protocol.is_any()
        && region.source_port.is_any()
        && region.destination_port.is_any()
        && region.in_interface.is_any()
        && region.out_interface.is_any()
        && region.conditions.is_none()
}

fn finding(rule_set: &BoundRuleSet<'_>, at: &str, rule: &Rule, heirs: &[Decider]) -> Finding<Anchor> {
    let me = deciders::name(rule_set, Decider::Rule(rule.id));
    let who = deciders::names(rule_set, heirs);
    let mut finding =
        Finding::new(CHECK.name, CHECK.level, format!("removing {me} at `{at}` changes nothing"));
    finding = finding.primary(rule_set.anchor(Decider::Rule(rule.id)), "redundant");
    for by in heirs.iter().filter(|by| rule_set.has_place(**by)).take(4) {
        finding = finding.secondary(rule_set.anchor(*by), "decides the same without it");
    }
    finding = finding.note(format!("without it, {who} would decide its packets the same way"));
    finding = finding.help("remove it: `flowright fix` proves that nothing changes");
    finding.firewall = Some(at.to_owned());
    finding.rule = Some(deciders::bare(rule_set, Decider::Rule(rule.id)));
    finding.blame = heirs.iter().map(|by| deciders::bare(rule_set, *by)).collect();
    finding
}
