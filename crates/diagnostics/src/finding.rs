use crate::TextRange;

/// What a check says: plain data, rendered late, by a renderer that never sees where it came from.
///
/// `P` is the place a label points at: a symbolic anchor while a finding is computed (so that a blank line in a
/// file changes no finding), a [`Span`] once it is rendered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding<P = Span> {
    /// The check's kebab-case name: `overbroad-rule`.
    pub check: &'static str,
    pub level: Level,
    pub certainty: Certainty,
    /// The headline: lower case, no full stop, user text in backticks; it stands alone.
    pub message: String,
    /// Exactly one is primary: in the file to edit.
    pub labels: Vec<Label<P>>,
    /// Long words: the witness, the deciders, what is not known.
    pub notes: Vec<String>,
    /// The one next step.
    pub help: Option<String>,
    /// The requirement's id (`vb.exo`), where it is about one.
    pub requirement: Option<String>,
    pub firewall: Option<String>,
    /// The rule's name in the export, where it is about one.
    pub rule: Option<String>,
    /// One packet that shows it, in the words of `flowright query`.
    pub witness: Option<String>,
    /// The rules that decide it, by name.
    pub blame: Vec<String>,
    /// What `flowright fix` would do about it.
    pub fix: Option<FixSummary>,
}

impl<P> Finding<P> {
    pub fn new(check: &'static str, level: Level, message: impl Into<String>) -> Self {
        Finding {
            check,
            level,
            certainty: Certainty::Proven,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            requirement: None,
            firewall: None,
            rule: None,
            witness: None,
            blame: Vec::new(),
            fix: None,
        }
    }

    /// The label in the file to edit.
    pub fn primary(mut self, place: P, text: impl Into<String>) -> Self {
        self.labels.insert(0, Label { place, primary: true, text: text.into() });
        self
    }

    /// A label that explains why.
    pub fn secondary(mut self, place: P, text: impl Into<String>) -> Self {
        self.labels.push(Label { place, primary: false, text: text.into() });
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The label that says where the finding is: the primary one, or the first where none is.
    pub fn primary_label(&self) -> Option<&Label<P>> {
        self.labels.iter().find(|label| label.primary).or(self.labels.first())
    }

    /// The same finding with every place turned into another kind of place.
    pub fn map_places<Q>(self, mut place: impl FnMut(P) -> Q) -> Finding<Q> {
        Finding {
            labels: self
                .labels
                .into_iter()
                .map(|label| Label { place: place(label.place), primary: label.primary, text: label.text })
                .collect(),
            check: self.check,
            level: self.level,
            certainty: self.certainty,
            message: self.message,
            notes: self.notes,
            help: self.help,
            requirement: self.requirement,
            firewall: self.firewall,
            rule: self.rule,
            witness: self.witness,
            blame: self.blame,
            fix: self.fix,
        }
    }
}

/// How bad it is; the user's to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Off,
    Note,
    Warning,
    Error,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// How sure it is; ours to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// It holds whatever the unknown things are.
    Proven,
    /// It hangs on something that is not known.
    Possible,
}

impl Certainty {
    pub fn as_str(self) -> &'static str {
        match self {
            Certainty::Proven => "proven",
            Certainty::Possible => "possible",
        }
    }
}

/// A place and a few words about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label<P = Span> {
    pub place: P,
    pub primary: bool,
    pub text: String,
}

/// A file known to the [`Sources`](crate::Sources) that render it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub range: TextRange,
}

/// What a proved fix comes to, in a report. The edits themselves are made by `flowright fix`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FixSummary {
    pub safety: Safety,
    pub summary: String,
}

/// How safe a fix is; computed, never claimed (see `checks`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// Nothing changes, or only declared requirements are newly permitted.
    Safe,
    /// Something is newly denied, or something undeclared newly permitted.
    Unsafe,
    /// There is a choice to make; the options are listed, none is taken.
    Manual,
}

impl Safety {
    pub fn as_str(self) -> &'static str {
        match self {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe",
            Safety::Manual => "manual",
        }
    }
}
