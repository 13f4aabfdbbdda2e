use std::borrow::Cow;

use super::tree::{Command, NodeId, ROOT, Shape, Tree};
use crate::{Coverage, Status};

/// What became of the nodes of a tree. A node without a mark shares the one of the node it is in.
pub struct Marks {
    of: Vec<u32>,
    known: Vec<(Status, Cow<'static, str>)>,
}

/// More keys than this no rule has.
const MOST_KEYS: usize = 64;

impl Marks {
    pub fn new(tree: &Tree<'_>) -> Self {
        Marks { of: vec![0; tree.len()], known: vec![(Status::Understood, Cow::Borrowed(""))] }
    }

    /// The worst that is said of a node stays.
    pub fn mark(&mut self, node: NodeId, status: Status, reason: impl Into<Cow<'static, str>>) {
        let known = self.known.len();
        let Some(at) = self.of.get_mut(node as usize) else { return };
        let before = at.checked_sub(1).and_then(|at| self.known.get(at as usize));
        if before.is_some_and(|(before, _)| *before >= status) {
            return;
        }
        if status == Status::Understood {
            *at = 1;
            return;
        }
        *at = u32::try_from(known).unwrap_or(u32::MAX - 1) + 1;
        self.known.push((status, reason.into()));
    }

    pub fn get(&self, node: NodeId) -> Option<&(Status, Cow<'static, str>)> {
        let at = self.of.get(node as usize).copied().and_then(|at| at.checked_sub(1))?;
        self.known.get(at as usize)
    }

    /// The mark of the node or of the nearest one around it.
    fn around(&self, tree: &Tree<'_>, node: NodeId) -> Option<&(Status, Cow<'static, str>)> {
        std::iter::successors(Some(node), |at| tree.parent(*at)).find_map(|at| self.get(at))
    }

    /// Every statement of the file: a line, or the outermost marked element.
    pub fn coverage(&self, tree: &Tree<'_>) -> Coverage {
        let mut coverage = Coverage::default();
        if tree.shape == Shape::Set {
            for line in &tree.lines {
                let (status, reason) = match line.command {
                    Command::Comment => continue,
                    Command::Set(node) => match self.around(tree, node) {
                        Some(own) => {
                            // Of a line that sets several keys of a rule, the worst that is said of them.
                            let keys = tree.children(node).take(MOST_KEYS).filter_map(|key| self.get(key));
                            let worst =
                                keys.fold(own, |worst, key| if key.0 > worst.0 { key } else { worst });
                            (worst.0, worst.1.clone())
                        }
                        None => {
                            (Status::Irrelevant, Cow::Borrowed("it sets nothing that the policy is made of"))
                        }
                    },
                    Command::Delete | Command::Move => (Status::Understood, Cow::Borrowed("")),
                    Command::Unknown(_) => {
                        (Status::NotUnderstood, Cow::Borrowed("what the command changes is not known"))
                    }
                    Command::Other => {
                        (Status::Irrelevant, Cow::Borrowed("a command of the terminal, which sets nothing"))
                    }
                };
                coverage.push(line.place, status, reason);
            }
            return coverage;
        }
        let mut next = tree.first(ROOT);
        while let Some(at) = next {
            let first = tree.first(at);
            match self.get(at) {
                Some((status, reason)) => coverage.push(tree.place(at), *status, reason.clone()),
                None if first.is_none() => coverage.push(tree.place(at), Status::Irrelevant, "empty"),
                None => {
                    next = first;
                    continue;
                }
            }
            next = tree.after(at, ROOT);
        }
        coverage
    }
}
