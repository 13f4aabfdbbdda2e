use std::collections::HashSet;

use diagnostics::TextRange;

use super::config::Config;
use super::tree::{NodeId, Tree};
use super::values::Wrong;
use crate::{Problem, UndefinedEntry};

/// What is found out about a whole file while its rule sets are made.
#[derive(Default)]
pub struct Findings {
    pub problems: Vec<Problem>,
    pub undefined: Vec<UndefinedEntry>,
    undefined_at: HashSet<NodeId>,
    /// For each definition, how often anything refers to it.
    pub uses: Vec<u32>,
    counted: HashSet<(NodeId, usize)>,
    /// Whether a node is read more than once: rules of `shared` are, in each device group.
    shared: bool,
}

impl Findings {
    /// `shared`: some rules are read for more than one rule set.
    pub fn of(config: &Config, shared: bool) -> Self {
        Findings { shared, uses: vec![0; config.definitions.len()], ..Findings::default() }
    }

    pub fn problem(&mut self, place: TextRange, wrong: Wrong) {
        self.problems.push(Problem { place, message: wrong.message, help: wrong.help });
    }

    pub fn used(&mut self, by: NodeId, definition: usize) {
        if self.shared && !self.counted.insert((by, definition)) {
            return;
        }
        if let Some(uses) = self.uses.get_mut(definition) {
            *uses = uses.saturating_add(1);
        }
    }

    pub fn undefined_name(&mut self, tree: &Tree<'_>, kind: &'static str, node: NodeId) {
        if self.undefined_at.insert(node) {
            let name = tree.word(node).to_owned();
            self.undefined.push(UndefinedEntry { kind, name, place: tree.name(node) });
        }
    }
}
