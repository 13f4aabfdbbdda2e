use compiler::Anchor;
use diagnostics::{Finding, Level};

use crate::{CHECKS, Context};

/// One check. Its name is its file's name, its page's and its anchor's.
pub struct Check {
    /// In kebab-case; reads well after "allow".
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    pub level: Level,
    /// What it does, why it matters, examples (which are tests), how to fix, what it cannot see.
    pub page: &'static str,
    pub(crate) run: fn(&Context<'_>, &mut Vec<Finding<Anchor>>),
}

/// The check with this name.
pub fn find(name: &str) -> Option<&'static Check> {
    CHECKS.iter().copied().find(|check| check.name == name)
}
