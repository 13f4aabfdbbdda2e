//! Changes to an export: edits of its text, and the commands that do the same on the firewall.

use std::collections::{HashMap, HashSet};

use diagnostics::{Edit, TextRange};
use space::RuleId;

use super::commands::Commands;
use super::domain::Domain;
use super::import::{self, Origin, Reading};
use super::policy::{is_own, keeps};
use super::reuse::Book;
use super::schedule::Times;
use super::script::{Keys, Layout, OBJECT_KINDS, matching_lines, objects, policy_lines};
use super::sections::Kind;
use super::shown;
use super::tree::{Node, Setting, Table};
use super::version::Version;
use super::write::{Wanted, wanted};
use crate::{Change, Direction, Edited, Export, NewRule, Refusal};

/// The edits and commands that make `changes` to one rule set of the export.
pub(super) fn edit(
    text: &str,
    export: &Export,
    rule_set: usize,
    changes: &[Change],
) -> Result<Edited, Refusal> {
    let other_text = || {
        Refusal::new("the text is not the one that was read", "read the export again, then make the change")
    };
    let reading = import::read(text).map_err(|error| Refusal::new(error.message, error.help))?;
    let (Some(given), Some(set)) = (export.rule_sets.get(rule_set), reading.export.rule_sets.get(rule_set))
    else {
        return Err(other_text());
    };
    if given.entries != set.entries {
        return Err(other_text());
    }
    if set.direction != Direction::Transit {
        return Err(Refusal::new(
            format!(
                "`{}` decides what the FortiGate itself answers, and no flow through it",
                shown(&set.name)
            ),
            "change it on the firewall with `config firewall local-in-policy`",
        ));
    }
    let scope = reading.scopes.get(rule_set).copied().unwrap_or_default();
    let mut domain = Domain::of(&reading.document, scope);
    let always = super::lexer::Word { text: "always".into(), place: TextRange::default() };
    if domain.schedules.named(&always, &mut super::Findings::default()) != Times::Always {
        return Err(Refusal::new(
            "the schedule `always` of the file does not always hold",
            "restore it, or make the change by hand with a schedule of your own",
        ));
    }
    let book = Book::of(&mut domain);
    let vdom = reading.document.scopes.get(scope).map_or("", |name| &**name);
    let mut editor = Editor {
        text,
        reading: &reading,
        rule_set,
        scope,
        book,
        lists: HashMap::new(),
        changed: HashSet::new(),
        edits: Vec::new(),
        commands: Commands::new(vdom),
    };
    for change in changes {
        match change {
            Change::Insert { before, rule } => editor.insert(*before, rule)?,
            Change::Remove { rule } => editor.replace(*rule, &[])?,
            Change::Replace { rule, with } => editor.replace(*rule, with)?,
        }
    }
    editor.finish()
}

struct Editor<'a, 't> {
    text: &'t str,
    reading: &'a Reading<'t>,
    rule_set: usize,
    scope: usize,
    book: Book,
    /// The lists of policies that were looked at.
    lists: HashMap<usize, List>,
    changed: HashSet<RuleId>,
    edits: Vec<Edit>,
    commands: Commands,
}

/// A list of policies, with what new ones need.
#[derive(Clone)]
struct List {
    keys: Keys,
    layout: Layout,
    names: HashSet<String>,
    next: u32,
}

impl<'a, 't> Editor<'a, 't> {
    fn insert(&mut self, before: Option<RuleId>, rule: &NewRule) -> Result<(), Refusal> {
        let wanted = wanted(rule)?;
        match before.map(|id| self.origin(id)).transpose()?.flatten() {
            Some(origin) => {
                let node = self.node(origin)?;
                let place = self.line_start(node.head.start as usize);
                self.put(origin.table, place, Some(node), &wanted)
            }
            None => {
                for (table, part) in self.last_lists(&wanted)? {
                    let place = self.end_of(table)?;
                    self.put(table, place, None, &part)?;
                }
                Ok(())
            }
        }
    }

    /// Writes a policy at a place in the text, before another one or at the end of the list.
    fn put(
        &mut self,
        table: usize,
        place: usize,
        before: Option<&Node<'t>>,
        wanted: &Wanted,
    ) -> Result<(), Refusal> {
        let mut list = self.list(table)?;
        let lines = policy_lines(wanted, list.keys, &mut self.book, &mut list.names)?;
        let number = list.number()?;
        let text = list.layout.entry(&number, &lines);
        let kind = self.table(table)?.kind;
        self.commands.create(kind, &number, &lines, before.map(|node| &*node.name));
        self.edits.push(Edit { range: TextRange::new(place, place), replacement: text });
        self.lists.insert(table, list);
        Ok(())
    }

    /// The new rules in the place of the old one; with none, it goes.
    fn replace(&mut self, id: RuleId, with: &[NewRule]) -> Result<(), Refusal> {
        let Some(origin) = self.origin(id)? else {
            let name = self.name_of(id);
            return Err(Refusal::new(
                format!("`{name}` is no policy, and cannot be removed or replaced"),
                "put a policy of your own before it",
            ));
        };
        if !self.changed.insert(id) {
            let message = format!("`{}` is changed twice", self.name_of(id));
            return Err(Refusal::new(message, "make one change of the two"));
        }
        let node = self.node(origin)?;
        let [block] = node.blocks.as_slice() else {
            return Err(Refusal::new(
                format!("`{}` is put together in several places of the file", self.name_of(id)),
                "load the file, and export the outcome",
            ));
        };
        if !node.odd.is_empty() || !node.children.is_empty() {
            return Err(Refusal::new(
                format!("not all of `{}` is understood", self.name_of(id)),
                "change it by hand",
            ));
        }
        let mut list = self.list(origin.table)?;
        let table = self.table(origin.table)?;
        let (kind, following) = (table.kind, following(table, origin.entry));
        let old: Vec<(&'t str, String)> =
            node.settings.iter().map(|setting| (setting.key, self.line(setting))).collect();
        let (start, end) = (self.line_start(block.start as usize), block.end as usize);
        if with.is_empty() {
            let range = TextRange::new(start, self.after_line_end(end));
            self.edits.push(Edit { range, replacement: String::new() });
            let lines: Vec<String> = old.into_iter().map(|(_, line)| line).collect();
            self.commands.delete(kind, &node.name, &lines, following.map(|node| &*node.name));
            return Ok(());
        }
        let mut text = String::new();
        let was_permit =
            node.settings.iter().rfind(|setting| setting.key == "action").is_some_and(|setting| {
                self.reading.document.values(setting).first().is_some_and(|word| word.text == "accept")
            });
        for (at, rule) in with.iter().enumerate() {
            let wanted = wanted(rule)?;
            let is_kept = |setting: &&Setting<'_>| {
                keeps(setting.key, wanted.permit && was_permit) && (at == 0 || !is_own(setting.key))
            };
            let kept: Vec<&Setting<'t>> = node.settings.iter().filter(is_kept).collect();
            let mut lines: Vec<String> = Vec::new();
            let number;
            if at == 0 {
                number = node.name.to_string();
                let (own, rest): (Vec<&&Setting<'_>>, Vec<&&Setting<'_>>) =
                    kept.iter().partition(|setting| is_own(setting.key));
                lines.extend(own.into_iter().map(|setting| self.line(setting)));
                lines.extend(matching_lines(&wanted, list.keys, &mut self.book)?);
                lines.extend(rest.into_iter().map(|setting| self.line(setting)));
                self.commands.change(kind, &number, &old, &lines);
            } else {
                number = list.number()?;
                lines.extend(policy_lines(&wanted, list.keys, &mut self.book, &mut list.names)?);
                lines.retain(|line| !line.starts_with("set logtraffic") && !line.starts_with("set comments"));
                lines.extend(kept.into_iter().map(|setting| self.line(setting)));
                self.commands.create(kind, &number, &lines, following.map(|node| &*node.name));
            }
            text.push_str(&list.layout.entry(&number, &lines));
        }
        let text = text.strip_suffix(list.layout.newline).unwrap_or(&text).to_owned();
        self.edits.push(Edit { range: TextRange::new(start, end), replacement: text });
        self.lists.insert(origin.table, list);
        Ok(())
    }

    /// The list that a new last policy goes into; two where each family has one of its own.
    fn last_lists(&self, wanted: &Wanted) -> Result<Vec<(usize, Wanted)>, Refusal> {
        let table = |kind: Kind| {
            let at = self.reading.document.by_kind.get(&(self.scope, kind)).copied()?;
            self.reading.document.tables.get(at).filter(|table| !table.sections.is_empty()).map(|_| at)
        };
        let merged = [Kind::SecurityPolicy, Kind::ConsolidatedPolicy].into_iter().find_map(table);
        if let Some(at) = merged.or_else(|| table(Kind::Policy).filter(|_| !self.has_own_ipv6_list())) {
            return Ok(vec![(at, wanted.clone())]);
        }
        let mut out = Vec::new();
        for (family, kind) in [Kind::Policy, Kind::Policy6].into_iter().enumerate() {
            let Some(half) = wanted.halves.get(family).cloned().flatten() else { continue };
            let Some(at) = table(kind) else {
                return Err(Refusal::new(
                    format!("the file has no section `config {}` to put a policy into", kind.path()),
                    "export the whole configuration, or write the rule for one family of addresses",
                ));
            };
            let mut halves = [None, None];
            if let Some(slot) = halves.get_mut(family) {
                *slot = Some(half);
            }
            out.push((at, Wanted { halves, ..wanted.clone() }));
        }
        Ok(out)
    }

    /// Before FortiOS 6.4, policies for IPv6 stand in a list of their own.
    fn has_own_ipv6_list(&self) -> bool {
        let document = &self.reading.document;
        document.version.is_some_and(|version| version < Version::MERGED)
            || document.by_kind.contains_key(&(self.scope, Kind::Policy6))
    }

    fn list(&self, table: usize) -> Result<List, Refusal> {
        if let Some(list) = self.lists.get(&table) {
            return Ok(list.clone());
        }
        let source = self.table(table)?;
        let keys = match source.kind {
            Kind::Policy if self.has_own_ipv6_list() => Keys::V4,
            Kind::Policy6 => Keys::V6,
            Kind::ConsolidatedPolicy => Keys::CONSOLIDATED,
            Kind::SecurityPolicy => {
                let uses = |node: &Node<'_>| node.settings.iter().any(|setting| setting.key == "srcaddr4");
                if source.entries.iter().any(uses) { Keys::CONSOLIDATED } else { Keys::MERGED }
            }
            Kind::Policy => Keys::MERGED,
            kind => {
                return Err(Refusal::new(
                    format!("a rule cannot be written into `config {}`", kind.path()),
                    "put it before or after a policy of `config firewall policy`",
                ));
            }
        };
        if source.is_script {
            return Err(Refusal::new(
                format!(
                    "commands make the order of `config {}`, and no policy has its place there",
                    source.kind.path()
                ),
                "run the script, and export the configuration that it leaves",
            ));
        }
        let mut next = 1_u32;
        let mut names = HashSet::new();
        for node in &source.entries {
            match node.name.parse::<u32>() {
                Ok(number) if number > 0 => next = next.max(number.saturating_add(1)),
                _ => {
                    return Err(Refusal::new(
                        format!("a policy of `config {}` has no number yet", source.kind.path()),
                        "load the file, and export the outcome",
                    ));
                }
            }
            let name = self.reading.document.value(node, "name");
            names.extend(name.map(|word| word.text.to_string()));
        }
        Ok(List { keys, layout: self.layout(source), names, next })
    }

    /// How the section is laid out, by its first lines.
    fn layout(&self, table: &Table<'_>) -> Layout {
        let mut layout = Layout::default();
        let section = table.sections.last().map_or(0, |section| section.place.start as usize);
        if let Some(indent) = self.indent(section) {
            layout.outer = indent.to_owned();
            layout.entry = format!("{indent}    ");
            layout.setting = format!("{indent}        ");
        }
        if let Some(node) = table.ordered().last() {
            if let Some(indent) = self.indent(node.head.start as usize) {
                layout.entry = indent.to_owned();
                layout.setting = format!("{indent}    ");
            }
            let first = node.settings.first().and_then(|setting| self.indent(setting.place.start as usize));
            if let Some(indent) = first {
                layout.setting = indent.to_owned();
            }
        }
        let first_line = memchr::memchr(b'\n', self.text.as_bytes()).unwrap_or(0);
        if self.text.get(..first_line).is_some_and(|line| line.ends_with('\r')) {
            layout.newline = "\r\n";
        }
        layout
    }

    /// What stands before a place in its line, where that is blank.
    fn indent(&self, at: usize) -> Option<&'t str> {
        let line = self.text.get(self.line_start(at)..at)?;
        line.bytes().all(|byte| matches!(byte, b' ' | b'\t')).then_some(line)
    }

    /// The start of the line, where nothing but blanks stands before `at` in it; else `at`.
    fn line_start(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.trim_end_matches([' ', '\t']).len()
    }

    fn after_line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
        match rest.get(blank..).and_then(|rest| rest.chars().next()) {
            Some('\n') => at + blank + 1,
            _ => at,
        }
    }

    /// The line of the `end` of the last section of a table.
    fn end_of(&self, table: usize) -> Result<usize, Refusal> {
        let section = self.table(table)?.sections.last().copied();
        let section =
            section.ok_or_else(|| Refusal::new("the section is nowhere in the file", "export it again"))?;
        Ok(self.line_start(section.end as usize))
    }

    /// A setting as it stands in the file.
    fn line(&self, setting: &Setting<'_>) -> String {
        self.text.get(std::ops::Range::from(setting.place)).unwrap_or_default().to_owned()
    }

    fn table(&self, at: usize) -> Result<&'a Table<'t>, Refusal> {
        let table = self.reading.document.tables.get(at);
        table.ok_or_else(|| Refusal::new("the section is nowhere in the file", "export it again"))
    }

    fn node(&self, origin: Origin) -> Result<&'a Node<'t>, Refusal> {
        let node = self.table(origin.table)?.entries.get(origin.entry as usize);
        node.ok_or_else(|| Refusal::new("the policy is nowhere in the file", "export it again"))
    }

    /// The entry of the file behind a rule; `None` for what stands after all policies by itself.
    fn origin(&self, id: RuleId) -> Result<Option<Origin>, Refusal> {
        let origins = self.reading.origins.get(self.rule_set);
        let Some(origin) = origins.and_then(|origins| origins.get(id.0 as usize)) else {
            return Err(Refusal::new("there is no such policy in the list", "read the export again"));
        };
        let entry = self.reading.export.rule_sets.get(self.rule_set).and_then(|set| set.entry(id));
        if origin.is_none() && entry.is_some_and(|entry| entry.list != "system zone") {
            return Err(Refusal::new(
                format!("`{}` is decided before all policies", self.name_of(id)),
                "change it by hand",
            ));
        }
        Ok(*origin)
    }

    fn name_of(&self, id: RuleId) -> String {
        let entry = self.reading.export.rule_sets.get(self.rule_set).and_then(|set| set.entry(id));
        entry.map_or_else(String::new, |entry| shown(&entry.name))
    }

    /// Puts the new objects where FortiOS needs them: before the policies.
    fn finish(mut self) -> Result<Edited, Refusal> {
        let new = std::mem::take(&mut self.book.new);
        for kind in OBJECT_KINDS {
            if !new.iter().any(|object| object.kind == kind) {
                continue;
            }
            let at = self.reading.document.by_kind.get(&(self.scope, kind));
            let table = at.and_then(|&at| self.reading.document.tables.get(at));
            let (place, replacement) = match table.filter(|table| !table.sections.is_empty()) {
                Some(table) => {
                    let end = table.sections.last().map_or(0, |section| section.end as usize);
                    (self.line_start(end), objects(&self.layout(table), &new, kind))
                }
                None => {
                    let first = self.first_policies()?;
                    let layout = self.layout(first);
                    let start = first.sections.first().map_or(0, |section| section.place.start as usize);
                    (self.line_start(start), layout.section(kind, &objects(&layout, &new, kind)))
                }
            };
            self.edits.push(Edit { range: TextRange::new(place, place), replacement });
        }
        let (commands, rollback) = self.commands.finish(&new);
        Ok(Edited { edits: self.edits, commands, rollback })
    }

    /// The list of policies that stands first in the file.
    fn first_policies(&self) -> Result<&'a Table<'t>, Refusal> {
        let kinds = [Kind::Policy, Kind::Policy6, Kind::ConsolidatedPolicy, Kind::SecurityPolicy];
        let tables = kinds.into_iter().filter_map(|kind| self.reading.document.table(self.scope, kind));
        let start = |table: &&Table<'_>| table.sections.first().map(|section| section.place.start);
        let first = tables.filter(|table| !table.sections.is_empty()).min_by_key(start);
        first.ok_or_else(|| Refusal::new("the file has no policies", "export the whole configuration"))
    }
}

impl List {
    /// The next number that no policy has.
    fn number(&mut self) -> Result<String, Refusal> {
        // The highest is 4294967294 (FortiOS CLI Reference, config firewall policy).
        if self.next == u32::MAX {
            return Err(Refusal::new("no number is left for a new policy", "renumber the policies first"));
        }
        let number = self.next;
        self.next += 1;
        Ok(number.to_string())
    }
}

/// The policy after one in its list.
fn following<'a, 't>(table: &'a Table<'t>, entry: u32) -> Option<&'a Node<'t>> {
    let at = table.order.iter().position(|&it| it == entry)?;
    table.order.get(at + 1).and_then(|&next| table.entries.get(next as usize))
}
