//! What a rule does to the first packet of a flow, as regions and an action.

use std::borrow::Cow;
use std::collections::HashMap;

use space::{NameSet, Region};

use super::draft::Draft;
use super::dump::{Line, Table, TableKind};
use super::family::Family;
use super::rule::Rule;
use crate::{Problem, Status};

/// What one rule does, wherever its chain is reached from.
#[derive(Clone, Debug)]
pub(super) struct Meaning {
    pub matches: Vec<Region>,
    pub verdict: Verdict,
    /// Why it matches no new flow, where that is no mistake.
    pub inactive: Option<&'static str>,
    pub logs: bool,
    pub comment: Option<String>,
    pub status: Status,
    pub reason: Cow<'static, str>,
    /// The words that name the rule where a condition is its own; kept for interfaces, which only some hooks know.
    pub key: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Permit,
    Deny,
    Unknown,
    Continue,
    Return,
    /// To a chain of the same table.
    Jump(usize),
    Goto(usize),
    /// Another destination before routing, which is unknown; another source after it, which passes.
    NewPrefix,
}

/// What is the same for all rules of a table.
pub(super) struct Surroundings<'a> {
    pub family: Family,
    /// All packets of the family.
    pub base: Region,
    pub table: &'a Table<'a>,
    pub chains: HashMap<&'a str, usize>,
    /// Whether some rule of the raw table takes packets from connection tracking.
    pub exempted: bool,
    /// Whether some rule changes the length of packets.
    pub resized: bool,
    /// The ipsets that rules add to or delete from, sorted: their members change while a packet is on its way.
    pub changed_sets: &'a [String],
}

impl Surroundings<'_> {
    /// Whether every chain of the table is asked at one hook, after everything that changes a packet in passing.
    pub fn one_hook(&self) -> bool {
        matches!(self.table.kind, TableKind::Filter | TableKind::Security)
    }
}

/// Reads rules, one after the other.
#[derive(Default)]
pub(super) struct Translator<'a> {
    rule: Rule<'a>,
    memory: Memory,
}

/// What is kept from rule to rule.
#[derive(Default)]
pub(super) struct Memory {
    /// How often the same rule came up before, by a hash of its text.
    twins: HashMap<u64, u32>,
    /// The sets of names that interfaces stand for: few of them, in many rules.
    pub interfaces: HashMap<String, NameSet>,
}

impl<'a> Translator<'a> {
    pub fn meaning(
        &mut self,
        around: &Surroundings<'a>,
        line: &Line<'a>,
        problems: &mut Vec<Problem>,
    ) -> Meaning {
        self.rule.read(line.spec, line.spec_start);
        Draft::new(&self.rule, around, line, &mut self.memory, problems).meaning()
    }
}

/// The text of a rule as the name of what only it can be asked about. It is not its number, so that it stays when
/// rules come or go before it.
pub(super) fn key(table: &Table<'_>, line: &Line<'_>, memory: &mut Memory) -> String {
    let chain = table.chains.get(line.chain as usize).map_or("", |chain| &chain.name);
    let text = match table.kind {
        TableKind::Filter => format!("-A {chain} {}", line.spec),
        other => format!("-t {} -A {chain} {}", other.name(), line.spec),
    };
    let count = memory.twins.entry(hash(&text)).or_default();
    *count += 1;
    let text = fitting(&text);
    if *count == 1 { text.into_owned() } else { format!("{text} (number {count} of these)") }
}

/// A text of bounded length that is another one for another text.
pub(super) fn fitting(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 160;
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let mut end = LONGEST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Owned(format!("{}... #{:016x}", &text[..end], hash(text)))
}

/// FNV-1a: the same on every machine and in every run.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
