//! What stands behind each interface, by connected networks and static routes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use diagnostics::TextRange;
use ipnet::{IpNet, Ipv4Net};
use space::{AddressSet, IntervalSet};

use super::interface::Interfaces;
use super::sections::Kind;
use super::tree::{Document, Node, Table};
use super::values;
use crate::InterfaceEntry;

/// One way: a prefix, and the interface that packets to it leave by.
struct Route {
    low: u128,
    high: u128,
    is_v4: bool,
    /// Lower wins, of two of one length.
    distance: u32,
    /// `None` where what lies there is dropped, or goes somewhere unknown.
    owner: Option<String>,
}

/// Ranges of IPv4 and of IPv6.
type Ranges = (Vec<(u32, u32)>, Vec<(u128, u128)>);

/// The interfaces and zones with what is surely behind them.
pub(super) fn behind(
    document: &Document<'_>,
    scope: usize,
    interfaces: &Interfaces<'_>,
) -> Vec<InterfaceEntry> {
    let mut places: BTreeMap<String, TextRange> = BTreeMap::new();
    let mut routes: Vec<Route> = Vec::new();
    for interface in interfaces.list.iter().filter(|interface| interface.is_up) {
        let name = interfaces.called(interface.name);
        for net in &interface.networks {
            places.entry(name.to_owned()).or_insert(interface.place);
            routes.push(route(*net, 0, Some(name.to_owned())));
        }
    }
    // Where something else may send packets elsewhere, only what is connected is sure.
    let is_unsure = |kind| {
        document.entries(scope, kind).any(|node| matches!(static_route(document, kind, node), Reach::Unknown))
    };
    let unsure = [Kind::StaticRoute, Kind::StaticRoute6].into_iter().any(is_unsure)
        || interfaces.list.iter().any(|interface| interface.is_unknown);
    if !unsure && !is_dynamic(document, scope) {
        let gets_default = interfaces.list.iter().any(|interface| interface.is_up && interface.is_dynamic);
        for kind in [Kind::StaticRoute, Kind::StaticRoute6] {
            for node in document.entries(scope, kind) {
                let Reach::Known(net, distance, device) = static_route(document, kind, node) else {
                    continue;
                };
                // A route through an interface that is down is not there.
                if device.as_deref().and_then(|it| interfaces.get(it)).is_some_and(|it| !it.is_up) {
                    continue;
                }
                // A default route from a DHCP server may win.
                let device = device.filter(|_| !(gets_default && net.prefix_len() == 0));
                let name = device.map(|device| interfaces.called(&device).to_owned());
                if let Some(name) = &name {
                    places.entry(name.clone()).or_insert(node.place());
                }
                routes.push(route(net, distance, name));
            }
        }
    }
    let mut owned: BTreeMap<String, Ranges> = BTreeMap::new();
    for is_v4 in [true, false] {
        let mut family: Vec<&Route> = routes.iter().filter(|route| route.is_v4 == is_v4).collect();
        for (low, high, owner) in longest(&mut family) {
            let (v4, v6) = owned.entry(owner.to_owned()).or_default();
            if is_v4 {
                let part = |value: u128| u32::try_from(value).unwrap_or(u32::MAX);
                v4.push((part(low), part(high)));
            } else {
                v6.push((low, high));
            }
        }
    }
    let entries = owned.into_iter().map(|(name, (v4, v6))| {
        let behind = AddressSet { v4: IntervalSet::from_ranges(v4), v6: IntervalSet::from_ranges(v6) };
        let place = places.get(&name).copied().unwrap_or_default();
        InterfaceEntry { name, behind, place }
    });
    entries.collect()
}

fn route(net: IpNet, distance: u32, owner: Option<String>) -> Route {
    let (low, high, is_v4) = match net {
        IpNet::V4(net) => (u32::from(net.network()).into(), u32::from(net.broadcast()).into(), true),
        IpNet::V6(net) => (net.network().into(), net.broadcast().into(), false),
    };
    Route { low, high, is_v4, distance, owner }
}

/// The ranges that each route wins: the longest prefix, then the least distance. Two that are alike win nothing.
///
/// Prefixes lie within each other or apart, so a walk in order with a stack of those that are open finds all in one go.
fn longest<'r>(routes: &mut Vec<&'r Route>) -> Vec<(u128, u128, &'r str)> {
    routes.sort_by(|a, b| {
        (a.low, Reverse(a.high), a.distance, &a.owner).cmp(&(b.low, Reverse(b.high), b.distance, &b.owner))
    });
    // Of equal prefixes one is left, and its owner only where no other shares the distance.
    let mut merged: Vec<(u128, u128, u32, Option<&'r str>)> = Vec::new();
    for route in routes.iter() {
        let owner = route.owner.as_deref();
        match merged.last_mut() {
            Some((low, high, distance, kept)) if (*low, *high) == (route.low, route.high) => {
                if *distance == route.distance && *kept != owner {
                    *kept = None;
                }
            }
            _ => merged.push((route.low, route.high, route.distance, owner)),
        }
    }
    let mut out = Vec::new();
    let mut open: Vec<(u128, Option<&'r str>)> = Vec::new();
    let mut at = 0_u128;
    let mut give = |from: u128, to: u128, owner: Option<&'r str>| {
        if let Some(owner) = owner
            && from <= to
        {
            out.push((from, to, owner));
        }
    };
    for (low, high, _, owner) in merged {
        while let Some((end, outer)) = open.last().copied().filter(|(end, _)| *end < low) {
            open.pop();
            give(at, end, outer);
            at = end + 1;
        }
        if let Some((_, outer)) = open.last().copied()
            && low > at
        {
            give(at, low - 1, outer);
        }
        at = low;
        open.push((high, owner));
    }
    while let Some((end, owner)) = open.pop() {
        if at <= end {
            give(at, end, owner);
            match end.checked_add(1) {
                Some(next) => at = next,
                None => break,
            }
        }
    }
    out
}

/// What a static route says.
enum Reach {
    /// The prefix, the distance, and the interface, where packets to it leave by one.
    Known(IpNet, u32, Option<String>),
    /// It may lead anything anywhere.
    Unknown,
    /// It is off.
    Nothing,
}

fn static_route(document: &Document<'_>, kind: Kind, node: &Node<'_>) -> Reach {
    if document.value(node, "status").is_some_and(|word| word.text == "disable") {
        return Reach::Nothing;
    }
    let words: Vec<&str> = document.list(node, "dst").0.into_iter().map(|word| &*word.text).collect();
    let net = match (kind, words.as_slice()) {
        (Kind::StaticRoute, []) => Some(IpNet::V4(Ipv4Net::default())),
        (Kind::StaticRoute, words) => values::interface_v4(words).map(|net| IpNet::V4(net.trunc())),
        (_, []) => Some(IpNet::V6(ipnet::Ipv6Net::default())),
        (_, [word, ..]) => values::prefix_v6(word).map(|net| IpNet::V6(net.trunc())),
    };
    let number =
        |key, default| document.value(node, key).map_or(Some(default), |word| word.text.parse::<u32>().ok());
    // A static route has distance 10 unless it says another (FortiOS CLI Reference, config router static).
    let (Some(net), Some(distance), Some(vrf)) = (net, number("distance", 10), number("vrf", 0)) else {
        return Reach::Unknown;
    };
    // Of another routing table.
    if vrf != 0 {
        return Reach::Nothing;
    }
    let names_its_destination = ["dstaddr", "internet-service", "internet-service-custom"]
        .into_iter()
        .any(|key| document.value(node, key).is_some_and(|word| !matches!(&*word.text, "0" | "")));
    if names_its_destination {
        return Reach::Unknown;
    }
    let device = document
        .value(node, "device")
        .or_else(|| document.value(node, "sdwan-zone"))
        .map(|word| word.text.to_string())
        .or_else(|| {
            let is_sdwan =
                ["sdwan", "virtual-wan-link"].into_iter().any(|key| document.is_enabled(node, key));
            is_sdwan.then(|| "virtual-wan-link".to_owned())
        });
    Reach::Known(net, distance, device.filter(|_| !document.is_enabled(node, "blackhole")))
}

/// Whether a routing protocol runs, or policies route.
fn is_dynamic(document: &Document<'_>, scope: usize) -> bool {
    const RUNS: &[&str] = &[
        "area",
        "network",
        "neighbor",
        "neighbor-group",
        "neighbor-range",
        "interface",
        "isis-interface",
        "ospf-interface",
        "ospf6-interface",
        "rip-interface",
    ];
    let runs = |table: &Table<'_>| {
        RUNS.iter().any(|name| table.whole.child(name).any(|child| !child.children.is_empty()))
    };
    document.table(scope, Kind::RoutingProtocol).is_some_and(runs)
        || document
            .entries(scope, Kind::PolicyRoute)
            .any(|node| document.value(node, "status").is_none_or(|word| word.text != "disable"))
}
