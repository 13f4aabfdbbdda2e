//! Changes to an export: edits of its text, and the commands that do the same on the firewall.

use std::collections::{HashMap, HashSet};

use diagnostics::{Edit, TextRange, printable};
use space::{NameSet, RuleId};

use super::config::{Bound, Config, Line, LineEntry, List, ListKind};
use super::edit_interfaces;
use super::parse;
use super::write::{Entry, Writer};
use crate::{Change, Edited, Export, NewRule, Refusal, RuleEntry, RuleSetExport};

/// The edits and commands that make `changes`, in order, to one rule set of the export.
pub(super) fn edit(
    text: &str,
    export: &Export,
    rule_set: usize,
    changes: &[Change],
) -> Result<Edited, Refusal> {
    let set = export
        .rule_sets
        .get(rule_set)
        .ok_or_else(|| Refusal::new("the export has no such rule set", AGAIN))?;
    let config = parse::parse(text).map_err(|error| Refusal::new(error.message, error.help))?;
    if config.shown {
        return Err(Refusal::new(
            "the output of `show access-list` is no configuration that could be changed",
            "export the configuration with `show running-config`",
        ));
    }
    let mut lines = HashMap::new();
    for (at, list) in config.lists.iter().enumerate() {
        lines.extend(list.lines.iter().enumerate().map(|(line, found)| (found.place, At { list: at, line })));
    }
    let mut editor = Editor {
        text,
        export,
        config: &config,
        set,
        lines,
        writer: Writer::beside(&config),
        shifts: HashMap::new(),
        changed: HashSet::new(),
        left: HashMap::new(),
        edits: Vec::new(),
        commands: Vec::new(),
        undo: Vec::new(),
    };
    for change in changes {
        match change {
            Change::Insert { before: Some(before), rule } => editor.insert(*before, rule)?,
            Change::Insert { before: None, rule } => editor.append(rule)?,
            Change::Remove { rule } => editor.replace(*rule, &[])?,
            Change::Replace { rule, with } => editor.replace(*rule, with)?,
        }
    }
    editor.finish()
}

const AGAIN: &str = "import the export again";

/// A line of a list.
#[derive(Clone, Copy, Debug)]
struct At {
    list: usize,
    /// Its place in the list before any change; one past the last is the end.
    line: usize,
}

struct Editor<'e, 'a> {
    text: &'a str,
    export: &'e Export,
    config: &'e Config<'a>,
    set: &'e RuleSetExport,
    lines: HashMap<TextRange, At>,
    writer: Writer,
    /// For each list, what the changes so far did to the numbers of its lines: those from the first on, by the second.
    shifts: HashMap<usize, Vec<(usize, i64)>>,
    changed: HashSet<RuleId>,
    /// For each list that lost entries, how many are left.
    left: HashMap<usize, i64>,
    edits: Vec<Edit>,
    commands: Vec<String>,
    undo: Vec<String>,
}

impl<'e, 'a> Editor<'e, 'a> {
    fn finish(mut self) -> Result<Edited, Refusal> {
        for (list, left) in &self.left.iter().collect::<std::collections::BTreeMap<_, _>>() {
            if **left <= 0 {
                let name = self.config.lists.get(**list).map_or("", |list| list.name);
                return Err(Refusal::new(
                    format!("the list `{}` would be empty, and no longer bound", printable(name)),
                    "keep an entry in it, such as `deny ip any any`",
                ));
            }
        }
        let mut commands = Vec::new();
        let mut rollback: Vec<String> = std::mem::take(&mut self.undo).into_iter().rev().collect();
        let mut sections = String::new();
        let end = line_end(self.text);
        for object in &self.writer.new_objects {
            commands.push(object.head.clone());
            commands.extend(object.members.iter().map(|member| format!(" {member}")));
            sections.push_str(&object.head);
            sections.push_str(end);
            for member in &object.members {
                sections.push_str(&format!(" {member}{end}"));
            }
        }
        rollback.extend(self.writer.new_objects.iter().rev().map(|object| format!("no {}", object.head)));
        commands.append(&mut self.commands);
        if !sections.is_empty() {
            let first =
                self.config.lists.iter().flat_map(|list| &list.lines).map(|line| line.place.start).min();
            let at = self.line_start(first.unwrap_or_default() as usize);
            // Before an entry that is inserted at the same place.
            self.edits.insert(0, Edit { range: TextRange::new(at, at), replacement: sections });
        }
        Ok(Edited { edits: self.edits, commands, rollback })
    }

    fn entry(&self, rule: RuleId) -> Result<&RuleEntry, Refusal> {
        self.set.entry(rule).ok_or_else(|| Refusal::new("the rule set has no such rule", AGAIN))
    }

    /// The line behind a rule.
    fn line(&self, rule: RuleId) -> Result<At, Refusal> {
        let entry = self.entry(rule)?;
        match self.lines.get(&entry.place) {
            Some(at) if !entry.implied => Ok(*at),
            _ => Err(Refusal::new(
                format!("`{}` is no entry of an access list", printable(&entry.name)),
                "change the statement that it comes from by hand",
            )),
        }
    }

    fn list(&self, at: usize) -> Result<&'e List<'a>, Refusal> {
        let list = self.config.lists.get(at).ok_or_else(|| Refusal::new("there is no such list", AGAIN))?;
        if list.kind == ListKind::V6 {
            return Err(Refusal::new(
                format!(
                    "`{}` is a list for IPv6 of before ASA 9.0, which is not written here",
                    printable(list.name)
                ),
                "change it by hand, with `ipv6 access-list`",
            ));
        }
        if list.shuffled {
            return Err(Refusal::new(
                format!(
                    "the list `{}` is put together by numbers, and no line has its place in it",
                    printable(list.name)
                ),
                "run the commands, and export the outcome with `show running-config`",
            ));
        }
        Ok(list)
    }

    fn insert(&mut self, before: RuleId, rule: &NewRule) -> Result<(), Refusal> {
        let entry = self.entry(before)?;
        let binding = self.config.bindings.iter().find(|binding| binding.place == entry.place);
        let at = match binding {
            Some(binding) => {
                let Some((list, found)) = self.config.list(binding.list) else {
                    return Err(Refusal::new(
                        format!("the list `{}` is not in the export", printable(binding.list)),
                        "export the whole configuration with `show running-config`",
                    ));
                };
                // Ahead of where it is bound is ahead of its first entry; the implicit deny comes after its last.
                let is_end = entry.name.starts_with("implicit deny");
                At { list, line: if is_end { found.lines.len() } else { 0 } }
            }
            None if entry.implied => return Err(no_list(entry)),
            None => self.line(before)?,
        };
        self.put(at, rule)
    }

    /// After all rules of the list that the last stage walks.
    fn append(&mut self, rule: &NewRule) -> Result<(), Refusal> {
        let bindings = &self.config.bindings;
        if bindings.is_empty() {
            let list =
                self.config.list(&self.set.name).map(|(at, list)| At { list: at, line: list.lines.len() });
            let at = list.ok_or_else(|| Refusal::new("the export has no list to put a rule into", BIND))?;
            return self.put(at, rule);
        }
        let outbound = bindings.iter().any(|binding| matches!(binding.at, Bound::Out(_)));
        let region = &rule.region;
        let at_one = |names: &NameSet, name: &str| names.exact().is_some_and(|names| names == [name]);
        let fits = |at: Bound<'_>| match at {
            Bound::Out(name) => outbound && at_one(&region.out_interface, name),
            Bound::In(name) => !outbound && at_one(&region.in_interface, name),
            Bound::Global => false,
        };
        let global = |at: Bound<'_>| !outbound && at == Bound::Global;
        let found = bindings
            .iter()
            .find(|binding| fits(binding.at))
            .or_else(|| bindings.iter().find(|binding| global(binding.at)))
            .or(if let [only] = bindings.as_slice() { Some(only) } else { None });
        let list = found.and_then(|binding| self.config.list(binding.list));
        let Some((list, found)) = list else {
            return Err(Refusal::new(
                "several lists are bound, and which of them the rule is for is not said",
                "name the interface by which the flow comes in",
            ));
        };
        let line = found.lines.len();
        self.put(At { list, line }, rule)
    }

    /// Writes a rule ahead of a line, and of the remarks that belong to that line.
    fn put(&mut self, at: At, rule: &NewRule) -> Result<(), Refusal> {
        let list = self.list(at.list)?;
        if !edit_interfaces::check(self.config, self.export, list, rule)? {
            return Ok(());
        }
        if !list.lines.iter().any(|line| matches!(line.entry, LineEntry::Rule(_))) {
            return Err(Refusal::new(
                format!("the list `{}` has no entry that shows where it stands", printable(list.name)),
                "write its first entry by hand",
            ));
        }
        let first = first_remark(list, at.line);
        let offset = match list.lines.get(first) {
            Some(line) => self.line_start(line.place.start as usize),
            None => list.lines.last().map_or(self.text.len(), |line| self.after(line)),
        };
        let entry = self.writer.entry(rule)?;
        let texts = texts(list, &entry, true);
        self.insert_lines(at.list, first, &texts);
        let name = self.config.lists.get(at.list).map_or("", |list| list.name);
        let replacement = self.written(name, &texts, offset);
        self.edits.push(Edit { range: TextRange::new(offset, offset), replacement });
        Ok(())
    }

    /// The new rules in the place of the old one; with none, it goes.
    fn replace(&mut self, rule: RuleId, with: &[NewRule]) -> Result<(), Refusal> {
        let at = self.line(rule)?;
        let name = self.entry(rule)?.name.clone();
        if !self.changed.insert(rule) {
            let message = format!("rule `{}` is changed twice", printable(&name));
            return Err(Refusal::new(message, "make one change after the other"));
        }
        let logs = self.entry(rule)?.logs;
        let list = self.list(at.list)?;
        let (list_name, count) = (list.name, list.lines.len());
        let entries = list.lines.iter().filter(|line| matches!(line.entry, LineEntry::Rule(_))).count();
        let Some(line) = list.lines.get(at.line) else {
            return Err(Refusal::new("the list has no such line", AGAIN));
        };
        let mut asked = Vec::with_capacity(with.len());
        for rule in with {
            if edit_interfaces::check(self.config, self.export, list, rule)? {
                asked.push(rule);
            }
        }
        let with = asked;
        let (start, end) = (self.line_start(line.place.start as usize), self.after(line));
        let first = first_remark(list, at.line);
        let has_remark = first < at.line;
        let old = after_name(self.text, line);
        let log = if logs { log_of(&old) } else { String::new() };
        let ends_group =
            list.lines.get(at.line + 1).is_none_or(|next| matches!(next.entry, LineEntry::Remark(_)));
        let remarks: Vec<(usize, usize, String)> = list
            .lines
            .iter()
            .enumerate()
            .take(at.line)
            .skip(first)
            .map(|(index, line)| {
                (index, self.line_start(line.place.start as usize), after_name(self.text, line))
            })
            .collect();
        let mut texts_of_all = Vec::new();
        for rule in &with {
            let mut entry = self.writer.entry(rule)?;
            entry.text.push_str(&log);
            let list = self.list(at.list)?;
            texts_of_all.extend(texts(list, &entry, !has_remark));
        }
        let replacement = self.written(list_name, &texts_of_all, start);
        self.edits.push(Edit { range: TextRange::new(start, end), replacement });

        let left = self.left.entry(at.list).or_insert(i64::try_from(entries).unwrap_or(i64::MAX));
        *left += i64::try_from(with.len()).unwrap_or(i64::MAX) - 1;
        debug_assert!(at.line < count);
        // An entry that is there already is refused: then the old one goes first.
        let same = texts_of_all.contains(&old);
        if !same {
            self.insert_lines(at.list, at.line, &texts_of_all);
        }
        let position = self.position(at.list, at.line);
        self.commands.push(format!("no access-list {list_name} {old}"));
        self.undo.push(format!("access-list {list_name} line {position} {old}"));
        self.shifts.entry(at.list).or_default().push((at.line + 1, -1));
        if same {
            self.insert_lines(at.list, at.line + 1, &texts_of_all);
        }
        // A remark that belonged to this entry alone goes with it.
        if with.is_empty() && ends_group {
            for (index, from, text) in remarks.into_iter().rev() {
                let to = self.text.get(from..).map_or(from, |rest| from + line_length(rest));
                self.edits.push(Edit { range: TextRange::new(from, to), replacement: String::new() });
                let position = self.position(at.list, index);
                self.commands.push(format!("no access-list {list_name} line {position} {text}"));
                self.undo.push(format!("access-list {list_name} line {position} {text}"));
                self.shifts.entry(at.list).or_default().push((index + 1, -1));
            }
        }
        Ok(())
    }

    /// Commands for new lines ahead of the line that had this place.
    fn insert_lines(&mut self, list: usize, line: usize, texts: &[String]) {
        let name = self.config.lists.get(list).map_or("", |list| list.name);
        for text in texts {
            let position = self.position(list, line);
            self.commands.push(format!("access-list {name} line {position} {text}"));
            let numbered =
                if text.starts_with("remark") { format!("line {position} ") } else { String::new() };
            self.undo.push(format!("no access-list {name} {numbered}{text}"));
            self.shifts.entry(list).or_default().push((line, 1));
        }
    }

    /// The number that the line has now; the first is 1.
    fn position(&self, list: usize, line: usize) -> i64 {
        let shifts = self.shifts.get(&list).map_or(&[][..], Vec::as_slice);
        let by: i64 = shifts.iter().filter(|(from, _)| *from <= line).map(|(_, by)| by).sum();
        i64::try_from(line).unwrap_or(i64::MAX - 1) + 1 + by
    }

    /// New lines of the file, for insertion at `offset`.
    fn written(&self, list: &str, texts: &[String], offset: usize) -> String {
        let end = line_end(self.text);
        let mut out = String::new();
        if offset == self.text.len() && !self.text.is_empty() && !self.text.ends_with('\n') {
            out.push_str(end);
        }
        for text in texts {
            out.push_str(&format!("access-list {list} {text}{end}"));
        }
        out
    }

    fn line_start(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        memchr::memrchr(b'\n', before).map_or(0, |feed| feed + 1)
    }

    /// After the line feed.
    fn after(&self, line: &Line<'_>) -> usize {
        let at = line.place.end as usize;
        self.text.get(at..).map_or(at, |rest| at + line_length(rest))
    }
}

const BIND: &str = "write a list and bind it by hand, with `access-group`";

fn no_list(entry: &RuleEntry) -> Refusal {
    Refusal::new(
        format!("`{}` comes from security levels, and no access list is asked there", printable(&entry.name)),
        "bind a list to the interface by hand: from then on it decides, and the levels no longer do",
    )
}

/// The first of the remarks right before a line.
fn first_remark(list: &List<'_>, line: usize) -> usize {
    // Remarks at the end belong to nothing, and what comes after the last line comes after them.
    if line >= list.lines.len() {
        return line;
    }
    let before = list.lines.get(..line).unwrap_or_default();
    let remarks = before.iter().rev().take_while(|line| matches!(line.entry, LineEntry::Remark(_)));
    line - remarks.count()
}

/// The lines of an entry, in the dialect of the list.
fn texts(list: &List<'_>, entry: &Entry, with_remark: bool) -> Vec<String> {
    let bare = list.lines.iter().find_map(|line| match line.entry {
        LineEntry::Rule(_) => Some(line.bare),
        _ => None,
    });
    let text = match entry.text.strip_prefix("extended ") {
        Some(text) if bare == Some(true) => text.to_owned(),
        _ => entry.text.clone(),
    };
    let remark = entry.remark.as_ref().filter(|_| with_remark).map(|remark| format!("remark {remark}"));
    remark.into_iter().chain([text]).collect()
}

/// What comes after the name of the list.
fn after_name(text: &str, line: &Line<'_>) -> String {
    let line = text.get(std::ops::Range::from(line.place)).unwrap_or_default();
    let mut words = super::words::Words::new(line, 0);
    words.next();
    words.next();
    words.rest().to_owned()
}

/// How an entry logs: ` log errors interval 300`.
fn log_of(entry: &str) -> String {
    let words: Vec<&str> = entry.split_ascii_whitespace().collect();
    let Some(at) = words.iter().rposition(|word| *word == "log") else { return String::new() };
    let options =
        words.iter().skip(at).take_while(|word| !matches!(**word, "time-range" | "inactive" | "disable"));
    options.map(|word| format!(" {word}")).collect()
}

fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn line_length(rest: &str) -> usize {
    memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |length| length + 1)
}
