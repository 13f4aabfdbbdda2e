use std::borrow::Cow;

use diagnostics::TextRange;

/// What became of every statement of an export. Nothing is skipped without a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// In the order of the file.
    pub statements: Vec<Statement>,
}

/// One statement (a line, an object: what the vendor's reader would take as one) and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub place: TextRange,
    pub status: Status,
    /// Why, for all but the understood: `a counter, no verdict`, `match `-m limit` is not modelled`.
    pub reason: Cow<'static, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Understood,
    /// Known, and known to decide nothing here.
    Irrelevant,
    /// Known; what it matches or does is kept as an unknown, so both bounds are right and one is loose.
    Approximated,
    /// Not known. It may do anything: what comes after it is uncertain for the packets it might touch.
    NotUnderstood,
}

/// How many statements ended in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub understood: usize,
    pub irrelevant: usize,
    pub approximated: usize,
    pub not_understood: usize,
}

impl Status {
    /// The word for it in messages and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Understood => "understood",
            Status::Irrelevant => "irrelevant",
            Status::Approximated => "approximated",
            Status::NotUnderstood => "not_understood",
        }
    }
}

impl Coverage {
    pub fn push(&mut self, place: TextRange, status: Status, reason: impl Into<Cow<'static, str>>) {
        self.statements.push(Statement { place, status, reason: reason.into() });
    }

    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for statement in &self.statements {
            *match statement.status {
                Status::Understood => &mut totals.understood,
                Status::Irrelevant => &mut totals.irrelevant,
                Status::Approximated => &mut totals.approximated,
                Status::NotUnderstood => &mut totals.not_understood,
            } += 1;
        }
        totals
    }
}

impl Totals {
    /// `38 understood, 3 irrelevant, 1 approximated, 0 not understood`
    pub fn in_words(self) -> String {
        format!(
            "{} understood, {} irrelevant, {} approximated, {} not understood",
            self.understood, self.irrelevant, self.approximated, self.not_understood
        )
    }
}
