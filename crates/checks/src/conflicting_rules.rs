use compiler::Anchor;
use diagnostics::{Finding, Level};
use space::{Action, Decider, Region, conflicts};

use crate::{Check, Context, deciders};

pub(crate) const CHECK: Check = Check {
    name: "conflicting-rules",
    summary: "two rules overlap in part and act otherwise: their order decides",
    level: Level::Note,
    page: include_str!("conflicting_rules.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    let tick = || context.db.unwind_if_revision_cancelled();
    for firewall in &context.firewalls {
        for rule_set in &firewall.rule_sets {
            // What an unknown rule does is not known to be the other thing.
            let decided = |rule: &&space::Rule| matches!(rule.action, Action::Permit | Action::Deny);
            for rule in rule_set.written_rules().filter(decided) {
                let found = match conflicts(rule, &rule_set.meaning.rules, &context.effort(&tick)) {
                    Ok(found) => found,
                    Err(exhausted) => {
                        context.cut_short(CHECK.name, rule_set, exhausted, out);
                        continue;
                    }
                };
                for conflict in found {
                    let second = rule_set.meaning.rules.rule(conflict.second);
                    if !second.as_ref().is_some_and(decided)
                        || rule_set.entry(conflict.second).is_none_or(|entry| entry.implied)
                    {
                        continue;
                    }
                    let at = &firewall.value.name;
                    let (first, second) = (Decider::Rule(conflict.first), Decider::Rule(conflict.second));
                    let message = format!(
                        "{} and {} at `{at}` overlap and act otherwise: their order decides",
                        deciders::name(rule_set, first),
                        deciders::name(rule_set, second)
                    );
                    let mut finding = Finding::new(CHECK.name, CHECK.level, message)
                        .primary(rule_set.anchor(first), "decides the overlap")
                        .secondary(rule_set.anchor(second), "would decide it otherwise")
                        .note(format!("both match: {}", conflict.region))
                        .help("check that the order is meant; making one of them narrower says so");
                    finding.witness = Region::witness(&conflict.region).map(|packet| packet.to_string());
                    finding.firewall = Some(at.to_string());
                    finding.rule = Some(deciders::bare(rule_set, first));
                    finding.blame = vec![deciders::bare(rule_set, first), deciders::bare(rule_set, second)];
                    out.push(finding);
                }
            }
        }
    }
}
