//! Interfaces and zones: what policies name, and which networks are connected where.

use std::collections::{HashMap, HashSet};

use diagnostics::TextRange;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use space::{Conditions, NameSet, Set, Side, Symbol, SymbolKind};

use super::sections::Kind;
use super::tree::{Document, Node, Verb};
use super::values::{self, is_placeholder};
use super::{Findings, shown};

/// The interfaces and zones of one virtual domain.
pub(super) struct Interfaces<'d> {
    pub list: Vec<Interface<'d>>,
    by_name: HashMap<&'d str, usize>,
    pub zones: Vec<Zone<'d>>,
    zone_by_name: HashMap<&'d str, usize>,
    /// The zone of an interface.
    zone_of: HashMap<&'d str, usize>,
    /// Whether the file lists the interfaces at all.
    listed: bool,
}

pub(super) struct Interface<'d> {
    pub name: &'d str,
    pub place: TextRange,
    /// The networks that it is connected to.
    pub networks: Vec<IpNet>,
    /// It gets its address, and often a default route, from elsewhere.
    pub is_dynamic: bool,
    pub is_up: bool,
    /// One of its addresses is not known.
    pub is_unknown: bool,
}

/// A name for several interfaces. Policies name a zone and not the interfaces in it (FortiOS Administration Guide,
/// "Zone").
pub(super) struct Zone<'d> {
    pub name: &'d str,
    pub place: TextRange,
    pub head: TextRange,
    pub members: Vec<&'d str>,
    /// Whether what passes from one of its interfaces to another needs no policy.
    pub intrazone: Option<TextRange>,
    pub kind: &'static str,
    pub uses: u32,
}

impl<'d> Interfaces<'d> {
    pub fn of<'t>(document: &'d Document<'t>, scope: usize, findings: &mut Findings) -> Self {
        let mut out = Interfaces {
            list: Vec::new(),
            by_name: HashMap::new(),
            zones: Vec::new(),
            zone_by_name: HashMap::new(),
            zone_of: HashMap::new(),
            listed: false,
        };
        let scopes: &[usize] = if scope == 0 { &[0] } else { &[0, scope] };
        let vdom = document.scopes.get(scope).map_or("", |name| &**name);
        for &holder in scopes {
            out.listed |= document.table(holder, Kind::Interface).is_some();
            for node in document.entries(holder, Kind::Interface) {
                let elsewhere = document.value(node, "vdom").is_some_and(|word| word.text != vdom);
                if scope != 0 && holder == 0 && elsewhere {
                    continue;
                }
                out.by_name.insert(&node.name, out.list.len());
                out.list.push(interface(document, node, findings));
            }
        }
        for node in document.entries(scope, Kind::Zone) {
            let members = document.list(node, "interface").0.into_iter().map(|word| &*word.text).collect();
            let allows = |setting: &&super::tree::Setting<'_>| setting.key == "intrazone";
            // The default is to deny (FortiOS CLI Reference, config system zone).
            let intrazone = node.settings.iter().rfind(allows).filter(|setting| {
                setting.verb == Verb::Set && document.values(setting).iter().any(|word| word.text == "allow")
            });
            out.zone(Zone {
                name: &node.name,
                place: node.place(),
                head: node.head,
                members,
                intrazone: intrazone.map(|setting| setting.place),
                kind: "zone",
                uses: 0,
            });
        }
        if let Some(table) = document.table(scope, Kind::Sdwan) {
            out.sdwan(document, &table.whole);
        }
        out
    }

    /// The members of SD-WAN are in zones too, `virtual-wan-link` unless they say another.
    fn sdwan(&mut self, document: &'d Document<'_>, whole: &'d Node<'_>) {
        const DEFAULT: &str = "virtual-wan-link";
        let mut zones: Vec<Zone<'d>> = Vec::new();
        let mut at: HashMap<&'d str, usize> = HashMap::new();
        let fresh = |name: &'d str, node: &'d Node<'_>| Zone {
            name,
            place: node.place(),
            head: node.head,
            members: Vec::new(),
            intrazone: None,
            kind: "SD-WAN zone",
            uses: 0,
        };
        for node in whole.child("zone").flat_map(|zone| &zone.children) {
            at.entry(&node.name).or_insert_with(|| {
                zones.push(fresh(&node.name, node));
                zones.len() - 1
            });
        }
        for node in whole.child("members").flat_map(|members| &members.children) {
            let name = document.value(node, "zone").map_or(DEFAULT, |word| &*word.text);
            let zone = *at.entry(name).or_insert_with(|| {
                zones.push(fresh(name, node));
                zones.len() - 1
            });
            if let Some(interface) = document.value(node, "interface")
                && let Some(zone) = zones.get_mut(zone)
            {
                zone.members.push(&interface.text);
            }
        }
        for zone in zones {
            self.zone(zone);
        }
    }

    fn zone(&mut self, zone: Zone<'d>) {
        let at = self.zones.len();
        if self.zone_by_name.contains_key(zone.name) {
            return;
        }
        self.zone_by_name.insert(zone.name, at);
        for member in &zone.members {
            self.zone_of.entry(member).or_insert(at);
        }
        self.zones.push(zone);
    }

    pub fn get(&self, name: &str) -> Option<&Interface<'d>> {
        self.by_name.get(name).and_then(|&at| self.list.get(at))
    }

    /// What policies call an interface: the zone that it is in, or itself.
    pub fn called<'a>(&'a self, name: &'a str) -> &'a str {
        self.zone_of.get(name).and_then(|&at| self.zones.get(at)).map_or(name, |zone| zone.name)
    }

    /// Packets by the interface or zone `name`, as a policy or a virtual IP names it.
    pub fn named(&mut self, name: &str, place: TextRange, findings: &mut Findings) -> (NameSet, Conditions) {
        if let Some(&zone) = self.zone_by_name.get(name) {
            if let Some(zone) = self.zones.get_mut(zone) {
                zone.uses = zone.uses.saturating_add(1);
            }
            return (NameSet::one(name), Conditions::none());
        }
        if is_placeholder(name) {
            let symbol = Symbol::new(Side::Packet, SymbolKind::Placeholder, &format!("interface {name}"));
            return (NameSet::any(), Conditions::holds(symbol));
        }
        if let Some(zone) = self.zone_of.get(name).and_then(|&zone| self.zones.get(zone)) {
            if let [_] = zone.members.as_slice() {
                return (NameSet::one(zone.name), Conditions::none());
            }
            let symbol =
                Symbol::new(Side::Packet, SymbolKind::Match, &format!("by the interface {}", shown(name)));
            return (NameSet::one(zone.name), Conditions::holds(symbol));
        }
        // Tunnels have interfaces that the file need not list (`ssl.root`, `naf.root`).
        if self.listed && !self.by_name.contains_key(name) && !name.contains('.') {
            findings.undefined("interface", name, place);
        }
        (NameSet::one(name), Conditions::none())
    }

    /// How many interfaces a zone has, and whether it is one.
    pub fn members(&self, name: &str) -> Option<usize> {
        self.zone_by_name.get(name).and_then(|&at| self.zones.get(at)).map(|zone| zone.members.len())
    }
}

fn interface<'d>(document: &'d Document<'_>, node: &'d Node<'_>, findings: &mut Findings) -> Interface<'d> {
    let mut networks = Vec::new();
    let mut is_unknown = false;
    let mut v4 = |node: &Node<'_>| {
        let words = document.list(node, "ip").0;
        let Some(first) = words.first() else { return };
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        match values::interface_v4(&texts) {
            Some(net) if net.addr().is_unspecified() => {}
            Some(net) => networks.push(IpNet::V4(net.trunc())),
            None => {
                is_unknown = true;
                if !texts.iter().any(|text| is_placeholder(text)) {
                    let message = format!("`{}` is no address with a mask", shown(&texts.join(" ")));
                    findings.problem(first.place, message, "write it like `10.1.2.1 255.255.255.0`");
                }
            }
        }
    };
    v4(node);
    // Secondary addresses count only while they are enabled.
    if document.is_enabled(node, "secondary-IP") {
        node.child("secondaryip").flat_map(|list| &list.children).for_each(&mut v4);
    }
    for child in node.child("ipv6") {
        let mut v6 = |word: Option<&super::lexer::Word<'_>>| {
            let net = word.and_then(|word| word.text.parse::<Ipv6Net>().ok());
            networks.extend(net.filter(|net| !net.addr().is_unspecified()).map(|net| IpNet::V6(net.trunc())));
        };
        v6(document.value(child, "ip6-address"));
        for extra in child.child("ip6-extra-addr").flat_map(|list| &list.children) {
            v6(Some(&super::lexer::Word { text: extra.name.clone(), place: extra.head }));
        }
    }
    let mode = document.value(node, "mode").map_or("static", |word| &*word.text);
    Interface {
        name: &node.name,
        place: node.place(),
        networks,
        is_dynamic: mode != "static",
        is_up: document.value(node, "status").is_none_or(|word| word.text != "down")
            && document.value(node, "vrf").is_none_or(|word| word.text == "0"),
        is_unknown,
    }
}

/// What stands behind an interface by its own addresses.
pub(super) fn connected_v4(interface: &Interface<'_>) -> Vec<Ipv4Net> {
    let v4 = |net: &IpNet| match net {
        IpNet::V4(net) => Some(*net),
        IpNet::V6(_) => None,
    };
    interface.networks.iter().filter_map(v4).collect()
}

/// The union of what several names stand for. `any` stands for all.
pub(super) fn union_of(mut sets: Vec<NameSet>) -> NameSet {
    // Two and two, so that a long list takes no quadratic time.
    while sets.len() > 1 {
        sets = sets
            .chunks(2)
            .map(|pair| pair.iter().fold(NameSet::empty(), |all, one| all.union(one)))
            .collect();
    }
    sets.pop().unwrap_or_else(NameSet::empty)
}

/// The names in a list without repetitions.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}
