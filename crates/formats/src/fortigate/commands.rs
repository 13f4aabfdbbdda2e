//! What an administrator types to make a change, and to take it back.

use std::collections::HashMap;

use super::lexer::quoted;
use super::reuse::NewObject;
use super::script::OBJECT_KINDS;
use super::sections::Kind;

/// Commands, in order, and for each step those that take it back.
pub(super) struct Commands {
    vdom: String,
    steps: Vec<Step>,
}

struct Step {
    kind: Kind,
    make: Vec<String>,
    undo: Vec<String>,
}

impl Commands {
    /// For one virtual domain; without one, for the whole firewall.
    pub fn new(vdom: &str) -> Self {
        Commands { vdom: vdom.to_owned(), steps: Vec::new() }
    }

    /// A new policy, which stands last until it is moved.
    pub fn create(&mut self, kind: Kind, number: &str, lines: &[String], before: Option<&str>) {
        let mut make = entry(number, lines);
        make.extend(before.map(|before| format!("move {number} before {before}")));
        self.steps.push(Step { kind, make, undo: vec![format!("delete {number}")] });
    }

    pub fn delete(&mut self, kind: Kind, number: &str, lines: &[String], following: Option<&str>) {
        let mut undo = entry(number, lines);
        undo.extend(following.map(|following| format!("move {number} before {following}")));
        self.steps.push(Step { kind, make: vec![format!("delete {number}")], undo });
    }

    /// Other settings for a policy that stays.
    pub fn change(&mut self, kind: Kind, number: &str, old: &[(&str, String)], new: &[String]) {
        let old_lines: Vec<String> = old.iter().map(|(_, line)| line.clone()).collect();
        let make = entry(number, &difference(&old_lines, new));
        let undo = entry(number, &difference(new, &old_lines));
        self.steps.push(Step { kind, make, undo });
    }

    /// All commands, with those that make and remove the objects that the policies name.
    pub fn finish(self, new: &[NewObject]) -> (Vec<String>, Vec<String>) {
        let (mut commands, mut rollback) = (Vec::new(), Vec::new());
        if !self.vdom.is_empty() {
            let enter = ["config vdom".to_owned(), format!("edit {}", quoted(&self.vdom))];
            commands.extend(enter.clone());
            rollback.extend(enter);
        }
        for kind in OBJECT_KINDS {
            let objects: Vec<&NewObject> = new.iter().filter(|object| object.kind == kind).collect();
            let lines: Vec<String> =
                objects.iter().flat_map(|object| entry(&quoted(&object.name), &object.lines)).collect();
            section(kind, lines, &mut commands);
        }
        for step in &self.steps {
            section(step.kind, step.make.clone(), &mut commands);
        }
        for step in self.steps.iter().rev() {
            section(step.kind, step.undo.clone(), &mut rollback);
        }
        // Groups go before their members.
        for kind in OBJECT_KINDS.into_iter().rev() {
            let names = new.iter().filter(|object| object.kind == kind);
            section(
                kind,
                names.map(|object| format!("delete {}", quoted(&object.name))).collect(),
                &mut rollback,
            );
        }
        if !self.vdom.is_empty() {
            commands.push("end".to_owned());
            rollback.push("end".to_owned());
        }
        (commands, rollback)
    }
}

fn section(kind: Kind, lines: Vec<String>, out: &mut Vec<String>) {
    if lines.is_empty() {
        return;
    }
    out.push(format!("config {}", kind.path()));
    out.extend(lines);
    out.push("end".to_owned());
}

fn entry(name: &str, lines: &[String]) -> Vec<String> {
    let mut out = vec![format!("edit {name}")];
    out.extend_from_slice(lines);
    out.push("next".to_owned());
    out
}

/// The settings that turn an entry with the lines `from` into one with the lines `to`.
fn difference(from: &[String], to: &[String]) -> Vec<String> {
    let (from, to) = (by_key(from), by_key(to));
    let gone = from.iter().filter(|(key, _)| !to.iter().any(|(other, _)| other == key));
    let mut out: Vec<String> = gone.map(|(key, _)| format!("unset {key}")).collect();
    for (key, lines) in &to {
        // A list that is set and appended to is written anew as a whole.
        if !from.iter().any(|(other, old)| other == key && old == lines) {
            out.extend(lines.iter().map(|line| (*line).clone()));
        }
    }
    out
}

/// The lines of each key, in the order of the keys' first lines.
fn by_key(lines: &[String]) -> Vec<(&str, Vec<&String>)> {
    let mut out: Vec<(&str, Vec<&String>)> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for line in lines {
        let Some(key) = key_of(line) else { continue };
        let index = *at.entry(key).or_insert_with(|| {
            out.push((key, Vec::new()));
            out.len() - 1
        });
        if let Some((_, lines)) = out.get_mut(index) {
            lines.push(line);
        }
    }
    out
}

/// The key of a line that sets something.
fn key_of(line: &str) -> Option<&str> {
    line.split_ascii_whitespace().nth(1)
}
