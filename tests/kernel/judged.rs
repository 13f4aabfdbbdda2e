//! What Flowright says of a packet.

use formats::{Export, RuleSetExport};
use space::{Decider, Effort, RuleSet, Verdict, judge};

use super::probe::Probe;
use super::probes::Hook;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Permit,
    Deny,
    Either,
}

/// Reads an export as `flowright query` does, its format found by its content.
pub fn import(text: &str) -> Result<Export, String> {
    formats::import(text, None).map_err(|error| {
        let place = text.get(error.place.start as usize..error.place.end as usize).unwrap_or_default();
        format!("the import fails at `{place}`: {}; {}", error.message, error.help)
    })
}

pub fn rule_set(export: &Export, hook: Hook) -> Result<&RuleSetExport, String> {
    let found = export.rule_sets.iter().find(|rule_set| rule_set.name.eq_ignore_ascii_case(hook.chain()));
    found.ok_or_else(|| {
        let names: Vec<&str> = export.rule_sets.iter().map(|rule_set| rule_set.name.as_str()).collect();
        format!("the import has no rule set `{}`, only {names:?}", hook.chain())
    })
}

/// The decision, and what decides.
pub fn decide(rules: &RuleSet, probe: &Probe) -> Result<(Decision, Vec<Decider>), String> {
    let judgement = judge(&probe.packet().question(), rules, &Effort::usual())
        .map_err(|exhausted| format!("{probe} takes more than {} region operations", exhausted.limit))?;
    let decision = match judgement.verdict() {
        Verdict::Met => Decision::Permit,
        Verdict::Missing => Decision::Deny,
        Verdict::Partial | Verdict::Undecided => Decision::Either,
    };
    Ok((decision, judgement.pieces.iter().map(|piece| piece.decider).collect()))
}

/// A decider by its name.
pub fn name_of(rule_set: &RuleSetExport, decider: Decider) -> String {
    match decider {
        Decider::Rule(id) => rule_set.entry(id).map(|entry| entry.name.clone()),
        Decider::Default(stage) => rule_set.stages.get(stage).map(|stage| stage.name.clone()),
    }
    .unwrap_or_default()
}
