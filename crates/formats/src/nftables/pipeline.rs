//! Which base chains a packet meets, in the kernel's order, and from which hooks each chain is reached.

use space::{NameSet, Region, Set};

use super::import::Translated;
use super::meaning::Act;
use super::model::{Family, Hook, Model};
use crate::Direction;

/// The base chains that a packet of one kind meets.
pub(super) struct Pipeline {
    pub direction: Direction,
    pub name: String,
    pub stages: Vec<Station>,
    /// For each table and each of its chains.
    pub reach: Vec<Vec<Reach>>,
}

/// One base chain on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Station {
    pub table: usize,
    pub chain: usize,
    pub hook: Hook,
}

/// From where a chain is reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// The hooks, one bit for each, from which a new flow is led to it.
    hooks: u8,
    /// Whether rules lead to it at all, be it for replies alone.
    named: bool,
    /// A stage whose chain leads to it has one after it that may filter.
    pub filtered_later: bool,
}

/// What a hook knows of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knows {
    Yes,
    /// There is none, or none yet: the kernel compares with an empty name.
    No,
    /// It hangs on the kernel, or on the hook.
    Perhaps,
}

const HOOKS: [Hook; 7] = [
    Hook::Ingress,
    Hook::Prerouting,
    Hook::Input,
    Hook::Forward,
    Hook::Output,
    Hook::Postrouting,
    Hook::Egress,
];

impl Reach {
    pub fn is_reached(self) -> bool {
        self.named || self.hooks != 0
    }

    /// Whether a new flow is led to the chain.
    pub fn is_active(self) -> bool {
        self.hooks != 0
    }

    pub fn hooks(self) -> impl Iterator<Item = Hook> {
        HOOKS.into_iter().filter(move |hook| self.hooks & bit(*hook) != 0)
    }

    /// What the chain's rules know of the interface that packets of this direction come in by.
    pub fn knows_in(self, direction: Direction) -> Knows {
        together(self.hooks().map(|hook| knows_in(hook, direction)))
    }

    /// The same for the one they leave by.
    pub fn knows_out(self) -> Knows {
        together(self.hooks().map(knows_out))
    }
}

fn bit(hook: Hook) -> u8 {
    1 << hook as u8
}

fn knows_in(hook: Hook, direction: Direction) -> Knows {
    match (hook, direction) {
        (Hook::Ingress | Hook::Prerouting | Hook::Input | Hook::Forward, _) => Knows::Yes,
        // Kernels tell it for forwarded packets since Linux 5.8.
        (Hook::Postrouting | Hook::Egress, Direction::Transit) => Knows::Perhaps,
        _ => Knows::No,
    }
}

fn knows_out(hook: Hook) -> Knows {
    if matches!(hook, Hook::Ingress | Hook::Prerouting | Hook::Input) { Knows::No } else { Knows::Yes }
}

fn together(mut all: impl Iterator<Item = Knows>) -> Knows {
    let first = all.next().unwrap_or(Knows::Yes);
    if all.all(|other| other == first) { first } else { Knows::Perhaps }
}

/// Whether a packet at the hook may have an interface that the names allow.
fn may_match(names: &NameSet, knows: Knows) -> bool {
    knows != Knows::No || names.contains("")
}

/// Makes of an interface's names what the rules of a chain see of them. `None` where no packet can match; `true` where
/// only the hook knows, and a condition has to stand for it.
pub(super) fn see(names: &mut NameSet, knows: Knows) -> Option<bool> {
    if knows == Knows::Yes || names.is_any() {
        return Some(false);
    }
    let matches = knows == Knows::Perhaps || names.contains("");
    *names = NameSet::any();
    matches.then_some(knows == Knows::Perhaps)
}

/// The pipelines that the file has something to say about: those with a base chain at the hook that names them, or
/// where there is none of those, those with a base chain anywhere on the way.
pub(super) fn all(model: &Model<'_>, translated: &[Translated]) -> Vec<Pipeline> {
    let mut out = Vec::new();
    for bridge in [false, true] {
        let mut found = Vec::new();
        for (direction, hook) in [
            (Direction::Transit, Hook::Forward),
            (Direction::Inbound, Hook::Input),
            (Direction::Outbound, Hook::Output),
        ] {
            let stages = stations(model, direction, bridge);
            let own = stages.iter().any(|station| station.hook == hook);
            found.push((direction, hook, stages, own));
        }
        let any = found.iter().any(|(.., own)| *own);
        for (direction, hook, stages, own) in found {
            // The ingress of an interface is on the way of routed and of bridged packets: it makes no bridge.
            let at_bridge = stages.iter().any(|station| {
                model.tables.get(station.table).is_some_and(|table| table.family == Family::Bridge)
            });
            if stages.is_empty() || any && !own || bridge && !at_bridge {
                continue;
            }
            let name = match (bridge, hook) {
                (false, hook) => hook.name(),
                (true, Hook::Forward) => "bridge forward",
                (true, Hook::Input) => "bridge input",
                (true, _) => "bridge output",
            };
            let reach = reach(model, translated, direction, &stages);
            out.push(Pipeline { direction, name: name.to_owned(), stages, reach });
        }
    }
    out
}

/// A file without base chains is a part of a ruleset: each chain that no other leads to is asked about by itself.
pub(super) fn loose(model: &Model<'_>, translated: &[Translated], lists: &[Vec<String>]) -> Vec<Pipeline> {
    let mut out = Vec::new();
    for (table, block) in model.tables.iter().enumerate().filter(|(_, table)| table.family != Family::Arp) {
        let mut called = vec![false; block.chains.len()];
        for chain in 0..block.chains.len() {
            for_each_call(model, translated, table, chain, |to, _| {
                if let Some(called) = called.get_mut(to).filter(|_| to != chain) {
                    *called = true;
                }
            });
        }
        for (chain, list) in block.chains.iter().enumerate() {
            if called.get(chain) == Some(&false) && !list.anonymous && !list.order.is_empty() {
                let stages = vec![Station { table, chain, hook: Hook::Forward }];
                let reach = reach(model, translated, Direction::Transit, &stages);
                let name = lists.get(table).and_then(|lists| lists.get(chain)).cloned().unwrap_or_default();
                out.push(Pipeline { direction: Direction::Transit, name, stages, reach });
            }
            if out.len() == MOST_LOOSE {
                return out;
            }
        }
    }
    out
}

/// More chains that nothing leads to than this are not made rule sets of.
const MOST_LOOSE: usize = 64;

/// The base chains in the order in which netfilter calls them: by hook, then by priority, then as they were made.
fn stations(model: &Model<'_>, direction: Direction, bridge: bool) -> Vec<Station> {
    let hooks: &[Hook] = match direction {
        Direction::Transit => {
            &[Hook::Ingress, Hook::Prerouting, Hook::Forward, Hook::Postrouting, Hook::Egress]
        }
        Direction::Inbound => &[Hook::Ingress, Hook::Prerouting, Hook::Input],
        Direction::Outbound => &[Hook::Output, Hook::Postrouting, Hook::Egress],
    };
    let mut found = Vec::new();
    for (number, table) in model.tables.iter().enumerate() {
        let here = match table.family {
            Family::Ip | Family::Ip6 | Family::Inet => !bridge,
            Family::Bridge => bridge,
            Family::Netdev => true,
            Family::Arp => false,
        };
        if !here || table.dormant {
            continue;
        }
        for (chain, list) in table.chains.iter().enumerate() {
            let Some(base) = &list.base else { continue };
            let Some(at) = hooks.iter().position(|hook| *hook == base.hook) else { continue };
            let says = !list.order.is_empty() || base.policy != super::model::Policy::Accept;
            let own = matches!(base.hook, Hook::Forward | Hook::Input | Hook::Output);
            if says || own {
                let station = Station { table: number, chain, hook: base.hook };
                found.push(((at, base.priority, number, chain), station));
            }
        }
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, station)| station).collect()
}

/// Follows the jumps from all stages. A jump that no new flow takes leads to chains that are for replies.
fn reach(
    model: &Model<'_>,
    translated: &[Translated],
    direction: Direction,
    stages: &[Station],
) -> Vec<Vec<Reach>> {
    let mut reach: Vec<Vec<Reach>> =
        model.tables.iter().map(|table| vec![Reach::default(); table.chains.len()]).collect();
    let last = stages.iter().rposition(|station| {
        let chain = model.tables.get(station.table).and_then(|table| table.chains.get(station.chain));
        chain.is_some_and(|chain| !chain.order.is_empty())
    });
    let mut stack: Vec<(usize, usize, Hook, bool)> = Vec::new();
    for (at, station) in stages.iter().enumerate() {
        stack.push((station.table, station.chain, station.hook, last.is_some_and(|last| at < last)));
    }
    let mut seen = Vec::new();
    while let Some((table, chain, hook, later)) = stack.pop() {
        let Some(here) = reach.get_mut(table).and_then(|chains| chains.get_mut(chain)) else { continue };
        if here.hooks & bit(hook) != 0 && (here.filtered_later || !later) {
            continue;
        }
        here.hooks |= bit(hook);
        here.filtered_later |= later;
        seen.push((table, chain));
        for_each_call(model, translated, table, chain, |to, regions| {
            let taken = |region: &Region| {
                may_match(&region.in_interface, knows_in(hook, direction))
                    && may_match(&region.out_interface, knows_out(hook))
            };
            if regions.iter().any(taken) {
                stack.push((table, to, hook, later));
            }
        });
    }
    while let Some((table, chain)) = seen.pop() {
        let mut found = Vec::new();
        for_each_call(model, translated, table, chain, |to, _| found.push(to));
        for to in found {
            if let Some(there) = reach.get_mut(table).and_then(|chains| chains.get_mut(to))
                && !there.is_reached()
            {
                there.named = true;
                seen.push((table, to));
            }
        }
    }
    reach
}

fn for_each_call(
    model: &Model<'_>,
    translated: &[Translated],
    table: usize,
    chain: usize,
    mut call: impl FnMut(usize, &[Region]),
) {
    let Some(list) = model.tables.get(table).and_then(|table| table.chains.get(chain)) else { return };
    for rule in &list.order {
        let Some(meaning) = translated.get(*rule as usize).and_then(Option::as_ref) else { continue };
        for outcome in &meaning.outcomes {
            if let Act::Jump(to) | Act::Goto(to) = outcome.action {
                call(to, &outcome.matches);
            }
        }
    }
}
