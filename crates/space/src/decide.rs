use crate::probe::PROBES;
use crate::walk::Walk;
use crate::{Effort, Exhausted, Region, RuleId, RuleSet};

/// Cuts `question` into pieces, each decided by one rule (or a default) of `rules`: the operation that every other
/// question is made of.
///
/// The pieces are disjoint if the regions of `question` are, and their union is all packets of `question`; none is empty,
/// and each is of one family: between IPv4 and IPv6 there are no packets.
/// `rules` must have passed [`RuleSet::check`].
pub fn decide(question: &[Region], rules: &RuleSet, effort: &Effort) -> Result<Vec<Piece>, Exhausted> {
    Ok(Walk::new(rules, effort).run(question)?.pieces)
}

/// The same, as if the rule `without` were not there.
pub fn decide_without(
    question: &[Region],
    rules: &RuleSet,
    without: RuleId,
    effort: &Effort,
) -> Result<Vec<Piece>, Exhausted> {
    Ok(Walk::new(rules, effort).skipping(&|_, rule| rule.id == without).run(question)?.pieces)
}

/// Some part of `question` that comes as far as the rule `watch` and matches it; `None` where nothing does.
pub fn reaches(
    question: &[Region],
    rules: &RuleSet,
    watch: RuleId,
    effort: &Effort,
) -> Result<Option<Region>, Exhausted> {
    let trail = Walk::new(rules, effort).watching(watch).until_reached().run(question)?;
    Ok(trail.reached.into_iter().next().map(|(_, region)| region))
}

/// A single packet of `question` that comes as far as `watch`, where one of a few does. Most rules are reached,
/// and then this is all the work; a rule that takes what thousands before it leave is not taken apart for it.
pub(crate) fn probe_reaches(
    question: &[Region],
    rules: &RuleSet,
    watch: RuleId,
    effort: &Effort,
) -> Result<Option<Region>, Exhausted> {
    for number in 0..PROBES {
        let Some(region) = question.get(number % question.len().max(1)) else { break };
        let Some(probe) = region.probe(number) else { continue };
        let trail = Walk::new(rules, effort).watching(watch).until_reached().run(&[probe])?;
        if let Some((_, region)) = trail.reached.into_iter().next() {
            return Ok(Some(region));
        }
    }
    Ok(None)
}

/// A part of the question, what becomes of it, and who decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub region: Region,
    pub outcome: Outcome,
    pub decider: Decider,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    Permit,
    Deny,
    /// The deciding rule does something that is not known.
    Unknown,
}

/// What decided a piece. Where several stages permit, the last one in which a rule did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decider {
    Rule(RuleId),
    /// The default of the stage with this index.
    Default(usize),
}
