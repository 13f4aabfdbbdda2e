//! Vendor formats: export text -> the vendor's own model -> rule sets, and back; and what became of every line.
//! See README.md.

mod change;
mod coverage;
mod export;
mod format;
mod inventory;
mod json;
pub mod text;

pub mod aws;
pub mod azure_nsg;
pub mod feed;
pub mod iptables;
pub mod pan_os;
pub mod plain;
pub mod windows;

pub use change::{Change, Edited, NewRule, Refusal, RuleListing};
pub use coverage::{Coverage, Statement, Status, Totals};
pub use export::{Direction, Export, Problem, RuleEntry, RuleSetExport, StageEntry, established};
pub use format::{Detection, Format, ImportError, detect, find, import, import_with};
pub use inventory::{Day, InterfaceEntry, Inventory, NamePattern, ObjectEntry, ObjectTable, UndefinedEntry};

/// Every format there is. Detection, `--format` names, pages and completions are derived from it.
pub static FORMATS: &[&dyn Format] = &[
    &iptables::Iptables,
    &azure_nsg::AzureNsg,
    &aws::Aws,
    &windows::Windows,
    &pan_os::PanOs,
    &plain::Plain,
    &plain::Csv,
];
