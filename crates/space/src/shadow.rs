use std::collections::BTreeSet;

use crate::decide::probe_reaches;
use crate::flow_set::distinct;
use crate::list::{List, Told};
use crate::relation::outcome_of;
use crate::walk::Walk;
use crate::{Action, Decider, Effort, Exhausted, Piece, Region, Rule, RuleId, RuleSet};

/// A rule that never decides anything, and the rules that leave nothing to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    pub rule: RuleId,
    /// Rules that take everything before it gets to the rule, none of which can be left out; where `contradicted`,
    /// one that acts otherwise is among them if there is one. Where no such rules are enough (no jump leads to the chain,
    /// or one sends packets past it), whatever decides them instead.
    pub by: Vec<Decider>,
    /// Whether some of what the rule matches is treated otherwise than the rule would.
    pub contradicted: bool,
}

/// Whether no packet comes as far as `rule` and matches it. `None` where one does, or where the rule matches
/// nothing at all in this space (a rule for replies, in a stateful rule set).
pub fn shadowed(rule: &Rule, rules: &RuleSet, effort: &Effort) -> Result<Option<Shadow>, Exhausted> {
    if let Some(list) = List::of(rule, rules, effort)
        && let Told::Known(shadow) = list.shadow()?
    {
        return Ok(shadow);
    }
    walked(rule, rules, effort)
}

/// The same for every rule set: what the packets of the rule meet on their way.
pub(crate) fn walked(rule: &Rule, rules: &RuleSet, effort: &Effort) -> Result<Option<Shadow>, Exhausted> {
    if rule.matches.iter().flat_map(Region::families).all(|region| region.is_empty()) {
        return Ok(None);
    }
    if probe_reaches(&rule.matches, rules, rule.id, effort)?.is_some() {
        return Ok(None);
    }
    let leading = rules.leading_to(rule.id);
    let leads = |chain: usize| leading.get(chain) == Some(&true);
    let stages: Vec<usize> = rules
        .stages
        .iter()
        .enumerate()
        .filter(|(_, stage)| leads(stage.chain))
        .map(|(index, _)| index)
        .collect();
    // What later stages do with the packets is not the rule's affair.
    let end = stages.last().map_or(rules.stages.len(), |last| last + 1);
    let walk = Walk::new(rules, effort).stages(0..end).watching(rule.id).until_reached().noting_takers();
    let trail = walk.run(&rule.matches)?;
    if !trail.reached.is_empty() {
        return Ok(None);
    }
    let mine = outcome_of(rule.action);
    let contradicted = mine.is_some_and(|mine| trail.pieces.iter().any(|piece| piece.outcome != mine));
    let mut takers: Vec<(f64, RuleId)> = trail.takers.iter().map(|(id, size)| (*size, *id)).collect();
    // Small shares are tried first, so that what remains is few and large.
    takers.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let by = match stages.as_slice() {
        [stage] => {
            let holder = rules.chains.iter().find(|chain| chain.place(rule.id).is_some());
            let own = holder.iter().flat_map(|chain| &chain.rules).map(|other| other.id).collect();
            let cover = Cover { rule, rules, stage: *stage, leading: &leading, own, contradicted, effort };
            cover.minimal(takers.into_iter().map(|(_, id)| id).collect())?
        }
        _ => Vec::new(),
    };
    let by =
        if by.is_empty() { deciders(&trail.pieces) } else { by.into_iter().map(Decider::Rule).collect() };
    Ok(Some(Shadow { rule: rule.id, by, contradicted }))
}

fn deciders(pieces: &[Piece]) -> Vec<Decider> {
    distinct(pieces.iter().map(|piece| piece.decider).collect())
}

/// The search for a set of rules that alone leave nothing to `rule`.
struct Cover<'a, 'b> {
    rule: &'a Rule,
    rules: &'a RuleSet,
    /// The only stage that leads to the rule.
    stage: usize,
    /// The chains from which jumps lead to it.
    leading: &'a [bool],
    /// The rules of its own chain.
    own: BTreeSet<RuleId>,
    contradicted: bool,
    effort: &'a Effort<'b>,
}

impl Cover<'_, '_> {
    /// Of `takers`, in the order in which they are to be left out, a set of which none can be; empty where even
    /// without all of them nothing gets to the rule.
    fn minimal(&self, takers: Vec<RuleId>) -> Result<Vec<RuleId>, Exhausted> {
        let takers: Vec<&Rule> = takers.into_iter().filter_map(|id| self.rules.rule(id)).collect();
        let mut kept: Vec<&Rule> = takers.into_iter().filter(|taker| self.removable(taker)).collect();
        if self.suffices(&[])? {
            return Ok(Vec::new());
        }
        let needs_other = self.contradicted && kept.iter().any(|taker| self.acts_otherwise(taker));
        let explains = |some: &[&Rule]| !needs_other || some.iter().any(|taker| self.acts_otherwise(taker));
        // Most shadows have one cause.
        for taker in kept.iter().rev() {
            let whole =
                self.rule.matches.iter().all(|mine| taker.matches.iter().any(|all| mine.is_subset_of(all)));
            if whole && explains(&[*taker]) && self.suffices(&[*taker])? {
                return Ok(vec![taker.id]);
            }
        }
        let mut at = 0;
        while at < kept.len() {
            let taker = kept.remove(at);
            if !explains(&kept) || !self.suffices(&kept)? {
                kept.insert(at, taker);
                at += 1;
            }
        }
        let mut ids: Vec<RuleId> = kept.into_iter().map(|taker| taker.id).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    fn acts_otherwise(&self, taker: &Rule) -> bool {
        outcome_of(taker.action).is_some_and(|theirs| outcome_of(self.rule.action) != Some(theirs))
    }

    /// Whether the fewer such rules there are, the more gets to the rule.
    ///
    /// A return or a goto in another chain can also lead past the rules after it, and so to this one.
    fn removable(&self, taker: &Rule) -> bool {
        match taker.action {
            Action::Return => self.own.contains(&taker.id),
            Action::Goto(to) => self.own.contains(&taker.id) && self.leading.get(to) != Some(&true),
            Action::Jump(_) | Action::Continue => false,
            Action::Permit | Action::Deny | Action::Unknown => true,
        }
    }

    /// Whether nothing gets to the rule although, of all that could take packets away before it, only `kept` is there.
    fn suffices(&self, kept: &[&Rule]) -> Result<bool, Exhausted> {
        let kept: BTreeSet<RuleId> = kept.iter().map(|taker| taker.id).collect();
        let skip = |stage: usize, other: &Rule| {
            if other.id == self.rule.id || kept.contains(&other.id) {
                return false;
            }
            // In an earlier stage, to be permitted is what it takes to come here.
            let on_the_way = stage != self.stage && !matches!(other.action, Action::Deny | Action::Unknown);
            !on_the_way && self.removable(other)
        };
        let walk = Walk::new(self.rules, self.effort).stages(0..self.stage + 1).skipping(&skip);
        let trail = walk.watching(self.rule.id).until_reached().run(&self.rule.matches)?;
        Ok(trail.reached.is_empty())
    }
}
