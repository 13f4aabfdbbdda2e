//! Windows Defender Firewall: what the collector, exporters, `netsh`, the registry and PowerShell scripts say of its
//! rules. See README.md.

mod edit;
mod emit;
mod import;
mod items;
mod keywords;
mod lexer;
mod lists;
mod matching;
mod model;
mod netsh_profiles;
mod order;
mod powershell;
mod profiles;
mod property;
mod read_csv;
mod read_json;
mod read_netsh;
mod read_netsh_script;
mod read_powershell;
mod read_registry;
mod records;
mod shape;
mod specification;
mod splice;
mod undo;
mod values;
mod words;

#[cfg(test)]
mod tests;

use crate::{Change, Detection, Direction, Edited, Export, Format, ImportError, Refusal, RuleListing};

pub struct Windows;

pub(crate) const NAME: &str = "windows";

/// More problems than this nobody reads.
const PROBLEM_LIMIT: usize = 10_000;

impl Format for Windows {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Windows Defender Firewall (collector, CSV, netsh, registry, PowerShell)"
    }

    fn detect(&self, text: &str) -> Detection {
        shape::detect(text)
    }

    fn import(&self, text: &str) -> Result<Export, ImportError> {
        shape::with_reading(text, import::export)
    }

    fn emit(&self, listings: &[RuleListing]) -> Result<String, Refusal> {
        emit::emit(listings)
    }

    fn directions(&self) -> &'static [Direction] {
        &[Direction::Inbound, Direction::Outbound]
    }

    fn wildcards(&self) -> Option<&'static str> {
        Some(
            "outbound rules match a name by a dynamic keyword address, which Defender's network protection resolves; \
             `*.example.com` is every name below the domain, and not the domain itself",
        )
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
