use std::collections::{HashMap, HashSet};

use space::{RuleId, Symbol, SymbolKind};

use super::config::{Kind, Position, ScopeKind};
use super::edit_lines::LineEditor;
use super::edit_xml::XmlEditor;
use super::emit::container;
use super::existing::existing;
use super::import::{self, Import, Source};
use super::lines;
use super::tree::{Command, NodeId, Shape};
use super::values::shown;
use super::write::{Entry, Writer, rule_name};
use super::zones::Zones;
use crate::{Change, Edited, Export, NewRule, Refusal};

/// What of an old rule stays in the one that takes its place: it says nothing of which packets match.
pub const KEPT: &[&str] = &[
    "description",
    "tag",
    "group-tag",
    "log-setting",
    "log-start",
    "log-end",
    "profile-setting",
    "option",
    "qos",
    "icmp-unreachable",
    "disable-inspect",
    "target",
];

/// Edits the text so that `changes` are made to one rule set of it.
pub fn edit(text: &str, export: &Export, rule_set: usize, changes: &[Change]) -> Result<Edited, Refusal> {
    let other_text = || {
        Refusal::new("the text is not the one that was read", "read the export again, then make the change")
    };
    let import = import::import(text).map_err(|_| other_text())?;
    let given = export.rule_sets.get(rule_set).ok_or_else(other_text)?;
    let own = import.export.rule_sets.get(rule_set).ok_or_else(other_text)?;
    let same = given.entries.len() == own.entries.len()
        && given.entries.iter().zip(&own.entries).all(|(a, b)| (a.place, &a.name) == (b.place, &b.name));
    if !same {
        return Err(other_text());
    }
    match import.tree.shape {
        Shape::Braces => {
            return Err(Refusal::new(
                "what `show` prints cannot be loaded again, and so is not edited",
                "export the configuration as XML, or with `set cli config-output-format set`",
            ));
        }
        Shape::Set => {
            let moves =
                |command: &Command| matches!(command, Command::Delete | Command::Move | Command::Unknown(_));
            if import.tree.lines.iter().any(|line| moves(&line.command)) {
                return Err(Refusal::new(
                    "the commands delete or move what others set, so that no line has its place for sure",
                    "load them, and export the configuration again",
                ));
            }
        }
        Shape::Xml => {}
    }
    Editor::new(&import, rule_set)?.run(changes)
}

/// A place for a new rule in the text.
#[derive(Clone, Copy)]
pub enum Spot {
    Before(NodeId),
    /// After the rule, which is the last of its list.
    After(NodeId),
    /// In a list without rules, of the rule base of this kind.
    Empty(Position),
}

/// Writes text into a file of one shape.
pub trait TextEditor {
    fn insert(&mut self, spot: Spot, entry: &Entry) -> Result<(), Refusal>;
    /// Puts rules in the place of one; the first keeps its name and the keys in [`KEPT`] that `keep` wants.
    fn replace(&mut self, rule: NodeId, with: &[Entry], keep: &dyn Fn(&str) -> bool) -> Result<(), Refusal>;
    fn finish(self: Box<Self>, objects: &[(Kind, Entry)]) -> Result<Vec<diagnostics::Edit>, Refusal>;
}

struct Editor<'i, 't> {
    import: &'i Import<'t>,
    rule_set: usize,
    scope: usize,
    zones: Zones,
    writer: Writer,
    text: Box<dyn TextEditor + 'i>,
    /// The words before `rulebase` in commands.
    prefix: Vec<String>,
    /// The names of each list of rules, as the commands so far leave it.
    orders: HashMap<NodeId, Vec<String>>,
    changed: HashSet<RuleId>,
    objects_done: usize,
    commands: Vec<String>,
    /// For each step the commands that take it back.
    undo: Vec<Vec<String>>,
}

impl<'i, 't> Editor<'i, 't> {
    fn new(import: &'i Import<'t>, rule_set: usize) -> Result<Self, Refusal> {
        let missing = || Refusal::new("the export has no such rule set", "read the export again");
        let origin = import.origins.get(rule_set).ok_or_else(missing)?;
        let scope = import.config.scopes.get(origin.scope).ok_or_else(missing)?;
        let prefix = match scope.kind {
            ScopeKind::Shared => vec!["shared".to_owned()],
            ScopeKind::DeviceGroup => vec!["device-group".to_owned(), scope.name.clone()],
            ScopeKind::Vsys => {
                let systems =
                    import.config.scopes.iter().filter(|other| other.kind == ScopeKind::Vsys).count();
                let alone = systems == 1 && scope.name == super::config::ONLY_VSYS;
                if alone { Vec::new() } else { vec!["vsys".to_owned(), scope.name.clone()] }
            }
            ScopeKind::Pushed => {
                return Err(Refusal::new(
                    "the rules come from Panorama, and the firewall cannot change them",
                    "change them in the export of Panorama",
                ));
            }
        };
        let entries = import.export.rule_sets.get(rule_set).map_or(&[][..], |set| set.entries.as_slice());
        let names = entries.iter().map(|entry| entry.name.clone()).collect();
        let zones = import::zones(&import.tree, &import.config, origin.scope);
        let writer = Writer { existing: existing(import, origin.scope, names), ..Writer::default() };
        let text: Box<dyn TextEditor + 'i> = match import.tree.shape {
            Shape::Set => Box::new(LineEditor::new(import, origin.scope)),
            _ => Box::new(XmlEditor::new(import, origin.scope)),
        };
        Ok(Editor {
            import,
            rule_set,
            scope: origin.scope,
            zones,
            writer,
            text,
            prefix,
            orders: HashMap::new(),
            changed: HashSet::new(),
            objects_done: 0,
            commands: Vec::new(),
            undo: Vec::new(),
        })
    }

    fn run(mut self, changes: &[Change]) -> Result<Edited, Refusal> {
        // Commands move a new rule before one that has to be there still.
        for change in changes {
            if let Change::Insert { before, rule } = change {
                self.insert(*before, rule)?;
            }
        }
        for change in changes {
            match change {
                Change::Insert { .. } => {}
                Change::Remove { rule } => self.replace(*rule, &[])?,
                Change::Replace { rule, with } => self.replace(*rule, with)?,
            }
        }
        self.keeps_a_rule(changes)?;
        let edits = self.text.finish(&self.writer.objects)?;
        let rollback = self.undo.into_iter().rev().flatten().collect();
        Ok(Edited { edits, commands: self.commands, rollback })
    }

    /// A file without any rule would be taken for an export that went wrong.
    fn keeps_a_rule(&self, changes: &[Change]) -> Result<(), Refusal> {
        let gone = |change: &&Change| match change {
            Change::Remove { .. } => true,
            Change::Replace { with, .. } => with.is_empty(),
            Change::Insert { .. } => false,
        };
        let scopes = &self.import.config.scopes;
        let lists = scopes.iter().flat_map(|scope| &scope.rulebases);
        let rules: usize = lists.map(|list| self.import.tree.children(list.rules).count()).sum();
        let added = changes.iter().any(|change| matches!(change, Change::Insert { .. }));
        let defaults = scopes.iter().any(|scope| !scope.defaults.is_empty());
        if !added && !defaults && changes.iter().filter(gone).count() >= rules {
            let help = "keep one, or disable it";
            return Err(Refusal::new("no security rule would be left in the file", help));
        }
        Ok(())
    }

    /// The rule of the file behind an entry; `Ok(None)` for the default rules, which come after all.
    fn find(&self, rule: RuleId) -> Result<Option<(NodeId, Source)>, Refusal> {
        let origin = self.import.origins.get(self.rule_set);
        let entry = self.import.export.rule_sets.get(self.rule_set).and_then(|set| set.entry(rule));
        let (Some(origin), Some(entry)) = (origin, entry) else {
            return Err(Refusal::new("the rule set has no such rule", "import the export again"));
        };
        match origin.rules.get(rule.0 as usize).copied().flatten() {
            Some((node, source)) if source.scope == self.scope => Ok(Some((node, source))),
            Some((_, source)) => {
                let owner = self.import.config.scopes.get(source.scope).map_or("", |scope| &scope.name);
                let owner = if owner.is_empty() { "Panorama" } else { owner };
                Err(Refusal::new(
                    format!(
                        "the rule `{}` is one of `{}`, and others use it too",
                        shown(&entry.name),
                        shown(owner)
                    ),
                    "change it there by hand, or put a rule of this rule set before or after it",
                ))
            }
            None if entry.list == "default-security-rules" => Ok(None),
            None => Err(Refusal::new(
                format!("`{}` is no security rule", shown(&entry.name)),
                "change the export by hand",
            )),
        }
    }

    fn insert(&mut self, before: Option<RuleId>, rule: &NewRule) -> Result<(), Refusal> {
        let found = before.map(|before| self.find(before)).transpose()?.flatten();
        let name = rule_name(&rule.name, &mut self.writer.existing.rule_names);
        let entry = self.entry(rule, name, &[])?;
        let (spot, list, position) = match found {
            Some((node, source)) => {
                (Spot::Before(node), Some(source.rulebase.rules), source.rulebase.position)
            }
            None => self.end()?,
        };
        self.text.insert(spot, &entry)?;
        let path = self.rules_path(position);
        let mut step = vec![lines::command("delete", &path, &entry.name)];
        let mut commands = self.object_commands(&mut step);
        commands.extend(lines::set(&path, &entry));
        if let Spot::Before(node) = spot
            && let Some(list) = list
        {
            let other = self.import.tree.word(node).to_owned();
            commands.push(moved(&path, &entry.name, &other));
            let order = self.order(list);
            let at = order.iter().position(|name| *name == other).unwrap_or(order.len());
            order.insert(at, entry.name.clone());
        } else if let Some(list) = list {
            self.order(list).push(entry.name.clone());
        }
        self.commands.extend(commands);
        self.undo.push(step);
        Ok(())
    }

    /// A rule in the vendor's words. The firewall takes no zone that it does not have.
    fn entry(&mut self, rule: &NewRule, name: String, kept: &[Symbol]) -> Result<Entry, Refusal> {
        for zones in [&rule.region.in_interface, &rule.region.out_interface] {
            let names = zones.exact().unwrap_or_default();
            if let Some(zone) = names.into_iter().find(|zone| !self.zones.may_have(zone)) {
                let message = format!("the firewall has no zone `{}`", shown(zone));
                return Err(Refusal::new(
                    message,
                    "name a zone that the export defines, or define this one first",
                ));
            }
        }
        self.writer.rule(rule, name, kept)
    }

    /// Where a rule goes that comes after all others.
    fn end(&self) -> Result<(Spot, Option<NodeId>, Position), Refusal> {
        let tree = &self.import.tree;
        let config = &self.import.config;
        let outer = config.chain(self.scope);
        let after = outer.iter().skip(1).filter_map(|at| config.scopes.get(*at)).any(|scope| {
            let post = |rulebase: &&super::config::Rulebase| rulebase.position == Position::Post;
            scope.rulebases.iter().filter(post).any(|rulebase| tree.first(rulebase.rules).is_some())
        });
        let own = config.scopes.get(self.scope);
        let is_vsys = own.is_some_and(|scope| scope.kind == ScopeKind::Vsys);
        let pushed = |at: &usize| config.scopes.get(*at).is_some_and(|scope| scope.kind == ScopeKind::Pushed);
        if after && (!is_vsys || outer.iter().skip(1).any(pushed)) {
            return Err(Refusal::new(
                "rules of a group around this one come after all of its own",
                "say before which rule the new one goes",
            ));
        }
        let of = |wanted: Position| {
            let lists = own.map_or(&[][..], |scope| scope.rulebases.as_slice()).iter().rev();
            let mut lists = lists.filter(move |rulebase| rulebase.position == wanted);
            lists.find_map(|rulebase| Some((rulebase.rules, tree.last(rulebase.rules)?)))
        };
        let order: &[Position] = if is_vsys { &[Position::Local] } else { &[Position::Post, Position::Pre] };
        for position in order {
            if let Some((list, last)) = of(*position) {
                return Ok((Spot::After(last), Some(list), *position));
            }
        }
        let position = if is_vsys { Position::Local } else { Position::Post };
        Ok((Spot::Empty(position), None, position))
    }

    /// The new rules in the place of the old one; with none, it goes.
    fn replace(&mut self, rule: RuleId, with: &[NewRule]) -> Result<(), Refusal> {
        let tree = &self.import.tree;
        let Some((node, source)) = self.find(rule)? else {
            return Err(Refusal::new(
                "a default rule cannot be removed",
                "put a rule before it that decides otherwise",
            ));
        };
        let old_name = tree.word(node).to_owned();
        if !self.changed.insert(rule) {
            let message = format!("two changes are to be made to the rule `{}`", shown(&old_name));
            return Err(Refusal::new(message, "make one change after the other"));
        }
        let target = self.target(rule);
        let mut entries = Vec::with_capacity(with.len());
        for (at, new) in with.iter().enumerate() {
            let name = match at {
                0 => old_name.clone(),
                _ => rule_name(&new.name, &mut self.writer.existing.rule_names),
            };
            entries.push(self.entry(new, name, &target)?);
        }
        let holds =
            |new: &NewRule| target.iter().all(|symbol| new.region.conditions.get(symbol) == Some(true));
        let with_target = with.iter().filter(|new| holds(new)).count();
        if !target.is_empty() && with_target != 0 && with_target != with.len() {
            return Err(Refusal::new(
                "some of the new rules are for the firewalls of `target` only, and some are not",
                "make one change for each",
            ));
        }
        let keep_target = with_target > 0;
        let keep = |key: &str| KEPT.contains(&key) && (key != "target" || keep_target);
        self.text.replace(node, &entries, &keep)?;

        let path = self.rules_path(source.rulebase.position);
        let mut step: Vec<String> =
            entries.iter().rev().map(|entry| lines::command("delete", &path, &entry.name)).collect();
        let mut commands = self.object_commands(&mut step);
        commands.push(lines::command("delete", &path, &old_name));
        let order = self.order(source.rulebase.rules);
        let at = order.iter().position(|name| *name == old_name).unwrap_or(order.len());
        let after = order.get(at + 1).cloned();
        if at < order.len() {
            order.splice(at..=at, entries.iter().map(|entry| entry.name.clone()));
        }
        for entry in &entries {
            commands.extend(lines::set(&path, entry));
            for key in tree.children(node).filter(|key| keep(tree.word(*key))) {
                commands.extend(flattened(tree, key, &path, &entry.name));
            }
            commands.extend(after.as_ref().map(|after| moved(&path, &entry.name, after)));
        }
        step.extend(tree.children(node).flat_map(|key| flattened(tree, key, &path, &old_name)));
        step.extend(after.as_ref().map(|after| moved(&path, &old_name, after)));
        self.commands.extend(commands);
        self.undo.push(step);
        Ok(())
    }

    /// The symbols by which the rule is for some firewalls only.
    fn target(&self, rule: RuleId) -> Vec<Symbol> {
        let rules = self.import.export.rule_sets.get(self.rule_set).and_then(|set| set.rules.rule(rule));
        let first = rules.and_then(|rule| rule.matches.first());
        let symbols = first.into_iter().flat_map(|region| region.conditions.iter());
        let is_target =
            |symbol: &Symbol| symbol.kind == SymbolKind::Match && symbol.name.starts_with("target ");
        symbols
            .filter(|(symbol, held)| *held && is_target(symbol))
            .map(|(symbol, _)| symbol.clone())
            .collect()
    }

    fn rules_path(&self, position: Position) -> Vec<String> {
        let words = [position.word(), "security", "rules"].map(str::to_owned);
        self.prefix.iter().cloned().chain(words).collect()
    }

    /// The commands for objects that were not made yet; what takes them back comes after `undo`.
    fn object_commands(&mut self, undo: &mut Vec<String>) -> Vec<String> {
        let mut commands = Vec::new();
        for (kind, entry) in self.writer.objects.iter().skip(self.objects_done) {
            let words = container(*kind).iter().map(|word| (*word).to_owned());
            let path: Vec<String> = self.prefix.iter().cloned().chain(words).collect();
            commands.extend(lines::set(&path, entry));
            undo.push(lines::command("delete", &path, &entry.name));
        }
        self.objects_done = self.writer.objects.len();
        commands
    }

    fn order(&mut self, list: NodeId) -> &mut Vec<String> {
        let tree = &self.import.tree;
        self.orders
            .entry(list)
            .or_insert_with(|| tree.children(list).map(|rule| tree.word(rule).to_owned()).collect())
    }
}

fn moved(path: &[String], name: &str, before: &str) -> String {
    format!("{} before {}", lines::command("move", path, name), lines::quoted(before))
}

/// The `set` commands for what the file has below a key of a rule.
pub fn flattened(tree: &super::tree::Tree<'_>, key: NodeId, path: &[String], name: &str) -> Vec<String> {
    let start = lines::command("set", path, name);
    let depth = tree.path(key).len().saturating_sub(1);
    let leaves = tree.below(key).filter(|node| tree.first(*node).is_none());
    leaves
        .map(|leaf| {
            let words: Vec<String> = tree.path(leaf).into_iter().skip(depth).map(lines::quoted).collect();
            format!("{start} {}", words.join(" "))
        })
        .collect()
}
