use crate::{Action, Chain, Decider, Outcome, Rule, RuleId, RuleSet, Stage};

use super::universe::{Block, Point};

/// A rule set of the universe. The id of a rule counts from 0, chain by chain.
#[derive(Clone, Debug)]
pub struct Rules {
    pub chains: Vec<Vec<Entry>>,
    pub stages: Vec<(usize, Action)>,
    /// So many rules that match nothing at the end of each chain: long chains are looked up in an index.
    pub padding: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub matches: Vec<Block>,
    pub action: Action,
}

impl Entry {
    pub fn contains(&self, point: &Point) -> bool {
        self.matches.iter().any(|block| block.contains(point))
    }
}

/// What became of a packet.
pub struct Fate {
    pub outcome: Outcome,
    pub decider: Decider,
    /// The rules that it came to and that match it, with the stage.
    pub visited: Vec<(usize, RuleId)>,
}

/// How a chain ended for a packet.
enum End {
    Decided(Outcome, RuleId),
    Fell,
}

impl Rules {
    pub fn id(&self, chain: usize, at: usize) -> RuleId {
        let before: usize = self.chains.iter().take(chain).map(Vec::len).sum();
        RuleId(u32::try_from(before + at).unwrap())
    }

    pub fn entry(&self, id: RuleId) -> &Entry {
        self.chains.iter().flatten().nth(id.0 as usize).unwrap()
    }

    pub fn ids(&self) -> impl Iterator<Item = RuleId> + use<> {
        let count: usize = self.chains.iter().map(Vec::len).sum();
        (0..u32::try_from(count).unwrap()).map(RuleId)
    }

    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.chains.iter().flatten().flat_map(|entry| &entry.matches)
    }

    /// The same for the engine.
    pub fn rule_set(&self) -> RuleSet {
        let chain = |(chain, entries): (usize, &Vec<Entry>)| {
            let rules = entries.iter().enumerate().map(|(at, entry)| Rule {
                id: self.id(chain, at),
                matches: entry.matches.iter().filter_map(Block::region).collect(),
                action: entry.action,
            });
            let idle =
                |number| Rule { id: RuleId(u32::MAX - number), matches: Vec::new(), action: Action::Permit };
            Chain::from(rules.chain((0..self.padding).map(idle)).collect::<Vec<_>>())
        };
        RuleSet {
            chains: self.chains.iter().enumerate().map(chain).collect(),
            stages: self
                .stages
                .iter()
                .map(|(chain, default)| Stage { chain: *chain, default: *default })
                .collect(),
        }
    }

    /// What becomes of a packet.
    pub fn fate(&self, point: &Point) -> Fate {
        self.fate_within(point, 0..self.stages.len(), &|_, _| false)
    }

    pub fn fate_without(&self, point: &Point, rule: RuleId) -> Fate {
        self.fate_within(point, 0..self.stages.len(), &|_, other| other == rule)
    }

    /// The same in some of the stages, and as if some rules were not there.
    pub fn fate_within(
        &self,
        point: &Point,
        stages: std::ops::Range<usize>,
        skip: &dyn Fn(usize, RuleId) -> bool,
    ) -> Fate {
        let mut visited = Vec::new();
        let mut permitted_by = Decider::Default(stages.end.saturating_sub(1));
        for stage in stages {
            let (chain, default) = self.stages[stage];
            let (outcome, decider) = match self.chain(point, stage, chain, skip, &mut visited) {
                End::Decided(outcome, rule) => (outcome, Decider::Rule(rule)),
                End::Fell => match default {
                    Action::Permit => continue,
                    Action::Deny => (Outcome::Deny, Decider::Default(stage)),
                    _ => (Outcome::Unknown, Decider::Default(stage)),
                },
            };
            if outcome != Outcome::Permit {
                return Fate { outcome, decider, visited };
            }
            permitted_by = decider;
        }
        Fate { outcome: Outcome::Permit, decider: permitted_by, visited }
    }

    fn chain(
        &self,
        point: &Point,
        stage: usize,
        chain: usize,
        skip: &dyn Fn(usize, RuleId) -> bool,
        visited: &mut Vec<(usize, RuleId)>,
    ) -> End {
        for (at, entry) in self.chains[chain].iter().enumerate() {
            let id = self.id(chain, at);
            if skip(stage, id) || !entry.contains(point) {
                continue;
            }
            visited.push((stage, id));
            match entry.action {
                Action::Permit => return End::Decided(Outcome::Permit, id),
                Action::Deny => return End::Decided(Outcome::Deny, id),
                Action::Unknown => return End::Decided(Outcome::Unknown, id),
                Action::Continue => {}
                Action::Return => return End::Fell,
                Action::Jump(to) => {
                    if let End::Decided(outcome, rule) = self.chain(point, stage, to, skip, visited) {
                        return End::Decided(outcome, rule);
                    }
                }
                Action::Goto(to) => return self.chain(point, stage, to, skip, visited),
            }
        }
        End::Fell
    }
}
