use std::collections::HashMap;

use crate::{Action, Chain, Decider, Effort, Exhausted, FlowSet, Outcome, Region, Rule, RuleSet, decide};

/// What two rule sets decide otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Permitted by the new one and not by the old one, or no longer surely denied; with both deciders.
    pub newly_permitted: Vec<Change>,
    /// Permitted by the old one and not by the new one, or surely denied only now.
    pub newly_denied: Vec<Change>,
}

/// A region with the deciders before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub region: Region,
    pub old: Decider,
    pub new: Decider,
}

impl Difference {
    pub fn is_empty(&self) -> bool {
        self.newly_permitted.is_empty() && self.newly_denied.is_empty()
    }

    pub fn permitted(&self, effort: &Effort) -> Result<FlowSet, Exhausted> {
        regions(&self.newly_permitted).canonical(effort)
    }

    pub fn denied(&self, effort: &Effort) -> Result<FlowSet, Exhausted> {
        regions(&self.newly_denied).canonical(effort)
    }
}

fn regions(changes: &[Change]) -> FlowSet {
    changes.iter().map(|change| change.region.clone()).collect()
}

/// What `new` decides otherwise than `old`, exactly.
///
/// Only where a rule is in one and not, at the same place, in the other can they differ: if the first match of a
/// packet on both sides is a rule that both have, order makes it the same rule. So only the unshared rules are asked
/// about, which makes the proof of a small edit small however long the lists are.
pub fn difference(old: &RuleSet, new: &RuleSet, effort: &Effort) -> Result<Difference, Exhausted> {
    let mut out = Difference::default();
    for question in suspects(old, new, effort)?.regions {
        for before in decide(std::slice::from_ref(&question), old, effort)? {
            for after in decide(std::slice::from_ref(&before.region), new, effort)? {
                let change = Change { region: after.region, old: before.decider, new: after.decider };
                match (before.outcome, after.outcome) {
                    (old, new) if old == new => {}
                    (_, Outcome::Permit) => out.newly_permitted.push(change),
                    (Outcome::Permit, _) => out.newly_denied.push(change),
                    // Between "denied" and "not known": the sure denial is what was lost or won.
                    (Outcome::Deny, _) => out.newly_permitted.push(change),
                    (_, Outcome::Deny) => out.newly_denied.push(change),
                    (Outcome::Unknown, Outcome::Unknown) => {}
                }
            }
        }
    }
    Ok(out)
}

/// Disjoint regions outside which the two decide alike.
fn suspects(old: &RuleSet, new: &RuleSet, effort: &Effort) -> Result<FlowSet, Exhausted> {
    let alike = old.chains.len() == new.chains.len()
        && old.stages.len() == new.stages.len()
        && old.stages.iter().zip(&new.stages).all(|(a, b)| a == b);
    if !alike {
        return Ok(FlowSet::any());
    }
    let mut disjoint = FlowSet::empty();
    for (old, new) in old.chains.iter().zip(&new.chains) {
        for rule in unshared(old, new) {
            let fresh: FlowSet = rule.matches.iter().cloned().collect();
            let fresh = disjoint_regions(&fresh, effort)?.subtract(&disjoint, effort)?;
            disjoint = disjoint.union(fresh);
        }
    }
    Ok(disjoint)
}

fn disjoint_regions(set: &FlowSet, effort: &Effort) -> Result<FlowSet, Exhausted> {
    let mut out = FlowSet::empty();
    for region in &set.regions {
        let fresh = FlowSet::from(region.clone()).subtract(&out, effort)?;
        out = out.union(fresh);
    }
    Ok(out)
}

/// The rules of both chains outside one common subsequence of equal rules.
///
/// Any common subsequence serves (a shorter one only makes more work): equal ends first, then equal rules paired in
/// order, as far as the pairs do not cross.
fn unshared<'a>(old: &'a Chain, new: &'a Chain) -> Vec<&'a Rule> {
    let same = |a: &Rule, b: &Rule| a.action == b.action && a.matches == b.matches;
    let (old, new) = (&old.rules, &new.rules);
    let head = old.iter().zip(new).take_while(|(a, b)| same(a, b)).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| same(a, b)).count();
    let (old, new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);

    let mut places: HashMap<(Action, &[Region]), Vec<usize>> = HashMap::new();
    for (at, rule) in new.iter().enumerate().rev() {
        places.entry((rule.action, &rule.matches)).or_default().push(at);
    }
    let mut twins: Vec<(usize, usize)> = Vec::new();
    for (at, rule) in old.iter().enumerate() {
        // The last in the list is the first in its chain.
        let twin = places.get_mut(&(rule.action, rule.matches.as_slice())).and_then(Vec::pop);
        twins.extend(twin.map(|other| (at, other)));
    }
    let kept = longest_increasing(&twins);
    let (mut old_kept, mut new_kept) = (vec![false; old.len()], vec![false; new.len()]);
    for (a, b) in kept {
        old_kept[a] = true;
        new_kept[b] = true;
    }
    let left = old.iter().zip(old_kept).filter(|(_, kept)| !kept).map(|(rule, _)| rule);
    let right = new.iter().zip(new_kept).filter(|(_, kept)| !kept).map(|(rule, _)| rule);
    left.chain(right).collect()
}

/// Of pairs sorted by their first number, the most whose second numbers ascend (patience sorting).
fn longest_increasing(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut piles: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; pairs.len()];
    for (at, (_, second)) in pairs.iter().enumerate() {
        let pile = piles.partition_point(|&top| pairs[top].1 < *second);
        previous[at] = pile.checked_sub(1).map(|below| piles[below]);
        match piles.get_mut(pile) {
            Some(top) => *top = at,
            None => piles.push(at),
        }
    }
    let mut out = Vec::new();
    let mut at = piles.last().copied();
    while let Some(index) = at {
        out.push(pairs[index]);
        at = previous[index];
    }
    out.reverse();
    out
}
