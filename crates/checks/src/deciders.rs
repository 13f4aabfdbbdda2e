use compiler::{Anchor, Requirement};
use diagnostics::Finding;
use space::{Action, Decider, Region, RuleId};

use crate::context::BoundRuleSet;

/// How a decider is called in messages: `` rule `FORWARD 12` ``, `the policy of chain FORWARD`.
pub(crate) fn name(rule_set: &BoundRuleSet<'_>, decider: Decider) -> String {
    match decider {
        Decider::Rule(id) => {
            rule_set.entry(id).map_or_else(|| "a rule".to_owned(), |entry| format!("rule `{}`", entry.name))
        }
        Decider::Default(stage) => rule_set
            .exported
            .stages
            .get(stage)
            .map_or_else(|| "the default".to_owned(), |stage| format!("the {}", stage.name)),
    }
}

/// The bare name, for the machine-readable report.
pub(crate) fn bare(rule_set: &BoundRuleSet<'_>, decider: Decider) -> String {
    match decider {
        Decider::Rule(id) => rule_set.entry(id).map_or_else(String::new, |entry| entry.name.clone()),
        Decider::Default(stage) => {
            rule_set.exported.stages.get(stage).map_or_else(String::new, |stage| stage.name.clone())
        }
    }
}

/// Several deciders as a list of words.
pub(crate) fn names(rule_set: &BoundRuleSet<'_>, deciders: &[Decider]) -> String {
    crate::words::list(deciders.iter().map(|decider| name(rule_set, *decider)))
}

/// The rule of a stage's own chain by which packets of `question` come to `decider`: the rule itself, or the jump that
/// leads to it. That is where a rule ahead of it belongs: a chain that is jumped to may serve others too.
pub(crate) fn entry_rule(rule_set: &BoundRuleSet<'_>, decider: Decider, question: &Region) -> Option<RuleId> {
    let Decider::Rule(wanted) = decider else { return None };
    let rules = &rule_set.meaning.rules;
    let leads_there = |from: usize| -> bool {
        let mut seen = vec![false; rules.chains.len()];
        let mut open = vec![from];
        while let Some(index) = open.pop() {
            let Some(seen) = seen.get_mut(index) else { continue };
            if std::mem::replace(seen, true) {
                continue;
            }
            for rule in rules.chains.get(index).map_or(&[][..], |chain| &chain.rules) {
                match rule.action {
                    _ if rule.id == wanted => return true,
                    Action::Jump(to) | Action::Goto(to) => open.push(to),
                    _ => {}
                }
            }
        }
        false
    };
    let stages = rules.stages.iter().filter_map(|stage| rules.chains.get(stage.chain));
    stages.flat_map(|chain| &chain.rules).find_map(|rule| {
        let touches = rule.matches.iter().any(|region| region.overlaps(question));
        let leads = match rule.action {
            _ if rule.id == wanted => true,
            Action::Jump(to) | Action::Goto(to) => leads_there(to),
            _ => false,
        };
        (touches && leads).then_some(rule.id)
    })
}

/// Labels the deciders in the export and the requirement in the policy. The first decider that stands in the file is
/// primary, since the export is what has to be edited; where none does, the requirement is.
pub(crate) fn labelled(
    mut finding: Finding<Anchor>,
    rule_set: &BoundRuleSet<'_>,
    deciders: &[(Decider, String)],
    requirement: Option<(&Requirement, &str)>,
) -> Finding<Anchor> {
    let mut primary = false;
    for (decider, text) in deciders.iter().filter(|(decider, _)| rule_set.has_place(*decider)).take(4) {
        let anchor = rule_set.anchor(*decider);
        finding = if primary { finding.secondary(anchor, text) } else { finding.primary(anchor, text) };
        primary = true;
    }
    if let Some((requirement, text)) = requirement {
        let anchor = Anchor::Statement { id: requirement.statement.clone(), range: requirement.range };
        finding = if primary { finding.secondary(anchor, text) } else { finding.primary(anchor, text) };
        primary = true;
    }
    if primary { finding } else { finding.primary(rule_set.start(), "this export") }
}
