use diagnostics::TextRange;

use crate::plain::dialect::STANDARD;
use crate::plain::{edit, emit, import, mapping};
use crate::{Change, Detection, Edited, Export, Format, ImportError, Refusal, RuleListing};

/// The format `csv`: a table like `plain`, in the columns and words that a mapping beside it explains.
pub struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn title(&self) -> &'static str {
        "a CSV table of rules with a mapping"
    }

    /// Only the mapping tells that a table is one of rules.
    fn detect(&self, _text: &str) -> Detection {
        Detection::No
    }

    fn import(&self, _text: &str) -> Result<Export, ImportError> {
        let help = "write a mapping beside it: `edge.csv.toml` beside `edge.csv`; the README of `plain` has an example";
        Err(ImportError::new(TextRange::default(), "the table has no mapping", help))
    }

    fn import_with(&self, text: &str, mapping: &str) -> Result<Export, ImportError> {
        let dialect = mapping::read(mapping)?;
        let export = import::import(text, &dialect)?;
        Ok(Export { format: self.name(), mapping: Some(mapping.into()), ..export })
    }

    fn emit(&self, _listings: &[RuleListing]) -> Result<String, Refusal> {
        let help = "name a mapping with `--mapping FILE`, or compile to `plain`";
        Err(Refusal::new("a table in another's words needs the mapping that explains them", help))
    }

    fn emit_with(&self, listings: &[RuleListing], mapping: &str) -> Result<String, Refusal> {
        let dialect = mapping::read(mapping).map_err(|error| Refusal::new(error.message, error.help))?;
        emit::emit(RuleListing::only(listings)?, &dialect)
    }

    fn edit(
        &self,
        text: &str,
        export: &Export,
        rule_set: usize,
        changes: &[Change],
    ) -> Result<Edited, Refusal> {
        let dialect = match export.mapping.as_deref().map(mapping::read) {
            Some(read) => read.map_err(|error| Refusal::new(error.message, error.help))?,
            None => STANDARD.clone(),
        };
        edit::edit(text, export, rule_set, changes, &dialect)
    }

    fn wildcards(&self) -> Option<&'static str> {
        Some("`*.example.com` covers every name below `example.com`, and not `example.com` itself")
    }
}
