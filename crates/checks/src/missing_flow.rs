use compiler::{Anchor, Assessment, Kind, Requirement, requirements_at};
use diagnostics::{Finding, Level};
use space::{Decider, Effort, FlowSet, Verdict};

use crate::context::{BoundFirewall, BoundRuleSet};
use crate::{Check, Context, deciders, words};

pub(crate) const CHECK: Check = Check {
    name: "missing-flow",
    summary: "a required flow is denied, whole or in part",
    level: Level::Error,
    page: include_str!("missing_flow.md"),
    run,
};

fn run(context: &Context<'_>, out: &mut Vec<Finding<Anchor>>) {
    for firewall in &context.firewalls {
        for (requirement, assessment) in requirements_at(context.db, context.project, &firewall.value) {
            let wanted = matches!(assessment.verdict, Some(Verdict::Missing | Verdict::Partial));
            if requirement.kind == Kind::Required && wanted {
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
    let verdict = assessment.verdict?;
    let effort = Effort::usual();
    let (mut permitted, mut denied) = (FlowSet::empty(), FlowSet::empty());
    let mut blamed: Vec<(&BoundRuleSet<'_>, Vec<Decider>)> = Vec::new();
    for part in &assessment.parts {
        permitted = permitted.union(part.judgement.permitted.clone());
        denied = denied.union(part.judgement.denied.clone());
        let Some(rule_set) = firewall.rule_sets.iter().find(|rule_set| rule_set.index == part.rule_set)
        else {
            continue;
        };
        let by = part.judgement.denying();
        match blamed.iter_mut().find(|(known, _)| known.index == rule_set.index) {
            Some((_, known)) => known.extend(by),
            None => blamed.push((rule_set, by)),
        }
    }
    let denied = denied.canonical(&effort).unwrap_or(denied);
    let permitted = permitted.canonical(&effort).unwrap_or(permitted);
    for (_, by) in &mut blamed {
        by.sort_unstable();
        by.dedup();
    }
    blamed.retain(|(_, by)| !by.is_empty());
    let (rule_set, by) = blamed.first()?;
    let who = words::list(blamed.iter().map(|(rule_set, by)| deciders::names(rule_set, by)));

    let (id, at) = (&requirement.id, &firewall.value.name);
    let message = match verdict {
        Verdict::Partial => format!("`{id}` gets through `{at}` only in part"),
        _ => format!("`{id}` does not get through `{at}`"),
    };
    let mut finding = Finding::new(CHECK.name, CHECK.level, message);
    let mut labels: Vec<(Decider, String)> =
        by.iter().map(|decider| (*decider, "denied here".to_owned())).collect();
    let asked = assessment.parts.iter().find(|part| part.rule_set == rule_set.index)?;
    let mut ahead: Vec<Decider> = Vec::new();
    for decider in by {
        let entry = deciders::entry_rule(rule_set, *decider, &asked.question.region);
        let entry = entry.map_or(*decider, Decider::Rule);
        if !ahead.contains(&entry) {
            ahead.push(entry);
        }
        if entry != *decider && !labels.iter().any(|(known, _)| *known == entry) {
            labels.push((entry, "leads there".to_owned()));
        }
    }
    let ahead = deciders::names(rule_set, &ahead);
    finding = deciders::labelled(finding, rule_set, &labels, Some((requirement, "required here")));
    finding = finding.note(format!("asked for: {}", words::asked(requirement)));
    if let Some(words) = words::provenance(&requirement.provenance) {
        finding = finding.note(words);
    }
    if verdict == Verdict::Partial {
        for note in
            words::regions("permitted", &permitted).into_iter().chain(words::regions("denied", &denied))
        {
            finding = finding.note(note);
        }
    }
    let mut lacking = assessment.parts.iter().filter(|part| !part.judgement.denied.is_empty()).peekable();
    if lacking.peek().is_some() && lacking.all(|part| part.reply) {
        finding = finding.note(format!(
            "it is the replies that are denied: `{}` keeps no state, and they have to be permitted too",
            rule_set.meaning.name
        ));
    }
    finding.witness = words::witness(&denied);
    if let Some(witness) = finding.witness.clone() {
        finding = finding.note(format!("one packet that is denied: {witness}, by {who}"));
    }
    if requirement.alternatives.len() > 1 {
        finding = finding.help("permit one of the alternatives; `flowright fix` lists them");
    } else if assessment
        .parts
        .iter()
        .any(|part| part.question.hidden.destination || part.question.hidden.source)
    {
        finding =
            finding.help("permit the name, where the firewall can match names, or the addresses it has");
    } else {
        finding = finding.help(format!("`flowright fix` writes a rule that permits it ahead of {ahead}"));
    }
    finding.requirement = Some(id.to_string());
    finding.firewall = Some(at.to_string());
    finding.rule =
        by.iter().find(|decider| matches!(decider, Decider::Rule(_))).map(|by| deciders::bare(rule_set, *by));
    finding.blame =
        blamed.iter().flat_map(|(set, by)| by.iter().map(|decider| deciders::bare(set, *decider))).collect();
    Some(finding)
}
