use crate::blame::Blame;
use crate::cells::{Among, Entry, Escape, Part, Relation, Role, Search};
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
    search: Search<'a, 'e>,
    parts: Vec<Part<'a>>,
}

/// An answer, or that there is none to be had this way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told<T> {
    Known(T),
    NotKnown,
}

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
        let search = Search::new(chain.cells(), &chain.rules, effort);
        let parts = search.parts(rule);
        Some(List { rule, place: u32::try_from(place).ok()?, rules: &chain.rules, default, search, parts })
    }

    /// Whether no packet comes as far as the rule and matches it; then, who takes them.
    pub fn shadow(&self) -> Result<Told<Option<Shadow>>, Exhausted> {
        if self.parts.is_empty() {
            return Ok(Told::Known(None));
        }
        match self.is_reached()? {
            Told::Known(true) => return Ok(Told::Known(None)),
            Told::NotKnown => return Ok(Told::NotKnown),
            Told::Known(false) => {}
        }
        let Some(blame) = Blame::of(self.place, &self.parts, &self.search)? else {
            return Ok(Told::NotKnown);
        };
        let mine = outcome_of(self.rule.action);
        let others = |entry: &Entry| mine.is_some_and(|mine| self.outcome(entry) != Some(mine));
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

    fn is_reached(&self) -> Result<Told<bool>, Exhausted> {
        let before = Among::before(self.place);
        for (number, part) in (0..PROBES).zip(self.parts.iter().cycle()) {
            let point = self.search.probe(part, number);
            let (mut taken, mut whole) = (false, false);
            self.search.at(part, &point, before, |hit| {
                taken = true;
                whole |= hit.sure && hit.cell.contains(&part.cell);
            })?;
            if !taken {
                return Ok(Told::Known(true));
            }
            if whole {
                break;
            }
        }
        self.escapes(before).map(|escape| match escape {
            Escape::Yes(_) => Told::Known(true),
            Escape::Perhaps => Told::NotKnown,
            Escape::No => Told::Known(false),
        })
    }

    /// Whether some packet of the rule is taken by none of the others.
    fn escapes(&self, among: Among<'_>) -> Result<Escape, Exhausted> {
        let mut found = Escape::No;
        for part in &self.parts {
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
        let mine = match self.rule.action {
            Action::Continue => return Ok(Told::Known(None)),
            Action::Jump(_) | Action::Goto(_) => return Ok(Told::NotKnown),
            Action::Return => self.default.0,
            action => outcome_of(action).unwrap_or(Outcome::Unknown),
        };
        match self.is_missed_at_a_probe(mine)? {
            Some(true) => return Ok(Told::Known(None)),
            Some(false) => {}
            None => match self.is_reached()? {
                Told::Known(true) => {}
                Told::Known(false) => return Ok(Told::Known(None)),
                Told::NotKnown => return Ok(Told::NotKnown),
            },
        }
        let mut perhaps = false;
        if self.default.0 != mine {
            match self.escapes(Among::all_without(self.place))? {
                Escape::Yes(_) => return Ok(Told::Known(None)),
                Escape::Perhaps => perhaps = true,
                Escape::No => {}
            }
        }
        let mut missed = false;
        self.inherit(
            |entry| entry.role == Role::Leads || self.outcome(entry) != Some(mine),
            |_, escape| {
                missed |= escape == Told::Known(true);
                perhaps |= escape == Told::NotKnown;
                !missed
            },
        )?;
        if missed || perhaps {
            return Ok(if missed { Told::Known(None) } else { Told::NotKnown });
        }
        self.heirs()
    }

    /// Whether a single packet of some comes to the rule and would be treated otherwise without it; `None` where none of them
    /// even comes to it.
    fn is_missed_at_a_probe(&self, mine: Outcome) -> Result<Option<bool>, Exhausted> {
        let mut reached = None;
        for (number, part) in (0..PROBES).zip(self.parts.iter().cycle()) {
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
                Some((place, ..)) if place < self.place && whole => break,
                Some((place, ..)) if place < self.place => continue,
                Some((_, true, Role::Takes(action))) => self.outcome_of(action),
                Some(_) => {
                    reached = Some(false);
                    continue;
                }
                None => self.default.0,
            };
            if then != mine {
                return Ok(Some(true));
            }
            reached = Some(false);
        }
        Ok(reached)
    }

    /// Who decides, without the rule, what comes to it.
    fn heirs(&self) -> Result<Told<Option<Vec<Decider>>>, Exhausted> {
        let mut heirs = Vec::new();
        match self.escapes(Among::all_without(self.place))? {
            Escape::Yes(_) => heirs.push(self.default.1),
            Escape::Perhaps => return Ok(Told::NotKnown),
            Escape::No => {}
        }
        let mut known = true;
        self.inherit(
            |_| true,
            |entry, escape| {
                match escape {
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
        for part in &self.parts {
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
    fn comes_to(&self, part: &Part<'_>, entry: &Entry) -> Result<Told<bool>, Exhausted> {
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
            Role::Takes(action) => {
                outcome_of(action).is_some_and(|theirs| mine != Some(theirs))
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

    fn outcome(&self, entry: &Entry) -> Option<Outcome> {
        match entry.role {
            Role::Takes(action) => Some(self.outcome_of(action)),
            Role::Leads => None,
        }
    }

    fn outcome_of(&self, action: Action) -> Outcome {
        outcome_of(action).unwrap_or(self.default.0)
    }

    /// Who decides what the rule at this place takes.
    fn decider(&self, place: u32) -> Option<Decider> {
        self.rules.get(place as usize).map(|rule| Decider::Rule(rule.id))
    }
}
