//! FortiOS configuration, as FortiGate shows and backs it up. See README.md.
//!
//! Text becomes commands ([`lexer`]) and those a tree of sections and entries ([`parse`], with [`sections`]). The
//! objects of each virtual domain ([`domain`]) say what the policies ([`policy`]) match ([`matching`]), which makes
//! rule sets ([`import`]). [`emit`] and [`edit`] go the other way.

mod address;
mod address_object;
mod commands;
mod commands_of_tables;
mod conditions;
mod coverage;
mod domain;
mod edit;
mod emit;
mod findings;
mod import;
mod interface;
mod inventory;
mod lexer;
mod matching;
mod names;
mod parse;
mod parts;
mod policy;
mod predefined;
mod renames;
mod reuse;
mod route;
mod schedule;
mod script;
mod sections;
mod service;
mod service_custom;
mod service_parts;
mod tree;
mod values;
mod version;
mod vip;
mod write;

#[cfg(test)]
mod tests;

use diagnostics::printable;

use self::findings::Findings;
use crate::{Change, Detection, Edited, Export, Format, ImportError, Refusal, RuleListing};

/// The format `fortigate`.
pub struct Fortigate;

const NAME: &str = "fortigate";

/// Detection looks at no more than this many lines.
const LOOKED_AT: usize = 2_000;

impl Format for Fortigate {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "FortiOS configuration (Fortinet FortiGate)"
    }

    fn detect(&self, text: &str) -> Detection {
        let mut open = false;
        for line in text.trim_start_matches('\u{feff}').lines().take(LOOKED_AT).map(str::trim_ascii) {
            if line.starts_with("#config-version=F") {
                return Detection::Sure;
            }
            let mut words = line.split_ascii_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some("config"), Some("firewall" | "vdom" | "global"), _)
                | (Some("config"), Some("system"), Some("interface" | "zone" | "settings" | "global")) => {
                    open = true;
                }
                // Others have lines that begin with `config`; none ends them with a bare `end` after `edit` and `set`.
                (Some("edit" | "set" | "end"), ..) if open => return Detection::Sure,
                _ => {}
            }
        }
        Detection::No
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
            "an FQDN address `*.example.com` covers every name below `example.com` and not `example.com` itself; \
             a star anywhere else than before the first dot cannot be used",
        )
    }
}

/// Text of the file for a message: short, and nothing in it that a terminal obeys.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", printable(text.get(..end).unwrap_or_default())),
        None => printable(text).into_owned(),
    }
}
