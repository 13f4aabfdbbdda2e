//! The salsa database: texts in, requirements and rule sets and verdicts out. See README.md.

mod anchor;
mod assess;
mod compile;
mod database;
mod evaluate;
mod facts;
mod firewall;
mod library;
mod policy;
mod problem;
mod question;
mod requirement;
mod routes;
mod source;
mod test_statement;
mod value;

pub use anchor::{Anchor, Position, position};
pub use assess::{
    Assessment, Part, assess, declared, declared_by_known_name, declared_replies, governed, requirements_at,
};
pub use compile::{CompileOptions, Compiled, Family, as_rule, compile, open_near_side};
pub use database::{Database, Db};
pub use evaluate::{FlowError, Remark, RemarkKind, parse_flow};
pub use facts::{Facts, known_facts, read_feed};
pub use firewall::{
    FirewallValue, RuleSetMeaning, RuleSetsOf, bound_rule_sets, firewalls, imported, rule_sets,
};
pub use library::{
    LibraryDestination, LibraryRecord, LibraryService, ModulePage, ParameterPage, STANDARD_LIBRARY,
    library_records, modules,
};
pub use policy::{
    ExportPath, ImportRemark, Waiver, check_policy, export_paths, import_remarks, is_module, requirements,
    waivers,
};
pub use problem::Problem;
pub use question::{first_packet, network_interfaces, questions, replies};
pub use requirement::{Alternative, Kind, Provenance, Requirement};
pub use routes::{RouteValue, Routes};
pub use source::{Date, File, FileKind, Project, Statement, StatementId, statements};
pub use test_statement::{TestOutcome, run_tests};
pub use value::{EndpointSet, Endpoints, ServicePart, Services};
