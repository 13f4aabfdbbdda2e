use std::borrow::Cow;
use std::collections::HashSet;

use super::lexer::is_single_quote;
use super::property::Property;
use super::specification::Specification;
use crate::{Direction, Refusal};

/// What one rule says, parameter by parameter.
pub type Fields = Vec<(Property, Vec<String>)>;

/// An argument in single quotes, in which PowerShell obeys nothing: names come from files that strangers wrote.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for character in text.chars() {
        // Typographic quotes end a string, too.
        if is_single_quote(character) {
            out.push(character);
        }
        out.push(character);
    }
    out.push('\'');
    out
}

/// Words that need no quotes and mean themselves.
fn argument(text: &str) -> Cow<'_, str> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) }
}

/// The command that makes a rule.
pub fn new_rule(fields: &Fields) -> String {
    let mut out = "New-NetFirewallRule".to_owned();
    for (property, words) in fields {
        out.push_str(" -");
        out.push_str(property.name());
        for (at, word) in words.iter().enumerate() {
            out.push_str(if at == 0 { " " } else { ", " });
            out.push_str(&argument(word));
        }
    }
    out
}

/// The command that removes the rule with this name.
///
/// `-Name` takes wildcards: a name with such characters would remove other rules, too.
pub fn remove_rule(name: &str, store: Option<&str>) -> Result<String, Refusal> {
    if name.contains(['*', '?', '[', ']', '`']) || name.chars().any(char::is_control) || name.is_empty() {
        return Err(Refusal::new(
            format!(
                "the name `{}` has characters that `Remove-NetFirewallRule` takes for a pattern",
                diagnostics::printable(name)
            ),
            "remove the rule in the console `wf.msc`",
        ));
    }
    let store = store.map_or_else(String::new, |store| format!(" -PolicyStore {}", quoted(store)));
    Ok(format!("Remove-NetFirewallRule -Name {}{store}", quoted(name)))
}

/// The commands around a name that Windows is to resolve.
pub fn new_keyword(name: &str) -> String {
    let id = keyword_id(name);
    format!("New-NetFirewallDynamicKeywordAddress -Id '{id}' -Keyword {} -AutoResolve $true", quoted(name))
}

pub fn remove_keyword(name: &str) -> String {
    format!("Remove-NetFirewallDynamicKeywordAddress -Id '{}'", keyword_id(name))
}

/// An id that is the same for the same name, in the form of a GUID of version 8 (RFC 9562).
pub fn keyword_id(name: &str) -> String {
    // FNV-1a with 128 bits.
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in name.to_ascii_lowercase().bytes() {
        hash ^= u128::from(byte);
        hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    let hex = format!("{hash:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    format!("{{{}-{}-8{}-a{}-{}}}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// The fields of a rule that says what `specification` says.
pub fn fields(
    specification: &Specification,
    name: &str,
    display_name: &str,
    direction: Direction,
    permit: bool,
) -> Fields {
    let one = |property, text: &str| (property, vec![text.to_owned()]);
    let way = if direction == Direction::Outbound { "Outbound" } else { "Inbound" };
    let mut out = vec![
        one(Property::Name, name),
        one(Property::DisplayName, display_name),
        one(Property::Direction, way),
        one(Property::Action, if permit { "Allow" } else { "Block" }),
    ];
    out.extend(specification.filters.iter().filter(|(_, words)| !words.is_empty()).cloned());
    if let Some(name) = &specification.name {
        out.push((Property::RemoteDynamicKeywordAddresses, vec![keyword_id(name)]));
    }
    out
}

/// Names that are given to rules: unique, and safe to look a rule up by.
#[derive(Default)]
pub struct Names {
    taken: HashSet<String>,
}

const LONGEST_NAME: usize = 200;

impl Names {
    /// A name that the file has.
    pub fn note(&mut self, name: &str) {
        self.taken.insert(name.to_lowercase());
    }

    /// A name for a new rule, and what it is shown as.
    pub fn take(&mut self, wanted: &str) -> (String, String) {
        // A bar ends a field where Windows keeps its rules (MS-GPFAS), and `All` is no display name.
        let shown: String = wanted
            .chars()
            .map(|character| match character {
                '|' => '/',
                character if character.is_control() => ' ',
                character => character,
            })
            .take(LONGEST_NAME)
            .collect();
        let shown = match shown.trim() {
            "" => "rule".to_owned(),
            text if text.eq_ignore_ascii_case("all") => format!("{text} rule"),
            text => text.to_owned(),
        };
        let base: String = shown
            .chars()
            .map(|character| match character {
                '*' | '?' | '[' | ']' | '`' | '"' => '-',
                // A comma would part it in a list, a leading `@` name a resource.
                ',' | '@' | ';' => '-',
                character if is_single_quote(character) => '-',
                character => character,
            })
            .collect();
        let mut name = base.clone();
        let mut number = 1;
        while !self.taken.insert(name.to_lowercase()) {
            number += 1;
            name = format!("{base} ({number})");
        }
        let shown = if number == 1 { shown } else { format!("{shown} ({number})") };
        (name, shown)
    }
}
