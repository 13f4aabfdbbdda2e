use std::collections::BTreeMap;
use std::ops::Range;

use crate::{Action, Decider, Effort, Exhausted, Outcome, Piece, Region, Rule, RuleId, RuleSet, Stage};

/// The way of packets through a rule set: stage by stage, rule by rule, each rule cutting what is left.
pub(crate) struct Walk<'a, 'b> {
    rules: &'a RuleSet,
    effort: &'a Effort<'b>,
    stages: Range<usize>,
    /// The rules that are as if not there, by stage.
    skip: &'a dyn Fn(usize, &Rule) -> bool,
    watch: Option<RuleId>,
    until_reached: bool,
    note_takers: bool,
    trail: Trail,
}

/// What a walk found.
#[derive(Default)]
pub(crate) struct Trail {
    pub pieces: Vec<Piece>,
    /// What came as far as the watched rule and matches it, with the stage in which it did.
    pub reached: Vec<(usize, Region)>,
    /// The rules that took packets out of their chain, with how many.
    pub takers: BTreeMap<RuleId, f64>,
}

/// A part on its way, and the rule that permitted it in the last stage where one did.
type Part = (Region, Option<RuleId>);

/// One chain being walked.
struct Frame {
    chain: usize,
    /// The next place, in `candidates` where there are some, in the chain where there are none.
    next: usize,
    /// The places of the rules that can touch what is here: what is here only shrinks.
    candidates: Option<Vec<u32>>,
    here: Vec<Part>,
    /// What goes on after the call: came back by RETURN, or fell out of a chain that was gone to.
    returned: Vec<Part>,
    call: Call,
}

/// How a chain came to be walked.
enum Call {
    Stage,
    /// By a jump: the parts as they were before it, and how many were decided by then.
    Jump {
        before: Vec<Part>,
        decided: (usize, usize),
    },
    Goto,
}

impl<'a, 'b> Walk<'a, 'b> {
    pub fn new(rules: &'a RuleSet, effort: &'a Effort<'b>) -> Self {
        Walk {
            rules,
            effort,
            stages: 0..rules.stages.len(),
            skip: &|_, _| false,
            watch: None,
            until_reached: false,
            note_takers: false,
            trail: Trail::default(),
        }
    }

    /// Only through these stages, as if there were no others.
    pub fn stages(self, stages: Range<usize>) -> Self {
        Walk { stages, ..self }
    }

    pub fn skipping(self, skip: &'a dyn Fn(usize, &Rule) -> bool) -> Self {
        Walk { skip, ..self }
    }

    /// Notes what reaches the rule `watch`.
    pub fn watching(self, watch: RuleId) -> Self {
        Walk { watch: Some(watch), ..self }
    }

    /// Ends as soon as something reaches the watched rule.
    pub fn until_reached(self) -> Self {
        Walk { until_reached: true, ..self }
    }

    pub fn noting_takers(self) -> Self {
        Walk { note_takers: true, ..self }
    }

    pub fn run(mut self, question: &[Region]) -> Result<Trail, Exhausted> {
        let asked = question.iter().flat_map(Region::families).filter(|region| !region.is_empty());
        let mut parts: Vec<Part> = asked.map(|region| (region, None)).collect();
        for index in self.stages.clone() {
            let Some(stage) = self.rules.stages.get(index) else { continue };
            parts = self.stage(index, stage, parts)?;
            if self.until_reached && !self.trail.reached.is_empty() {
                return Ok(self.trail);
            }
        }
        let last = Decider::Default(self.stages.end.saturating_sub(1));
        self.trail.pieces.extend(parts.into_iter().map(|(region, by)| Piece {
            region,
            outcome: Outcome::Permit,
            decider: by.map_or(last, Decider::Rule),
        }));
        Ok(self.trail)
    }

    /// Returns what the stage permits.
    fn stage(&mut self, index: usize, stage: &Stage, parts: Vec<Part>) -> Result<Vec<Part>, Exhausted> {
        let mut permitted = Vec::new();
        let undecided = self.chain(index, stage.chain, parts, &mut permitted)?;
        let outcome = match stage.default {
            Action::Permit => {
                permitted.extend(undecided);
                return Ok(permitted);
            }
            Action::Deny => Outcome::Deny,
            _ => Outcome::Unknown,
        };
        let decider = Decider::Default(index);
        self.trail.pieces.extend(undecided.into_iter().map(|(region, _)| Piece { region, outcome, decider }));
        Ok(permitted)
    }

    /// Walks a chain and all that it leads to, with a stack of its own; returns what no rule decided.
    fn chain(
        &mut self,
        stage: usize,
        chain: usize,
        parts: Vec<Part>,
        permitted: &mut Vec<Part>,
    ) -> Result<Vec<Part>, Exhausted> {
        let chains = &self.rules.chains;
        let new = |chain: usize, here: Vec<Part>, call| {
            let candidates =
                chains.get(chain).and_then(|chain| chain.candidates(here.iter().map(|(part, _)| part)));
            Frame { chain, next: 0, candidates, here, returned: Vec::new(), call }
        };
        let mut stack = vec![new(chain, parts, Call::Stage)];
        while let Some(frame) = stack.last_mut() {
            let rules = self.rules.chains.get(frame.chain).map_or(&[][..], |chain| &chain.rules);
            let mut called = None;
            while let Some(rule) = match &frame.candidates {
                Some(places) => places.get(frame.next).and_then(|place| rules.get(*place as usize)),
                None => rules.get(frame.next),
            } {
                if frame.here.is_empty() {
                    break;
                }
                frame.next += 1;
                let watched = self.watch == Some(rule.id);
                if rule.action == Action::Continue && !watched || (self.skip)(stage, rule) {
                    continue;
                }
                if !touches(&frame.here, &rule.matches, self.effort)? {
                    continue;
                }
                let before = match rule.action {
                    Action::Jump(_) | Action::Continue => frame.here.clone(),
                    _ => Vec::new(),
                };
                let (matched, rest) = split(std::mem::take(&mut frame.here), &rule.matches, self.effort)?;
                frame.here = rest;
                if watched {
                    self.trail.reached.extend(matched.iter().map(|(region, _)| (stage, region.clone())));
                    if self.until_reached {
                        return Ok(Vec::new());
                    }
                }
                if self.note_takers && !matches!(rule.action, Action::Jump(_) | Action::Continue) {
                    let size: f64 = matched.iter().map(|(region, _)| region.size()).sum();
                    *self.trail.takers.entry(rule.id).or_default() += size;
                }
                let decider = Decider::Rule(rule.id);
                let decided = |outcome| move |(region, _): Part| Piece { region, outcome, decider };
                match rule.action {
                    Action::Permit => {
                        permitted.extend(matched.into_iter().map(|(part, _)| (part, Some(rule.id))))
                    }
                    Action::Deny => self.trail.pieces.extend(matched.into_iter().map(decided(Outcome::Deny))),
                    Action::Unknown => {
                        self.trail.pieces.extend(matched.into_iter().map(decided(Outcome::Unknown)))
                    }
                    Action::Return => frame.returned.extend(matched),
                    Action::Continue => frame.here = before,
                    Action::Jump(to) => {
                        let decided = (self.trail.pieces.len(), permitted.len());
                        called = Some(new(to, matched, Call::Jump { before, decided }));
                        break;
                    }
                    Action::Goto(to) => {
                        called = Some(new(to, matched, Call::Goto));
                        break;
                    }
                }
            }
            if let Some(called) = called {
                stack.push(called);
                continue;
            }
            let Some(done) = stack.pop() else { break };
            let on = done.here.into_iter().chain(done.returned);
            match (stack.last_mut(), done.call) {
                (None, _) | (_, Call::Stage) => return Ok(on.collect()),
                (Some(caller), Call::Goto) => caller.returned.extend(on),
                // A chain that decided nothing (it only logs) leaves no cut behind: with many such jumps on conditions
                // that are not known, the pieces would double at each.
                (Some(caller), Call::Jump { before, decided })
                    if decided == (self.trail.pieces.len(), permitted.len()) =>
                {
                    caller.here = before;
                }
                (Some(caller), Call::Jump { .. }) => caller.here.extend(on),
            }
        }
        Ok(Vec::new())
    }
}

/// Whether any of `parts` overlaps any of `matches`.
fn touches(parts: &[Part], matches: &[Region], effort: &Effort) -> Result<bool, Exhausted> {
    effort.look(parts.len().saturating_mul(matches.len()))?;
    Ok(parts.iter().any(|(part, _)| matches.iter().any(|region| part.overlaps(region))))
}

/// What of `parts` lies inside `matches`, and what outside.
fn split(parts: Vec<Part>, matches: &[Region], effort: &Effort) -> Result<(Vec<Part>, Vec<Part>), Exhausted> {
    let (mut inside, mut outside) = (Vec::new(), Vec::with_capacity(parts.len()));
    let mut scratch: Vec<Region> = Vec::new();
    for (part, by) in parts {
        let mut left = vec![part];
        for region in matches {
            let mut next = Vec::with_capacity(left.len());
            for part in left {
                if !part.overlaps(region) {
                    next.push(part);
                    continue;
                }
                let within = part.split(region, &mut scratch);
                let weight = |region: &Region| region.weight();
                effort
                    .spend(scratch.iter().map(weight).sum::<usize>() + within.as_ref().map_or(0, weight))?;
                inside.extend(within.map(|part| (part, by)));
                next.append(&mut scratch);
            }
            left = next;
        }
        outside.extend(left.into_iter().map(|part| (part, by)));
    }
    Ok((inside, outside))
}
