use std::cell::OnceCell;

use crate::blame::Blame;
use crate::cells::{Among, Cells, Entry, Escape, Part, Relation, Role, Search};
use crate::flow_set::distinct;
use crate::relation::outcome_of;
use crate::{Action, Decider, Effort, Exhausted, Outcome, Rule, RuleSet, Shadow};

/// A rule in a chain that all packets enter and that alone decides them: most rules of most rule sets are of this kind.
///
/// What is asked of it is answered from an index over the chain. Where conditions, interfaces or other chains have a say
/// that cells do not show, the answer is [`Told::NotKnown`], and the walk has to be asked.
pub(crate) struct List<'a, 'e> {
    rule: &'a Rule,
    place: u32,
    rules: &'a [Rule],
    /// What happens to packets that no rule of the chain takes, and by whom.
    default: (Outcome, Decider),
    cells: &'a Cells,
    search: Search<'a, 'e>,
    parts: OnceCell<Vec<Part<'a>>>,
}

/// An answer, or that there is none to be had this way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told<T> {
    Known(T),
    NotKnown,
}

/// What single packets tell of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// None of them comes to it.
    Nothing,
    Reached,
    /// One comes to it, and would be treated otherwise without it.
    Missed,
}

/// The bit that says that some packet comes to the rule.
const REACHED: u8 = 1;

/// The bit that says that none does.
const TAKEN: u8 = 16;

/// So many single packets are tried before the whole of a question is.
const PROBES: usize = 6;

impl<'a, 'e> List<'a, 'e> {
    /// `None` where other stages or jumps decide whether packets come to the rule's chain, or what becomes of them after.
    pub fn of(rule: &'a Rule, rules: &'a RuleSet, effort: &'a Effort<'e>) -> Option<Self> {
        let transparent = |chain: usize| {
            rules
                .chains
                .get(chain)
                .is_some_and(|chain| chain.rules.iter().all(|rule| rule.action == Action::Continue))
        };
        let mut own = None;
        for (index, stage) in rules.stages.iter().enumerate() {
            let chain = rules.chains.get(stage.chain)?;
            match chain.place(rule.id) {
                Some(place) if own.is_none() => own = Some((index, stage, chain, place)),
                None if stage.default == Action::Permit && transparent(stage.chain) => {}
                _ => return None,
            }
        }
        let (index, stage, chain, place) = own?;
        let known = chain.rules.get(place)?;
        if !std::ptr::eq(rule, known) && rule != known {
            return None;
        }
        let default = match stage.default {
            Action::Permit => (Outcome::Permit, Decider::Default(rules.stages.len() - 1)),
            Action::Deny => (Outcome::Deny, Decider::Default(index)),
            _ => (Outcome::Unknown, Decider::Default(index)),
        };
        let (rules, cells) = (&chain.rules, chain.cells());
        let search = Search::new(cells, rules, effort);
        let (place, parts) = (u32::try_from(place).ok()?, OnceCell::new());
        Some(List { rule, place, rules, default, cells, search, parts })
    }

    fn parts(&self) -> &[Part<'a>] {
        self.parts.get_or_init(|| self.search.parts(self.rule))
    }

    /// Whether no packet comes as far as the rule and matches it; then, who takes them.
    pub fn shadow(&self) -> Result<Told<Option<Shadow>>, Exhausted> {
        if self.cells.found(self.place) & REACHED != 0 || self.parts().is_empty() {
            return Ok(Told::Known(None));
        }
        if self.probe(false)? != Seen::Nothing {
            return Ok(Told::Known(None));
        }
        match self.is_reached()? {
            Told::Known(true) => return Ok(Told::Known(None)),
            Told::NotKnown => return Ok(Told::NotKnown),
            Told::Known(false) => {}
        }
        let Some(blame) = Blame::of(self.place, self.parts(), &self.search)? else {
            return Ok(Told::NotKnown);
        };
        let mine = outcome_of(self.rule.action);
        let others = |entry: &Entry| mine.is_some_and(|mine| self.outcome(entry.role) != Some(mine));
        let contradicted = blame.any_taker(others)?;
        let acts_otherwise = |place: u32| {
            let theirs = self.rules.get(place as usize).and_then(|rule| outcome_of(rule.action));
            theirs.is_some_and(|theirs| mine != Some(theirs))
        };
        let by = blame.fewest(if contradicted { Some(&acts_otherwise) } else { None })?;
        let mut by: Vec<Decider> = by.into_iter().filter_map(|place| self.decider(place)).collect();
        by.sort_unstable();
        Ok(Told::Known(Some(Shadow { rule: self.rule.id, by, contradicted })))
    }

    /// What single packets tell; most rules need no more. Goes on after one that comes to the rule, if `until_missed`.
    fn probe(&self, until_missed: bool) -> Result<Seen, Exhausted> {
        let mine = self.own_outcome();
        let mut seen = Seen::Nothing;
        for (number, part) in (0..PROBES).zip(self.parts().iter().cycle()) {
            let point = self.search.probe(part, number);
            let mut first: Option<(u32, bool, Role)> = None;
            let mut whole = false;
            self.search.at(part, &point, Among::all_without(self.place), |hit| {
                // Of what one rule has there, the sure part counts.
                if first.is_none_or(|(place, sure, _)| hit.place < place || hit.place == place && !sure) {
                    first = Some((hit.place, hit.sure, hit.role));
                }
                whole |= hit.place < self.place && hit.sure && hit.cell.contains(&part.cell);
            })?;
            let then = match first {
                Some(_) if whole => break,
                Some((place, ..)) if place < self.place => continue,
                Some((_, sure, role)) => self.outcome(role).filter(|_| sure),
                None => Some(self.default.0),
            };
            self.cells.note(self.place, REACHED);
            seen = Seen::Reached;
            if mine.is_some() && then.is_some() && then != mine {
                self.cells.note(self.place, self.missed());
                return Ok(Seen::Missed);
            }
            if !until_missed {
                break;
            }
        }
        Ok(seen)
    }

    /// Whether some packet comes as far as the rule and matches it.
    fn is_reached(&self) -> Result<Told<bool>, Exhausted> {
        Ok(match self.escapes(Among::before(self.place))? {
            Escape::Yes(_) => {
                self.cells.note(self.place, REACHED);
                Told::Known(true)
            }
            Escape::Perhaps => Told::NotKnown,
            Escape::No => {
                self.cells.note(self.place, TAKEN);
                Told::Known(false)
            }
        })
    }

    /// Whether some packet of the rule is taken by none of the others.
    fn escapes(&self, among: Among<'_>) -> Result<Escape, Exhausted> {
        let mut found = Escape::No;
        for part in self.parts() {
            match self.search.escape(part, among)? {
                Escape::No => {}
                Escape::Perhaps => found = Escape::Perhaps,
                yes @ Escape::Yes(_) => return Ok(yes),
            }
        }
        Ok(found)
    }

    /// Whether removing the rule changes nothing, although something comes as far as it; then, who would decide.
    pub fn redundant(&self) -> Result<Told<Option<Vec<Decider>>>, Exhausted> {
        let Some(mine) = self.own_outcome() else {
            let notes = self.rule.action == Action::Continue;
            return Ok(if notes { Told::Known(None) } else { Told::NotKnown });
        };
        if self.cells.found(self.place) & (TAKEN | self.missed()) != 0 {
            return Ok(Told::Known(None));
        }
        match self.probe(true)? {
            Seen::Missed => return Ok(Told::Known(None)),
            Seen::Reached => {}
            Seen::Nothing => match self.is_reached()? {
                Told::Known(true) => {}
                Told::Known(false) => return Ok(Told::Known(None)),
                Told::NotKnown => return Ok(Told::NotKnown),
            },
        }
        let left = self.escapes(Among::all_without(self.place))?;
        if self.default.0 != mine && left.is_sure() {
            return Ok(Told::Known(None));
        }
        let mut perhaps = left == Escape::Perhaps;
        let mut missed = false;
        self.inherit(
            |entry| self.outcome(entry.role) != Some(mine),
            |_, escape| {
                missed |= escape == Told::Known(true);
                perhaps |= escape == Told::NotKnown;
                !missed
            },
        )?;
        if missed || perhaps {
            return Ok(if missed { Told::Known(None) } else { Told::NotKnown });
        }
        self.heirs(left)
    }

    /// Who decides, without the rule, what comes to it; `left` says whether the default has any of that.
    fn heirs(&self, left: Escape) -> Result<Told<Option<Vec<Decider>>>, Exhausted> {
        let mut heirs = Vec::new();
        if left.is_sure() {
            heirs.push(self.default.1);
        }
        let mut known = true;
        self.inherit(
            |_| true,
            |entry, escape| {
                match escape {
                    // What returns is left to the default.
                    Told::Known(true) if entry.role == Role::Returns => heirs.push(self.default.1),
                    Told::Known(true) => heirs.extend(self.decider(entry.place)),
                    Told::Known(false) => {}
                    Told::NotKnown => known = false,
                }
                known
            },
        )?;
        Ok(if known { Told::Known(Some(distinct(heirs))) } else { Told::NotKnown })
    }

    /// Shows `each` the later entries of interest that overlap the rule, and whether, without the rule, some of its packets
    /// would come to them, until it returns `false`.
    fn inherit(
        &self,
        of_interest: impl Fn(&Entry) -> bool,
        mut each: impl FnMut(&Entry, Told<bool>) -> bool,
    ) -> Result<(), Exhausted> {
        let mut failed = None;
        for part in self.parts() {
            let mut go_on = true;
            self.search.meeting(part, |entry| {
                if entry.place <= self.place || !of_interest(entry) {
                    return true;
                }
                match self.comes_to(part, entry) {
                    Ok(told) => go_on = each(entry, told),
                    Err(exhausted) => failed = Some(exhausted),
                }
                go_on && failed.is_none()
            })?;
            match failed {
                Some(exhausted) => return Err(exhausted),
                None if !go_on => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    /// Whether, without the rule, some packets of the part would come to the later entry and match it.
    fn comes_to(&self, part: &Part<'a>, entry: &Entry) -> Result<Told<bool>, Exhausted> {
        let Some(common) = self.search.common(part, entry) else { return Ok(Told::Known(false)) };
        let among = Among { before: entry.place, without: self.place, only: None };
        let sure = entry.role != Role::Leads && self.search.relation(part, entry) == Relation::Within;
        Ok(match self.search.escape(&common, among)? {
            Escape::No => Told::Known(false),
            Escape::Yes(_) if sure => Told::Known(true),
            _ => Told::NotKnown,
        })
    }

    /// Whether some later rule that acts otherwise may meet packets that this one takes, where neither of the two surely
    /// matches all that the other does.
    pub fn may_conflict(&self) -> Result<bool, Exhausted> {
        let mine = outcome_of(self.rule.action);
        let within = |some: &Rule, all: &Rule| {
            some.matches.iter().all(|region| all.matches.iter().any(|other| region.is_subset_of(other)))
        };
        let rival = |entry: &Entry| match entry.role {
            Role::Leads => true,
            Role::Returns => false,
            role => {
                self.outcome(role) != mine
                    && self
                        .rules
                        .get(entry.place as usize)
                        .is_some_and(|other| !within(self.rule, other) && !within(other, self.rule))
            }
        };
        let mut found = false;
        self.inherit(rival, |_, escape| {
            found |= escape != Told::Known(false);
            !found
        })?;
        Ok(found)
    }

    /// What becomes of packets that the rule takes; `None` where a chain says it, or nothing becomes of them here.
    fn own_outcome(&self) -> Option<Outcome> {
        match self.rule.action {
            Action::Return => Some(self.default.0),
            action => outcome_of(action),
        }
    }

    /// The bit that says that the rule is missed, which hangs on the default.
    fn missed(&self) -> u8 {
        match self.default.0 {
            Outcome::Permit => 2,
            Outcome::Deny => 4,
            Outcome::Unknown => 8,
        }
    }

    /// What becomes of packets to which a rule does this; `None` where a chain says it.
    fn outcome(&self, role: Role) -> Option<Outcome> {
        match role {
            Role::Permits => Some(Outcome::Permit),
            Role::Denies => Some(Outcome::Deny),
            Role::Obscure => Some(Outcome::Unknown),
            Role::Returns => Some(self.default.0),
            Role::Leads => None,
        }
    }

    /// Who decides what the rule at this place takes.
    fn decider(&self, place: u32) -> Option<Decider> {
        self.rules.get(place as usize).map(|rule| Decider::Rule(rule.id))
    }
}
