use std::collections::HashSet;

use diagnostics::TextRange;

use super::shown;
use crate::{NamePattern, Problem, UndefinedEntry};

/// What is found while objects are read, each once: an object is read as a source and as a destination.
#[derive(Debug)]
pub(super) struct Findings {
    pub problems: Vec<Problem>,
    pub undefined: Vec<UndefinedEntry>,
    pub patterns: Vec<NamePattern>,
    /// How many ranges masks with gaps may still become: a small file could ask for more memory than there is.
    pub ranges_left: usize,
    seen: HashSet<(u8, TextRange)>,
}

impl Default for Findings {
    fn default() -> Self {
        const MOST_RANGES: usize = 4_000_000;
        Findings {
            problems: Vec::new(),
            undefined: Vec::new(),
            patterns: Vec::new(),
            ranges_left: MOST_RANGES,
            seen: HashSet::new(),
        }
    }
}

impl Findings {
    pub fn problem(&mut self, place: TextRange, message: String, help: &str) {
        if self.seen.insert((0, place)) {
            self.problems.push(Problem { place, message, help: help.to_owned() });
        }
    }

    pub fn undefined(&mut self, kind: &'static str, name: &str, place: TextRange) {
        if self.seen.insert((1, place)) {
            self.undefined.push(UndefinedEntry { kind, name: name.to_owned(), place });
            self.problems.push(Problem {
                place,
                message: format!("no {kind} is called `{}`", shown(name)),
                help: "export the whole configuration, or correct the name".to_owned(),
            });
        }
    }

    pub fn pattern(&mut self, pattern: NamePattern) {
        if self.seen.insert((2, pattern.place)) {
            self.patterns.push(pattern);
        }
    }
}
