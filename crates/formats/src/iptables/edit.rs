//! Changes to an export: edits of its text, and the commands that do the same on the firewall.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use diagnostics::{Edit, TextRange, printable};
use space::RuleId;

use super::addresses::{self, Trouble};
use super::dump::{Dump, Hook, Line, TableKind};
use super::parse;
use super::rule::{Argument, Rule};
use super::tokens::{self, Token};
use super::write::{self, Spec, Where};
use crate::{Change, Direction, Edited, Export, NewRule, Refusal, RuleSetExport};

/// A line that lists more addresses than this is not taken apart into commands.
const MOST_COMMANDS: usize = 1000;

/// The edits and commands that make `changes`, in order, to one rule set of the export.
pub(super) fn edit(
    text: &str,
    export: &Export,
    rule_set: usize,
    changes: &[Change],
) -> Result<Edited, Refusal> {
    let again = "import the export again";
    let set = export
        .rule_sets
        .get(rule_set)
        .ok_or_else(|| Refusal::new("the export has no such rule set", again))?;
    let dump = parse::parse(text).map_err(|error| Refusal::new(error.message, error.help))?;
    let numbers = dump.tables.iter().map(super::dump::Table::numbers).collect();
    let mut editor = Editor {
        text,
        dump: &dump,
        set,
        numbers,
        shifts: HashMap::new(),
        settled: RefCell::default(),
        changed: HashSet::new(),
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
    let rollback = editor.undo.into_iter().rev().flatten().collect();
    Ok(Edited { edits: editor.edits, commands: editor.commands, rollback })
}

struct Editor<'a> {
    text: &'a str,
    dump: &'a Dump<'a>,
    set: &'a RuleSetExport,
    /// For each table and line the number of its first rule.
    numbers: Vec<Vec<u32>>,
    /// What the changes so far did to the numbers of each chain.
    shifts: HashMap<(usize, u32), Vec<Shift>>,
    /// The chains that were looked at for host names.
    settled: RefCell<HashSet<(usize, &'a str)>>,
    /// The rules that are removed or replaced.
    changed: HashSet<RuleId>,
    edits: Vec<Edit>,
    commands: Vec<String>,
    /// For each step the commands that take it back.
    undo: Vec<Vec<String>>,
}

/// Rules that came (or, with a negative `by`, went): those from `from` on have other numbers.
#[derive(Clone, Copy)]
struct Shift {
    from: u32,
    by: i64,
}

/// A line of the export.
#[derive(Clone, Copy)]
struct At<'a> {
    table: usize,
    line: &'a Line<'a>,
    /// Its number before any change.
    number: u32,
}

impl<'a> Editor<'a> {
    /// The line behind a rule of the rule set.
    fn find(&self, rule: RuleId) -> Result<At<'a>, Refusal> {
        let again = "import the export again";
        let entry =
            self.set.entry(rule).ok_or_else(|| Refusal::new("the rule set has no such rule", again))?;
        let found = self.dump.tables.iter().enumerate().find_map(|(table, block)| {
            let index = block.lines.binary_search_by_key(&entry.place, |line| line.place).ok()?;
            let number = self.numbers.get(table)?.get(index).copied()?;
            Some(At { table, line: block.lines.get(index)?, number })
        });
        let at = found.ok_or_else(|| {
            let message = format!("`{}` is no rule that the file holds", printable(&entry.name));
            Refusal::new(message, "change the export that it comes from by hand")
        })?;
        let shuffled =
            self.dump.tables.get(at.table).and_then(|table| table.chains.get(at.line.chain as usize));
        self.settled(at.table, at.line.chain)?;
        match shuffled.filter(|chain| chain.shuffled) {
            Some(chain) => Err(Refusal::new(
                format!(
                    "chain `{}` is put together by commands, and no line has its place in it",
                    printable(&chain.name)
                ),
                "load the file, and export the outcome with `iptables-save`",
            )),
            None => Ok(at),
        }
    }

    /// How many rules the kernel makes of a host name is known once it is resolved: then no number holds.
    fn settled(&self, table: usize, chain: u32) -> Result<(), Refusal> {
        let Some(block) = self.dump.tables.get(table) else { return Ok(()) };
        let Some(chain) = block.chains.get(chain as usize) else { return Ok(()) };
        if self.settled.borrow().contains(&(table, &*chain.name)) {
            return Ok(());
        }
        let mut rule = Rule::default();
        for line in chain.order.iter().filter_map(|line| block.lines.get(*line as usize)) {
            rule.read(line.spec, line.spec_start);
            let named = [rule.source, rule.destination].into_iter().flatten().any(|argument| {
                addresses::list(rule.text(argument.token), self.dump.family) == Err(Trouble::Name)
            });
            if named {
                let message =
                    format!("chain `{}` has host names, and so no sure numbers", printable(&chain.name));
                return Err(Refusal::new(
                    message,
                    "load the file, and export the outcome with `iptables-save`",
                ));
            }
        }
        self.settled.borrow_mut().insert((table, &*chain.name));
        Ok(())
    }

    fn insert(&mut self, before: RuleId, rule: &NewRule) -> Result<(), Refusal> {
        let at = self.find(before)?;
        let specs = self.specs(at.table, at.line.chain, rule)?;
        let start = self.line_start(at.line);
        let lines = self.lines(at.table, at.line.chain, &specs, Some(at.line));
        self.edits.push(Edit { range: TextRange::new(start, start), replacement: lines });
        let position = self.position(at);
        self.command_insert(at.table, at.line.chain, position, &specs);
        // A rule that is inserted before the same one later comes after these.
        self.shift(at, at.number, specs.len());
        Ok(())
    }

    /// After all rules of the chain that the direction has in table filter.
    fn append(&mut self, rule: &NewRule) -> Result<(), Refusal> {
        let hook = match self.set.direction {
            Direction::Inbound => Hook::Input,
            Direction::Outbound => Hook::Output,
            Direction::Transit => Hook::Forward,
        };
        let tables = &self.dump.tables;
        let Some(table) = tables.iter().position(|table| table.kind == TableKind::Filter) else {
            let help = "export with `iptables-save`, without `-t`";
            return Err(Refusal::new("the file has no table filter to put a rule into", help));
        };
        let block = &tables[table];
        let chain = block.chains.iter().position(|chain| chain.hook == Some(hook));
        let last = chain.and_then(|chain| block.chains.get(chain)).and_then(|chain| chain.order.back());
        let last = last.and_then(|last| block.lines.get(*last as usize));
        if let Some(chain) = chain.and_then(|chain| block.chains.get(chain)).filter(|chain| chain.shuffled) {
            return Err(Refusal::new(
                format!("chain `{}` is put together by commands, and no line is its last", chain.name),
                "load the file, and export the outcome with `iptables-save`",
            ));
        }
        let index = chain.map_or(u32::MAX, |chain| u32::try_from(chain).unwrap_or(u32::MAX));
        self.settled(table, index)?;
        let place = Where { family: self.dump.family, table: TableKind::Filter, hook: Some(hook) };
        let specs = write::specs(rule, place)?;
        let at = match last {
            Some(line) => self.line_end(line),
            None => block.end,
        };
        let mut lines = self.lines_of(hook.chain(), &specs, last);
        if !self.text[..at].is_empty() && !self.text[..at].ends_with('\n') {
            lines = format!("\n{}", lines.trim_end_matches('\n'));
        }
        self.edits.push(Edit { range: TextRange::new(at, at), replacement: lines });
        let rules: u32 = match chain.and_then(|chain| block.chains.get(chain)) {
            Some(chain) => chain
                .order
                .iter()
                .filter_map(|line| block.lines.get(*line as usize))
                .map(|line| line.width)
                .sum(),
            None => 0,
        };
        let program = self.program(table);
        for spec in &specs {
            let shifts = self.shifts.entry((table, index)).or_default();
            let count = i64::from(rules) + shifts.iter().map(|shift| shift.by).sum::<i64>() + 1;
            shifts.push(Shift { from: u32::MAX, by: 1 });
            self.commands.push(format!("{program} -A {} {}", hook.chain(), spec.for_shell()));
            self.undo.push(vec![format!("{program} -D {} {count}", hook.chain())]);
        }
        Ok(())
    }

    /// The new rules in the place of the old one; with none, it goes.
    fn replace(&mut self, rule: RuleId, with: &[NewRule]) -> Result<(), Refusal> {
        let at = self.find(rule)?;
        if !self.changed.insert(rule) {
            let name = self.set.entry(rule).map_or("", |entry| &entry.name);
            let message = format!("rule `{}` is changed twice", printable(name));
            return Err(Refusal::new(message, "make one change after the other"));
        }
        let mut specs = Vec::new();
        for rule in with {
            specs.extend(self.specs(at.table, at.line.chain, rule)?);
        }
        let (start, end) = (self.line_start(at.line), self.line_end(at.line));
        let replacement = self.lines(at.table, at.line.chain, &specs, Some(at.line));
        self.edits.push(Edit { range: TextRange::new(start, end), replacement });

        let (program, chain) = (self.program(at.table), self.chain(at.table, at.line.chain));
        let position = self.position(at);
        let old = original(at.line)?;
        match (specs.split_first(), old.as_slice()) {
            (Some((first, rest)), [old]) => {
                self.commands.push(format!("{program} -R {chain} {position} {}", first.for_shell()));
                self.undo.push(vec![format!("{program} -R {chain} {position} {old}")]);
                self.command_insert(at.table, at.line.chain, position + 1, rest);
            }
            _ => {
                // A line that lists addresses is several rules to the kernel.
                self.commands.extend(old.iter().map(|_| format!("{program} -D {chain} {position}")));
                let back = (position..).zip(&old).map(|(at, old)| format!("{program} -I {chain} {at} {old}"));
                self.undo.push(back.collect());
                self.command_insert(at.table, at.line.chain, position, &specs);
            }
        }
        // What was inserted before this rule stays before what replaces it.
        let shift = i64::try_from(specs.len()).unwrap_or(i64::MAX) - i64::from(at.line.width);
        let shifts = self.shifts.entry((at.table, at.line.chain)).or_default();
        shifts.push(Shift { from: at.number.saturating_add(1), by: shift });
        Ok(())
    }

    /// The number that the rule has now.
    fn position(&self, at: At<'_>) -> i64 {
        let shifts = self.shifts.get(&(at.table, at.line.chain)).map_or(&[][..], Vec::as_slice);
        let by: i64 = shifts.iter().filter(|shift| shift.from <= at.number).map(|shift| shift.by).sum();
        i64::from(at.number) + by
    }

    fn shift(&mut self, at: At<'_>, from: u32, by: usize) {
        let by = i64::try_from(by).unwrap_or(i64::MAX);
        self.shifts.entry((at.table, at.line.chain)).or_default().push(Shift { from, by });
    }

    fn command_insert(&mut self, table: usize, chain: u32, position: i64, specs: &[Spec]) {
        let (program, chain) = (self.program(table), self.chain(table, chain));
        for (at, spec) in (position..).zip(specs) {
            self.commands.push(format!("{program} -I {chain} {at} {}", spec.for_shell()));
            self.undo.push(vec![format!("{program} -D {chain} {at}")]);
        }
    }

    fn specs(&self, table: usize, chain: u32, rule: &NewRule) -> Result<Vec<Spec>, Refusal> {
        let block = self.dump.tables.get(table);
        let kind = block.map_or(TableKind::Filter, |block| block.kind);
        let hook = block.and_then(|block| block.chains.get(chain as usize)).and_then(|chain| chain.hook);
        write::specs(rule, Where { family: self.dump.family, table: kind, hook })
    }

    fn chain_name(&self, table: usize, chain: u32) -> &'a str {
        let chain = self.dump.tables.get(table).and_then(|block| block.chains.get(chain as usize));
        chain.map_or("", |chain| &chain.name)
    }

    /// The chain as an argument of a command.
    fn chain(&self, table: usize, chain: u32) -> String {
        tokens::for_shell(self.chain_name(table, chain)).into_owned()
    }

    fn program(&self, table: usize) -> String {
        let program = self.dump.family.program();
        match self.dump.tables.get(table).map(|block| block.kind) {
            Some(TableKind::Filter) | None => program.to_owned(),
            Some(other) => format!("{program} -t {}", other.name()),
        }
    }

    fn lines(&self, table: usize, chain: u32, specs: &[Spec], beside: Option<&Line<'_>>) -> String {
        self.lines_of(self.chain_name(table, chain), specs, beside)
    }

    /// Lines of the file, with counters where the one beside them has some, and ended the way the file ends lines.
    fn lines_of(&self, chain: &str, specs: &[Spec], beside: Option<&Line<'_>>) -> String {
        let counters = if beside.is_some_and(|line| line.counters) { "[0:0] " } else { "" };
        let end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        specs.iter().map(|spec| format!("{counters}-A {chain} {}{end}", spec.for_restore())).collect()
    }

    fn line_start(&self, line: &Line<'_>) -> usize {
        let at = line.place.start as usize;
        memchr::memrchr(b'\n', &self.text.as_bytes()[..at]).map_or(0, |before| before + 1)
    }

    /// After the line feed.
    fn line_end(&self, line: &Line<'_>) -> usize {
        let at = line.place.end as usize;
        memchr::memchr(b'\n', &self.text.as_bytes()[at..]).map_or(self.text.len(), |length| at + length + 1)
    }
}

/// The rules that the kernel makes of a line, as arguments of commands, in the kernel's order.
fn original(line: &Line<'_>) -> Result<Vec<String>, Refusal> {
    let mut rule = Rule::default();
    rule.read(line.spec, line.spec_start);
    let mut words = Vec::new();
    if tokens::split(line.spec, 0, &mut words).is_none() {
        let help = "export again with `iptables-save`";
        return Err(Refusal::new("the rule cannot be read, and so not be put back", help));
    }
    let list = |argument: Option<Argument>| -> Vec<(usize, String)> {
        let Some(argument) = argument else { return vec![(usize::MAX, String::new())] };
        rule.text(argument.token).split(',').map(|one| (argument.token, one.to_owned())).collect()
    };
    let (sources, destinations) = (list(rule.source), list(rule.destination));
    let count = sources.len().saturating_mul(destinations.len());
    if count > MOST_COMMANDS || count != line.width as usize {
        let message =
            format!("the line is {} rules to the kernel, too many to put back one by one", line.width);
        return Err(Refusal::new(message, "change the line by hand, and load the file"));
    }
    let mut out = Vec::with_capacity(count);
    for (source, from) in &sources {
        for (destination, to) in &destinations {
            let word = |(at, word): (usize, &Token<'_>)| match at {
                _ if at == *source => tokens::for_shell(from).into_owned(),
                _ if at == *destination => tokens::for_shell(to).into_owned(),
                _ => tokens::for_shell(&word.text).into_owned(),
            };
            out.push(words.iter().enumerate().map(word).collect::<Vec<_>>().join(" "));
        }
    }
    Ok(out)
}
