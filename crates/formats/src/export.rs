use std::sync::Arc;

use diagnostics::TextRange;
use space::{RuleId, RuleSet, Side, Symbol, SymbolKind};

use crate::{Coverage, Day, Inventory};

/// What a firewall's export says, as rule sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name of the format it was read as.
    pub format: &'static str,
    pub rule_sets: Vec<RuleSetExport>,
    pub coverage: Coverage,
    /// What is wrong in the file without making it unreadable: an object that is not defined, host bits in an address.
    pub problems: Vec<Problem>,
    pub inventory: Inventory,
    /// The mapping that it was read by, for a format that takes one.
    pub mapping: Option<Arc<str>>,
}

/// Ordered rules with a default, and where in the file they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSetExport {
    /// Unique in the export: `FORWARD`, `nsg-backup/inbound`.
    pub name: String,
    pub direction: Direction,
    /// Whether replies pass by themselves, so that a flow is its first packet. Where they do not, a flow is its first
    /// packet and the replies to it, and rules for replies alone have the condition [`established`].
    pub stateful: bool,
    /// The meaning. Rule ids are indices into `entries`.
    pub rules: RuleSet,
    /// The rules as the file has them. Those that never match here (disabled ones, rules for replies) are listed and
    /// do not occur in `rules`.
    pub entries: Vec<RuleEntry>,
    /// One for each stage of `rules`: where its default comes from.
    pub stages: Vec<StageEntry>,
}

/// Which packets, seen from what stands behind the firewall, a rule set is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To what stands behind it.
    Inbound,
    /// From what stands behind it.
    Outbound,
    /// Both ways through.
    Transit,
}

/// One rule of the export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleEntry {
    /// The name or number by which an administrator finds it: `FORWARD 12`, `AllowHttps`. Unique in its rule set.
    pub name: String,
    /// The whole statement, as bytes of the export's text.
    pub place: TextRange,
    /// The part of it to point at, where the whole runs over many lines: the name in a JSON object.
    pub head: TextRange,
    /// The rule set or chain it stands in, in the vendor's words.
    pub list: String,
    pub comment: Option<String>,
    pub enabled: bool,
    pub logs: bool,
    /// Not written in the file by anybody: the vendor adds it.
    pub implied: bool,
    /// The last day on which its schedule lets it match anything.
    pub expires: Option<Day>,
    /// Why it matches nothing here, where that is known and no mistake: `for replies`, `disabled`.
    pub inactive: Option<&'static str>,
}

/// What a stateless rule set tells replies by (TCP with ACK or RST): it holds of every packet of a connection but the first.
pub fn established() -> Symbol {
    Symbol::new(Side::Packet, SymbolKind::Match, "established")
}

/// Where a default comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageEntry {
    /// In the vendor's words: `policy of chain FORWARD`, `implicit deny`.
    pub name: String,
    /// The statement that says so; `None` where the vendor says it in its manual only.
    pub place: Option<TextRange>,
}

/// Something wrong that the export was read in spite of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: TextRange,
    /// In the message style: lower case, no stop, user text in backticks.
    pub message: String,
    pub help: String,
}

impl RuleSetExport {
    pub fn entry(&self, id: RuleId) -> Option<&RuleEntry> {
        self.entries.get(id.0 as usize)
    }
}
