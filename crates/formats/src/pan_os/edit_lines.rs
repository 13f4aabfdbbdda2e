use std::collections::HashMap;

use diagnostics::{Edit, TextRange};

use super::config::{Kind, Position};
use super::edit::{Spot, TextEditor, flattened};
use super::emit::container;
use super::import::Import;
use super::lines;
use super::tree::{Command, NodeId};
use super::write::Entry;
use crate::Refusal;

/// Edits `set` text: whole lines come and go, and a rule stands where its first line does.
pub struct LineEditor<'i, 't> {
    import: &'i Import<'t>,
    scope: usize,
    /// The lines of each rule of the scope.
    lines_of: HashMap<NodeId, Vec<usize>>,
    newline: &'static str,
    edits: Vec<Edit>,
    /// Where the first change is: objects come before it.
    first: usize,
}

impl<'i, 't> LineEditor<'i, 't> {
    pub fn new(import: &'i Import<'t>, scope: usize) -> Self {
        let tree = &import.tree;
        let own = import.config.scopes.get(scope).map_or(&[][..], |scope| scope.rulebases.as_slice());
        let lists: Vec<NodeId> = own.iter().map(|rulebase| rulebase.rules).collect();
        let mut lines_of: HashMap<NodeId, Vec<usize>> = HashMap::new();
        for (at, line) in tree.lines.iter().enumerate() {
            let Command::Set(node) = line.command else { continue };
            let above = std::iter::successors(Some(node), |node| tree.parent(*node));
            let mut pairs = above.filter_map(|node| Some((node, tree.parent(node)?)));
            if let Some((rule, _)) = pairs.find(|(_, parent)| lists.contains(parent)) {
                lines_of.entry(rule).or_default().push(at);
            }
        }
        let newline = if tree.text.contains("\r\n") { "\r\n" } else { "\n" };
        LineEditor { import, scope, lines_of, newline, edits: Vec::new(), first: tree.text.len() }
    }

    fn whole(&self, line: usize) -> TextRange {
        let text = self.import.tree.text;
        let place = self.import.tree.lines.get(line).map_or(TextRange::new(0, 0), |line| line.place);
        let before = text.get(..place.start as usize).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = text.get(place.end as usize..).unwrap_or_default();
        let end = rest.find('\n').map_or(text.len(), |length| place.end as usize + length + 1);
        TextRange::new(start, end)
    }

    fn lines(&self, rule: NodeId) -> &[usize] {
        self.lines_of.get(&rule).map_or(&[], Vec::as_slice)
    }

    /// The words that lead to the rules, as the file writes them.
    fn path(&self, rule: NodeId) -> Vec<String> {
        let mut path: Vec<String> = self.import.tree.path(rule).into_iter().map(str::to_owned).collect();
        path.pop();
        path
    }

    /// The words that lead to the scope, as the file writes them.
    fn scope_path(&self) -> Vec<String> {
        let tree = &self.import.tree;
        let Some(own) = self.import.config.scopes.get(self.scope) else { return Vec::new() };
        if let Some(rulebase) = own.rulebases.first() {
            let words = tree.path(rulebase.rules);
            return words.iter().take(words.len().saturating_sub(3)).map(|word| (*word).to_owned()).collect();
        }
        let words: Vec<String> = tree.path(own.node).into_iter().map(str::to_owned).collect();
        // What is of the only vsys of a firewall has no word for it.
        if tree.word(own.node) == own.name || own.name == "shared" { words } else { Vec::new() }
    }

    fn push(&mut self, at: usize, lines: &[String]) {
        let text = self.import.tree.text;
        let mut out = String::new();
        if at == text.len() && !text.is_empty() && !text.ends_with('\n') {
            out.push_str(self.newline);
        }
        for line in lines {
            out.push_str(line);
            out.push_str(self.newline);
        }
        self.first = self.first.min(at);
        self.edits.push(Edit { range: TextRange::new(at, at), replacement: out });
    }
}

impl TextEditor for LineEditor<'_, '_> {
    fn insert(&mut self, spot: Spot, entry: &Entry) -> Result<(), Refusal> {
        let (at, path) = match spot {
            Spot::Before(rule) => {
                let first = self.lines(rule).first().copied().unwrap_or_default();
                (self.whole(first).start as usize, self.path(rule))
            }
            Spot::After(rule) => {
                let last = self.lines(rule).last().copied().unwrap_or_default();
                (self.whole(last).end as usize, self.path(rule))
            }
            Spot::Empty(position) => (self.import.tree.text.len(), self.rules_path(position)),
        };
        self.push(at, &lines::set(&path, entry));
        Ok(())
    }

    fn replace(&mut self, rule: NodeId, with: &[Entry], keep: &dyn Fn(&str) -> bool) -> Result<(), Refusal> {
        let tree = &self.import.tree;
        let path = self.path(rule);
        let key_of = |line: usize| -> Option<NodeId> {
            let Command::Set(node) = tree.lines.get(line)?.command else { return None };
            let mut above = std::iter::successors(Some(node), |node| tree.parent(*node));
            above.find(|node| tree.parent(*node) == Some(rule))
        };
        let stays = |line: usize| !with.is_empty() && key_of(line).is_some_and(|key| keep(tree.word(key)));
        let gone: Vec<usize> = self.lines(rule).iter().copied().filter(|line| !stays(*line)).collect();
        let first = self.lines(rule).first().copied().unwrap_or_default();
        let start = self.whole(first).start as usize;
        let mut new = Vec::new();
        for (at, entry) in with.iter().enumerate() {
            new.extend(lines::set(&path, entry));
            if at > 0 {
                for key in tree.children(rule).filter(|key| keep(tree.word(*key))) {
                    new.extend(flattened(tree, key, &path, &entry.name));
                }
            }
        }
        if !new.is_empty() {
            self.push(start, &new);
        }
        self.first = self.first.min(start);
        for line in gone {
            self.edits.push(Edit { range: self.whole(line), replacement: String::new() });
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, objects: &[(Kind, Entry)]) -> Result<Vec<Edit>, Refusal> {
        let scope = self.scope_path();
        let mut new = Vec::new();
        for (kind, entry) in objects {
            let words = container(*kind).iter().map(|word| (*word).to_owned());
            let path: Vec<String> = scope.iter().cloned().chain(words).collect();
            new.extend(lines::set(&path, entry));
        }
        if !new.is_empty() {
            self.push(self.first, &new);
            // Objects before the rules that use them: edits at one place keep their order.
            self.edits.rotate_right(1);
        }
        Ok(self.edits)
    }
}

impl LineEditor<'_, '_> {
    fn rules_path(&self, position: Position) -> Vec<String> {
        let words = [position.word(), "security", "rules"].map(str::to_owned);
        self.scope_path().into_iter().chain(words).collect()
    }
}
