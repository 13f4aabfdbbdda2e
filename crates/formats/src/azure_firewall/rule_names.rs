use std::collections::{HashMap, HashSet};

use diagnostics::printable;

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
