//! What Flowright writes for iptables and nftables, loaded into the kernel: whole rule sets, changed ones, and commands.

use diagnostics::apply;
use formats::{Change, Export, RuleListing, RuleSetExport};
use space::{Action, Rule, RuleId, RuleSet};

use super::changed::changed;
use super::compare::Comparison;
use super::grammar;
use super::judged::{Decision, decide, import, rule_set};
use super::network::Fate;
use super::nft_listed::listed;
use super::probe::Probe;
use super::probes::Hook;
use super::programs::Variant;
use super::random::Random;
use super::regions::{listing, rule};
use super::topology::Family;

/// What came of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was written, and the kernel agreed.
    Agreed,
    /// The program cannot say it, and Flowright said so.
    Refused,
}

/// Packets for each rule set.
const PACKETS: usize = 200;

/// Writes a random rule set, loads it and compares with what was asked for.
pub fn emitted(
    comparison: &mut Comparison,
    family: Family,
    hook: Hook,
    random: &mut Random,
) -> Result<Written, String> {
    let listing = listing(family, hook, random);
    let format = comparison.kernel().variant.format();
    let format = formats::find(format).ok_or("there is no such format")?;
    let text = match format.emit(std::slice::from_ref(&listing)) {
        Ok(text) => text,
        Err(refusal) if refusal.message.is_empty() || refusal.help.is_empty() => {
            return Err("it does not say why".to_owned());
        }
        Err(_) => return Ok(Written::Refused),
    };
    comparison.kernel().test(family, &text).map_err(|error| format!("{error}\n{text}"))?;
    comparison.load(family, &text)?;
    if comparison.kernel().variant == Variant::Nft {
        listed(comparison, &text)?;
    }
    let sample = comparison.sample(&text, family, hook, PACKETS, random)?;
    let export = import(&text)?;
    let asked = asked(&listing);
    for (probe, fate) in &sample {
        agree(&asked, probe, *fate, "the rules that were asked for")
            .map_err(|error| format!("{error}\n{text}"))?;
        let read = &rule_set(&export, hook)?.rules;
        agree(read, probe, *fate, "the rules as read back").map_err(|error| format!("{error}\n{text}"))?;
    }
    Ok(Written::Agreed)
}

/// The listing as a rule set.
fn asked(listing: &RuleListing) -> RuleSet {
    let action = |permit| if permit { Action::Permit } else { Action::Deny };
    let rules = listing.rules.iter().zip(0..).map(|(rule, id)| Rule {
        id: RuleId(id),
        matches: vec![rule.region.clone()],
        action: action(rule.permit),
    });
    RuleSet::flat(rules.collect(), action(listing.default_permit))
}

/// Changes a random rule set, in its text and by commands, and compares with what the changes mean; then takes it back.
pub fn edited(comparison: &mut Comparison, family: Family, random: &mut Random) -> Result<Written, String> {
    let text = grammar::rule_set(family, false, random);
    let export = import(&text)?;
    let (index, rules) = forward(&export)?;
    let changes = changes(rules, family, random);
    let iptables = formats::find("iptables").ok_or("there is no format iptables")?;
    let edited = match iptables.edit(&text, &export, index, &changes) {
        Ok(edited) => edited,
        Err(refusal) if refusal.message.is_empty() || refusal.help.is_empty() => {
            return Err("it does not say why".to_owned());
        }
        Err(_) => return Ok(Written::Refused),
    };
    let told = |error: String| format!("{error}\nthe changes: {changes:#?}\nof {text}\nare {edited:#?}");
    let new = apply(&text, &edited.edits).ok_or_else(|| told("the edits cannot be applied".to_owned()))?;

    let last = rules.stages.iter().position(|stage| stage.name == "policy of chain FORWARD");
    let last = last
        .and_then(|stage| rules.rules.stages.get(stage))
        .ok_or("there is no chain to put rules into")?
        .chain;
    let expected = changed(&rules.rules, last, &changes);

    comparison.kernel().test(family, &new).map_err(|error| told(format!("{error}\n{new}")))?;
    comparison.load(family, &new).map_err(told)?;
    let sample = comparison.sample(&new, family, Hook::Forward, PACKETS, random)?;
    let read = import(&new).map_err(told)?;
    for (probe, fate) in &sample {
        agree(&expected, probe, *fate, "the changed rules")
            .map_err(|error| told(format!("{error}\n{new}")))?;
        agree(&forward(&read)?.1.rules, probe, *fate, "the changed text")
            .map_err(|error| told(format!("{error}\n{new}")))?;
    }
    let after = comparison.kernel().saved(family, false)?;

    comparison.load(family, &text).map_err(told)?;
    let before = comparison.kernel().saved(family, false)?;
    for command in &edited.commands {
        comparison.kernel().command(command).map_err(told)?;
    }
    let commanded = comparison.kernel().saved(family, false)?;
    same("the commands do something else than the edits", &after, &commanded).map_err(told)?;
    for command in &edited.rollback {
        comparison.kernel().command(command).map_err(told)?;
    }
    let back = comparison.kernel().saved(family, false)?;
    same("the rollback leads elsewhere", &before, &back).map_err(told)?;
    Ok(Written::Agreed)
}

/// The rule set of forwarded packets, and its index.
fn forward(export: &Export) -> Result<(usize, &RuleSetExport), String> {
    let rules = rule_set(export, Hook::Forward)?;
    let index =
        export.rule_sets.iter().position(|other| other.name == rules.name).ok_or("it is not there")?;
    Ok((index, rules))
}

/// One to four changes. A rule is changed once, and nothing is put before one that is gone.
fn changes(rules: &RuleSetExport, family: Family, random: &mut Random) -> Vec<Change> {
    let written = |id: &RuleId| rules.entry(*id).is_some_and(|entry| !entry.implied);
    let mut ids: Vec<RuleId> = rules.rules.rules().map(|rule| rule.id).filter(written).collect();
    let mut changes = Vec::new();
    for _ in 0..1 + random.below(4) {
        let new = rule(family, Hook::Forward, random);
        if ids.is_empty() || random.chance(15) {
            changes.push(Change::Insert { before: None, rule: new });
            continue;
        }
        let at = random.below(ids.len());
        changes.push(match random.below(3) {
            0 => Change::Insert { before: Some(ids[at]), rule: new },
            1 => Change::Remove { rule: ids.swap_remove(at) },
            _ => {
                let with = if random.chance(50) {
                    vec![new]
                } else {
                    vec![rule(family, Hook::Forward, random), new]
                };
                Change::Replace { rule: ids.swap_remove(at), with }
            }
        });
    }
    changes
}

fn agree(rules: &RuleSet, probe: &Probe, fate: Fate, by: &str) -> Result<(), String> {
    let (decision, _) = decide(rules, probe)?;
    let expected = if fate == Fate::Stopped { Decision::Deny } else { Decision::Permit };
    if decision == expected {
        Ok(())
    } else {
        Err(format!("{probe} ends as {fate:?}, and by {by} it is {decision:?}"))
    }
}

/// Compares two rule sets as iptables-save prints them, but for times and counters.
fn same(difference: &str, one: &str, other: &str) -> Result<(), String> {
    let rules = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split(" [").next().unwrap_or_default().to_owned()).collect()
    };
    let (mut one, mut other) = (rules(one), rules(other));
    if one == other {
        return Ok(());
    }
    for lines in [&mut one, &mut other] {
        lines.retain(|line| line.starts_with('-'));
    }
    Err(format!("{difference}:\n{}\n\n{}", one.join("\n"), other.join("\n")))
}
