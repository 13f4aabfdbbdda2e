use std::collections::HashMap;
use std::net::IpAddr;

use diagnostics::TextRange;
use ipnet::IpNet;
use space::{AddressSet, IntervalSet, Set};

use super::config::{Config, Device, Kind, ScopeKind};
use super::tree::{NodeId, Tree};

use crate::InterfaceEntry;

/// What stands behind each zone, by the networks on its interfaces and by static routes.
pub fn behind(tree: &Tree<'_>, config: &Config) -> Vec<InterfaceEntry> {
    let Some(device) = chosen(config) else { return Vec::new() };
    let mut places: HashMap<&str, Option<TextRange>> = HashMap::new();
    let mut zone_of: HashMap<&str, Option<&str>> = HashMap::new();
    for (_, zones) in &device.zones {
        for zone in tree.children(*zones) {
            let name = tree.word(zone);
            // Two vsys may each have a zone of one name: a rule then does not say which.
            places.entry(name).and_modify(|place| *place = None).or_insert(Some(tree.name(zone)));
            let network = tree.child(zone, "network");
            for kind in network.into_iter().flat_map(|network| tree.children(network)) {
                for interface in tree.children(kind) {
                    let known = zone_of.entry(tree.word(interface)).or_insert(Some(name));
                    if *known != Some(name) {
                        *known = None;
                    }
                }
            }
        }
    }
    let mut claims = Claims { zone_of, list: Vec::new() };
    let mut connected: Vec<(IpNet, &str)> = Vec::new();
    for network in &device.networks {
        interface_networks(tree, config, *network, &mut connected);
    }
    for (net, interface) in &connected {
        claims.list.push(Claim { net: *net, zone: claims.zone(interface), routed: false });
    }
    if let Some(routers) = static_only(tree, config, device) {
        for router in routers {
            routes(tree, config, router, &connected, &mut claims);
        }
    }
    let mut sets = claims.divided();
    let mut out: Vec<InterfaceEntry> = places
        .into_iter()
        .filter_map(|(zone, place)| {
            let behind = sets.remove(zone)?;
            Some(InterfaceEntry { name: zone.to_owned(), behind, place: place? })
        })
        .filter(|entry| !entry.behind.is_empty())
        .collect();
    out.sort_by_key(|entry| entry.place);
    out
}

/// The firewall itself, or the only template that has zones.
fn chosen(config: &Config) -> Option<&Device> {
    let has = |device: &&Device| !device.zones.is_empty() && !device.networks.is_empty();
    let own = config.devices.first().filter(has);
    let mut templates = config.devices.iter().filter(|device| device.template.is_some()).filter(has);
    own.or_else(|| templates.next().filter(|_| templates.next().is_none()))
}

struct Claims<'a> {
    zone_of: HashMap<&'a str, Option<&'a str>>,
    list: Vec<Claim<'a>>,
}

/// Addresses that a route or an interface takes; without a zone, they are behind none for sure.
struct Claim<'a> {
    net: IpNet,
    zone: Option<&'a str>,
    routed: bool,
}

impl<'a> Claims<'a> {
    fn zone(&self, interface: &str) -> Option<&'a str> {
        self.zone_of.get(interface).copied().flatten()
    }

    /// The longest prefix has an address; a connected network goes before a route, and two that differ settle nothing.
    fn divided(self) -> HashMap<&'a str, AddressSet> {
        let mut best: HashMap<IpNet, (bool, Option<&'a str>)> = HashMap::new();
        for claim in self.list {
            let new = (claim.routed, claim.zone);
            best.entry(claim.net.trunc())
                .and_modify(|known| match known.0.cmp(&new.0) {
                    std::cmp::Ordering::Less => {}
                    std::cmp::Ordering::Greater => *known = new,
                    std::cmp::Ordering::Equal if known.1 == new.1 => {}
                    std::cmp::Ordering::Equal => known.1 = None,
                })
                .or_insert(new);
        }
        let mut nets: Vec<(u128, u128, bool, Option<&'a str>)> = best
            .into_iter()
            .map(|(net, (_, zone))| match net {
                IpNet::V4(net) => (
                    u128::from(u32::from(net.network())),
                    u128::from(u32::from(net.broadcast())),
                    false,
                    zone,
                ),
                IpNet::V6(net) => (net.network().into(), net.broadcast().into(), true, zone),
            })
            .collect();
        // Wider networks first: the others lie in them.
        nets.sort_by_key(|(low, high, v6, _)| (*v6, *low, std::cmp::Reverse(*high)));
        let mut pieces: HashMap<&'a str, [Vec<(u128, u128)>; 2]> = HashMap::new();
        let mut give = |zone: Option<&'a str>, v6: bool, low: u128, high: u128| {
            if let Some(zone) = zone
                && low <= high
            {
                let [v4_pieces, v6_pieces] = pieces.entry(zone).or_default();
                (if v6 { v6_pieces } else { v4_pieces }).push((low, high));
            }
        };
        // The networks that are open, each with where its next free address is.
        let mut open: Vec<(Option<u128>, u128, bool, Option<&'a str>)> = Vec::new();
        let close = |open: &mut Vec<(Option<u128>, u128, bool, Option<&'a str>)>,
                     give: &mut dyn FnMut(Option<&'a str>, bool, u128, u128)| {
            if let Some((next, high, v6, zone)) = open.pop() {
                if let Some(next) = next {
                    give(zone, v6, next, high);
                }
                if let Some(outer) = open.last_mut() {
                    outer.0 = high.checked_add(1);
                }
            }
        };
        for (low, high, v6, zone) in nets {
            while open.last().is_some_and(|(_, end, family, _)| *family != v6 || *end < low) {
                close(&mut open, &mut give);
            }
            if let Some((Some(next), _, family, outer)) = open.last()
                && *next < low
            {
                give(*outer, *family, *next, low - 1);
            }
            open.push((Some(low), high, v6, zone));
        }
        while !open.is_empty() {
            close(&mut open, &mut give);
        }
        let v4 = |pieces: Vec<(u128, u128)>| {
            let narrow = |(low, high)| (low as u32, high as u32);
            IntervalSet::from_ranges(pieces.into_iter().map(narrow))
        };
        pieces
            .into_iter()
            .map(|(zone, [first, second])| {
                (zone, AddressSet { v4: v4(first), v6: IntervalSet::from_ranges(second) })
            })
            .collect()
    }
}

/// Where an address or an object's name may stand.
fn prefix(tree: &Tree<'_>, config: &Config, text: &str) -> Option<IpNet> {
    let own =
        |text: &str| text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let scopes: Vec<usize> = config
        .scopes
        .iter()
        .enumerate()
        .filter(|(_, scope)| matches!(scope.kind, ScopeKind::Vsys | ScopeKind::Shared))
        .map(|(at, _)| at)
        .collect();
    match config.find(&scopes, &[Kind::Address], text).and_then(|at| config.definitions.get(at)) {
        Some(object) => tree.value_of(object.node, "ip-netmask").and_then(own),
        None => own(text),
    }
}

/// The networks that interfaces are in.
fn interface_networks<'a>(
    tree: &'a Tree<'_>,
    config: &Config,
    network: NodeId,
    out: &mut Vec<(IpNet, &'a str)>,
) {
    let Some(interfaces) = tree.child(network, "interface") else { return };
    for kind in tree.children(interfaces) {
        // Of the others the kind itself may be an interface: `loopback`, `tunnel`, `vlan`.
        let physical = matches!(tree.word(kind), "ethernet" | "aggregate-ethernet");
        let tops: Vec<NodeId> = if physical { tree.children(kind).collect() } else { vec![kind] };
        for top in tops {
            let layer = if physical { tree.child(top, "layer3") } else { Some(top) };
            let Some(layer) = layer else { continue };
            let units = tree.child(layer, "units");
            let units = units.into_iter().flat_map(|units| tree.children(units));
            for interface in std::iter::once((top, layer)).chain(units.map(|unit| (unit, unit))) {
                let (named, layer) = interface;
                let v4 = tree.child(layer, "ip");
                let v6 = tree.child(layer, "ipv6").and_then(|ipv6| tree.child(ipv6, "address"));
                for address in v4.into_iter().chain(v6).flat_map(|list| tree.children(list)) {
                    if let Some(net) = prefix(tree, config, tree.word(address)) {
                        out.push((net.trunc(), tree.word(named)));
                    }
                }
            }
        }
    }
}

/// The one virtual router, where nothing but static routes says where packets go.
fn static_only(tree: &Tree<'_>, config: &Config, device: &Device) -> Option<Vec<NodeId>> {
    if config.scopes.iter().any(|scope| scope.forwards) {
        return None;
    }
    let mut routers = Vec::new();
    for network in &device.networks {
        if tree.child(*network, "logical-router").is_some_and(|routers| tree.first(routers).is_some()) {
            return None;
        }
        let list = tree.child(*network, "virtual-router");
        routers.extend(list.into_iter().flat_map(|list| tree.children(list)));
    }
    let runs = |router: &NodeId| {
        let protocols = tree.child(*router, "protocol");
        protocols.into_iter().flat_map(|list| tree.children(list)).any(|protocol| {
            !matches!(tree.word(protocol), "redist-profile" | "redist-rules")
                && tree.value_of(protocol, "enable") == Some("yes")
        })
    };
    // Between virtual routers one address may be in two places.
    (routers.len() == 1 && !routers.iter().any(runs)).then_some(routers)
}

fn routes<'a>(
    tree: &'a Tree<'_>,
    config: &Config,
    router: NodeId,
    connected: &[(IpNet, &'a str)],
    claims: &mut Claims<'a>,
) {
    let before = claims.list.len();
    let by_net: HashMap<IpNet, &str> = connected.iter().map(|(net, interface)| (*net, *interface)).collect();
    let Some(table) = tree.child(router, "routing-table") else { return };
    for family in tree.children(table) {
        let list = tree.child(family, "static-route");
        for route in list.into_iter().flat_map(|list| tree.children(list)) {
            let Some(destination) = tree.value_of(route, "destination") else { continue };
            let Some(net) = prefix(tree, config, destination) else {
                // It may take any address from any other route.
                claims.list.truncate(before);
                return;
            };
            let next_hop = tree.child(route, "nexthop");
            let address = next_hop.and_then(|hop| tree.value_of(hop, "ip-address"));
            let interface = tree.value_of(route, "interface").or_else(|| {
                let address: IpAddr = address.and_then(|address| prefix(tree, config, address))?.addr();
                (0..=128u8).rev().find_map(|length| {
                    let net = IpNet::new(address, length).ok()?.trunc();
                    by_net.get(&net).copied()
                })
            });
            let elsewhere = next_hop.is_some_and(|hop| {
                ["discard", "next-vr", "next-lr", "receive"].iter().any(|key| tree.child(hop, key).is_some())
            });
            let monitored = tree
                .child(route, "path-monitor")
                .is_some_and(|monitor| tree.value_of(monitor, "enable") != Some("no"));
            let installed = tree.child(route, "route-table").is_none_or(|table| {
                tree.value(table) != Some("no-install") && tree.value(table) != Some("multicast")
            });
            if !installed {
                continue;
            }
            let zone = interface.filter(|_| !elsewhere && !monitored).and_then(|name| claims.zone(name));
            claims.list.push(Claim { net, zone, routed: true });
        }
    }
}
