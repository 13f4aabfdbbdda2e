//! What stands behind each interface: connected networks and static routes, the longest prefix first.

use std::collections::{HashMap, HashSet};

use ipnet::IpNet;
use space::{AddressSet, IntervalSet, Set};

use super::config::Config;
use crate::InterfaceEntry;

/// The interfaces with what is surely behind them.
///
/// With a routing protocol, or policy-based routing, that is the connected networks alone. Where an interface gets its
/// address from elsewhere, its network may be any: then other routes are not sure either, except those by that interface.
pub(super) fn interfaces(config: &Config<'_>) -> Vec<InterfaceEntry> {
    let mut nets: Vec<Net<'_>> = Vec::new();
    let mut unknown: Vec<&str> = Vec::new();
    for (name, interface) in config.named_interfaces().filter(|(_, it)| !it.shutdown) {
        if interface.unknown_address {
            unknown.push(name);
        }
        for (address, length) in &interface.addresses {
            if let Ok(net) = IpNet::new(*address, *length) {
                nets.push(Net { net: net.trunc(), interface: name, metric: 0 });
            }
        }
    }
    let connected = AddressSet::union_of(&nets.iter().map(|net| net.net.into()).collect::<Vec<_>>());
    if !config.dynamic_routes {
        let up: HashSet<&str> =
            config.named_interfaces().filter(|(_, it)| !it.shutdown).map(|(name, _)| name).collect();
        let known = config.routes.iter().filter(|route| up.contains(route.interface));
        nets.extend(known.map(|route| Net {
            net: route.to.trunc(),
            interface: route.interface,
            metric: route.metric.saturating_add(1),
        }));
    }
    let mut behind: HashMap<&str, Pieces> = HashMap::new();
    for (low, high, interface) in owned(&nets, true) {
        if let (Ok(low), Ok(high)) = (u32::try_from(low), u32::try_from(high)) {
            behind.entry(interface).or_default().0.push((low, high));
        }
    }
    for (low, high, interface) in owned(&nets, false) {
        behind.entry(interface).or_default().1.push((low, high));
    }
    config
        .named_interfaces()
        .filter_map(|(name, interface)| {
            let (v4, v6) = behind.remove(name)?;
            let mut set = AddressSet { v4: IntervalSet::from_ranges(v4), v6: IntervalSet::from_ranges(v6) };
            if !unknown.is_empty() && unknown != [name] {
                set = set.intersect(&connected);
            }
            let place = interface.address_place.unwrap_or(interface.place);
            (!set.is_empty()).then(|| InterfaceEntry { name: name.to_owned(), behind: set, place })
        })
        .collect()
}

/// Ranges of IPv4 and of IPv6 addresses.
type Pieces = (Vec<(u32, u32)>, Vec<(u128, u128)>);

#[derive(Clone, Copy)]
struct Net<'a> {
    net: IpNet,
    interface: &'a str,
    metric: u32,
}

/// The addresses of one family, each piece with the interface of the longest prefix that holds it.
///
/// Prefixes lie in each other or apart, so one pass with the open ones on a stack is enough.
fn owned<'a>(nets: &[Net<'a>], v4: bool) -> Vec<(u128, u128, &'a str)> {
    let ends = |net: &IpNet| -> (u128, u128) {
        match net {
            IpNet::V4(net) => (u32::from(net.network()).into(), u32::from(net.broadcast()).into()),
            IpNet::V6(net) => (net.network().into(), net.broadcast().into()),
        }
    };
    let mut all: Vec<(u128, u128, u32, &'a str)> = nets
        .iter()
        .filter(|net| net.net.addr().is_ipv4() == v4)
        .map(|net| {
            let (low, high) = ends(&net.net);
            (low, high, net.metric, net.interface)
        })
        .collect();
    all.sort_by_key(|(low, high, metric, _)| (*low, std::cmp::Reverse(*high), *metric));
    // Of one prefix the least metric counts; by two interfaces at that metric, none is sure.
    let mut distinct: Vec<(u128, u128, Option<&'a str>)> = Vec::new();
    for same in all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        if let Some(first) = same.first() {
            // A route of a higher metric takes over when the first goes.
            let alone = first.2 == 0 || same.iter().all(|other| other.3 == first.3);
            distinct.push((first.0, first.1, alone.then_some(first.3)));
        }
    }
    let mut out = Vec::new();
    let mut open: Vec<(u128, Option<&'a str>)> = Vec::new();
    let mut at: u128 = 0;
    let emit = |from: u128, to: u128, owner: Option<&'a str>, out: &mut Vec<_>| {
        if let Some(owner) = owner
            && from <= to
        {
            out.push((from, to, owner));
        }
    };
    let mut full = false;
    for (low, high, owner) in distinct {
        while let Some(&(end, inner)) = open.last().filter(|(end, _)| *end < low) {
            emit(at, end, inner, &mut out);
            at = end + 1;
            open.pop();
        }
        if let Some(&(_, outer)) = open.last()
            && let Some(before) = low.checked_sub(1)
        {
            emit(at, before, outer, &mut out);
        }
        at = low;
        open.push((high, owner));
    }
    while let Some((end, inner)) = open.pop() {
        if !full {
            emit(at, end, inner, &mut out);
        }
        match end.checked_add(1) {
            Some(next) => at = next,
            None => full = true,
        }
    }
    out
}
