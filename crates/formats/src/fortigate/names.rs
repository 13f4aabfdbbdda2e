//! Names of what is written.

use std::collections::HashSet;

/// The longest name of a policy (FortiOS CLI Reference, config firewall policy).
const LONGEST_POLICY_NAME: usize = 35;

/// The longest name of an address or a service, in older versions too (63 and more in newer ones).
const LONGEST_OBJECT_NAME: usize = 63;

/// The longest comment.
const LONGEST_COMMENT: usize = 1023;

/// A policy's name: short, and without what FortiOS does not take (FortiOS Administration Guide, "Text strings").
pub(super) fn of_policy(name: &str, taken: &mut HashSet<String>) -> String {
    distinct(&fitting(name, LONGEST_POLICY_NAME), LONGEST_POLICY_NAME, taken)
}

pub(super) fn of_object(name: &str, taken: &mut HashSet<String>) -> String {
    distinct(&fitting(name, LONGEST_OBJECT_NAME), LONGEST_OBJECT_NAME, taken)
}

/// The whole of a name, as a comment.
pub(super) fn comment(name: &str) -> String {
    fitting(name, LONGEST_COMMENT)
}

/// One line without quotes, brackets and backslashes, of at most `longest` bytes.
fn fitting(name: &str, longest: usize) -> String {
    let clean = |character: char| match character {
        '"' | '\'' | '<' | '>' | '\\' | '(' | ')' | '#' | '?' => '-',
        character if character.is_control() => ' ',
        character => character,
    };
    let words: String = name.chars().map(clean).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = words.floor_char_boundary(longest.min(words.len()));
    words.get(..end).unwrap_or_default().trim_end().to_owned()
}

fn distinct(name: &str, longest: usize, taken: &mut HashSet<String>) -> String {
    if !name.is_empty() && taken.insert(name.to_owned()) {
        return name.to_owned();
    }
    let base = if name.is_empty() { "policy" } else { name };
    let mut number = 2_usize;
    loop {
        let suffix = format!(" {number}");
        let end = base.floor_char_boundary(longest.saturating_sub(suffix.len()).min(base.len()));
        let candidate = format!("{}{suffix}", base.get(..end).unwrap_or_default());
        if taken.insert(candidate.clone()) {
            return candidate;
        }
        number += 1;
    }
}
