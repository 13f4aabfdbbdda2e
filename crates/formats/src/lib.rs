//! Vendor formats: export text -> the vendor's own model -> rule sets, and back; and what became of every line.
//! See README.md.

mod change;
mod coverage;
mod export;
mod format;
mod inventory;
mod json;
mod json_out;
pub mod text;

pub mod aws;
pub mod azure_firewall;
pub mod azure_nsg;
pub mod cisco_asa;
pub mod cisco_ios;
pub mod feed;
pub mod fortigate;
pub mod iptables;
pub mod nftables;
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
    &fortigate::Fortigate,
    &cisco_ios::CiscoIos,
    &cisco_asa::CiscoAsa,
    &azure_firewall::AzureFirewall,
    &nftables::Nftables,
    &plain::Plain,
    &plain::Csv,
];
