use compiler::{Anchor, Assessment, Kind, Requirement, requirements_at};
use diagnostics::{Certainty, Finding, Level};
use space::{Decider, Outcome, Unknown, Verdict};

use crate::context::BoundFirewall;
use crate::{Check, Context, deciders, words};

pub(crate) const CHECK: Check = Check {
    name: "undecided-flow",
    summary: "whether a required flow gets through hangs on something that is not known",
    level: Level::Warning,
    page: include_str!("undecided_flow.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for firewall in &context.firewalls {
        for (requirement, assessment) in requirements_at(context.db, context.project, &firewall.value) {
            if requirement.kind == Kind::Required && assessment.verdict == Some(Verdict::Undecided) {
                out.extend(finding(firewall, &requirement, assessment));
            }
        }
    }
}

fn finding(
    firewall: &BoundFirewall<'_>,
    requirement: &Requirement,
    assessment: &Assessment,
) -> Option<Finding<Anchor>> {
    let (id, at) = (&requirement.id, &firewall.value.name);
    let message = format!("whether `{id}` gets through `{at}` is not decided");
    let mut finding = Finding::new(CHECK.name, CHECK.level, message);
    finding.certainty = Certainty::Possible;
    finding.requirement = Some(id.to_string());
    finding.firewall = Some(at.to_string());
    if let Some(limit) = assessment.exhausted {
        let rule_set = firewall.rule_sets.first()?;
        finding = deciders::labelled(finding, rule_set, &[], Some((requirement, "required here")));
        finding =
            finding.note(format!("the rule sets of `{at}` took more than {limit} region operations for it"));
        return Some(finding.help("ask for less at once: split the flow by source or by service"));
    }
    let part = assessment.parts.iter().find(|part| part.judgement.verdict() == Verdict::Undecided)?;
    let rule_set = firewall.rule_sets.iter().find(|rule_set| rule_set.index == part.rule_set)?;

    // The rules that hang on something come first: they are where the unknown enters.
    let mut hanging: Vec<(Decider, Outcome)> = Vec::new();
    for piece in &part.judgement.pieces {
        let unconditional =
            piece.region.conditions == part.question.region.conditions && piece.outcome != Outcome::Unknown;
        if !unconditional && !hanging.iter().any(|(known, _)| *known == piece.decider) {
            hanging.push((piece.decider, piece.outcome));
        }
    }
    if hanging.is_empty() {
        hanging = part.judgement.pieces.iter().map(|piece| (piece.decider, piece.outcome)).collect();
    }
    hanging.sort_unstable();
    hanging.dedup();
    let labels: Vec<(Decider, String)> = hanging
        .iter()
        .map(|(decider, outcome)| {
            let text = match outcome {
                Outcome::Permit => "may permit it",
                Outcome::Deny => "may deny it",
                Outcome::Unknown => "may do either",
            };
            (*decider, text.to_owned())
        })
        .collect();
    finding = deciders::labelled(finding, rule_set, &labels, Some((requirement, "required here")));
    finding = finding.note(format!("asked for: {}", words::asked(requirement)));
    if let Some(words) = words::provenance(&requirement.provenance) {
        finding = finding.note(words);
    }
    let unknowns: Vec<&Unknown> = part.judgement.unknowns.iter().collect();
    let named = |decider| deciders::name(rule_set, decider);
    let open: Vec<words::Open> =
        unknowns.iter().map(|unknown| words::open(unknown, &part.question.region, named)).collect();
    for (at, open) in open.iter().enumerate().take(4) {
        finding = finding.note(format!("{}: {}", if at == 0 { "not known" } else { "nor" }, open.what));
    }
    if open.len() > 4 {
        finding = finding.note(format!("nor: {} more things", open.len() - 4));
    }
    let undecided =
        assessment.parts.iter().filter(|part| part.judgement.verdict() == Verdict::Undecided).count();
    if undecided < assessment.parts.len() {
        let rest = assessment.parts.len() - undecided;
        finding = finding
            .note(format!("the other {rest} of {} parts of the flow are decided", assessment.parts.len()));
    }
    finding.witness = words::witness(&part.judgement.either);
    if let Some(witness) = finding.witness.clone() {
        finding = finding.note(format!("one packet that hangs on it: {witness}"));
    }
    if let Some(open) = open.into_iter().next() {
        finding = finding.help(open.fact);
    }
    finding.blame = hanging.iter().map(|(decider, _)| deciders::bare(rule_set, *decider)).collect();
    Some(finding)
}
