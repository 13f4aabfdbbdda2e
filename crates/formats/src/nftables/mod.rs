//! `nft list ruleset`, and files for `nft -f`. See README.md.

mod axis;
mod builder;
mod canonical;
mod concatenation;
mod condense;
mod draft;
mod edit;
mod emit;
mod first_packet;
mod import;
mod json;
mod json_rule;
mod lexer;
mod matches;
mod meaning;
mod model;
mod names;
mod opaque;
mod owned;
mod pipeline;
mod rule_set;
mod text;
mod text_chain;
mod text_command;
mod text_key;
mod text_rule;
mod text_set;
mod text_value;
mod values;
mod write;

#[cfg(test)]
mod tests;

use crate::{Change, Detection, Edited, Export, Format, ImportError, Refusal, RuleListing};

pub struct Nftables;

const NAME: &str = "nftables";

/// Detection looks at no more than this many lines.
const LOOKED_AT: usize = 400;

impl Format for Nftables {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "nftables: nft list ruleset, as text or JSON, and files for nft -f"
    }

    fn detect(&self, text: &str) -> Detection {
        detect(text)
    }

    fn import(&self, text: &str) -> Result<Export, ImportError> {
        import::import(text)
    }

    fn emit(&self, listings: &[RuleListing]) -> Result<String, Refusal> {
        emit::emit(listings)
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
}

fn detect(text: &str) -> Detection {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('{') {
        // The list is the only member, and stands at the beginning.
        let head = start.get(..start.floor_char_boundary(200)).unwrap_or(start);
        return if head.contains("\"nftables\"") { Detection::Sure } else { Detection::No };
    }
    let mut best = Detection::No;
    for (number, line) in start.lines().take(LOOKED_AT).map(str::trim).enumerate() {
        if number == 0 && line.starts_with("#!") && line.contains("nft") {
            return Detection::Sure;
        }
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default().trim_end_matches(';');
        let family = matches!(second, "ip" | "ip6" | "inet" | "arp" | "bridge" | "netdev");
        match first {
            "table" | "add" | "create" | "flush" | "type" | "destroy" | "delete" => {}
            "define" if words.next() == Some("=") => best = Detection::Perhaps,
            "nft" if matches!(second, "add" | "insert" | "flush" | "-f" | "create") => {
                best = Detection::Perhaps
            }
            _ => continue,
        }
        let sure = match first {
            "table" => {
                let name = second.strip_suffix('{').unwrap_or(second);
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
                // The tables of pf have their names in angle brackets.
                let named = !name.is_empty() && name.chars().all(plain);
                family && line.contains('{') || named && (words.next() == Some("{") || name != second)
            }
            "flush" => second == "ruleset",
            "type" => words.next() == Some("hook"),
            "add" | "create" | "destroy" | "delete" => {
                matches!(second, "table" | "chain" | "rule" | "set" | "map" | "element")
                    && words
                        .next()
                        .is_some_and(|family| matches!(family, "ip" | "ip6" | "inet" | "bridge" | "netdev"))
            }
            _ => false,
        };
        if sure {
            return Detection::Sure;
        }
    }
    best
}
