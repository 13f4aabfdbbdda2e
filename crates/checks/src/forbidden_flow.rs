use compiler::{Anchor, Kind, requirements_at};
use diagnostics::{Certainty, Finding, Level};
use space::{Decider, Effort, FlowSet, Outcome, Question};

use crate::{Check, Context, deciders, words};

pub(crate) const CHECK: Check = Check {
    name: "forbidden-flow",
    summary: "a flow that the policy forbids gets through",
    level: Level::Error,
    page: include_str!("forbidden_flow.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for firewall in &context.firewalls {
        for (requirement, assessment) in requirements_at(context.db, context.project, &firewall.value) {
            if requirement.kind != Kind::Never {
                continue;
            }
            // What several rule sets see must be permitted by each of them.
            let mut asked: Vec<&Question> = Vec::new();
            for part in &assessment.parts {
                if asked.contains(&&part.question) {
                    continue;
                }
                asked.push(&part.question);
                let parts: Vec<_> =
                    assessment.parts.iter().filter(|it| it.question == part.question).collect();
                let sure = parts
                    .iter()
                    .map(|part| part.judgement.permitted.clone())
                    .reduce(|all, next| all.intersect(&next))
                    .unwrap_or_default();
                let may = |part: &&compiler::Part| {
                    part.judgement.permitted.clone().union(part.judgement.either.clone())
                };
                let may = parts.iter().map(may).reduce(|all, next| all.intersect(&next)).unwrap_or_default();
                if may.is_empty() {
                    continue;
                }
                let certain = !sure.is_empty();
                let set = if certain { sure } else { may };
                let set = set.canonical(&Effort::usual()).unwrap_or(set);
                let Some(part) = parts.last() else { continue };
                let Some(rule_set) =
                    firewall.rule_sets.iter().find(|rule_set| rule_set.index == part.rule_set)
                else {
                    continue;
                };
                out.push(finding(&requirement, &firewall.value.name, rule_set, part, &set, certain));
            }
        }
    }
}

fn finding(
    requirement: &compiler::Requirement,
    at: &str,
    rule_set: &crate::context::BoundRuleSet<'_>,
    part: &compiler::Part,
    set: &FlowSet,
    certain: bool,
) -> Finding<Anchor> {
    let id = &requirement.id;
    let verb = if certain { "gets through" } else { "may get through" };
    let message = format!("the forbidden flow `{id}` {verb} `{at}`");
    let mut by: Vec<Decider> = part
        .judgement
        .pieces
        .iter()
        .filter(|piece| piece.outcome != Outcome::Deny)
        .map(|piece| piece.decider)
        .collect();
    by.sort_unstable();
    by.dedup();
    let mut finding = Finding::new(CHECK.name, CHECK.level, message);
    let label = if certain { "permitted here" } else { "may permit it" };
    let labels: Vec<(Decider, String)> = by.iter().map(|decider| (*decider, label.to_owned())).collect();
    finding = deciders::labelled(finding, rule_set, &labels, Some((requirement, "forbidden here")));
    for note in words::regions(if certain { "permitted" } else { "perhaps permitted" }, set) {
        finding = finding.note(note);
    }
    if !certain {
        finding.certainty = Certainty::Possible;
        let named = |decider| deciders::name(rule_set, decider);
        for unknown in part.judgement.unknowns.iter().take(3) {
            finding = finding
                .note(format!("not known: {}", words::open(unknown, &part.question.region, named).what));
        }
    }
    finding.witness = words::witness(set);
    if let Some(witness) = finding.witness.clone() {
        finding = finding.note(format!("one such packet: {witness}"));
    }
    finding =
        finding.help(format!("narrow {}, or deny the flow ahead of it", deciders::names(rule_set, &by)));
    finding.requirement = Some(id.to_string());
    finding.firewall = Some(at.to_owned());
    finding.rule =
        by.iter().find(|by| matches!(by, Decider::Rule(_))).map(|by| deciders::bare(rule_set, *by));
    finding.blame = by.iter().map(|by| deciders::bare(rule_set, *by)).collect();
    finding
}
