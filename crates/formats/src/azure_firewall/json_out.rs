use std::collections::{HashMap, HashSet};

use diagnostics::printable;

use crate::json::quoted;

/// JSON to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Out>),
    Object(Vec<(String, Out)>),
}

/// Line ends and indentation of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// `None` where all stands on one line.
    pub newline: Option<&'static str>,
    pub unit: String,
}

impl Out {
    /// The value as text; `indent` is that of the line it begins on.
    pub fn render(&self, layout: &Layout, indent: &str) -> String {
        let mut out = String::new();
        self.write(layout, indent, &mut out);
        out
    }

    fn write(&self, layout: &Layout, indent: &str, out: &mut String) {
        match self {
            Out::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Out::Number(number) => out.push_str(&number.to_string()),
            Out::Text(text) => out.push_str(&quoted(text)),
            Out::List(items) => {
                let items = items.iter().map(|item| (None, item));
                container(items, ['[', ']'], layout, indent, out);
            }
            Out::Object(members) => {
                let members = members.iter().map(|(key, value)| (Some(key.as_str()), value));
                container(members, ['{', '}'], layout, indent, out);
            }
        }
    }
}

fn container<'o>(
    items: impl ExactSizeIterator<Item = (Option<&'o str>, &'o Out)>,
    brackets: [char; 2],
    layout: &Layout,
    indent: &str,
    out: &mut String,
) {
    out.push(brackets[0]);
    let inner = format!("{indent}{}", layout.unit);
    let empty = items.len() == 0;
    for (at, (key, item)) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        match layout.newline {
            Some(newline) => {
                out.push_str(newline);
                out.push_str(&inner);
            }
            None if at > 0 => out.push(' '),
            None => {}
        }
        if let Some(key) = key {
            out.push_str(&quoted(key));
            out.push_str(": ");
        }
        item.write(layout, &inner, out);
    }
    if let (Some(newline), false) = (layout.newline, empty) {
        out.push_str(newline);
        out.push_str(indent);
    }
    out.push(brackets[1]);
}

/// Names for rules: as Azure wants them, and no two alike (it compares them in any case).
#[derive(Default)]
pub struct Names {
    taken: HashSet<String>,
    /// How often a name was wanted, so that a thousand equal ones are not tried from 2 on each time.
    wanted: HashMap<String, usize>,
}

/// "Configure Azure Firewall rules": 1 to 80 characters for a rule collection, and so for all names here.
const NAME_LIMIT: usize = 80;

impl Names {
    pub fn take_as_it_is(&mut self, name: &str) {
        self.taken.insert(name.to_ascii_lowercase());
    }

    pub fn take(&mut self, wanted: &str) -> String {
        let base = fitted(wanted);
        let mut name = base.clone();
        while !self.taken.insert(name.to_ascii_lowercase()) {
            let number = self.wanted.entry(base.to_ascii_lowercase()).or_insert(1);
            *number += 1;
            let suffix = format!("-{number}");
            let head = base.get(..NAME_LIMIT - suffix.len()).unwrap_or(&base);
            name = format!("{}{suffix}", head.trim_end_matches(['-', '.']));
        }
        name
    }
}

/// The name with what Azure does not take written as dashes: letters, digits, `_`, `.` and `-`; a letter or digit
/// first, one of them or `_` last.
pub fn fitted(name: &str) -> String {
    let mut out = String::new();
    // Whether the dash at the end stands for something else: what is next to it needs no dash of its own.
    let mut stands_in = false;
    for character in name.chars() {
        let fits = character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-');
        if out.is_empty() && !character.is_ascii_alphanumeric() || stands_in && (!fits || character == '-') {
            continue;
        }
        stands_in = !fits;
        out.push(if fits { character } else { '-' });
        if out.len() == NAME_LIMIT {
            break;
        }
    }
    out.truncate(out.trim_end_matches(['-', '.']).len());
    if out.is_empty() { "rule".to_owned() } else { out }
}

/// A description says what a fitted name lost; Azure takes 140 characters of it.
pub fn description(wanted: &str, name: &str) -> Option<String> {
    let wanted = wanted.trim();
    (!wanted.is_empty() && wanted != name).then(|| printable(wanted).chars().take(140).collect())
}
