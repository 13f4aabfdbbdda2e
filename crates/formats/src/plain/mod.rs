//! A table of rules as CSV, which anyone can produce. See README.md.
//!
//! The smallest complete format, and the one to copy. With a mapping beside it (`mapped`), a table in any vendor's columns and
//! words is the format `csv`.
//! Text becomes records ([`records`]), a header ([`header`]) and
//! rows in the file's own words ([`parse`], with [`values`]), and those a rule set ([`import`], with [`matches`]).
//! [`emit`] and [`edit`] go the other way.

mod dialect;
mod edit;
mod emit;
mod header;
mod import;
mod mapped;
mod mapping;
mod matches;
mod parse;
mod records;
mod values;

#[cfg(test)]
mod mapped_tests;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod tests;

pub use mapped::Csv;

use crate::plain::dialect::STANDARD;
use crate::{Change, Detection, Edited, Export, Format, ImportError, Refusal, RuleListing};

/// The format `plain`.
pub struct Plain;

impl Format for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn title(&self) -> &'static str {
        "a CSV table of rules"
    }

    fn detect(&self, text: &str) -> Detection {
        if header::Header::read(text, &STANDARD).is_ok() { Detection::Sure } else { Detection::No }
    }

    fn import(&self, text: &str) -> Result<Export, ImportError> {
        import::import(text, &STANDARD)
    }

    fn emit(&self, listings: &[RuleListing]) -> Result<String, Refusal> {
        emit::emit(RuleListing::only(listings)?, &STANDARD)
    }

    fn edit(
        &self,
        text: &str,
        export: &Export,
        rule_set: usize,
        changes: &[Change],
    ) -> Result<Edited, Refusal> {
        edit::edit(text, export, rule_set, changes, &STANDARD)
    }
}
