use std::collections::BTreeMap;
use std::rc::Rc;

use space::{IntervalSet, Set, SymbolKind, protocol};

use super::applications::Part;
use super::config::Kind;
use super::resolve::{Atom, DEEPEST, Family, Resolver, Services};
use super::tree::NodeId;
use super::values::{self, Wrong, shown};

/// Protocols and source ports.
type Origin = (IntervalSet<u8>, IntervalSet<u16>);
/// Source ports, destination ports, and whether they are ports at all.
type Ports = (IntervalSet<u16>, IntervalSet<u16>, bool);

impl<'a> Resolver<'a, '_> {
    /// What the word of `node` stands for as a service; `application-default` is the caller's.
    pub fn service(&mut self, node: NodeId) -> Rc<Services> {
        let name = self.tree.word(node);
        if let Some(definition) = self.find(Family::Services, name) {
            self.findings.used(node, definition);
        } else if predefined_service(name).is_none() && !values::is_placeholder(name) {
            self.findings.undefined_name(self.tree, "service", node);
        }
        self.service_named(name, 0)
    }

    pub fn service_named(&mut self, name: &'a str, depth: usize) -> Rc<Services> {
        if let Some(known) = self.services.get(name) {
            return known.clone();
        }
        let value = match self
            .find(Family::Services, name)
            .and_then(|index| Some((index, self.definition(index)?)))
        {
            Some((_, definition)) if definition.kind == Kind::Service => {
                self.service_object(definition.node, name)
            }
            Some((index, definition)) => self.service_group(index, definition.node, name, depth),
            None => match predefined_service(name) {
                Some(parts) => Services { parts, unknown: Vec::new() },
                None if values::is_placeholder(name) => no_service(SymbolKind::Placeholder, name),
                None => no_service(SymbolKind::Undefined, &format!("service {name}")),
            },
        };
        let value = Rc::new(value);
        self.services.insert(name, value.clone());
        value
    }

    fn service_object(&mut self, node: NodeId, name: &str) -> Services {
        let tree = self.tree;
        let unreadable = || no_service(SymbolKind::Match, &format!("service {name}"));
        let protocol = tree.child(node, "protocol");
        let chosen = protocol.and_then(|protocol| tree.last(protocol));
        let Some(chosen) = chosen else {
            let message = format!("the service `{}` has no protocol", shown(name));
            let help = "give it one, or delete it".to_owned();
            self.findings.problem(tree.name(node), Wrong { message, help });
            return unreadable();
        };
        let number = match tree.word(chosen) {
            "tcp" => protocol::TCP,
            "udp" => protocol::UDP,
            "sctp" => protocol::SCTP,
            _ => return unreadable(),
        };
        let mut part = Part::of(number, IntervalSet::any());
        for (key, is_source) in [("port", false), ("source-port", true)] {
            let Some(key) = tree.child(chosen, key) else {
                // Without a port the firewall takes no service.
                if is_source { continue } else { return unreadable() }
            };
            let text = tree.value(key).unwrap_or_default();
            if values::is_placeholder(text) {
                return no_service(SymbolKind::Placeholder, text);
            }
            let Some(ports) = values::ports(text) else {
                let message = format!("`{}` are no ports", shown(text));
                let help = "write `80`, `8080-8090` or `80,443`".to_owned();
                self.findings.problem(tree.name(key), Wrong { message, help });
                return unreadable();
            };
            *(if is_source { &mut part.source } else { &mut part.destination }) = ports;
        }
        Services { parts: vec![part], unknown: Vec::new() }
    }

    fn service_group(&mut self, index: usize, node: NodeId, name: &str, depth: usize) -> Services {
        let again = self.open.contains(&index);
        if again || depth >= DEEPEST {
            let tangled = self.tangled(index, name, again);
            return Services { parts: Vec::new(), unknown: tangled.unknown };
        }
        self.open.insert(index);
        let mut out = Services::default();
        let tree = self.tree;
        for member in tree.child(node, "members").into_iter().flat_map(|members| tree.children(members)) {
            let member_name = tree.word(member);
            if self.find(Family::Services, member_name).is_none()
                && predefined_service(member_name).is_none()
                && !values::is_placeholder(member_name)
            {
                self.findings.undefined_name(tree, "service", member);
            }
            let value = self.service_named(member_name, depth + 1);
            let size = value.parts.len() + value.unknown.len();
            if size > self.ranges_left {
                out = no_service(SymbolKind::Match, &format!("service group {name}"));
                break;
            }
            self.ranges_left -= size;
            out.parts.extend(value.parts.iter().cloned());
            out.unknown.extend(value.unknown.iter().cloned());
        }
        self.open.remove(&index);
        if out.parts.is_empty() && out.unknown.is_empty() {
            self.empty_group(index, name);
            return no_service(SymbolKind::Match, &format!("service group {name}"));
        }
        out.parts = merged(&out.parts);
        out.unknown.sort();
        out.unknown.dedup();
        out
    }

    /// What the service or service group that `node` defines stands for.
    pub fn service_value(&mut self, node: NodeId) -> Rc<Services> {
        self.service_named(self.tree.word(node), 0)
    }
}

fn no_service(kind: SymbolKind, name: &str) -> Services {
    Services { parts: Vec::new(), unknown: vec![Atom::new(kind, name)] }
}

/// The services that every firewall has.
pub fn predefined_service(name: &str) -> Option<Vec<Part>> {
    let tcp = |ports: &[u16]| {
        let ports = IntervalSet::from_ranges(ports.iter().map(|port| (*port, *port)));
        Some(vec![Part::of(protocol::TCP, ports)])
    };
    match name {
        "any" => Some(vec![Part::any()]),
        "service-http" => tcp(&[80, 8080]),
        "service-https" => tcp(&[443]),
        _ => None,
    }
}

/// The same in fewer parts: ports of one protocol together, then protocols with the same ports.
pub fn merged(parts: &[Part]) -> Vec<Part> {
    if parts.len() < 2 {
        return parts.to_vec();
    }
    let mut ports: BTreeMap<Origin, Vec<(u16, u16)>> = BTreeMap::new();
    for part in parts {
        let key = (part.protocols.clone(), part.source.clone());
        ports.entry(key).or_default().extend(part.destination.ranges());
    }
    let mut protocols: BTreeMap<Ports, IntervalSet<u8>> = BTreeMap::new();
    for ((numbers, source), ranges) in ports {
        // The numbers of ICMP are types, and never share a part with ports.
        let ported = numbers.first().is_some_and(protocol::has_ports);
        let key = (source, IntervalSet::from_ranges(ranges), ported);
        let known = protocols.entry(key).or_insert_with(IntervalSet::empty);
        *known = known.union(&numbers);
    }
    let part = |((source, destination, _), protocols)| Part { protocols, source, destination };
    protocols.into_iter().map(part).collect()
}
