use std::borrow::Cow;
use std::collections::HashMap;

use diagnostics::TextRange;

use super::commands_of_tables as operations;
use super::lexer::{Command, Lexer};
use super::renames;
use super::sections::{self, Class, Kind};
use super::shown;
use super::tree::{Document, Node, Of, Section, Setting, Statement, Table, Verb};
use super::version::Version;
use crate::ImportError;

/// Sections in sections deeper than this hold nothing that is read.
const DEEPEST: usize = 8;

/// Reads a whole file. An error is one after which nothing is sure: a quote or a section that is never closed.
pub(super) fn parse(text: &str) -> Result<Document<'_>, ImportError> {
    let document = Document {
        words: Vec::new(),
        tables: Vec::new(),
        by_kind: HashMap::new(),
        statements: Vec::new(),
        scopes: vec![Cow::Borrowed("")],
        version: Version::of(text),
        renames: Vec::new(),
        problems: Vec::new(),
    };
    let mut parser =
        Parser { lexer: Lexer::new(text), document, wrappers: Vec::new(), scope: 0, copied: 0, start: 0 };
    parser.file()?;
    let mut document = parser.document;
    for table in &mut document.tables {
        let Table { order, entries, .. } = table;
        order.retain(|&at| entries.get(at as usize).is_some_and(|entry| !entry.gone));
    }
    document.statements.sort_by_key(|statement| statement.place);
    renames::apply(&mut document);
    Ok(document)
}

/// What holds the sections of several virtual domains.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrapper {
    Global,
    Vdom,
}

pub(super) struct Parser<'t> {
    lexer: Lexer<'t>,
    pub document: Document<'t>,
    wrappers: Vec<Wrapper>,
    pub scope: usize,
    /// How many settings `clone` made.
    pub copied: usize,
    /// Where in the words those of the current command start.
    start: usize,
}

/// A section or entry in an entry.
struct Nested<'t> {
    node: Node<'t>,
    is_edit: bool,
}

impl<'t> Parser<'t> {
    fn file(&mut self) -> Result<(), ImportError> {
        while let Some(command) = self.command()? {
            match self.word(0) {
                "config" => {
                    let path = self.path();
                    match path.as_str() {
                        "global" => self.enter(Wrapper::Global),
                        "vdom" => self.enter(Wrapper::Vdom),
                        _ => self.section(&path, command.place)?,
                    }
                }
                "edit" if self.wrappers.last() == Some(&Wrapper::Vdom) => {
                    let name = self.name(1).unwrap_or_default();
                    self.scope = match self.document.scopes.iter().skip(1).position(|known| *known == name) {
                        Some(at) => at + 1,
                        None => {
                            self.document.scopes.push(name);
                            self.document.scopes.len() - 1
                        }
                    };
                }
                "next" if self.wrappers.last() == Some(&Wrapper::Vdom) => self.scope = 0,
                "end" if !self.wrappers.is_empty() => {
                    self.wrappers.pop();
                    self.scope = 0;
                }
                first => {
                    let of = outside(first, self.all());
                    self.document.statements.push(Statement { place: command.place, of });
                }
            }
            self.forget();
        }
        Ok(())
    }

    fn enter(&mut self, wrapper: Wrapper) {
        // Whoever never leaves one does not nest them.
        if self.wrappers.len() < DEEPEST {
            self.wrappers.push(wrapper);
        }
        self.scope = 0;
    }

    fn section(&mut self, path: &str, start: TextRange) -> Result<(), ImportError> {
        self.forget();
        match sections::class(path) {
            Class::Read(kind) => self.table(kind, path, start),
            Class::Strange if path.starts_with("firewall ") => self.table(Kind::Deciding, path, start),
            Class::Irrelevant(reason) => {
                let place = self.skip(path, start)?;
                self.document.statements.push(Statement { place, of: Of::Irrelevant(reason.into()) });
                Ok(())
            }
            Class::Strange => {
                let place = self.skip(path, start)?;
                let of = Of::Strange(format!("the section `{}` is not known", shown(path)).into());
                self.document.statements.push(Statement { place, of });
                Ok(())
            }
        }
    }

    /// Passes by a section; its place with its `end`.
    fn skip(&mut self, path: &str, start: TextRange) -> Result<TextRange, ImportError> {
        let mut depth = 1_usize;
        while let Some((first, command)) = self.lexer.skim() {
            check(command)?;
            match first {
                "config" => depth += 1,
                "end" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(start.cover(command.place));
            }
        }
        Err(cut_off(path, start))
    }

    /// Reads a section to its `end`.
    fn table(&mut self, kind: Kind, path: &str, start: TextRange) -> Result<(), ImportError> {
        let table = self.table_of(kind);
        let mut open: Option<(u32, TextRange)> = None;
        let mut nest: Vec<Nested<'t>> = Vec::new();
        let mut last = start;
        let statements = self.document.statements.len();
        let whole_before = self.extent_of_whole(table);
        while let Some(command) = self.command()? {
            let place = command.place;
            match self.word(0) {
                "edit" if nest.last().is_some_and(|nested| !nested.is_edit) => {
                    let name = self.name(1).unwrap_or_default();
                    let node = Node { name, head: place, blocks: vec![place], ..Node::default() };
                    nest.push(Nested { node, is_edit: true });
                    self.forget();
                }
                "edit" if nest.is_empty() && open.is_none() => {
                    let name = self.name(1).unwrap_or_default();
                    self.forget();
                    open = Some((self.edit(table, kind, path, name, place), place));
                }
                "next" if nest.last().is_some_and(|nested| nested.is_edit) => {
                    self.forget();
                    self.close(&mut nest, table, open, place);
                }
                "next" if nest.is_empty() && open.is_some() => {
                    self.forget();
                    self.finish(table, open.take(), place);
                }
                "end" if !nest.is_empty() => {
                    self.forget();
                    if nest.last().is_some_and(|nested| nested.is_edit) {
                        self.close(&mut nest, table, open, last);
                    }
                    self.close(&mut nest, table, open, place);
                }
                "end" => {
                    self.forget();
                    self.finish(table, open.take(), last);
                    let section = start.cover(place);
                    let changed = self.extent_of_whole(table) != whole_before;
                    if changed {
                        self.document.statements.push(Statement { place: section, of: Of::Whole { table } });
                    } else if self.document.statements.len() == statements {
                        let of = Of::Irrelevant("an empty section".into());
                        self.document.statements.push(Statement { place: section, of });
                    }
                    if let Some(table) = self.document.tables.get_mut(table) {
                        table.sections.push(Section { place: section, end: place.start });
                    }
                    return Ok(());
                }
                "config" => {
                    let name = self.path();
                    self.forget();
                    if nest.len() < DEEPEST {
                        let node = Node { name: name.into(), head: place, ..Node::default() };
                        nest.push(Nested { node, is_edit: false });
                    } else {
                        self.skip(&name, place)?;
                    }
                }
                verb @ ("set" | "append" | "unset" | "unselect" | "select") => {
                    let verb = match verb {
                        "set" | "select" => Verb::Set,
                        "append" => Verb::Append,
                        "unselect" => Verb::Unselect,
                        _ => Verb::Unset,
                    };
                    let setting = self.setting(verb, place);
                    if let Some(node) = self.node(&mut nest, table, open) {
                        node.settings.push(setting);
                    }
                }
                "move" | "rename" | "clone" | "delete" | "purge" if nest.is_empty() && open.is_none() => {
                    let of = operations::perform(self, table, place)?;
                    self.document.statements.push(Statement { place, of });
                    self.forget();
                }
                _ => {
                    self.forget();
                    let inside = open.is_some() || !nest.is_empty();
                    match self.node(&mut nest, table, open).filter(|_| inside) {
                        Some(node) => node.odd.push(place),
                        None => {
                            let of = Of::Strange("no command that a section has".into());
                            self.document.statements.push(Statement { place, of });
                        }
                    }
                }
            }
            last = place;
        }
        Err(cut_off(path, start))
    }

    /// How much is said of a section as a whole.
    fn extent_of_whole(&self, table: usize) -> (usize, usize) {
        let whole = self.document.tables.get(table).map(|table| &table.whole);
        whole.map_or((0, 0), |whole| (whole.settings.len(), whole.children.len()))
    }

    /// The node that settings belong to now.
    fn node<'a>(
        &'a mut self,
        nest: &'a mut [Nested<'t>],
        table: usize,
        open: Option<(u32, TextRange)>,
    ) -> Option<&'a mut Node<'t>> {
        if let Some(nested) = nest.last_mut() {
            return Some(&mut nested.node);
        }
        let table = self.document.tables.get_mut(table)?;
        match open {
            Some((entry, _)) => table.entries.get_mut(entry as usize),
            None => Some(&mut table.whole),
        }
    }

    /// Leaves the innermost section or entry in an entry.
    fn close(
        &mut self,
        nest: &mut Vec<Nested<'t>>,
        table: usize,
        open: Option<(u32, TextRange)>,
        end: TextRange,
    ) {
        let Some(Nested { mut node, .. }) = nest.pop() else { return };
        node.blocks = vec![node.head.cover(end)];
        if let Some(parent) = self.node(nest, table, open) {
            parent.children.push(node);
        }
    }

    /// Leaves an entry.
    fn finish(&mut self, table: usize, open: Option<(u32, TextRange)>, end: TextRange) {
        let Some((entry, start)) = open else { return };
        let place = start.cover(end);
        let node = self.document.tables.get_mut(table).and_then(|it| it.entries.get_mut(entry as usize));
        if let Some(node) = node {
            node.blocks.push(place);
        }
        self.document.statements.push(Statement { place, of: Of::Entry { table, entry } });
    }

    fn table_of(&mut self, kind: Kind) -> usize {
        let Document { tables, by_kind, .. } = &mut self.document;
        let scope = self.scope;
        *by_kind.entry((scope, kind)).or_insert_with(|| {
            tables.push(Table {
                scope,
                kind,
                entries: Vec::new(),
                order: Vec::new(),
                by_name: HashMap::new(),
                whole: Node::default(),
                sections: Vec::new(),
                is_script: false,
            });
            tables.len() - 1
        })
    }

    /// The entry that `edit NAME` opens: a new one, or the one of that name.
    fn edit(&mut self, table: usize, kind: Kind, path: &str, name: Cow<'t, str>, place: TextRange) -> u32 {
        let Some(table) = self.document.tables.get_mut(table) else { return 0 };
        let name = match kind {
            // Sections that are not modelled share a table.
            Kind::Deciding => format!("{} {name}", path.trim_start_matches("firewall ")).into(),
            _ => name,
        };
        let number = u32::try_from(table.entries.len()).unwrap_or(u32::MAX);
        // The number 0 stands for the next one that is free.
        if !(kind.has_rules() && name == "0") {
            match table.by_name.entry(name.clone()) {
                std::collections::hash_map::Entry::Occupied(known) => return *known.get(),
                std::collections::hash_map::Entry::Vacant(vacant) => vacant.insert(number),
            };
        }
        table.entries.push(Node { name, head: place, ..Node::default() });
        table.order.push(number);
        number
    }

    /// The setting that the current command is; its values stay among the words.
    fn setting(&mut self, verb: Verb, place: TextRange) -> Setting<'t> {
        let words = &mut self.document.words;
        let key = words.get(self.start + 1).map_or("", |word| match &word.text {
            Cow::Borrowed(text) => *text,
            Cow::Owned(_) => "",
        });
        let end = words.len().min(self.start + 2);
        words.drain(self.start..end);
        let count = u32::try_from(words.len() - self.start).unwrap_or(u32::MAX);
        let first = u32::try_from(self.start).unwrap_or(u32::MAX);
        Setting { key, verb, first, count, place }
    }

    fn command(&mut self) -> Result<Option<Command>, ImportError> {
        self.start = self.document.words.len();
        let command = self.lexer.command(&mut self.document.words);
        command.map(check).transpose()
    }

    /// A word of the current command.
    pub fn word(&self, at: usize) -> &str {
        self.document.words.get(self.start + at).map_or("", |word| &word.text)
    }

    pub fn name(&self, at: usize) -> Option<Cow<'t, str>> {
        self.document.words.get(self.start + at).map(|word| word.text.clone())
    }

    fn all(&self) -> &[super::lexer::Word<'t>] {
        self.document.words.get(self.start..).unwrap_or_default()
    }

    fn path(&self) -> String {
        let words: Vec<&str> = self.all().iter().skip(1).take(DEEPEST).map(|word| &*word.text).collect();
        words.join(" ")
    }

    /// Drops the words of the current command.
    fn forget(&mut self) {
        self.document.words.truncate(self.start);
    }
}

/// What a line outside of all sections is.
fn outside(first: &str, words: &[super::lexer::Word<'_>]) -> Of {
    let prompt = words.iter().take(3).any(|word| matches!(&*word.text, "#" | "$"))
        || first.ends_with(['#', '$'])
        || first.starts_with("--More--");
    let talk = matches!(first, "show" | "get" | "exec" | "execute" | "diag" | "diagnose" | "exit" | "end");
    if prompt || talk {
        Of::Irrelevant("no configuration".into())
    } else {
        Of::Strange("it stands in no section".into())
    }
}

fn check(command: Command) -> Result<Command, ImportError> {
    if !command.unclosed {
        return Ok(command);
    }
    Err(ImportError::new(
        TextRange { end: command.place.start, ..command.place },
        "a quote is never closed from here on",
        "export the configuration again: the file is cut off, or a quote in it is missing",
    ))
}

fn cut_off(path: &str, start: TextRange) -> ImportError {
    ImportError::new(
        start,
        format!("the file ends inside `config {}`", shown(path)),
        "export the configuration again: each section ends with `end`",
    )
}
