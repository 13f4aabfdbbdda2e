//! Cisco ASA, PIX and FWSM. See README.md.

mod ace;
mod aliases;
mod bindings;
mod commands;
mod config;
mod edit;
mod edit_interfaces;
mod emit;
mod entries;
mod import;
mod inventory;
mod keywords;
mod levels;
mod lists;
mod literals;
mod matching;
mod parse;
mod resolve;
mod routes;
mod rule_set;
mod sections;
mod values;
mod words;
mod write;
mod write_services;

#[cfg(test)]
mod tests;

use crate::{Change, Detection, Edited, Export, Format, ImportError, Refusal, RuleListing};

/// The format `cisco-asa`.
pub struct CiscoAsa;

const NAME: &str = "cisco-asa";

/// Detection looks at no more than this many lines.
const LOOKED_AT: usize = 5000;

/// How lines begin that no ASA has.
const OF_IOS: [&str; 3] = ["ip access-list ", "ip access-group ", "ipv6 access-list extended"];

impl Format for CiscoAsa {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "the configuration of a Cisco ASA, PIX or FWSM"
    }

    fn detect(&self, text: &str) -> Detection {
        let mut best = Detection::No;
        let mut extended = false;
        for line in text.trim_start_matches('\u{feff}').lines().take(LOOKED_AT) {
            let line = line.trim_ascii();
            match landmark(line) {
                Detection::Sure => return Detection::Sure,
                found => best = best.max(found),
            }
            // A line of IOS, in a file without any landmark of the ASA above it.
            if OF_IOS.iter().any(|it| line.starts_with(it)) {
                return Detection::No;
            }
            extended |= line.starts_with("access-list ") && line.contains(" extended ");
        }
        // A line that is all there is of an ASA: a router's configuration can have it, typed there by mistake.
        if extended { best.max(Detection::Perhaps) } else { best }
    }

    fn import(&self, text: &str) -> Result<Export, ImportError> {
        import::import(text)
    }

    fn emit(&self, listings: &[RuleListing]) -> Result<String, Refusal> {
        emit::emit(RuleListing::only(listings)?)
    }

    fn edit(
        &self,
        text: &str,
        export: &Export,
        rule_set: usize,
        changes: &[Change],
    ) -> Result<Edited, Refusal> {
        edit::edit(text, export, rule_set, changes)
    }

    fn wildcards(&self) -> Option<&'static str> {
        Some(
            "an ASA looks up the one name of an `fqdn` object and matches the addresses that it gets; it has no wildcards",
        )
    }
}

/// What no other vendor's configuration has: IOS has neither `nameif`, nor lists that are bound by a line of their own.
fn landmark(line: &str) -> Detection {
    let mut words = line.split_ascii_whitespace();
    let (first, second, third) = (words.next(), words.next(), words.next());
    match (first, second, third) {
        (Some("ASA" | "PIX" | "FWSM"), Some("Version"), Some(_)) => Detection::Sure,
        (Some("access-list"), Some(list), Some(_)) if list.ends_with(';') => Detection::Sure,
        (Some("access-list"), Some("cached"), Some("ACL")) => Detection::Sure,
        (Some("access-list"), Some(_), Some("line")) => Detection::Sure,
        (Some("access-group"), Some(_), Some("global")) => Detection::Sure,
        (Some("access-group"), Some(_), Some("in" | "out")) if words.next() == Some("interface") => {
            Detection::Sure
        }
        (Some("nameif"), Some(_), None) => Detection::Sure,
        (Some("same-security-traffic"), Some("permit"), Some(_)) => Detection::Sure,
        // Objects alone; groups of these names IOS has too.
        (Some("object"), Some("network" | "service"), Some(_)) => Detection::Perhaps,
        _ => Detection::No,
    }
}
