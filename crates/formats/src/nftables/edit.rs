//! Changes to an export: edits of its text, and the commands that do the same on the firewall.

use std::collections::{HashMap, HashSet};

use diagnostics::{Edit, TextRange, printable};
use space::RuleId;

use super::model::{Chain, Family, Hook, Model, Rule, Table};
use super::text;
use super::write::{self, Where};
use crate::{Change, Direction, Edited, Export, NewRule, Refusal, RuleSetExport};

const AGAIN: &str = "import the export again";
const RELOAD: &str = "load the file, and export the outcome with `nft list ruleset`";

/// The edits and commands that make `changes`, in order, to one rule set of the export.
pub(super) fn edit(
    source: &str,
    export: &Export,
    rule_set: usize,
    changes: &[Change],
) -> Result<Edited, Refusal> {
    if source.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return Err(Refusal::new(
            "a ruleset in JSON is not changed in place",
            "export it as text, with `nft -a list ruleset`",
        ));
    }
    let set = export
        .rule_sets
        .get(rule_set)
        .ok_or_else(|| Refusal::new("the export has no such rule set", AGAIN))?;
    let build = text::read(source).map_err(|error| Refusal::new(error.message, error.help))?;
    let model = build.model;
    let mut rules = HashMap::new();
    for (table, block) in model.tables.iter().enumerate() {
        for (chain, list) in block.chains.iter().enumerate() {
            for (position, rule) in list.order.iter().enumerate() {
                if let Some(rule) = model.rules.get(*rule as usize) {
                    rules.insert(rule.place, At { table, chain, position });
                }
            }
        }
    }
    let mut editor = Editor {
        source,
        model: &model,
        set,
        rules,
        shifts: HashMap::new(),
        changed: HashSet::new(),
        edits: Vec::new(),
        commands: Some(Vec::new()),
        undo: Some(Vec::new()),
    };
    for change in changes {
        match change {
            Change::Insert { before: Some(before), rule } => editor.insert(*before, rule)?,
            Change::Insert { before: None, rule } => editor.append(rule)?,
            Change::Remove { rule } => editor.replace(*rule, &[])?,
            Change::Replace { rule, with } => editor.replace(*rule, with)?,
        }
    }
    Ok(editor.finish())
}

/// A rule's place in its chain before any change.
#[derive(Clone, Copy)]
struct At {
    table: usize,
    chain: usize,
    position: usize,
}

struct Editor<'s, 'm, 'a> {
    source: &'s str,
    model: &'m Model<'a>,
    set: &'m RuleSetExport,
    rules: HashMap<TextRange, At>,
    /// What the changes so far did to each chain: from a position on, so many more.
    shifts: HashMap<(usize, usize), Vec<(usize, i64)>>,
    /// The rules that are removed or replaced.
    changed: HashSet<RuleId>,
    edits: Vec<Edit>,
    /// `None` once a step needs a handle that the file does not tell: then the file is loaded as a whole.
    commands: Option<Vec<String>>,
    undo: Option<Vec<String>>,
}

impl<'m, 'a> Editor<'_, 'm, 'a> {
    fn table(&self, at: At) -> &'m Table<'a> {
        &self.model.tables[at.table]
    }

    fn chain(&self, at: At) -> &'m Chain<'a> {
        &self.table(at).chains[at.chain]
    }

    fn rule(&self, at: At) -> Option<&'m Rule<'a>> {
        self.model.rules.get(*self.chain(at).order.get(at.position)? as usize)
    }

    /// The statement behind a rule of the rule set. `whole` says that all of it is meant, not an element of its map.
    fn find(&self, rule: RuleId, whole: bool) -> Result<(At, &'m Rule<'a>), Refusal> {
        let entry =
            self.set.entry(rule).ok_or_else(|| Refusal::new("the rule set has no such rule", AGAIN))?;
        let name = printable(&entry.name);
        let found = self.rules.get(&entry.place).copied().filter(|_| !entry.implied);
        let Some((at, written)) = found.and_then(|at| Some((at, self.rule(at)?))) else {
            return Err(Refusal::new(
                format!("`{name}` is no rule that the file holds"),
                "change the file that it comes from by hand",
            ));
        };
        if self.chain(at).shuffled {
            let message = format!(
                "chain `{}` is put together by commands, and no line has its place in it",
                entry.list
            );
            return Err(Refusal::new(message, RELOAD));
        }
        // Elements of a verdict map are entries of one statement.
        let siblings = |id: u32| self.set.entry(RuleId(id)).is_some_and(|other| other.place == entry.place);
        let first = !rule.0.checked_sub(1).is_some_and(siblings);
        let only = first && !siblings(rule.0 + 1);
        if whole && !only || !first {
            return Err(Refusal::new(
                format!("`{name}` is one element of a verdict map"),
                "change the map by hand, or put a rule before the whole of it",
            ));
        }
        Ok((at, written))
    }

    fn place(&self, at: At) -> Where {
        let chain = self.chain(at);
        Where { family: self.table(at).family, hook: chain.base.as_ref().map(|base| base.hook) }
    }

    fn specs(&self, at: At, rule: &NewRule) -> Result<Vec<String>, Refusal> {
        let specs = write::rules(rule, self.place(at))?;
        if specs.is_empty() {
            return Err(Refusal::new(
                "the chain sees nothing of what the rule is for",
                "put it into a chain of the family inet",
            ));
        }
        Ok(specs)
    }

    /// `inet filter input`, as commands name it. `None` for a chain that is written inside a rule.
    fn target(&self, at: At) -> Option<String> {
        let chain = self.chain(at);
        (!chain.anonymous).then(|| format!("{} {}", self.table(at).title(), chain.name))
    }

    /// The statements that go into the file for new rules next to one that is there.
    fn written(&self, at: At, specs: &[String], command: bool) -> Vec<String> {
        let head = match (command, self.target(at)) {
            (true, Some(target)) => format!("add rule {target} "),
            _ => String::new(),
        };
        specs.iter().map(|spec| format!("{head}{spec}")).collect()
    }

    fn insert(&mut self, before: RuleId, rule: &NewRule) -> Result<(), Refusal> {
        let (at, written) = self.find(before, false)?;
        let specs = self.specs(at, rule)?;
        let statements = self.written(at, &specs, written.command);
        let start = written.place.start as usize;
        let between = self.between(start);
        let text: String = statements.iter().map(|statement| format!("{statement}{between}")).collect();
        self.edits.push(Edit { range: TextRange::new(start, start), replacement: text });
        self.say_insert(at, written, &specs);
        Ok(())
    }

    /// What stands between a statement that begins at `start` and the next one.
    fn between(&self, start: usize) -> String {
        match self.indent(start) {
            Some(indent) => format!("{}{indent}", self.line_end_written()),
            None => "; ".to_owned(),
        }
    }

    /// The blanks before `start`, where nothing else stands before it on its line.
    fn indent(&self, start: usize) -> Option<&str> {
        let before = &self.source[..start];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let indent = &before[line..];
        indent.trim().is_empty().then_some(indent)
    }

    fn line_end_written(&self) -> &'static str {
        if self.source.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// After all rules of the last base chain at the hook of the rule set.
    fn append(&mut self, rule: &NewRule) -> Result<(), Refusal> {
        let at = self.last_chain()?;
        let chain = self.chain(at);
        if chain.shuffled {
            let message =
                format!("chain `{}` is put together by commands, and no line is its last", chain.name);
            return Err(Refusal::new(message, RELOAD));
        }
        let specs = self.specs(at, rule)?;
        let last = chain.order.len().checked_sub(1).and_then(|position| self.rule(At { position, ..at }));
        let made = &self.source[chain.place.start as usize..chain.place.end as usize];
        let command = last.map_or(!made.starts_with("chain"), |last| last.command);
        let statements = self.written(at, &specs, command);
        let (start, end) = match (last, chain.base.as_ref()) {
            (Some(last), _) => (last.place.start as usize, last.place.end as usize),
            (None, Some(base)) if !command => {
                let end = base.policy_place.map_or(base.place, |policy| base.place.cover(policy));
                (end.start as usize, end.end as usize)
            }
            (None, _) if command => {
                // `add chain ... { ... }` ends with its brace.
                let rest = &self.source[chain.place.end as usize..];
                let block = rest.trim_start().starts_with('{');
                let length = rest.find('}').filter(|_| block).map_or(0, |at| at + 1);
                (chain.place.start as usize, chain.place.end as usize + length)
            }
            (None, _) => {
                return Err(Refusal::new(
                    format!("chain `{}` has no rule to put another one after", chain.name),
                    "write its first rule by hand",
                ));
            }
        };
        let rest = &self.source[end..];
        let line = rest.find('\n').map_or(rest, |length| &rest[..length]);
        let tail = line.trim_start().trim_start_matches(';').trim_start();
        let alone = tail.is_empty() || tail.starts_with('#');
        let (place, text) = match self.indent(start).filter(|_| alone) {
            Some(indent) => {
                let line_end = self.line_end_written();
                let lines = statements.iter().map(|statement| format!("{line_end}{indent}{statement}"));
                (end + line.trim_end().len(), lines.collect::<String>())
            }
            None => (end, statements.iter().map(|statement| format!("; {statement}")).collect()),
        };
        self.edits.push(Edit { range: TextRange::new(place, place), replacement: text });
        let target = self.target(at);
        let count = specs.len();
        self.say(target.map(|target| {
            specs.iter().map(|spec| format!("nft add rule {target} {}", shell(spec))).collect()
        }));
        self.undo = None;
        self.shift(at, chain.order.len(), count, 0);
        Ok(())
    }

    /// The chain that `Change::Insert` without a rule means.
    fn last_chain(&self) -> Result<At, Refusal> {
        let bridge = self.set.name.starts_with("bridge ");
        let own = match self.set.direction {
            Direction::Inbound => Hook::Input,
            Direction::Outbound => Hook::Output,
            Direction::Transit => Hook::Forward,
        };
        let mut found: Option<(i32, At)> = None;
        for (table, block) in self.model.tables.iter().enumerate().filter(|(_, block)| !block.dormant) {
            let here = match block.family {
                Family::Bridge => bridge,
                Family::Ip | Family::Ip6 | Family::Inet => !bridge,
                Family::Arp | Family::Netdev => false,
            };
            for (chain, list) in block.chains.iter().enumerate() {
                let at = At { table, chain, position: 0 };
                match &list.base {
                    Some(base)
                        if here
                            && base.hook == own
                            && found.is_none_or(|(priority, _)| base.priority >= priority) =>
                    {
                        found = Some((base.priority, at));
                    }
                    None if format!("{} {}", block.title(), list.name) == self.set.name => return Ok(at),
                    _ => {}
                }
            }
        }
        found.map(|(_, at)| at).ok_or_else(|| {
            Refusal::new(
                format!("the file has no chain at the hook {} to put a rule into", own.name()),
                "make the chain first, or name a rule to put it before",
            )
        })
    }

    /// The new rules in the place of the old one; with none, it goes.
    fn replace(&mut self, rule: RuleId, with: &[NewRule]) -> Result<(), Refusal> {
        let (at, written) = self.find(rule, true)?;
        if !self.changed.insert(rule) {
            let name = self.set.entry(rule).map_or("", |entry| &entry.name);
            let message = format!("rule `{}` is changed twice", printable(name));
            return Err(Refusal::new(message, "make one change after the other"));
        }
        let mut specs = Vec::new();
        for rule in with {
            specs.extend(self.specs(at, rule)?);
        }
        let statements = self.written(at, &specs, written.command);
        let (start, end) = (written.place.start as usize, written.place.end as usize);
        let rest = &self.source[end..];
        let line = rest.find('\n').map_or(rest, |length| &rest[..length]);
        let tail = line.trim_start().trim_start_matches(';').trim_start();
        let handle = tail.starts_with('#') && tail.contains("handle");
        let text = statements.join(&self.between(start));
        let edit = match self.indent(start) {
            Some(indent) if specs.is_empty() && (tail.is_empty() || tail.starts_with('#')) => {
                // The whole line, and not the comment of another one.
                let line_end = (end + line.len() + 1).min(self.source.len());
                Edit { range: TextRange::new(start - indent.len(), line_end), replacement: text }
            }
            _ if specs.is_empty() => {
                let more = line.len() - line.trim_start().trim_start_matches(';').trim_start().len();
                Edit { range: TextRange::new(start, end + more), replacement: text }
            }
            // The handle was that of the old rule.
            _ if handle => {
                Edit { range: TextRange::new(start, end + line.trim_end().len()), replacement: text }
            }
            _ => Edit { range: TextRange::new(start, end), replacement: text },
        };
        self.edits.push(edit);
        self.say_replace(at, written, &specs);
        Ok(())
    }

    /// The position that a rule has now.
    fn position(&self, at: At) -> i64 {
        let shifts = self.shifts.get(&(at.table, at.chain)).map_or(&[][..], Vec::as_slice);
        let by: i64 = shifts.iter().filter(|(from, _)| *from <= at.position).map(|(_, by)| by).sum();
        i64::try_from(at.position).unwrap_or(i64::MAX) + by
    }

    fn shift(&mut self, at: At, from: usize, came: usize, went: usize) {
        let by = i64::try_from(came).unwrap_or(0) - i64::try_from(went).unwrap_or(0);
        self.shifts.entry((at.table, at.chain)).or_default().push((from, by));
    }

    /// Adds commands; with `None`, there are none for this step, and so for all.
    fn say(&mut self, commands: Option<Vec<String>>) {
        match (&mut self.commands, commands) {
            (Some(all), Some(commands)) => all.extend(commands),
            _ => self.commands = None,
        }
    }

    fn say_insert(&mut self, at: At, written: &Rule<'_>, specs: &[String]) {
        let position = self.position(at);
        let commands = self.target(at).map(|target| {
            let one = |(offset, spec): (i64, &String)| {
                let place = match written.handle {
                    Some(handle) => format!("handle {handle}"),
                    None => format!("index {}", position + offset),
                };
                format!("nft insert rule {target} {place} {}", shell(spec))
            };
            (0..).zip(specs).map(one).collect()
        });
        self.say(commands);
        // The handles of new rules are known when they are there.
        self.undo = None;
        self.shift(at, at.position, specs.len(), 0);
    }

    fn say_replace(&mut self, at: At, written: &Rule<'_>, specs: &[String]) {
        let target = self.target(at).zip(written.handle);
        let commands = target.as_ref().map(|(target, handle)| {
            let Some((last, before)) = specs.split_last() else {
                return vec![format!("nft delete rule {target} handle {handle}")];
            };
            let insert = |spec: &String| format!("nft insert rule {target} handle {handle} {}", shell(spec));
            let mut all: Vec<String> = before.iter().map(insert).collect();
            all.push(format!("nft replace rule {target} handle {handle} {}", shell(last)));
            all
        });
        self.say(commands);
        let source = &self.source[written.place.start as usize..written.place.end as usize];
        // Variables mean nothing outside of the file.
        let plain = specs.is_empty() && !written.command && !source.contains(['$', '\n', '\\']);
        let position = self.position(at);
        let shifts = self.shifts.get(&(at.table, at.chain)).map_or(&[][..], Vec::as_slice);
        let length = self.chain(at).order.len() as i64 + shifts.iter().map(|(_, by)| by).sum::<i64>();
        match (target.filter(|_| plain), &mut self.undo) {
            (Some((target, _)), Some(undo)) => undo.push(match position + 1 < length {
                true => format!("nft insert rule {target} index {position} {}", shell(source)),
                false => format!("nft add rule {target} {}", shell(source)),
            }),
            _ => self.undo = None,
        }
        // What was inserted before this rule stays before what replaces it.
        self.shift(at, at.position + 1, specs.len(), 1);
    }

    fn finish(self) -> Edited {
        // A file that empties the ruleset itself can be loaded as it is; another one would add to what is there.
        let empties = self.source.contains("flush ruleset");
        let load = |file: &str| match empties {
            true => format!("nft -f {file}"),
            false => format!("(echo flush ruleset; cat {file}) | nft -f -"),
        };
        let commands = self.commands.unwrap_or_else(|| vec![load("EDITED.nft")]);
        let rollback = match self.undo {
            Some(mut undo) => {
                undo.reverse();
                undo
            }
            None => vec![load("EXPORT.nft")],
        };
        Edited { edits: self.edits, commands, rollback }
    }
}

/// One word for a shell.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
