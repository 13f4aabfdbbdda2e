//! Azure Firewall: JSON of the REST API, of `az network firewall`, of PowerShell, ARM templates, and parameter files.
//! See README.md.

mod commands;
mod dialect;
mod edit;
mod emit;
mod import;
mod ip_groups;
mod kinds;
mod matching;
mod members;
mod model;
mod names;
mod object;
mod parse;
mod place;
mod resource;
mod rule_names;
mod services;
mod splice;
mod tags;
mod template;
mod ties;
mod values;
mod write;

#[cfg(test)]
mod tests;

use diagnostics::TextRange;

use crate::json::Json;
use crate::{
    Change, Detection, Edited, Export, Format, ImportError, Inventory, Problem, Refusal, RuleListing,
};

pub struct AzureFirewall;

/// More problems than this nobody reads.
const PROBLEM_LIMIT: usize = 10_000;

impl Format for AzureFirewall {
    fn name(&self) -> &'static str {
        "azure-firewall"
    }

    fn title(&self) -> &'static str {
        "Azure Firewall or firewall policy (JSON)"
    }

    fn detect(&self, text: &str) -> Detection {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        match start.as_bytes().first() {
            Some(b'{' | b'[') => resource::landmark(text),
            // A template may begin with a comment.
            Some(b'/') => resource::landmark(text).min(Detection::Perhaps),
            _ => Detection::No,
        }
    }

    fn import(&self, text: &str) -> Result<Export, ImportError> {
        let json = Json::parse(text).map_err(|error| {
            let help = if error.place.is_empty() && error.place.start > 0 {
                "the file ends in the middle: export it again"
            } else {
                "export it again with `az network firewall policy rule-collection-group list --output json`"
            };
            ImportError::new(error.place, format!("this is not valid JSON: {}", error.message), help)
        })?;
        let mut reading = parse::read(&json);
        let overflow = |place| {
            ImportError::new(
                place,
                "more rules than an export of Azure holds",
                "export one firewall or policy at a time",
            )
        };
        if let Some(place) = reading.overflow {
            return Err(overflow(place));
        }
        if reading.sets.is_empty() {
            let (message, help) = if reading.has_bare_firewall {
                (
                    "the firewall has no rules of its own: they are in its firewall policy",
                    "export the policy with `az network firewall policy rule-collection-group list --policy-name`",
                )
            } else {
                (
                    "no Azure Firewall, firewall policy or rule collection in it",
                    "export with `az network firewall policy rule-collection-group list`, or `az network firewall list`",
                )
            };
            return Err(ImportError::new(TextRange::new(0, 0), message, help));
        }
        import::missing_bases(&mut reading);
        let mut coverage = std::mem::take(&mut reading.coverage);
        let mut problems = std::mem::take(&mut reading.problems);
        let ip_groups = ip_groups::IpGroups::new(&reading, &mut coverage, &mut problems);
        let mut matcher = matching::Matcher::new(&reading.scope, ip_groups);
        let rule_sets = import::rule_sets(&reading, &mut matcher, &mut coverage, &mut problems)
            .ok_or_else(|| overflow(TextRange::new(0, 0)))?;
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
        let mut patterns = matcher.patterns;
        patterns.sort_by_key(|pattern| pattern.place);
        patterns.dedup();
        let inventory = Inventory { objects: matcher.ip_groups.objects(), patterns, ..Inventory::default() };
        Ok(Export { format: self.name(), rule_sets, coverage, problems, inventory, mapping: None })
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

    fn wildcards(&self) -> Option<&'static str> {
        Some(
            "an application rule with `*.x` matches every name under `x` and not `x` itself; a network rule takes host \
             names only",
        )
    }
}
