//! AWS security groups and network ACLs: JSON of `aws ec2 describe-...`. See README.md.

mod commands;
mod edit;
mod edit_acl;
mod edit_group;
mod emit;
mod group;
mod keys;
mod model;
mod network_acl;
mod numbers;
mod parse;
mod prefix_list;
mod security_group;
mod splice;
mod traffic;
mod values;
mod write;

#[cfg(test)]
mod tests;

use diagnostics::TextRange;

use crate::json::Json;
use crate::{
    Change, Detection, Direction, Edited, Export, Format, ImportError, Inventory, ObjectTable, Problem,
    Refusal, RuleListing,
};
use model::{Instead, Reading};

pub struct Aws;

/// More problems than this nobody reads.
const PROBLEM_LIMIT: usize = 10_000;

impl Format for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn title(&self) -> &'static str {
        "AWS security groups and network ACLs (JSON)"
    }

    fn detect(&self, text: &str) -> Detection {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        match start.as_bytes().first() {
            Some(b'{' | b'[') if parse::has_landmark(text) => Detection::Sure,
            Some(b'{' | b'[') if parse::has_trace(text) => Detection::Perhaps,
            _ => Detection::No,
        }
    }

    fn import(&self, text: &str) -> Result<Export, ImportError> {
        let json = Json::parse_sequence(text).map_err(|error| {
            let help = if error.place.is_empty() && error.place.start > 0 {
                "the file ends in the middle: export it again"
            } else {
                "export it again with `aws ec2 describe-security-groups --output json`"
            };
            ImportError::new(error.place, format!("this is not valid JSON: {}", error.message), help)
        })?;
        let mut reading = parse::read(&json);
        if let Some(place) = reading.overflow {
            return Err(ImportError::new(
                place,
                "more groups or rules than an export of AWS holds",
                "export one network at a time: `aws ec2 describe-security-groups --filters Name=vpc-id,Values=...`",
            ));
        }
        if reading.groups.is_empty() && reading.acls.is_empty() {
            let (message, help) = nothing_to_filter(reading.instead);
            return Err(ImportError::new(TextRange::new(0, 0), message, help));
        }
        let mut coverage = std::mem::take(&mut reading.coverage);
        let mut problems = std::mem::take(&mut reading.problems);
        let mut objects = ObjectTable::default();
        prefix_list::define(&reading, &mut objects);
        let rule_sets = rule_sets(&reading, &mut coverage, &mut problems, &mut objects);
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
        let inventory = Inventory { objects: objects.finish(), ..Inventory::default() };
        Ok(Export { format: self.name(), rule_sets, coverage, problems, inventory, mapping: None })
    }

    fn emit(&self, listings: &[RuleListing]) -> Result<String, Refusal> {
        emit::emit(listings)
    }

    fn directions(&self) -> &'static [Direction] {
        &DIRECTIONS
    }

    fn names_near_side(&self) -> bool {
        false
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

const DIRECTIONS: [Direction; 2] = [Direction::Inbound, Direction::Outbound];

/// The two rule sets of every group, and then those of every network ACL.
fn rule_sets(
    reading: &Reading<'_>,
    coverage: &mut crate::Coverage,
    problems: &mut Vec<Problem>,
    objects: &mut ObjectTable,
) -> Vec<crate::RuleSetExport> {
    let mut names: Vec<String> = reading.groups.iter().map(model::Group::shown).collect();
    names.extend(reading.acls.iter().map(model::Acl::shown));
    parse::make_unique(names.iter_mut());
    let group_names = security_group::group_names(reading);
    let mut names = names.iter();
    let mut out = Vec::with_capacity(2 * names.len());
    for (group, name) in reading.groups.iter().zip(names.by_ref()) {
        let lists = &reading.lists;
        for direction in DIRECTIONS {
            let names = &group_names;
            let mut import = security_group::Import { lists, names, coverage, problems, objects, group };
            out.push(import.rule_set(name, direction));
        }
    }
    for (acl, name) in reading.acls.iter().zip(names) {
        for direction in DIRECTIONS {
            out.push(network_acl::Import { coverage, problems, acl }.rule_set(name, direction));
        }
    }
    out
}

/// Why a file without a filter in it is refused, and which command gives one.
fn nothing_to_filter(instead: Instead) -> (&'static str, &'static str) {
    match instead {
        Instead::Nothing => (
            "no security group and no network ACL in it",
            "export them with `aws ec2 describe-security-groups` and `aws ec2 describe-network-acls`",
        ),
        Instead::PrefixLists => (
            "prefix lists alone filter nothing",
            "put them into one file with the groups that use them: `aws ec2 describe-security-groups`",
        ),
        Instead::Names => (
            "it names security groups or network ACLs, and has no rules of them",
            "export the rules with `aws ec2 describe-security-groups` or `aws ec2 describe-network-acls`",
        ),
        Instead::Permissions => (
            "permissions, and neither whose nor which way they go",
            "export the whole group: `aws ec2 describe-security-groups`, without `--query`",
        ),
        Instead::Terraform => (
            "this is Terraform, not what runs in AWS",
            "apply it, and export with `aws ec2 describe-security-groups` and `aws ec2 describe-network-acls`",
        ),
        Instead::CloudFormation => (
            "this is a CloudFormation template, not what was deployed",
            "deploy it, and export with `aws ec2 describe-security-groups` and `aws ec2 describe-network-acls`",
        ),
    }
}
