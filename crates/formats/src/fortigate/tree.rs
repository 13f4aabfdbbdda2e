//! A configuration as a tree, in the file's own words.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use diagnostics::TextRange;

use super::lexer::Word;
use super::sections::Kind;
use super::version::Version;

/// A file, with what is of use in it.
pub(super) struct Document<'t> {
    /// The values of all settings.
    pub words: Vec<Word<'t>>,
    pub tables: Vec<Table<'t>>,
    /// By scope and kind.
    pub by_kind: HashMap<(usize, Kind), usize>,
    pub statements: Vec<Statement>,
    /// The virtual domains. The first has no name: what stands in none, or in `config global`.
    pub scopes: Vec<Cow<'t, str>>,
    pub version: Option<Version>,
    pub renames: Vec<Rename<'t>>,
    /// What the parser saw go wrong.
    pub problems: Vec<crate::Problem>,
}

/// What a section of one path in one virtual domain holds, wherever in the file it stands.
pub(super) struct Table<'t> {
    pub scope: usize,
    pub kind: Kind,
    /// In the order in which they were first edited.
    pub entries: Vec<Node<'t>>,
    /// The entries that are left, in the order in which FortiOS walks them.
    pub order: Vec<u32>,
    pub by_name: HashMap<Cow<'t, str>, u32>,
    /// What is set for the whole section, and the sections in it.
    pub whole: Node<'t>,
    /// Each `config` to `end`.
    pub sections: Vec<Section>,
    /// Commands made its order, so that a place in the text is no place in the list.
    pub is_script: bool,
}

/// One `config` to its `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    pub place: TextRange,
    /// Where the word `end` starts.
    pub end: u32,
}

/// An `edit` to its `next`, or a `config` in one.
#[derive(Clone, Debug, Default)]
pub(super) struct Node<'t> {
    pub name: Cow<'t, str>,
    /// The `edit`.
    pub head: TextRange,
    /// Each time it is edited.
    pub blocks: Vec<TextRange>,
    /// In the order of the file; a later one of a key changes what earlier ones say.
    pub settings: Vec<Setting<'t>>,
    pub children: Vec<Node<'t>>,
    /// What stands in it and is no setting.
    pub odd: Vec<TextRange>,
    /// A later command deletes it.
    pub gone: bool,
}

/// One `set`, `append`, `unset`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'t> {
    pub key: &'t str,
    pub verb: Verb,
    pub first: u32,
    pub count: u32,
    /// The whole command.
    pub place: TextRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Set,
    Append,
    Unselect,
    Unset,
}

/// `rename OLD to NEW`: what referred to the object before refers to it still.
pub(super) struct Rename<'t> {
    pub scope: usize,
    pub kind: Kind,
    pub old: Cow<'t, str>,
    pub new: Cow<'t, str>,
    pub at: u32,
}

/// A piece of the file that ends in one state.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub place: TextRange,
    pub of: Of,
}

#[derive(Clone, Debug)]
pub(super) enum Of {
    Entry {
        table: usize,
        entry: u32,
    },
    /// What is set for a whole section, or in a section in it.
    Whole {
        table: usize,
    },
    /// Known, and decides nothing here.
    Irrelevant(Cow<'static, str>),
    /// Understood as it stands: a command that orders or names.
    Done,
    /// Not known.
    Strange(Cow<'static, str>),
}

impl<'t> Document<'t> {
    pub fn values(&self, setting: &Setting<'t>) -> &[Word<'t>] {
        let first = setting.first as usize;
        self.words.get(first..first + setting.count as usize).unwrap_or_default()
    }

    pub fn table(&self, scope: usize, kind: Kind) -> Option<&Table<'t>> {
        self.by_kind.get(&(scope, kind)).and_then(|&at| self.tables.get(at))
    }

    /// The entries of a table in their order.
    pub fn entries(&self, scope: usize, kind: Kind) -> impl Iterator<Item = &Node<'t>> {
        self.table(scope, kind).into_iter().flat_map(Table::ordered)
    }

    /// What the settings of a key come to.
    pub fn list<'d>(&'d self, node: &'d Node<'t>, key: &str) -> List<'d, 't> {
        let mut list = List::default();
        for setting in node.settings.iter().filter(|setting| setting.key == key) {
            list.apply(setting.verb, self.values(setting));
        }
        list
    }

    /// The one value of a key.
    pub fn value<'d>(&'d self, node: &'d Node<'t>, key: &str) -> Option<&'d Word<'t>> {
        let setting = node.settings.iter().rev().find(|setting| setting.key == key)?;
        if setting.verb == Verb::Unset { None } else { self.values(setting).first() }
    }

    /// Whether a key is set to `enable`.
    pub fn is_enabled(&self, node: &Node<'t>, key: &str) -> bool {
        self.value(node, key).is_some_and(|word| word.text == "enable")
    }
}

impl<'t> Table<'t> {
    pub fn ordered(&self) -> impl Iterator<Item = &Node<'t>> {
        self.order.iter().filter_map(|&at| self.entries.get(at as usize))
    }
}

impl<'t> Node<'t> {
    pub fn child(&self, name: &str) -> impl Iterator<Item = &Node<'t>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn place(&self) -> TextRange {
        self.blocks.first().copied().unwrap_or(self.head)
    }
}

/// The words that a key has after all its settings.
#[derive(Clone, Debug, Default)]
pub(super) struct List<'d, 't>(pub Vec<&'d Word<'t>>);

impl<'d, 't> List<'d, 't> {
    pub fn apply(&mut self, verb: Verb, words: &'d [Word<'t>]) {
        match verb {
            Verb::Set => {
                self.0.clear();
                self.0.extend(words);
            }
            Verb::Append => self.0.extend(words),
            Verb::Unset => self.0.clear(),
            Verb::Unselect => {
                let gone: HashSet<&str> = words.iter().map(|word| &*word.text).collect();
                self.0.retain(|word| !gone.contains(&*word.text));
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why an object cannot be understood: a line in it, or a setting that is not among the known ones and is not off.
pub(super) fn strange(node: &Node<'_>, known: &[&str]) -> Option<&'static str> {
    if !node.odd.is_empty() {
        return Some("a line in it is no setting");
    }
    let strange = |setting: &Setting<'_>| setting.verb != Verb::Unset && !known.contains(&setting.key);
    node.settings.iter().any(strange).then_some("a setting in it is not known")
}
