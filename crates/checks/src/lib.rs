//! The checks: one file each, its page beside it, one table; and the fixes, proved. See README.md.

mod check;
mod conflicting_rules;
mod context;
mod deciders;
mod deprecated_endpoint;
mod disabled_rule;
mod document_note;
mod duplicate_object;
mod expired_rule;
mod export_problem;
pub mod fix;
mod forbidden_flow;
mod incomplete_document;
mod missing_flow;
mod not_understood;
mod overbroad_rule;
mod redundant_rule;
mod remarks;
mod report;
mod shadowed_rule;
mod superfluous;
mod unbound_role;
mod undecided_flow;
mod undefined_object;
mod unset_parameter;
mod unused_object;
mod waived;
mod wildcard_mismatch;
mod words;

pub use check::{Check, find};
pub use context::{Context, Settings};
pub use report::{Coverage, Report, RequirementLine, report};

/// Every check there is, in the order in which their findings are made. Names, levels, pages, SARIF rules and
/// completions are derived from it.
pub static CHECKS: &[&Check] = &[
    &missing_flow::CHECK,
    &undecided_flow::CHECK,
    &forbidden_flow::CHECK,
    &overbroad_rule::CHECK,
    &shadowed_rule::CHECK,
    &redundant_rule::CHECK,
    &conflicting_rules::CHECK,
    &not_understood::CHECK,
    &wildcard_mismatch::CHECK,
    &undefined_object::CHECK,
    &unused_object::CHECK,
    &duplicate_object::CHECK,
    &disabled_rule::CHECK,
    &expired_rule::CHECK,
    &export_problem::CHECK,
    &document_note::CHECK,
    &deprecated_endpoint::CHECK,
    &unset_parameter::CHECK,
    &unbound_role::CHECK,
    &incomplete_document::CHECK,
];
