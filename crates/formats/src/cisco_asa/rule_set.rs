//! Access lists, where they are bound, and security levels, as one rule set for what passes through.
//!
//! Stage 1 is the interface by which a packet comes in: its list, then the global one, then the implicit deny; without
//! both, the security levels decide ("Access Rules", order of operations, in the firewall configuration guide). Stage 2
//! is the list bound outbound to the interface by which it leaves.

use std::collections::HashMap;

use diagnostics::{TextRange, printable};
use space::{
    Action, AddressSet, Chain, Conditions, NameSet, Region, Rule, RuleId, RuleSet, Set, Side, Stage, Symbol,
    SymbolKind,
};

use super::bindings::{Effective, effective};
use super::config::{Bound, Config, LineEntry, ListKind};
use super::resolve::Resolver;
use crate::{Direction, Problem, RuleEntry, RuleSetExport, StageEntry, Status};

/// How many regions all rules together may have beyond one for each: names and unknown groups multiply.
const MOST_REGIONS: usize = 1_000_000;

/// What became of statements, by their index.
pub(super) type Outcomes = Vec<(u32, Status, String)>;

pub(super) struct Builder<'r, 'c, 'a> {
    pub config: &'c Config<'a>,
    pub resolver: &'r mut Resolver<'c, 'a>,
    pub outcomes: Outcomes,
    pub problems: Vec<Problem>,
    drafts: Vec<Draft>,
    chains: Vec<Vec<usize>>,
    /// The chain of each list that was built.
    pub list_chains: HashMap<usize, usize>,
    /// How often each condition of a single rule came up.
    twins: HashMap<String, u32>,
    pub regions_left: usize,
}

/// An entry with its rule.
pub(super) struct Draft {
    pub entry: RuleEntry,
    pub matches: Vec<Region>,
    pub action: Action,
    /// Disabled ones are listed and are no rules.
    pub is_rule: bool,
}

impl<'r, 'c, 'a> Builder<'r, 'c, 'a> {
    pub fn new(resolver: &'r mut Resolver<'c, 'a>) -> Self {
        Builder {
            config: resolver.config,
            resolver,
            outcomes: Vec::new(),
            problems: Vec::new(),
            drafts: Vec::new(),
            chains: Vec::new(),
            list_chains: HashMap::new(),
            twins: HashMap::new(),
            regions_left: MOST_REGIONS,
        }
    }

    /// The rule set of a whole firewall.
    pub fn firewall(&mut self) -> RuleSetExport {
        self.start();
        let bindings = effective(self.config, &mut self.outcomes);
        let inbound = self.chain();
        self.obscure(inbound);
        self.management_only(inbound);
        self.same_security(inbound);
        let global = bindings.iter().filter(|other| other.binding.at == Bound::Global);
        let covered = AddressSet::union_of(global.map(|other| &other.base));
        for binding in bindings.iter().filter(|binding| matches!(binding.binding.at, Bound::In(_))) {
            self.bound(inbound, binding, &binding.base.subtract(&covered));
        }
        for binding in bindings.iter().filter(|binding| binding.binding.at == Bound::Global) {
            self.bound(inbound, binding, &binding.base);
        }
        self.levels(inbound, &bindings);
        let global = bindings.iter().any(|binding| binding.binding.at == Bound::Global);
        let known = global || self.config.named_interfaces().next().is_some();
        let (default, name) = if known {
            (Action::Deny, "implicit deny")
        } else {
            (Action::Unknown, "interfaces that the export does not show")
        };
        let mut stages = vec![Stage { chain: inbound, default }];
        let mut entries = vec![StageEntry { name: name.to_owned(), place: None }];
        let outbound: Vec<_> =
            bindings.iter().filter(|binding| matches!(binding.binding.at, Bound::Out(_))).collect();
        if !outbound.is_empty() {
            let chain = self.chain();
            for binding in outbound {
                self.bound(chain, binding, &binding.base);
            }
            stages.push(Stage { chain, default: Action::Permit });
            entries.push(StageEntry { name: "no outbound access list".to_owned(), place: None });
        }
        self.finish("through traffic".to_owned(), stages, entries)
    }

    /// The rule set of one list that is bound nowhere, in a file that binds none.
    pub fn fragment(&mut self, list: usize) -> RuleSetExport {
        self.start();
        let name = self.config.lists.get(list).map_or("", |list| list.name);
        let chain = self.list(list);
        self.obscure(chain);
        // What is not followed may come first.
        if let Some(order) = self.chains.get_mut(chain) {
            let count = self.config.obscure.len().min(order.len());
            order.rotate_right(count);
        }
        let stage = Stage { chain, default: Action::Deny };
        let entry = StageEntry { name: format!("implicit deny of {}", printable(name)), place: None };
        self.finish(name.to_owned(), vec![stage], vec![entry])
    }

    fn start(&mut self) {
        self.drafts.clear();
        self.chains.clear();
        self.list_chains.clear();
    }

    pub fn chain(&mut self) -> usize {
        self.chains.push(Vec::new());
        self.chains.len() - 1
    }

    pub fn push(&mut self, chain: usize, draft: Draft) {
        let at = self.drafts.len();
        self.drafts.push(draft);
        if let Some(chain) = self.chains.get_mut(chain) {
            chain.push(at);
        }
    }

    pub fn implied(
        &mut self,
        chain: usize,
        place: TextRange,
        list: &str,
        name: String,
        matches: Vec<Region>,
        action: Action,
    ) {
        let entry = RuleEntry {
            name,
            place,
            head: place,
            list: list.to_owned(),
            comment: None,
            enabled: true,
            logs: false,
            implied: true,
            expires: None,
            inactive: None,
        };
        self.push(chain, Draft { entry, matches, action, is_rule: true });
    }

    /// Statements that decide packets in a way that is not followed stand before all rules.
    fn obscure(&mut self, chain: usize) {
        let config = self.config;
        for obscure in &config.obscure {
            let name = self.own(obscure.text);
            let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
            let matches = vec![Region::any().when(Conditions::holds(symbol))];
            let action = if obscure.permits { Action::Permit } else { Action::Unknown };
            let entry = RuleEntry {
                name,
                place: obscure.place,
                head: obscure.place,
                list: String::new(),
                comment: None,
                enabled: true,
                logs: false,
                implied: false,
                expires: None,
                inactive: None,
            };
            self.push(chain, Draft { entry, matches, action, is_rule: true });
        }
    }

    /// A list at the place where it is bound, and the implicit deny behind it for `rest`.
    fn bound(&mut self, chain: usize, effective: &Effective<'_, 'a>, rest: &AddressSet) {
        let binding = effective.binding;
        let at = |families: &AddressSet| region_at(binding.at, families);
        let list = printable(binding.list).into_owned();
        let title = match binding.at {
            Bound::In(name) => format!("access-group {list} in interface {}", printable(name)),
            Bound::Out(name) => format!("access-group {list} out interface {}", printable(name)),
            Bound::Global => format!("access-group {list} global"),
        };
        let bridge = match binding.at {
            Bound::In(name) | Bound::Out(name) => {
                self.resolver.interface(name).is_some_and(|it| it.port.starts_with("BVI"))
            }
            Bound::Global => false,
        };
        if bridge {
            let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &title);
            let matches = vec![Region::any().when(Conditions::holds(symbol))];
            self.implied(chain, binding.place, &list, title, matches, Action::Unknown);
            let reason = "the list of a bridge group is asked for each of its members".to_owned();
            self.outcomes.push((binding.statement, Status::Approximated, reason));
            return;
        }
        let usable = effective.list.filter(|index| {
            self.config.lists.get(*index).is_some_and(|list| {
                matches!(list.kind, ListKind::Extended | ListKind::V6)
                    && list.lines.iter().any(|line| !matches!(line.entry, LineEntry::Remark(_)))
            })
        });
        let Some(index) = usable else {
            let reason = match effective.list {
                None => "the list is not defined".to_owned(),
                Some(_) => "the list holds nothing that could decide packets here".to_owned(),
            };
            self.implied(chain, binding.place, &list, title, vec![at(&effective.base)], Action::Unknown);
            self.outcomes.push((binding.statement, Status::Approximated, reason));
            return;
        };
        if binding.per_user && self.config.obscure.iter().any(|obscure| obscure.text.starts_with("aaa")) {
            let name = format!("lists that come with a user, in {title}");
            let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
            let matches = vec![at(&effective.base).when(Conditions::holds(symbol))];
            self.implied(chain, binding.place, &list, name, matches, Action::Unknown);
        }
        let target = self.list(index);
        self.implied(
            chain,
            binding.place,
            &list,
            title.clone(),
            vec![at(&effective.base)],
            Action::Jump(target),
        );
        if !rest.is_empty() {
            let name = format!("implicit deny of {title}");
            self.implied(chain, binding.place, &list, name, vec![at(rest)], Action::Deny);
        }
    }

    /// A name of a condition that no other rule has.
    pub fn own(&mut self, text: &str) -> String {
        let text = fitting(&printable(text));
        let count = self.twins.entry(text.clone()).or_default();
        *count += 1;
        if *count == 1 { text } else { format!("{text} (number {count} of these)") }
    }

    fn finish(&mut self, name: String, stages: Vec<Stage>, stage_entries: Vec<StageEntry>) -> RuleSetExport {
        let drafts = std::mem::take(&mut self.drafts);
        let mut order: Vec<usize> = (0..drafts.len()).collect();
        order.sort_by_key(|at| (drafts.get(*at).map_or(0, |draft| draft.entry.place.start), *at));
        let mut ids = vec![RuleId(u32::MAX); drafts.len()];
        for (rank, at) in (0..).zip(&order) {
            if let Some(id) = ids.get_mut(*at) {
                *id = RuleId(rank);
            }
        }
        let mut slots: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
        let mut entries: Vec<Option<RuleEntry>> = Vec::new();
        entries.resize_with(slots.len(), || None);
        let mut chains = Vec::with_capacity(self.chains.len());
        let mut names: HashMap<String, u32> = HashMap::new();
        for chain in &self.chains {
            let mut rules = Vec::with_capacity(chain.len());
            for &at in chain {
                let (Some(mut draft), Some(id)) = (slots.get_mut(at).and_then(Option::take), ids.get(at))
                else {
                    continue;
                };
                // Two interfaces of one name, two lists whose names print alike.
                while let Some(count) = names.get_mut(&draft.entry.name) {
                    *count += 1;
                    draft.entry.name = format!("{} ({count})", draft.entry.name);
                }
                names.insert(draft.entry.name.clone(), 1);
                if let Some(slot) = entries.get_mut(id.0 as usize) {
                    *slot = Some(draft.entry);
                }
                if draft.is_rule {
                    rules.push(Rule { id: *id, matches: draft.matches, action: draft.action });
                }
            }
            chains.push(Chain::from(rules));
        }
        RuleSetExport {
            name,
            direction: Direction::Transit,
            stateful: true,
            rules: RuleSet { chains, stages },
            entries: entries.into_iter().flatten().collect(),
            stages: stage_entries,
        }
    }
}

pub(super) fn families_of(config: &Config<'_>, kind: ListKind) -> AddressSet {
    match kind {
        ListKind::V6 => AddressSet::any_v6(),
        _ if config.split_families => AddressSet::any_v4(),
        _ => AddressSet::any(),
    }
}

pub(super) fn region_at(at: Bound<'_>, families: &AddressSet) -> Region {
    // A packet has one family: the source tells it.
    let region = Region::any().from(families.clone());
    match at {
        Bound::In(name) => Region { in_interface: NameSet::one(name), ..region },
        Bound::Out(name) => Region { out_interface: NameSet::one(name), ..region },
        Bound::Global => region,
    }
}

/// A text of bounded length that is another one for another text.
fn fitting(text: &str) -> String {
    const LONGEST: usize = 160;
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut end = LONGEST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // FNV-1a: the same on every machine and in every run.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{}... #{hash:016x}", text.get(..end).unwrap_or_default())
}
