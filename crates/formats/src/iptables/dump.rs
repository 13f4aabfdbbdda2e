//! An export in the words of iptables: tables, chains, and rules as lines.

use std::borrow::Cow;
use std::collections::VecDeque;

use diagnostics::TextRange;

use super::family::Family;
use crate::{Problem, Statement};

/// A whole file of `iptables-save` or `ip6tables-save`, or what somebody wrote in its place.
#[derive(Debug)]
pub(super) struct Dump<'a> {
    pub family: Family,
    /// The tables that count, in the order of the file: a later block of a table replaces an earlier one.
    pub tables: Vec<Table<'a>>,
    /// Every statement; those of rules get their verdict later.
    pub statements: Vec<Statement>,
    pub problems: Vec<Problem>,
    /// What may decide packets and stands in no table.
    pub obscure: Vec<Obscure>,
}

/// A statement that is not understood and may decide packets.
#[derive(Clone, Debug)]
pub(super) struct Obscure {
    pub place: TextRange,
    /// What it is, for its entry: `table broute`.
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum TableKind {
    Raw,
    Mangle,
    Nat,
    Filter,
    Security,
}

/// The places in the kernel at which a table's built-in chains stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Hook {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

/// One `*table ... COMMIT` block.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub kind: TableKind,
    /// The line that opens it; the first rule where there is none (`iptables -S`).
    pub place: TextRange,
    /// The byte at which its `COMMIT` line begins, or the file ends.
    pub end: usize,
    pub chains: Vec<Chain<'a>>,
    pub lines: Vec<Line<'a>>,
    /// What may decide packets in a way that cannot be placed in any of its chains.
    pub obscure: Vec<Obscure>,
}

#[derive(Debug)]
pub(super) struct Chain<'a> {
    pub name: Cow<'a, str>,
    pub hook: Option<Hook>,
    /// Whether a `:` line, `-N` or the kernel makes it.
    pub declared: bool,
    pub policy: Policy,
    pub policy_place: Option<TextRange>,
    /// Its rules in the kernel's order, as indices of the table's lines.
    pub order: VecDeque<u32>,
    /// Whether that order is another one than that of the file.
    pub shuffled: bool,
    /// Commands that change it in a way that is not followed (`-D`, `-R`).
    pub obscure: Vec<Obscure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Accept,
    Drop,
    /// The file does not say it, or says something that is no policy.
    Unknown,
}

/// One rule as it stands in the file.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub chain: u32,
    /// The whole line without blanks around it.
    pub place: TextRange,
    /// What comes after the chain: matches and target.
    pub spec: &'a str,
    /// The byte at which `spec` stands.
    pub spec_start: usize,
    /// Whether counters stand before it: `[12:3400] -A ...`.
    pub counters: bool,
    /// How many rules the kernel makes of it: `-s` and `-d` may list addresses.
    pub width: u32,
    /// `-4` or `-6`: the rule is for one family in a file for both.
    pub only: Option<Family>,
    /// Its index in [`Dump::statements`].
    pub statement: u32,
    /// Whether a later command takes it away.
    pub gone: bool,
}

impl TableKind {
    pub fn find(name: &str) -> Option<TableKind> {
        Some(match name {
            "filter" => TableKind::Filter,
            "nat" => TableKind::Nat,
            "mangle" => TableKind::Mangle,
            "raw" => TableKind::Raw,
            "security" => TableKind::Security,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            TableKind::Filter => "filter",
            TableKind::Nat => "nat",
            TableKind::Mangle => "mangle",
            TableKind::Raw => "raw",
            TableKind::Security => "security",
        }
    }

    /// The place of its built-in chain of that name; `None` where the table has no such one.
    pub fn hook(self, chain: &str) -> Option<Hook> {
        let hook = match chain {
            "PREROUTING" => Hook::Prerouting,
            "INPUT" => Hook::Input,
            "FORWARD" => Hook::Forward,
            "OUTPUT" => Hook::Output,
            "POSTROUTING" => Hook::Postrouting,
            _ => return None,
        };
        let there = match self {
            TableKind::Mangle => true,
            TableKind::Filter | TableKind::Security => {
                matches!(hook, Hook::Input | Hook::Forward | Hook::Output)
            }
            TableKind::Nat => hook != Hook::Forward,
            TableKind::Raw => matches!(hook, Hook::Prerouting | Hook::Output),
        };
        there.then_some(hook)
    }
}

impl Hook {
    pub fn chain(self) -> &'static str {
        match self {
            Hook::Prerouting => "PREROUTING",
            Hook::Input => "INPUT",
            Hook::Forward => "FORWARD",
            Hook::Output => "OUTPUT",
            Hook::Postrouting => "POSTROUTING",
        }
    }
}

impl<'a> Table<'a> {
    /// The chain as an administrator names it: with the table in front when that is not `filter`.
    pub fn list_name(&self, chain: &str) -> String {
        match self.kind {
            TableKind::Filter => chain.to_owned(),
            other => format!("{} {chain}", other.name()),
        }
    }

    /// For each line the number of its first rule in its chain, as `iptables -L --line-numbers` counts.
    pub fn numbers(&self) -> Vec<u32> {
        let mut numbers = vec![0; self.lines.len()];
        for chain in &self.chains {
            let mut next = 1_u32;
            for &line in &chain.order {
                if let (Some(number), Some(line)) =
                    (numbers.get_mut(line as usize), self.lines.get(line as usize))
                {
                    *number = next;
                    next = next.saturating_add(line.width);
                }
            }
        }
        numbers
    }
}
