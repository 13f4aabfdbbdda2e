//! What a configuration defines beside its lists: groups, time ranges, and what stands behind the interfaces.

use std::collections::BTreeMap;

use space::{AddressSet, IntervalSet, Set};

use super::lines::short;
use super::meaning::Use;
use super::model::{Config, Family, Group, Target};
use super::resolve::Groups;
use crate::{InterfaceEntry, Inventory, ObjectEntry, Problem, UndefinedEntry};

pub fn inventory(config: &Config<'_>, groups: &Groups<'_>, uses: &[Use<'_>]) -> Inventory {
    let mut of_group = vec![0_u32; config.groups.len()];
    let mut of_range = vec![0_u32; config.time_ranges.len()];
    let counted = uses.iter().filter_map(|it| it.group).chain(groups.nested.iter().copied());
    for group in counted {
        if let Some(count) = of_group.get_mut(group) {
            *count = count.saturating_add(1);
        }
    }
    for range in uses.iter().filter_map(|it| it.time_range) {
        if let Some(count) = of_range.get_mut(range) {
            *count = count.saturating_add(1);
        }
    }
    let mut objects = Vec::new();
    for (index, (group, uses)) in config.groups.iter().zip(of_group).enumerate() {
        objects.push(ObjectEntry {
            kind: group.words,
            name: group.name.to_owned(),
            place: group.place,
            head: group.head,
            uses,
            content: content(group, groups, index),
        });
    }
    for (range, uses) in config.time_ranges.iter().zip(of_range) {
        objects.push(ObjectEntry {
            kind: "time-range",
            name: range.name.to_owned(),
            place: range.place,
            head: range.head,
            uses,
            content: (!range.lines.is_empty()).then(|| range.lines.join("; ")),
        });
    }
    objects.sort_by_key(|object| object.place);
    let mut undefined: Vec<UndefinedEntry> = uses.iter().filter_map(Use::undefined).collect();
    undefined.extend(groups.undefined.iter().map(|(name, place)| UndefinedEntry {
        kind: "object-group",
        name: (*name).to_owned(),
        place: *place,
    }));
    undefined.sort_by_key(|entry| entry.place);
    Inventory { objects, undefined, patterns: Vec::new(), interfaces: interfaces(config) }
}

pub fn undefined_problems(inventory: &Inventory) -> Vec<Problem> {
    let problem = |entry: &UndefinedEntry| Problem {
        place: entry.place,
        message: format!("the {} `{}` is not defined", entry.kind, short(&entry.name)),
        help: "define it, or export the whole configuration".to_owned(),
    };
    inventory.undefined.iter().map(problem).collect()
}

/// What a group stands for, the same text for the same meaning.
fn content(group: &Group<'_>, groups: &Groups<'_>, index: usize) -> Option<String> {
    /// Longer ones are not compared.
    const LONGEST: usize = 5000;
    let found = groups.get(index);
    if found.is_empty() || !found.unknown.is_empty() {
        return None;
    }
    let mut parts: Vec<String> = Vec::new();
    for set in &found.addresses {
        if set.v4.ranges().len() + set.v6.ranges().len() > LONGEST {
            return None;
        }
        parts.extend(set.ranges().map(|(low, high)| format!("{low}-{high}")));
    }
    for ((protocols, source), destination) in &found.services {
        parts.push(format!("{protocols:?} {source:?} {destination:?}"));
    }
    Some(format!("{}: {}", group.words, parts.join(", ")))
}

/// A network, and by which interface it is reached; `None` where that is not sure.
#[derive(Clone, Copy)]
struct Reach {
    low: u128,
    high: u128,
    length: u8,
    owner: Option<usize>,
}

/// What stands behind each interface: connected networks, and static routes where nothing else routes.
fn interfaces(config: &Config<'_>) -> Vec<InterfaceEntry> {
    let mut behind = vec![AddressSet::empty(); config.interfaces.len()];
    for family in [Family::V4, Family::V6] {
        let mut tables: BTreeMap<Option<&str>, Vec<Reach>> = BTreeMap::new();
        for (index, interface) in config.interfaces.iter().enumerate() {
            if interface.shutdown || is_own(&interface.name) {
                continue;
            }
            let table = tables.entry(interface.vrf).or_default();
            for (of, address, length) in &interface.networks {
                if *of == family {
                    table.push(reach(family, *address, *length, Some(index)));
                }
            }
        }
        if !config.routed_otherwise {
            routes(config, family, &mut tables);
        }
        let mut found: Vec<(u128, u128, usize)> = tables.into_values().flat_map(longest).collect();
        found.sort_unstable();
        disjoint(&mut found);
        let mut ranges: BTreeMap<usize, Vec<(u128, u128)>> = BTreeMap::new();
        for (low, high, owner) in found {
            ranges.entry(owner).or_default().push((low, high));
        }
        for (owner, ranges) in ranges {
            let Some(set) = behind.get_mut(owner) else { continue };
            match family {
                Family::V4 => {
                    let v4 = |value: u128| u32::try_from(value).unwrap_or(u32::MAX);
                    set.v4 =
                        IntervalSet::from_ranges(ranges.into_iter().map(|(low, high)| (v4(low), v4(high))));
                }
                Family::V6 => set.v6 = IntervalSet::from_ranges(ranges),
            }
        }
    }
    let entries = config.interfaces.iter().zip(behind).filter(|(_, behind)| !behind.is_empty());
    entries
        .map(|(interface, behind)| InterfaceEntry {
            name: interface.name.clone(),
            behind,
            place: interface.place,
        })
        .collect()
}

/// Interfaces of the router itself, behind which nothing stands.
fn is_own(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("loopback") || name.starts_with("null")
}

fn reach(family: Family, address: u128, length: u8, owner: Option<usize>) -> Reach {
    let (set, _) = super::addresses::network(family, address, length);
    let (low, high) = match family {
        Family::V4 => set.v4.hull().map(|(low, high)| (u128::from(low), u128::from(high))),
        Family::V6 => set.v6.hull(),
    }
    .unwrap_or((address, address));
    Reach { low, high, length, owner }
}

/// Adds the static routes of a family. A next hop is looked for in the connected networks of its table.
fn routes<'a>(config: &Config<'a>, family: Family, tables: &mut BTreeMap<Option<&'a str>, Vec<Reach>>) {
    let connected: BTreeMap<Option<&str>, Vec<(u128, u128, usize)>> =
        tables.iter().map(|(vrf, table)| (*vrf, longest(table.clone()))).collect();
    let by_name: std::collections::HashMap<String, usize> = config
        .interfaces
        .iter()
        .enumerate()
        .map(|(index, it)| (it.name.to_ascii_lowercase(), index))
        .collect();
    for route in config.routes.iter().filter(|route| route.family == family) {
        let owner = match route.target {
            Target::Other => None,
            Target::Interface(name) => {
                let index = by_name.get(&name.to_ascii_lowercase()).copied();
                index.filter(|index| {
                    config.interfaces.get(*index).is_some_and(|it| it.vrf == route.vrf && !it.shutdown)
                })
            }
            Target::NextHop(hop) => connected.get(&route.vrf).and_then(|table| {
                let at = table.partition_point(|(low, ..)| *low <= hop);
                let (low, high, owner) = table.get(at.checked_sub(1)?)?;
                (*low <= hop && hop <= *high).then_some(*owner)
            }),
        };
        tables.entry(route.vrf).or_default().push(reach(family, route.network, route.length, owner));
    }
}

/// Longest prefix first: disjoint ranges, each with its owner. Prefixes lie within each other or apart, so one sweep
/// with a stack of those that are open does it.
fn longest(mut table: Vec<Reach>) -> Vec<(u128, u128, usize)> {
    table.sort_by_key(|reach| (reach.low, reach.length));
    // Of two ways to one network it is not sure which is taken.
    table.dedup_by(|later, first| {
        let same = (later.low, later.length) == (first.low, first.length);
        if same && later.owner != first.owner {
            first.owner = None;
        }
        same
    });
    let mut out = Vec::new();
    let mut push = |low: u128, high: u128, owner: Option<usize>| {
        if let Some(owner) = owner.filter(|_| low <= high) {
            out.push((low, high, owner));
        }
    };
    let mut open: Vec<Reach> = Vec::new();
    let mut at = 0;
    // What of the innermost one lies before `until` (all of it, where there is no limit).
    for reach in table {
        while let Some(top) = open.last().filter(|top| top.high < reach.low).copied() {
            push(at, top.high, top.owner);
            at = top.high.saturating_add(1);
            open.pop();
        }
        if let Some(top) = open.last()
            && at < reach.low
        {
            push(at, reach.low - 1, top.owner);
        }
        at = reach.low;
        open.push(reach);
    }
    while let Some(top) = open.pop() {
        push(at, top.high, top.owner);
        at = at.max(top.high.saturating_add(1));
        if top.high == u128::MAX {
            break;
        }
    }
    out
}

/// Takes out what two tables of routes both have: it is not sure in which of them a packet is.
fn disjoint(found: &mut Vec<(u128, u128, usize)>) {
    let overlapping = found.windows(2).any(|pair| matches!(pair, [(_, high, _), (low, ..)] if low <= high));
    if !overlapping {
        return;
    }
    // Each point counts how many ranges cover it: only where it is one is the owner sure.
    let mut events: Vec<(u128, bool, usize)> = Vec::new();
    for (low, high, owner) in found.iter() {
        events.push((*low, true, *owner));
        if let Some(after) = high.checked_add(1) {
            events.push((after, false, *owner));
        }
    }
    events.sort_unstable();
    let mut open: BTreeMap<usize, u32> = BTreeMap::new();
    let mut out: Vec<(u128, u128, usize)> = Vec::new();
    let mut at = 0;
    for (point, opens, owner) in events {
        if point > at
            && open.len() == 1
            && let Some(only) = open.keys().next()
        {
            out.push((at, point - 1, *only));
        }
        at = point;
        let count = open.entry(owner).or_insert(0);
        *count = if opens { *count + 1 } else { count.saturating_sub(1) };
        if *count == 0 {
            open.remove(&owner);
        }
    }
    if open.len() == 1
        && let Some(only) = open.keys().next()
    {
        out.push((at, u128::MAX, *only));
    }
    *found = out;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, usize)]) -> Vec<Reach> {
        let row = |(text, owner): &(&str, usize)| {
            let (address, length) = super::super::addresses::prefix(text, Family::V4).unwrap();
            reach(Family::V4, address, length, (*owner != 9).then_some(*owner))
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn the_longest_prefix_wins() {
        let rows =
            [("0.0.0.0/0", 0), ("10.0.0.0/8", 1), ("10.1.0.0/16", 9), ("10.2.0.0/16", 2), ("255.0.0.0/8", 3)];
        let mut found = longest(table(&rows));
        found.sort_unstable();
        let at = |text: &str| u128::from(super::super::addresses::v4(text).unwrap());
        let expected = vec![
            (0, at("9.255.255.255"), 0),
            (at("10.0.0.0"), at("10.0.255.255"), 1),
            (at("10.2.0.0"), at("10.2.255.255"), 2),
            (at("10.3.0.0"), at("10.255.255.255"), 1),
            (at("11.0.0.0"), at("254.255.255.255"), 0),
            (at("255.0.0.0"), at("255.255.255.255"), 3),
        ];
        assert_eq!(found, expected);
        assert_eq!(longest(table(&[("10.0.0.0/8", 1), ("10.0.0.0/8", 2)])), []);
    }

    #[test]
    fn what_two_tables_have_is_nobodys() {
        let mut found = vec![(0, 10, 1), (5, 20, 2), (30, 40, 1)];
        disjoint(&mut found);
        assert_eq!(found, [(0, 4, 1), (11, 20, 2), (30, 40, 1)]);
    }
}
