use std::sync::OnceLock;

use crate::Region;
use crate::cells::Cells;
use crate::index::{Index, SHORTEST};

/// Ordered rules with a default: what an ACL, a chain, a security group or a rule base becomes.
///
/// A packet goes through the stages in order and must be permitted by each; within one it walks the rules of the
/// stage's chain, first match decides. With no stage at all everything is permitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    pub chains: Vec<Chain>,
    pub stages: Vec<Stage>,
}

/// Rules in order. Reachable as a stage or by a jump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Not to be changed once the chain has been asked about: an index over them is kept from the first question on.
    pub rules: Vec<Rule>,
    index: Cached,
}

/// What is known of a chain, made when it is first needed. It says nothing that the rules do not: all are equal, and a copy
/// makes its own.
#[derive(Default)]
struct Cached {
    index: OnceLock<Index>,
    cells: OnceLock<Cells>,
    places: OnceLock<Vec<(RuleId, usize)>>,
    leads_to: OnceLock<Vec<usize>>,
}

impl Clone for Cached {
    fn clone(&self) -> Self {
        Cached::default()
    }
}

impl PartialEq for Cached {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Cached {}

impl std::fmt::Debug for Cached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

impl From<Vec<Rule>> for Chain {
    fn from(rules: Vec<Rule>) -> Self {
        Chain { rules, index: Cached::default() }
    }
}

impl Chain {
    /// Where in the chain the rule is.
    pub(crate) fn place(&self, id: RuleId) -> Option<usize> {
        // The numbers of a chain's rules mostly follow each other.
        let guess = id.0.wrapping_sub(self.rules.first()?.id.0) as usize;
        if self.rules.get(guess).is_some_and(|rule| rule.id == id) {
            return Some(guess);
        }
        if self.rules.len() < SHORTEST {
            return self.rules.iter().position(|rule| rule.id == id);
        }
        let places = self.index.places.get_or_init(|| {
            let mut places: Vec<(RuleId, usize)> = self.rules.iter().map(|rule| rule.id).zip(0..).collect();
            places.sort_unstable();
            places
        });
        let at = places.binary_search_by_key(&id, |(known, _)| *known).ok()?;
        places.get(at).map(|(_, place)| *place)
    }

    /// The chains to which its rules lead.
    fn leads_to(&self) -> &[usize] {
        self.index.leads_to.get_or_init(|| {
            let to = self.rules.iter().filter_map(|rule| match rule.action {
                Action::Jump(to) | Action::Goto(to) => Some(to),
                _ => None,
            });
            let mut to: Vec<usize> = to.collect();
            to.sort_unstable();
            to.dedup();
            to
        })
    }

    pub(crate) fn cells(&self) -> &Cells {
        self.index.cells.get_or_init(|| Cells::new(&self.rules))
    }

    /// The places of the rules that can touch any of `parts`, ascending; `None` where all have to be looked at.
    pub(crate) fn candidates<'r>(&self, parts: impl Iterator<Item = &'r Region>) -> Option<Vec<u32>> {
        if self.rules.len() < SHORTEST {
            return None;
        }
        let index = self.index.index.get_or_init(|| Index::new(&self.rules));
        if index.length() == self.rules.len() { index.candidates(parts) } else { None }
    }
}

/// One chain that a packet must pass, and what becomes of a packet that no rule of it decides.
///
/// A default other than permit and deny counts as not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    pub chain: usize,
    pub default: Action,
}

/// One entry: what it matches (a union) and what it does then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: RuleId,
    pub matches: Vec<Region>,
    pub action: Action,
}

/// The caller's number for a rule: unique within a rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Passes the stage.
    Permit,
    /// Ends here.
    Deny,
    /// Decided, and how is not known.
    Unknown,
    /// No verdict; the next rule is asked (a log, a counter).
    Continue,
    /// Back to after the jump; in a stage's own chain, the default.
    Return,
    /// On to a chain, and back when that chain decides nothing.
    Jump(usize),
    /// On to a chain, and not back: after it, as if this chain had ended.
    Goto(usize),
}

impl Action {
    /// Whether a packet that matches is decided.
    pub fn is_terminal(self) -> bool {
        matches!(self, Action::Permit | Action::Deny | Action::Unknown)
    }
}

/// A rule set that no packet could walk to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StructureError {
    /// A jump, a goto or a stage names a chain that is not there.
    NoSuchChain { rule: Option<RuleId> },
    /// The rules by which chains lead back into themselves.
    Cycle { rules: Vec<RuleId> },
}

impl RuleSet {
    /// One flat list of rules.
    pub fn flat(rules: Vec<Rule>, default: Action) -> Self {
        RuleSet { chains: vec![rules.into()], stages: vec![Stage { chain: 0, default }] }
    }

    /// All rules, chain by chain.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.chains.iter().flat_map(|chain| chain.rules.iter())
    }

    pub fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.chains.iter().find_map(|chain| chain.rules.get(chain.place(id)?))
    }

    /// For each chain, whether it holds `rule` or jumps lead from it to one that does.
    pub(crate) fn leading_to(&self, rule: RuleId) -> Vec<bool> {
        let mut callers: Vec<Vec<usize>> = vec![Vec::new(); self.chains.len()];
        let mut open = Vec::new();
        for (index, chain) in self.chains.iter().enumerate() {
            if chain.place(rule).is_some() {
                open.push(index);
            }
            for to in chain.leads_to() {
                if let Some(callers) = callers.get_mut(*to) {
                    callers.push(index);
                }
            }
        }
        let mut leading = vec![false; self.chains.len()];
        while let Some(chain) = open.pop() {
            if !std::mem::replace(&mut leading[chain], true) {
                open.extend(&callers[chain]);
            }
        }
        leading
    }

    /// Checks that jumps lead somewhere and never in a circle. [`decide`](crate::decide) demands it.
    pub fn check(&self) -> Result<(), StructureError> {
        for stage in &self.stages {
            if stage.chain >= self.chains.len() {
                return Err(StructureError::NoSuchChain { rule: None });
            }
        }
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let mut states = vec![State::New; self.chains.len()];
        for root in 0..self.chains.len() {
            // An explicit stack: a chain of ten thousand jumps must not end the program.
            let mut stack: Vec<(usize, usize, Option<RuleId>)> = vec![(root, 0, None)];
            while let Some((chain, at, by)) = stack.pop() {
                if at == 0 {
                    match states.get(chain) {
                        Some(State::Done) => continue,
                        Some(State::New) => {}
                        Some(State::Open) => {
                            // What led into the circle from outside is no part of it.
                            let inside = stack.iter().skip_while(|(open, ..)| *open != chain).skip(1);
                            let rules = inside.filter_map(|(_, _, by)| *by).chain(by).collect();
                            return Err(StructureError::Cycle { rules });
                        }
                        None => return Err(StructureError::NoSuchChain { rule: by }),
                    }
                    states[chain] = State::Open;
                }
                let rest = self.chains[chain].rules.iter().enumerate().skip(at);
                let jump = rest.into_iter().find_map(|(at, rule)| match rule.action {
                    Action::Jump(to) | Action::Goto(to) => Some((at, to, rule.id)),
                    _ => None,
                });
                match jump {
                    Some((at, to, id)) => {
                        stack.push((chain, at + 1, by));
                        stack.push((to, 0, Some(id)));
                    }
                    None => states[chain] = State::Done,
                }
            }
        }
        Ok(())
    }
}
