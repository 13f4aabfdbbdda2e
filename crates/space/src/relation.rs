use std::collections::BTreeSet;

use crate::flow_set::distinct;
use crate::list::{List, Told};
use crate::walk::Walk;
use crate::{
    Action, Decider, Effort, Exhausted, FlowSet, Outcome, Region, Rule, RuleId, RuleSet, decide,
    decide_without,
};

/// Two rules that overlap, act otherwise, and of which neither holds the other: order decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub first: RuleId,
    pub second: RuleId,
    /// Some of what the first takes from the second.
    pub region: Region,
}

/// The outcome of a rule's action, where it decides.
pub(crate) fn outcome_of(action: Action) -> Option<Outcome> {
    match action {
        Action::Permit => Some(Outcome::Permit),
        Action::Deny => Some(Outcome::Deny),
        Action::Unknown => Some(Outcome::Unknown),
        _ => None,
    }
}

/// Whether removing `rule` changes nothing, although something comes as far as it. Returns who would decide then.
pub fn redundant(rule: &Rule, rules: &RuleSet, effort: &Effort) -> Result<Option<Vec<Decider>>, Exhausted> {
    if rule.action == Action::Continue {
        return Ok(None);
    }
    if let Some(list) = List::of(rule, rules, effort)
        && let Told::Known(heirs) = list.redundant()?
    {
        return Ok(heirs);
    }
    walked(rule, rules, effort)
}

/// The same for every rule set: what the packets that come to the rule meet without it.
pub(crate) fn walked(
    rule: &Rule,
    rules: &RuleSet,
    effort: &Effort,
) -> Result<Option<Vec<Decider>>, Exhausted> {
    // Only what comes to the rule can miss it.
    let reached = Walk::new(rules, effort).watching(rule.id).run(&rule.matches)?.reached;
    if reached.is_empty() {
        return Ok(None);
    }
    let mut heirs = Vec::new();
    for (_, region) in reached {
        for before in decide(std::slice::from_ref(&region), rules, effort)? {
            for after in decide_without(std::slice::from_ref(&before.region), rules, rule.id, effort)? {
                if after.outcome != before.outcome {
                    return Ok(None);
                }
                heirs.push(after.decider);
            }
        }
    }
    Ok(Some(distinct(heirs)))
}

/// Whether some rule that could come after `rule` overlaps it and acts otherwise. Cheap, and often the whole answer: the
/// last rule of a list takes what thousands leave, and nothing comes after it.
fn may_conflict(rule: &Rule, rules: &RuleSet) -> bool {
    rules.chains.iter().any(|chain| {
        let own = chain.rules.iter().position(|other| other.id == rule.id);
        chain.rules.iter().skip(own.map_or(0, |at| at + 1)).any(|other| {
            other.action.is_terminal()
                && other.action != rule.action
                && other.matches.iter().any(|theirs| rule.matches.iter().any(|mine| mine.overlaps(theirs)))
        })
    })
}

/// The rules that `rule` takes packets from which they would have treated otherwise, where neither of the two
/// matches all that the other does. Both are of one stage: between stages no order decides.
pub fn conflicts(rule: &Rule, rules: &RuleSet, effort: &Effort) -> Result<Vec<Conflict>, Exhausted> {
    let may_conflict = match List::of(rule, rules, effort) {
        _ if outcome_of(rule.action).is_none() => false,
        Some(list) => list.may_conflict()?,
        None => may_conflict(rule, rules),
    };
    if may_conflict { walked_conflicts(rule, rules, effort) } else { Ok(Vec::new()) }
}

/// The same, whatever may be known beforehand.
pub(crate) fn walked_conflicts(
    rule: &Rule,
    rules: &RuleSet,
    effort: &Effort,
) -> Result<Vec<Conflict>, Exhausted> {
    let Some(mine) = outcome_of(rule.action) else { return Ok(Vec::new()) };
    let mut found: Vec<Conflict> = Vec::new();
    let mut seen: BTreeSet<RuleId> = BTreeSet::new();
    // Packets only: what would go from one family to the other tells no rules apart.
    let packets = |rule: &Rule| rule.matches.iter().flat_map(Region::families).collect::<FlowSet>();
    let whole = packets(rule);
    for (stage, region) in Walk::new(rules, effort).watching(rule.id).run(&rule.matches)?.reached {
        let skip = |_, other: &Rule| other.id == rule.id;
        let walk = Walk::new(rules, effort).stages(stage..stage + 1).skipping(&skip);
        for after in walk.run(std::slice::from_ref(&region))?.pieces {
            let Decider::Rule(second) = after.decider else { continue };
            if after.outcome == mine || !seen.insert(second) {
                continue;
            }
            let Some(other) = rules.rule(second) else { continue };
            let theirs = packets(other);
            if !whole.is_subset_of(&theirs, effort)? && !theirs.is_subset_of(&whole, effort)? {
                found.push(Conflict { first: rule.id, second, region: after.region });
            }
        }
    }
    Ok(found)
}
