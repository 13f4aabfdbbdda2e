//! PAN-OS and Panorama: the configuration as XML, as `set` commands, and as `show` prints it. See README.md.
//!
//! Each shape is read ([`xml`], [`set`], [`braces`]) into one tree of words ([`tree`]), of which [`config`] says what is
//! where; [`resolve`] reads objects, [`rule`] a rule, and [`import`] makes rule sets of them. [`write`](mod@write) says
//! a rule in the vendor's words, for [`emit`] and [`edit`].

mod applications;
mod braces;
mod config;
mod detect;
mod edit;
mod edit_lines;
mod edit_xml;
mod emit;
mod existing;
mod findings;
mod import;
mod interfaces;
mod inventory;
mod lines;
mod marks;
mod resolve;
mod resolve_applications;
mod resolve_services;
mod rule;
mod rule_keys;
mod schedule;
mod scope;
mod sections;
mod set;
mod tree;
mod url;
mod values;
mod write;
mod xml;
mod zones;

#[cfg(test)]
mod tests;

use crate::{Change, Detection, Edited, Export, Format, ImportError, Refusal, RuleListing};

const NAME: &str = "pan-os";

/// The format `pan-os`.
pub struct PanOs;

impl Format for PanOs {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "PAN-OS or Panorama configuration (XML or `set` commands)"
    }

    fn detect(&self, text: &str) -> Detection {
        detect::detect(text)
    }

    fn import(&self, text: &str) -> Result<Export, ImportError> {
        import::import(text).map(|import| import.export)
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
            "an FQDN object is one exact name; wildcards are entries of custom URL categories, where `*.` stands for one \
             or more labels and never for the domain itself",
        )
    }
}
