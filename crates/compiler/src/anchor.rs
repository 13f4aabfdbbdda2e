use diagnostics::TextRange;
use space::Decider;

use crate::source::parsed;
use crate::{Db, File, StatementId, firewall};

/// A place by what stands there, not by its line: findings that point with it do not change when lines move.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// Part of a statement of a policy or module, counted from the statement's first byte.
    Statement { id: StatementId, range: TextRange },
    /// A rule, or the default of a stage, of a rule set (by index) of an export.
    Decider { export: File, rule_set: usize, decider: Decider },
    /// A statement of an export, by its index in the coverage.
    Covered { export: File, statement: usize },
    /// Bytes of a file: for what is wrong with the text itself.
    Text { file: File, range: TextRange },
}

/// Where an anchor is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    pub file: File,
    pub range: TextRange,
}

/// Turns a symbolic place into bytes of a file. The last step before a finding is shown.
///
/// A default that stands nowhere in the file (an implicit deny) is at the file's start.
pub fn position(db: &dyn Db, anchor: &Anchor) -> Position {
    match anchor {
        Anchor::Statement { id, range } => {
            let start = parsed(db, id.file)
                .statements
                .iter()
                .find(|statement| statement.key(db) == &*id.key)
                .map_or(0, |statement| statement.start(db));
            Position { file: id.file, range: range.shifted_by(start) }
        }
        Anchor::Decider { export, rule_set, decider } => {
            let place = firewall::imported(db, *export).as_ref().ok().and_then(|read| {
                let rule_set = read.rule_sets.get(*rule_set)?;
                match decider {
                    Decider::Rule(id) => rule_set.entry(*id).map(|entry| entry.head),
                    Decider::Default(stage) => rule_set.stages.get(*stage).and_then(|stage| stage.place),
                }
            });
            Position { file: *export, range: place.unwrap_or_default() }
        }
        Anchor::Covered { export, statement } => {
            let read = firewall::imported(db, *export).as_ref().ok();
            let place = read
                .and_then(|read| read.coverage.statements.get(*statement))
                .map(|statement| statement.place);
            Position { file: *export, range: place.unwrap_or_default() }
        }
        Anchor::Text { file, range } => Position { file: *file, range: *range },
    }
}
