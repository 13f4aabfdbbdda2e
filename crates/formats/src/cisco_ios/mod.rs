//! Access lists of Cisco IOS, IOS-XE, NX-OS and IOS XR, and of Arista EOS. See README.md.
//!
//! [`parse`] makes the text a configuration ([`model`]): lists ([`list`], [`ace`]), groups and time ranges ([`group`]),
//! interfaces ([`interface`]), and the rest ([`global`]). [`import`] makes it rule sets: [`meaning`] what an entry
//! matches, [`build`] the chains, [`router`] what interfaces bind. [`emit`] and [`edit`] go the other way, with [`write`].

mod ace;
mod addresses;
mod banner;
mod build;
mod edit;
mod emit;
mod global;
mod group;
mod import;
mod inspect;
mod interface;
mod inventory;
mod lines;
mod list;
mod meaning;
mod model;
mod names;
mod options;
mod parse;
mod plan;
mod platform;
mod reflexive;
mod resolve;
mod router;
mod settings;
mod write;
mod zones;

#[cfg(test)]
mod tests;

use crate::{Change, Detection, Edited, Export, Format, ImportError, Refusal, RuleListing};

/// The format `cisco-ios`.
pub struct CiscoIos;

const NAME: &str = "cisco-ios";

impl Format for CiscoIos {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "access lists of Cisco IOS, IOS-XE, NX-OS and IOS XR, and of Arista EOS"
    }

    fn detect(&self, text: &str) -> Detection {
        platform::detect(text)
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

    fn stateful(&self) -> bool {
        false
    }
}
