//! Sections and entries as text.

use super::lexer::quoted;
use super::reuse::{Book, NewObject, list};
use super::sections::Kind;
use super::write::Wanted;
use super::{domain, names, parts::Family};
use crate::Refusal;

/// What the settings of addresses are called in a list of policies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    /// Of IPv4 and of IPv6: `srcaddr` and `srcaddr6`; `None` where the list has no such family.
    pub source: [Option<&'static str>; 2],
    pub destination: [Option<&'static str>; 2],
}

impl Keys {
    pub const MERGED: Keys = Keys {
        source: [Some("srcaddr"), Some("srcaddr6")],
        destination: [Some("dstaddr"), Some("dstaddr6")],
    };
    pub const V4: Keys = Keys { source: [Some("srcaddr"), None], destination: [Some("dstaddr"), None] };
    pub const V6: Keys = Keys { source: [None, Some("srcaddr")], destination: [None, Some("dstaddr")] };
    pub const CONSOLIDATED: Keys = Keys {
        source: [Some("srcaddr4"), Some("srcaddr6")],
        destination: [Some("dstaddr4"), Some("dstaddr6")],
    };
}

/// The settings by which a policy matches and acts.
pub(super) fn matching_lines(wanted: &Wanted, keys: Keys, book: &mut Book) -> Result<Vec<String>, Refusal> {
    let interfaces = |names: &Option<Vec<String>>| match names {
        None => quoted("any"),
        Some(names) => list(names),
    };
    let mut lines = vec![
        format!("set srcintf {}", interfaces(&wanted.in_interfaces)),
        format!("set dstintf {}", interfaces(&wanted.out_interfaces)),
        format!("set action {}", if wanted.permit { "accept" } else { "deny" }),
    ];
    for family in [Family::V4, Family::V6] {
        let at = domain::index(family);
        let Some((source, destination)) = wanted.halves.get(at).and_then(Option::as_ref) else { continue };
        let (Some(from), Some(to)) = (keys.source[at], keys.destination[at]) else {
            return Err(Refusal::new(
                format!("this list of policies has no {} addresses", family.name()),
                "write the rule for one family: before FortiOS 6.4 each has a list of its own",
            ));
        };
        lines.push(format!("set {from} {}", list(&book.addresses(family, source))));
        lines.push(format!("set {to} {}", list(&book.addresses(family, destination))));
    }
    lines.push(format!("set schedule {}", quoted("always")));
    lines.push(format!("set service {}", list(&book.services(&wanted.services)?)));
    Ok(lines)
}

/// All settings of a new policy.
pub(super) fn policy_lines(
    wanted: &Wanted,
    keys: Keys,
    book: &mut Book,
    taken: &mut std::collections::HashSet<String>,
) -> Result<Vec<String>, Refusal> {
    let name = names::of_policy(&wanted.name, taken);
    let mut lines = vec![format!("set name {}", quoted(&name))];
    lines.extend(matching_lines(wanted, keys, book)?);
    lines.push("set logtraffic all".to_owned());
    let comment = names::comment(&wanted.name);
    if comment != name && !comment.is_empty() {
        lines.push(format!("set comments {}", quoted(&comment)));
    }
    Ok(lines)
}

/// How a file is laid out.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub newline: &'static str,
    /// Before `config`.
    pub outer: String,
    /// Before `edit`.
    pub entry: String,
    /// Before `set`.
    pub setting: String,
}

impl Default for Layout {
    fn default() -> Self {
        let [outer, entry, setting] = ["", "    ", "        "].map(str::to_owned);
        Layout { newline: "\n", outer, entry, setting }
    }
}

impl Layout {
    /// One entry, from `edit` to `next`, each line with its end.
    pub fn entry(&self, name: &str, lines: &[String]) -> String {
        let Layout { newline, entry, setting, .. } = self;
        let mut text = format!("{entry}edit {name}{newline}");
        for line in lines {
            text.push_str(&format!("{setting}{line}{newline}"));
        }
        text.push_str(&format!("{entry}next{newline}"));
        text
    }

    /// A whole section.
    pub fn section(&self, kind: Kind, entries: &str) -> String {
        let Layout { newline, outer, .. } = self;
        format!("{outer}config {}{newline}{entries}{outer}end{newline}", kind.path())
    }
}

/// The sections in which new objects go, in the order in which FortiOS needs them.
pub(super) const OBJECT_KINDS: [Kind; 5] =
    [Kind::Address, Kind::Address6, Kind::AddressGroup, Kind::AddressGroup6, Kind::Service];

/// The new objects of a kind as text.
pub(super) fn objects(layout: &Layout, new: &[NewObject], kind: Kind) -> String {
    new.iter()
        .filter(|object| object.kind == kind)
        .map(|object| layout.entry(&quoted(&object.name), &object.lines))
        .collect()
}
