//! Flow space: exact sets of packets, ordered rule sets over them, and one operation, [`decide`], that everything
//! else is made of. Pure mathematics: no source text, no files, no salsa. See README.md.

mod address;
mod blame;
mod canonical;
mod cells;
mod condense;
mod condition_union;
mod conditions;
mod decide;
mod difference;
mod effort;
mod flow_set;
mod index;
mod interval;
mod judge;
mod list;
mod name_set;
mod notation;
mod packet;
mod probe;
pub mod protocol;
mod region;
mod relation;
mod rule_set;
mod set;
mod shadow;
mod spread;
mod symbol;
mod unknown;
mod walk;

#[cfg(test)]
mod brute_force;
#[cfg(test)]
mod lists_and_walks;
#[cfg(test)]
mod second_opinion;

pub use address::AddressSet;
pub use conditions::Conditions;
pub use decide::{Decider, Outcome, Piece, decide, decide_without, reaches};
pub use difference::{Change, Difference, difference};
pub use effort::{Effort, Exhausted};
pub use flow_set::FlowSet;
pub use interval::{Coordinate, IntervalSet};
pub use judge::{Hidden, Judgement, Question, Verdict, judge, surely_excess};
pub use name_set::NameSet;
pub use notation::{address_set, port_set, service};
pub use packet::{Endpoint, Packet};
pub use region::Region;
pub use relation::{Conflict, conflicts, redundant};
pub use rule_set::{Action, Chain, Rule, RuleId, RuleSet, Stage, StructureError};
pub use set::Set;
pub use shadow::{Shadow, shadowed};
pub use symbol::{Side, Symbol, SymbolKind, pattern_covers};
pub use unknown::Unknown;
