//! Whole rule sets to a file of lists.

use std::collections::BTreeSet;

use diagnostics::printable;
use space::Set;

use super::import::SUFFIXES;
use super::model::Family;
use super::write::{self, Dialect};
use crate::{Direction, Refusal, RuleListing};

/// IOS takes names of up to 64 characters; the suffix of the IPv6 list needs some of them.
const LONGEST_NAME: usize = 60;

/// Writes, for each listing, an IPv4 list, and an IPv6 list where it speaks of IPv6. What binds them is not written: which
/// interface they are for is not in a listing.
pub fn emit(listings: &[RuleListing]) -> Result<String, Refusal> {
    let mut names = BTreeSet::new();
    let mut text = String::new();
    for listing in listings {
        if listing.direction != Direction::Transit {
            return Err(Refusal::new(
                "a router has no rule sets for itself, only for what passes through",
                "compile the policy for what passes through",
            ));
        }
        let name = name(&listing.name);
        if !names.insert(name.clone()) {
            return Err(Refusal::new(
                format!("two rule sets would become the access list `{name}`"),
                "give them names that differ in letters or digits",
            ));
        }
        let [v4, v6] = [Family::V4, Family::V6].map(|family| speaks_of(listing, family));
        if v4 || !v6 {
            let head = format!("ip access-list extended {name}\n");
            list(&mut text, listing, &head, Family::V4)?;
        }
        if v6 {
            let head = format!("ipv6 access-list {name}{}\n", SUFFIXES[0]);
            list(&mut text, listing, &head, Family::V6)?;
        }
    }
    if text.is_empty() {
        return Err(Refusal::new("there is no rule set to write", "compile a policy with a firewall"));
    }
    Ok(text)
}

/// Whether packets of the family are decided by any rule, or permitted at the end.
fn speaks_of(listing: &RuleListing, family: Family) -> bool {
    let both = |rule: &crate::NewRule| {
        rule.region.source.overlaps(&family.any()) && rule.region.destination.overlaps(&family.any())
    };
    listing.default_permit || listing.rules.iter().any(both)
}

fn list(text: &mut String, listing: &RuleListing, head: &str, family: Family) -> Result<(), Refusal> {
    let dialect = Dialect { family, standard: false, prefixes: family == Family::V6, xr: false };
    if family == Family::V6 && !listing.default_permit {
        text.push_str("! the last line denies neighbour discovery too, where nothing above permits it\n");
    }
    text.push_str(head);
    let mut last = None;
    for rule in &listing.rules {
        for interfaces in [&rule.region.in_interface, &rule.region.out_interface] {
            if !interfaces.is_any() {
                return Err(Refusal::new(
                    format!(
                        "the rule `{}` names an interface, and an access list knows none",
                        printable(&rule.name)
                    ),
                    "leave the interface out: `ip access-group` says by which interface packets come",
                ));
            }
        }
        let entries = write::entries(rule, dialect)?;
        let remark = write::remark(&rule.name).filter(|_| !entries.is_empty());
        if remark.is_some() && remark != last {
            text.push_str(&format!(" {}\n", remark.as_deref().unwrap_or_default()));
        }
        last = remark.or(last);
        for entry in entries {
            text.push_str(&format!(" {entry}\n"));
        }
    }
    text.push_str(&format!(" {}\n", write::everything(listing.default_permit, dialect)));
    Ok(())
}

/// A name that IOS takes: a letter first, no blanks and no quotation marks.
fn name(name: &str) -> String {
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.') {
            character
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(plain).take(LONGEST_NAME).collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() && !is_word(&name) => name,
        _ => format!("acl-{name}"),
    }
}

/// Words that mean something else behind `ip access-list`.
fn is_word(name: &str) -> bool {
    matches!(
        name,
        "standard"
            | "extended"
            | "resequence"
            | "logging"
            | "log-update"
            | "persistent"
            | "helper"
            | "match-local-traffic"
            | "role-based"
            | "log"
            | "counters"
            | "hw-module"
            | "maximum"
            | "statistics"
    )
}
