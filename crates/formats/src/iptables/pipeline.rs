//! Which chains a packet meets, in the kernel's order, and from which hooks each of them is reached.

use space::{NameSet, Region, Set};

use super::dump::{Hook, Policy, TableKind};
use super::import::Translated;
use super::meaning::Verdict;
use crate::Direction;

/// The chains that a packet of one kind meets.
pub(super) struct Pipeline {
    pub direction: Direction,
    /// The built-in chain that the rule set has its name from.
    pub hook: Hook,
    pub stages: Vec<Station>,
    /// For each table and each of its chains.
    pub reach: Vec<Vec<Reach>>,
}

/// One built-in chain on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Station {
    pub table: usize,
    /// `None` where the file has the table, and not the chain.
    pub chain: Option<usize>,
    pub hook: Hook,
}

/// From where a chain is reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// The hooks, one bit for each, from which a new flow is led to it.
    hooks: u8,
    /// Whether rules lead to it at all, be it for replies alone.
    named: bool,
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

const HOOKS: [Hook; 5] = [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];

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
        (Hook::Prerouting | Hook::Input | Hook::Forward, _) => Knows::Yes,
        // Kernels tell it for forwarded packets since Linux 5.8.
        (Hook::Postrouting, Direction::Transit) => Knows::Perhaps,
        _ => Knows::No,
    }
}

fn knows_out(hook: Hook) -> Knows {
    if matches!(hook, Hook::Prerouting | Hook::Input) { Knows::No } else { Knows::Yes }
}

fn together(mut all: impl Iterator<Item = Knows>) -> Knows {
    let first = all.next().unwrap_or(Knows::Yes);
    if all.all(|other| other == first) { first } else { Knows::Perhaps }
}

/// Whether a packet at the hook may have an interface that the names allow.
fn may_match(names: &NameSet, knows: Knows) -> bool {
    knows != Knows::No || names.contains("")
}

impl Pipeline {
    /// `None` where the file has nothing to say about the direction.
    pub fn new(direction: Direction, tables: &[Translated<'_>]) -> Option<Pipeline> {
        let (hook, order) = order(direction);
        let mut stages = Vec::new();
        for (kind, hook) in order {
            let Some(table) = tables.iter().position(|translated| translated.table.kind == *kind) else {
                continue;
            };
            let chains = tables.get(table).map_or(&[][..], |translated| &translated.table.chains);
            let chain = chains.iter().position(|chain| chain.hook == Some(*hook));
            let says_something = chain.and_then(|chain| chains.get(chain)).is_some_and(|chain| {
                !chain.order.is_empty()
                    || !chain.obscure.is_empty()
                    || chain.declared && chain.policy != Policy::Accept
            });
            if *kind == TableKind::Filter || says_something {
                stages.push(Station { table, chain, hook: *hook });
            }
        }
        if stages.is_empty() {
            return None;
        }
        let reach = reach(tables, direction, &stages);
        Some(Pipeline { direction, hook, stages, reach })
    }
}

/// The hook that names the direction, and the order in which netfilter calls the tables at each hook on the way: by
/// the priorities in `linux/netfilter_ipv4.h`. A source is translated after everything else.
fn order(direction: Direction) -> (Hook, &'static [(TableKind, Hook)]) {
    use Hook::{Forward, Input, Output, Postrouting, Prerouting};
    use TableKind::{Filter, Mangle, Nat, Raw, Security};
    match direction {
        Direction::Transit => (
            Forward,
            &[
                (Raw, Prerouting),
                (Mangle, Prerouting),
                (Nat, Prerouting),
                (Mangle, Forward),
                (Filter, Forward),
                (Security, Forward),
                (Mangle, Postrouting),
                (Nat, Postrouting),
            ],
        ),
        Direction::Inbound => (
            Input,
            &[
                (Raw, Prerouting),
                (Mangle, Prerouting),
                (Nat, Prerouting),
                (Mangle, Input),
                (Filter, Input),
                (Security, Input),
                (Nat, Input),
            ],
        ),
        Direction::Outbound => (
            Output,
            &[
                (Raw, Output),
                (Mangle, Output),
                (Nat, Output),
                (Filter, Output),
                (Security, Output),
                (Mangle, Postrouting),
                (Nat, Postrouting),
            ],
        ),
    }
}

/// Follows the jumps from all stages. A jump that no new flow takes leads to chains that are for replies.
fn reach(tables: &[Translated<'_>], direction: Direction, stages: &[Station]) -> Vec<Vec<Reach>> {
    let calls: Vec<Vec<Vec<Call>>> = tables.iter().map(calls).collect();
    let mut reach: Vec<Vec<Reach>> =
        tables.iter().map(|translated| vec![Reach::default(); translated.table.chains.len()]).collect();
    let mut stack: Vec<(usize, usize, Hook)> = Vec::new();
    for station in stages {
        stack.extend(station.chain.map(|chain| (station.table, chain, station.hook)));
    }
    let mut seen = Vec::new();
    while let Some((table, chain, hook)) = stack.pop() {
        let Some(here) = reach.get_mut(table).and_then(|chains| chains.get_mut(chain)) else { continue };
        if here.hooks & bit(hook) != 0 {
            continue;
        }
        here.hooks |= bit(hook);
        seen.push((table, chain));
        for call in calls.get(table).and_then(|chains| chains.get(chain)).into_iter().flatten() {
            let regions =
                tables.get(table).and_then(|translated| translated.meanings.get(call.line)?.as_ref());
            let taken = |region: &Region| {
                may_match(&region.in_interface, knows_in(hook, direction))
                    && may_match(&region.out_interface, knows_out(hook))
            };
            if regions.is_some_and(|meaning| meaning.matches.iter().any(taken)) {
                stack.push((table, call.to, hook));
            }
        }
    }
    while let Some((table, chain)) = seen.pop() {
        for call in calls.get(table).and_then(|chains| chains.get(chain)).into_iter().flatten() {
            let Some(there) = reach.get_mut(table).and_then(|chains| chains.get_mut(call.to)) else {
                continue;
            };
            if !there.is_reached() {
                there.named = true;
                seen.push((table, call.to));
            }
        }
    }
    reach
}

/// A rule that leads to another chain.
struct Call {
    line: usize,
    to: usize,
}

/// The calls of each chain of a table.
fn calls(translated: &Translated<'_>) -> Vec<Vec<Call>> {
    let mut calls: Vec<Vec<Call>> = translated.table.chains.iter().map(|_| Vec::new()).collect();
    for (index, (line, meaning)) in translated.table.lines.iter().zip(&translated.meanings).enumerate() {
        if let Some(Verdict::Jump(to) | Verdict::Goto(to)) = meaning.as_ref().map(|meaning| meaning.verdict)
            && let Some(calls) = calls.get_mut(line.chain as usize)
        {
            calls.push(Call { line: index, to });
        }
    }
    calls
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
