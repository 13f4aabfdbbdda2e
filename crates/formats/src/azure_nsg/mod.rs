//! Azure network security groups: JSON of the REST API, of `az network nsg`, of PowerShell, and ARM templates.
//! See README.md.

mod commands;
mod defaults;
mod edit;
mod emit;
mod import;
mod matching;
mod model;
mod numbers;
mod object;
mod parse;
mod services;
mod splice;
mod tags;
mod template;
mod values;
mod write;

#[cfg(test)]
mod tests;

use diagnostics::TextRange;

use crate::json::Json;
use crate::{
    Change, Detection, Direction, Edited, Export, Format, ImportError, Inventory, Problem, Refusal,
    RuleListing,
};

pub struct AzureNsg;

/// More problems than this nobody reads.
const PROBLEM_LIMIT: usize = 10_000;

impl Format for AzureNsg {
    fn name(&self) -> &'static str {
        "azure-nsg"
    }

    fn title(&self) -> &'static str {
        "Azure network security group (JSON)"
    }

    fn detect(&self, text: &str) -> Detection {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        match start.as_bytes().first() {
            Some(b'{' | b'[') if parse::has_landmark(text) => Detection::Sure,
            // A template may begin with a comment.
            Some(b'/') if parse::has_landmark(text) => Detection::Perhaps,
            _ => Detection::No,
        }
    }

    fn import(&self, text: &str) -> Result<Export, ImportError> {
        let json = Json::parse(text).map_err(|error| {
            let help = if error.place.is_empty() && error.place.start > 0 {
                "the file ends in the middle: export it again"
            } else {
                "export it again with `az network nsg list --output json`"
            };
            ImportError::new(error.place, format!("this is not valid JSON: {}", error.message), help)
        })?;
        let mut reading = parse::read(&json);
        if let Some(place) = reading.overflow {
            return Err(ImportError::new(
                place,
                "more groups or rules than an export of Azure holds",
                "export one resource group at a time: `az network nsg list --resource-group`",
            ));
        }
        if reading.groups.is_empty() {
            return Err(ImportError::new(
                TextRange::new(0, 0),
                "no network security group in it",
                "export the groups with `az network nsg list --output json`, or one with `az network nsg show`",
            ));
        }
        let mut coverage = std::mem::take(&mut reading.coverage);
        let mut problems = std::mem::take(&mut reading.problems);
        let rule_sets = import::rule_sets(&reading, &mut coverage, &mut problems);
        coverage.statements.sort_by_key(|statement| statement.place);
        problems.sort_by_key(|problem| problem.place);
        if problems.len() > PROBLEM_LIMIT {
            problems.truncate(PROBLEM_LIMIT);
            problems.push(Problem {
                place: TextRange::new(text.len(), text.len()),
                message: "there are more problems than these".to_owned(),
                help: "correct them, and import again".to_owned(),
            });
        }
        Ok(Export {
            format: self.name(),
            rule_sets,
            coverage,
            problems,
            inventory: Inventory::default(),
            mapping: None,
        })
    }

    fn emit(&self, listings: &[RuleListing]) -> Result<String, Refusal> {
        emit::emit(listings)
    }

    fn directions(&self) -> &'static [Direction] {
        &[Direction::Inbound, Direction::Outbound]
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
