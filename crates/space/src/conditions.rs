use std::sync::Arc;

use crate::{Side, Symbol, SymbolKind};

/// A conjunction: each of some symbols holds, or does not hold.
///
/// Facts between symbols are kept by construction. Whatever says "the destination is `a.b.example`" says with it
/// that it lies under `*.b.example` and `*.example`; so two conjunctions contradict each other exactly where one
/// asserts a symbol that the other denies, and every conjunction can be met.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conditions(Option<Arc<[(Symbol, bool)]>>);

impl Conditions {
    /// No condition: always true.
    pub fn none() -> Self {
        Conditions(None)
    }

    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// `symbol` holds, and with it what it implies.
    pub fn holds(symbol: Symbol) -> Self {
        Self::closed(vec![(symbol, true)])
    }

    /// `symbol` does not hold.
    pub fn lacks(symbol: Symbol) -> Self {
        Self::from_vec(vec![(symbol, false)])
    }

    /// The destination (or source) is the host, or under the wildcard, `pattern`.
    pub fn named(side: Side, pattern: &str) -> Self {
        Self::holds(Symbol::new(side, SymbolKind::Name, pattern))
    }

    /// `symbol` holds, or does not.
    pub(crate) fn literal(symbol: &Symbol, value: bool) -> Self {
        if value { Self::holds(symbol.clone()) } else { Self::lacks(symbol.clone()) }
    }

    /// The literals in the order of their symbols: wildcards before the names under them.
    pub fn iter(&self) -> impl Iterator<Item = &(Symbol, bool)> {
        self.literals().iter()
    }

    pub(crate) fn literals(&self) -> &[(Symbol, bool)] {
        self.0.as_deref().unwrap_or_default()
    }

    pub fn get(&self, symbol: &Symbol) -> Option<bool> {
        let all = self.literals();
        all.binary_search_by(|(other, _)| other.cmp(symbol))
            .ok()
            .and_then(|at| all.get(at))
            .map(|(_, value)| *value)
    }

    /// Both conjunctions; `None` where they contradict each other.
    pub fn and(&self, other: &Self) -> Option<Self> {
        let (Some(left), Some(right)) = (&self.0, &other.0) else {
            return Some(if self.is_none() { other.clone() } else { self.clone() });
        };
        if Arc::ptr_eq(left, right) {
            return Some(self.clone());
        }
        if self.contradict(other) {
            return None;
        }
        Some(Self::from_vec(left.iter().chain(right.iter()).cloned().collect()))
    }

    pub fn contradict(&self, other: &Self) -> bool {
        let (few, many) =
            if self.literals().len() < other.literals().len() { (self, other) } else { (other, self) };
        few.iter().any(|(symbol, value)| many.get(symbol).is_some_and(|mine| mine != *value))
    }

    /// Whether everything this demands is so wherever `other` holds: `other`'s packets are among this one's.
    pub fn implied_by(&self, other: &Self) -> bool {
        self.iter().all(|(symbol, value)| other.settles(symbol, *value))
    }

    /// Whether `symbol` has this value wherever the conjunction holds.
    fn settles(&self, symbol: &Symbol, value: bool) -> bool {
        // What is under no wildcard is under no name below it.
        self.get(symbol) == Some(value)
            || !value
                && symbol.kind == SymbolKind::Name
                && self.iter().any(|(wildcard, held)| !held && wildcard.covers(symbol))
    }

    /// What is left of `self` outside `other`, as disjoint conjunctions. They do not contradict each other.
    pub fn outside(&self, other: &Self) -> Vec<Conditions> {
        if self.contradict(other) {
            return vec![self.clone()];
        }
        let mut held = self.clone();
        let mut out = Vec::new();
        // Not to be `a.b.example` is all it takes to differ from it: the wildcards above it need no piece of their own.
        for (symbol, value) in other.essential() {
            if held.settles(symbol, value) {
                continue;
            }
            out.extend(held.and(&Self::literal(symbol, !value)));
            match held.and(&Self::literal(symbol, value)) {
                Some(next) => held = next,
                None => break,
            }
        }
        out
    }

    /// Only the literals that `keep` wants, and what those imply.
    pub fn retain(&self, keep: impl Fn(&Symbol) -> bool) -> Self {
        let kept: Vec<(Symbol, bool)> = self.iter().filter(|(symbol, _)| keep(symbol)).cloned().collect();
        if kept.len() == self.literals().len() { self.clone() } else { Self::closed(kept) }
    }

    /// Without the literals that others imply: the narrowest name is enough for a reader.
    pub fn essential(&self) -> Vec<(&Symbol, bool)> {
        self.iter()
            .filter(|(symbol, value)| {
                !(*value
                    && symbol.kind == SymbolKind::Name
                    && self.iter().any(|(other, held)| *held && symbol.covers(other)))
            })
            .map(|(symbol, value)| (symbol, *value))
            .collect()
    }

    /// The one way to write a conjunction: with what its literals imply, without what other denials deny already.
    pub(crate) fn reduced(literals: &[(Symbol, bool)]) -> Self {
        let denied = |symbol: &Symbol| literals.binary_search(&(symbol.clone(), false)).is_ok();
        let needed = |literal: &&(Symbol, bool)| literal.1 || !literal.0.above().iter().any(denied);
        Self::closed(literals.iter().filter(needed).cloned().collect())
    }

    /// The literals and what the positive ones imply; they do not contradict each other.
    fn closed(mut all: Vec<(Symbol, bool)>) -> Self {
        let above: Vec<Symbol> =
            all.iter().filter(|(_, value)| *value).flat_map(|(symbol, _)| symbol.above()).collect();
        all.extend(above.into_iter().map(|wildcard| (wildcard, true)));
        Self::from_vec(all)
    }

    fn from_vec(mut all: Vec<(Symbol, bool)>) -> Self {
        all.sort();
        all.dedup();
        Conditions(if all.is_empty() { None } else { Some(all.into()) })
    }
}
