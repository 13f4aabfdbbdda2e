use std::borrow::Cow;

use diagnostics::{TextRange, printable};

use super::braces;
use super::tree::{ChildIndex, Command, Line, NodeId, ROOT, Shape, Target, Tree};
use crate::{ImportError, Problem};

/// How many `delete` and `move` commands are carried out: each may look through a whole rule base.
const MOST_CHANGES: usize = 2_000;
/// How many words at most lead to the rules or services of a vsys or device group.
const DEEPEST_OBJECT: usize = 8;
/// The keys of a rule that have one value, or one list of them.
const RULE_KEYS: [&str; 25] = [
    "from",
    "to",
    "source",
    "destination",
    "negate-source",
    "negate-destination",
    "application",
    "service",
    "category",
    "source-user",
    "hip-profiles",
    "source-hip",
    "destination-hip",
    "action",
    "rule-type",
    "schedule",
    "disabled",
    "log-start",
    "log-end",
    "log-setting",
    "description",
    "tag",
    "group-tag",
    "icmp-unreachable",
    "disable-inspect",
];
/// How many values of one key are put in order when one is set again.
const MOST_VALUES: usize = 8;

/// Reads commands of the configuration mode: what `set cli config-output-format set` and `show` print, and scripts.
pub fn read(text: &str) -> Result<Tree<'_>, ImportError> {
    let mut reader = Reader {
        tree: Tree::new(text, Shape::Set),
        index: ChildIndex::default(),
        words: Words::new(text, "[]"),
        path: Vec::new(),
        changes: 0,
    };
    let mut at = 0;
    while at < text.len() {
        let end = line_end(text, at);
        let line = text.get(at..end).unwrap_or_default();
        let start = at + (line.len() - line.trim_start().len());
        if line.trim().is_empty() {
            at = end + 1;
            continue;
        }
        let command = reader.line(start, end).ok_or_else(|| {
            let message = "the configuration is too large";
            ImportError::new(TextRange::new(0, 0), message, "export one vsys or device group at a time")
        })?;
        // A quoted text may run over several lines.
        let end = reader.words.at.max(end);
        let end = line_end(text, end.min(text.len()));
        let trimmed = text.get(start..end).unwrap_or_default().trim_end().len();
        reader.tree.lines.push(Line { place: TextRange::new(start, start + trimmed), command });
        at = end + 1;
    }
    if let Some(place) = reader.words.unclosed() {
        reader.tree.problems.push(Problem {
            place,
            message: "the quote is never closed".to_owned(),
            help: "close it, or export the configuration again".to_owned(),
        });
    }
    Ok(reader.tree)
}

fn line_end(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(text.len(), |length| at + length)
}

struct Reader<'t> {
    tree: Tree<'t>,
    index: ChildIndex<'t>,
    words: Words<'t>,
    /// The words of the line before and their nodes: the next line mostly begins the same.
    path: Vec<(Cow<'t, str>, NodeId)>,
    changes: usize,
}

impl<'t> Reader<'t> {
    /// One command. `None` when the tree is full.
    fn line(&mut self, start: usize, end: usize) -> Option<Command> {
        self.words.at = start;
        if self.tree.text.get(start..).is_some_and(|rest| rest.starts_with(['#', '!'])) {
            self.words.at = end;
            return Some(Command::Comment);
        }
        let mut verb = self.words.next_word(end).map_or("", |(word, _)| word);
        // `admin@fw# set …` is a line copied from a terminal.
        if verb.contains('@') && verb.ends_with(['#', '>']) {
            verb = self.words.next_word(end).map_or("", |(word, _)| word);
        }
        match verb {
            "set" => self.set(end),
            "delete" => {
                let words = self.all_words(end);
                Some(self.delete(&words))
            }
            "move" => {
                let words = self.all_words(end);
                Some(self.relocate(&words))
            }
            "rename" | "copy" | "edit" | "load" | "override" | "replace" | "insert" => {
                let words = self.all_words(end);
                let (_, node) = self.lead(&words);
                Some(Command::Unknown(node))
            }
            "" | "[" | "top" | "up" | "exit" | "quit" | "commit" | "configure" | "show" | "run" | "save"
            | "validate" | "check" => {
                self.words.at = end;
                Some(Command::Other)
            }
            word => {
                let place = TextRange::new(start, start + word.len());
                self.tree.problems.push(Problem {
                    place,
                    message: format!("`{}` is no command of the configuration mode", printable(word)),
                    help: "check that the line is whole: a line begins with `set`".to_owned(),
                });
                self.words.at = end;
                Some(Command::Unknown(ROOT))
            }
        }
    }

    fn set(&mut self, end: usize) -> Option<Command> {
        let (mut node, mut depth, mut list, mut fresh) = (ROOT, 0, None, false);
        // Once a key of an object has its value: what was set, and the object.
        let mut done: Option<(NodeId, NodeId)> = None;
        let mut several = None;
        while let Some((word, place)) = self.words.next_word(end) {
            match word {
                "[" => list = Some(node),
                "]" => {
                    if let Some((at, object)) = self.object(depth, 0) {
                        done = Some((node, object));
                        (depth, node, list, fresh) = (at, object, None, true);
                    }
                }
                _ => {
                    several = done.map(|(_, object)| object);
                    let value = unquoted(word);
                    let parent = list.unwrap_or(node);
                    let known = match self.path.get(depth) {
                        Some((before, id)) if list.is_none() && *before == value => Some(*id),
                        _ => None,
                    };
                    if known.is_none() {
                        self.path.truncate(depth);
                    }
                    let known = known.or_else(|| self.index.find(&self.tree, parent, value.clone()));
                    fresh = known.is_none();
                    let id = match known {
                        Some(id) => id,
                        None => {
                            let name = braces::name(word, place);
                            let id = self.tree.add(parent, value.clone(), place, name)?;
                            self.index.note(&self.tree, parent, value.clone(), id);
                            id
                        }
                    };
                    if list.is_none() {
                        if self.path.len() == depth {
                            self.path.push((value, id));
                        }
                        node = id;
                        depth += 1;
                        if let Some((at, object)) = self.object(depth, 1) {
                            if !fresh {
                                self.set_again(node);
                            }
                            done = Some((node, object));
                            (depth, node, fresh) = (at, object, true);
                        }
                    }
                }
            }
        }
        if !fresh && list.is_none() {
            self.set_again(node);
        }
        let one = done.map_or(node, |(value, _)| value);
        Some(Command::Set(several.unwrap_or(one)))
    }

    /// After a value, or a list of them, where the next key of the same object belongs: one command may set several.
    /// The depth and the node of the object, if the first `depth` words end with one of its keys and `values` values.
    fn object(&self, depth: usize, values: usize) -> Option<(usize, NodeId)> {
        let words = self.path.get(..depth)?;
        let word = |at: usize| words.get(at).map_or("", |(word, _)| &**word);
        let at = (0..DEEPEST_OBJECT).find_map(|at| {
            let rules = word(at).ends_with("rulebase")
                && matches!(word(at + 1), "security" | "default-security-rules")
                && word(at + 2) == "rules";
            let service = word(at) == "service"
                && word(at + 2) == "protocol"
                && matches!(word(at + 3), "tcp" | "udp" | "sctp");
            (rules || service).then_some(at + 4)
        })?;
        let known = RULE_KEYS.contains(&word(at)) || matches!(word(at), "port" | "source-port");
        let (_, object) = words.get(at - 1)?;
        (known && depth == at + 1 + values).then_some((at, *object))
    }

    /// Of several values of one key, the one that was set last counts.
    fn set_again(&mut self, node: NodeId) {
        let Some(parent) = self.tree.parent(node) else { return };
        let few = self.tree.children(parent).nth(MOST_VALUES).is_none();
        if few && self.tree.first(node).is_none() && self.tree.word(parent) != "rules" {
            self.tree.unlink(node);
            self.tree.link(node, Target::Bottom);
        }
    }

    fn all_words(&mut self, end: usize) -> Vec<Cow<'t, str>> {
        let mut words = Vec::new();
        while let Some((word, _)) = self.words.next_word(end) {
            if !matches!(word, "[" | "]") {
                words.push(unquoted(word));
            }
        }
        words
    }

    /// How many of the words lead somewhere, and where.
    fn lead(&self, words: &[Cow<'t, str>]) -> (usize, NodeId) {
        let mut node = ROOT;
        for (count, word) in words.iter().enumerate() {
            match self.index.find(&self.tree, node, word.clone()) {
                Some(child) => node = child,
                None => return (count, node),
            }
        }
        (words.len(), node)
    }

    fn delete(&mut self, words: &[Cow<'t, str>]) -> Command {
        let (count, node) = self.lead(words);
        // What is not there needs no deleting.
        if count < words.len() {
            return Command::Delete;
        }
        self.changes += 1;
        let Some(parent) = self.tree.parent(node) else { return Command::Unknown(ROOT) };
        if self.changes > MOST_CHANGES {
            return Command::Unknown(node);
        }
        let word = words.last().cloned().unwrap_or_default();
        self.index.forget(parent, word);
        self.tree.unlink(node);
        self.path.clear();
        Command::Delete
    }

    /// `move … NAME top`, `bottom`, `before OTHER` or `after OTHER`.
    fn relocate(&mut self, words: &[Cow<'t, str>]) -> Command {
        let target = words.iter().rposition(|word| matches!(&**word, "top" | "bottom" | "before" | "after"));
        let Some((head, tail)) = target.and_then(|at| words.split_at_checked(at)) else {
            return Command::Unknown(self.lead(words).1);
        };
        let (count, node) = self.lead(head);
        self.changes += 1;
        let (Some(parent), true, true) =
            (self.tree.parent(node), count == head.len(), self.changes <= MOST_CHANGES)
        else {
            return Command::Unknown(node);
        };
        let other = tail
            .get(1)
            .and_then(|other| self.index.find(&self.tree, parent, other.clone()))
            .filter(|other| *other != node);
        let target = match (tail.first().map(|word| &**word), other) {
            (Some("top"), _) => Target::Top,
            (Some("bottom"), _) => Target::Bottom,
            (Some("before"), Some(other)) => Target::Before(other),
            (Some("after"), Some(other)) => Target::After(other),
            _ => return Command::Unknown(node),
        };
        self.tree.unlink(node);
        self.tree.link(node, target);
        Command::Move
    }
}

/// The words of a text, with their places. Quotes keep words together, over the ends of lines too.
pub struct Words<'t> {
    text: &'t str,
    /// Characters that are words of their own.
    marks: &'static str,
    pub at: usize,
    /// From here on no quote is closed.
    open_from: usize,
    unclosed: Option<TextRange>,
}

impl<'t> Words<'t> {
    pub fn new(text: &'t str, marks: &'static str) -> Self {
        Words { text, marks, at: 0, open_from: usize::MAX, unclosed: None }
    }

    /// The first quote that is never closed.
    pub fn unclosed(&self) -> Option<TextRange> {
        self.unclosed
    }

    pub fn skip_line(&mut self) {
        self.at = line_end(self.text, self.at);
    }

    /// The next word that begins before `end`.
    pub fn next_word(&mut self, end: usize) -> Option<(&'t str, TextRange)> {
        let bytes = self.text.as_bytes();
        while self.at < end && bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        if self.at >= end {
            return None;
        }
        let start = self.at;
        let stop = match bytes.get(start) {
            Some(b'"') if start < self.open_from => self.quote(start),
            // What a template would fill in.
            Some(b'{') if self.marks.len() == 2 && bytes.get(start + 1) == Some(&b'{') => {
                let rest = self.text.get(start..end).unwrap_or_default();
                rest.find("}}").map(|length| start + length + 2)
            }
            _ => None,
        };
        let stop = stop.unwrap_or_else(|| {
            let rest = self.text.get(start..end).unwrap_or_default();
            let is_mark = |byte: u8| self.marks.as_bytes().contains(&byte);
            if rest.bytes().next().is_some_and(is_mark) {
                start + 1
            } else {
                let length = rest.bytes().position(|byte| byte.is_ascii_whitespace() || is_mark(byte));
                start + length.unwrap_or(rest.len())
            }
        });
        self.at = stop;
        Some((self.text.get(start..stop).unwrap_or_default(), TextRange::new(start, stop)))
    }

    /// Where the quote at `start` is closed.
    fn quote(&mut self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        while let Some(length) = memchr::memchr(b'"', bytes.get(at..).unwrap_or_default()) {
            let close = at + length;
            let inside = self.text.get(start..close).unwrap_or_default();
            // The next command is no part of a text: this quote is stray.
            if at == start + 1 && ["\nset ", "\ndelete "].iter().any(|command| inside.contains(command)) {
                self.unclosed.get_or_insert(TextRange::new(start, start + 1));
                return None;
            }
            if bytes.get(close - 1) != Some(&b'\\') || close == start + 1 {
                return Some(close + 1);
            }
            at = close + 1;
        }
        self.open_from = start;
        self.unclosed.get_or_insert(TextRange::new(start, start + 1));
        None
    }
}

/// A word without the quotes around it.
pub fn unquoted(word: &str) -> Cow<'_, str> {
    match word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) if inside.contains("\\\"") => Cow::Owned(inside.replace("\\\"", "\"")),
        Some(inside) => Cow::Borrowed(inside),
        None => Cow::Borrowed(word),
    }
}
