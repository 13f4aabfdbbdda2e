//! A rule that is being put together.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use diagnostics::{TextRange, printable};
use space::{Conditions, Region, Side, Symbol, SymbolKind};

use super::canonical::{self, fitting};
use super::model::{Rule, Table};
use crate::{Problem, Status, UndefinedEntry};

/// What is the same for all rules of a table.
pub(super) struct Around<'m, 'a> {
    pub number: usize,
    pub table: &'m Table<'a>,
    /// All packets that the family sees.
    pub base: Region,
    /// For each chain its name as an administrator writes it.
    pub lists: &'m [String],
    /// For each chain whether packets come to it before connection tracking knows of them.
    pub early: &'m [bool],
    pub facts: &'m Facts<'a>,
    /// The states that first packets have.
    pub states: Rc<Vec<(Region, u32)>>,
}

/// What is the same for the whole file.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    /// Some rule takes packets from connection tracking.
    pub exempted: bool,
    /// The sets that rules add to, by table and name.
    pub updated: HashSet<(usize, Cow<'a, str>)>,
    /// What rules change, in canonical spelling: `ip dscp`.
    pub changed: HashSet<String>,
    /// How many tables have a set of this name.
    pub set_names: HashMap<Cow<'a, str>, u32>,
}

/// What is kept from rule to rule.
#[derive(Default)]
pub(super) struct Memory {
    /// How often the same rule came up before, by a hash of its text.
    twins: HashMap<u64, u32>,
    /// What named sets and variables mean for a key.
    pub seen: HashMap<String, Rc<Seen>>,
    pub set_uses: HashMap<(usize, usize), u32>,
    pub chain_uses: HashMap<(usize, usize), u32>,
    pub undefined: Vec<UndefinedEntry>,
}

/// Regions for a named set, and what is loose about them.
#[derive(Debug)]
pub(super) struct Seen {
    pub regions: Vec<Region>,
    pub status: Status,
    pub reason: Cow<'static, str>,
}

pub(super) struct Draft<'d, 'm, 'a> {
    pub rule: &'m Rule<'a>,
    pub chain: usize,
    pub around: &'d Around<'m, 'a>,
    pub memory: &'d mut Memory,
    pub problems: &'d mut Vec<Problem>,
    /// The packets that come as far as the next statement: one of these.
    pub regions: Vec<Region>,
    pub never: Option<&'static str>,
    pub status: Status,
    pub reason: Cow<'static, str>,
    key: Option<String>,
    alone: u32,
    /// A condition of this rule alone was made: what was made of a set is not for others.
    pub own: bool,
    /// An earlier match says which IP it is.
    pub knows_ip: bool,
    /// An earlier match says which protocol it is.
    pub knows_protocol: bool,
}

/// A rule that means more regions than this is kept as an unknown.
pub(super) const MOST_REGIONS: usize = 1024;

impl<'d, 'm, 'a> Draft<'d, 'm, 'a> {
    pub fn new(
        rule: &'m Rule<'a>,
        chain: usize,
        around: &'d Around<'m, 'a>,
        memory: &'d mut Memory,
        problems: &'d mut Vec<Problem>,
    ) -> Self {
        use super::model::Family;
        let knows_ip = matches!(around.table.family, Family::Ip | Family::Ip6);
        Draft {
            rule,
            chain,
            around,
            memory,
            problems,
            regions: vec![around.base.clone()],
            never: None,
            status: Status::Understood,
            reason: Cow::Borrowed(""),
            key: None,
            alone: 0,
            own: false,
            knows_ip,
            knows_protocol: false,
        }
    }

    /// One of these must be met as well.
    pub fn one_of(&mut self, alternatives: &[Region]) {
        if let [only] = alternatives
            && let [region] = self.regions.as_mut_slice()
        {
            match region.intersect(only) {
                Some(both) => *region = both,
                None => self.regions.clear(),
            }
            return;
        }
        if self.regions.len().saturating_mul(alternatives.len()) > MOST_REGIONS {
            self.alone("its sets together");
            self.worsen(Status::Approximated, "its sets combine to more parts than are kept");
            return;
        }
        let both = |region: &Region| -> Vec<Region> {
            alternatives.iter().filter_map(|other| region.intersect(other)).collect()
        };
        self.regions = self.regions.iter().flat_map(both).collect();
    }

    /// The symbol holds of the packets that match.
    pub fn holds(&mut self, symbol: Symbol) {
        let condition = Conditions::holds(symbol);
        self.one_of(&[super::axis::any().when(condition)]);
    }

    /// A match that only this rule can be asked about.
    pub fn alone(&mut self, text: &str) {
        let symbol = self.own_symbol(text);
        self.holds(symbol);
    }

    pub fn own_symbol(&mut self, text: &str) -> Symbol {
        self.alone += 1;
        self.own = true;
        let again = if self.alone > 1 { format!(" ({})", self.alone) } else { String::new() };
        let name = format!("{}{again} in {}", fitting(text.to_owned()), self.key());
        Symbol::new(Side::Packet, SymbolKind::Match, &name)
    }

    /// The text of a rule as the name of what only it can be asked about. It is not its number, so that it stays when
    /// rules come or go before it.
    pub fn key(&mut self) -> &str {
        if self.key.is_none() {
            let list = self.around.lists.get(self.chain).map_or("", String::as_str);
            let text = format!("{list}: {}", canonical::rule(self.rule));
            let count = self.memory.twins.entry(canonical::hash(&text)).or_default();
            *count += 1;
            let text = fitting(text);
            self.key = Some(if *count == 1 { text } else { format!("{text} (number {count} of these)") });
        }
        self.key.as_deref().unwrap_or_default()
    }

    /// The rule matches no new flow, and for which packets it is instead.
    pub fn never(&mut self, why: &'static str) {
        self.never.get_or_insert(why);
    }

    pub fn approximate(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.worsen(Status::Approximated, reason);
    }

    pub fn worsen(&mut self, status: Status, reason: impl Into<Cow<'static, str>>) {
        if status > self.status {
            self.status = status;
            self.reason = reason.into();
        }
    }

    pub fn warn(&mut self, place: TextRange, message: String, help: &str) {
        self.problems.push(Problem { place, message, help: help.to_owned() });
    }

    /// A value that nft would refuse: the rule matches some of what the rest of it says.
    pub fn invalid(&mut self, place: TextRange, text: &str, message: String, help: &str) -> Symbol {
        self.worsen(Status::NotUnderstood, message.clone());
        self.warn(place, message, help);
        let shown = printable(text).into_owned();
        self.own_symbol(&shown)
    }
}
