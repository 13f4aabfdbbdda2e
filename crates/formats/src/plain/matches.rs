use std::collections::BTreeMap;

use space::{AddressSet, Conditions, IntervalSet, NameSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use crate::plain::parse::Meaning;
use crate::plain::values::{Endpoint, Service};

/// What a rule matches: every source with every destination with every service, each a union of parts that a region
/// can hold.
pub struct Parts {
    sources: Vec<(AddressSet, Conditions)>,
    destinations: Vec<(AddressSet, Conditions)>,
    services: Vec<(IntervalSet<u8>, IntervalSet<u16>, Conditions)>,
    source_port: IntervalSet<u16>,
    in_interface: NameSet,
    out_interface: NameSet,
}

impl Parts {
    pub fn of(meaning: &Meaning) -> Self {
        let source_ports = meaning.source_ports.as_ref();
        Parts {
            sources: endpoints(Side::Source, &meaning.source),
            destinations: endpoints(Side::Destination, &meaning.destination),
            services: services(meaning),
            source_port: source_ports
                .map_or_else(IntervalSet::any, |ports| IntervalSet::from_ranges(ports.iter().copied())),
            in_interface: interfaces(meaning.in_interfaces.as_deref()),
            out_interface: interfaces(meaning.out_interfaces.as_deref()),
        }
    }

    /// How many regions there are; names in a source and in a destination multiply.
    pub fn count(&self) -> usize {
        self.sources.len().saturating_mul(self.destinations.len()).saturating_mul(self.services.len())
    }

    pub fn regions(&self) -> Vec<Region> {
        let mut regions = Vec::with_capacity(self.count());
        for (source, source_name) in &self.sources {
            for (destination, destination_name) in &self.destinations {
                // They speak of different sides, and so never contradict each other.
                let Some(conditions) = source_name.and(destination_name) else { continue };
                for (protocol, destination_port, service) in &self.services {
                    let Some(conditions) = conditions.and(service) else { continue };
                    regions.push(Region {
                        source: source.clone(),
                        destination: destination.clone(),
                        protocol: protocol.clone(),
                        source_port: self.source_port.clone(),
                        destination_port: destination_port.clone(),
                        in_interface: self.in_interface.clone(),
                        out_interface: self.out_interface.clone(),
                        conditions,
                    });
                }
            }
        }
        regions
    }
}

/// The addresses in one part, and each name in a part of its own: which addresses it has is not known.
fn endpoints(side: Side, endpoints: &[Endpoint]) -> Vec<(AddressSet, Conditions)> {
    let addresses = AddressSet::union_of(endpoints.iter().filter_map(|endpoint| match endpoint {
        Endpoint::Addresses(addresses) => Some(addresses),
        Endpoint::Name(_) | Endpoint::Unknown(_) => None,
    }));
    let names = endpoints.iter().filter_map(|endpoint| match endpoint {
        Endpoint::Addresses(_) => None,
        Endpoint::Name(name) => Some((AddressSet::any(), Conditions::named(side, name))),
        Endpoint::Unknown(word) => {
            let object = Symbol::new(side, SymbolKind::Undefined, word.text);
            Some((AddressSet::any(), Conditions::holds(object)))
        }
    });
    let addresses = (!addresses.is_empty()).then(|| (addresses, Conditions::none()));
    addresses.into_iter().chain(names).collect()
}

/// The services as few pairs of protocols and ports, and each that nobody explains as a condition.
fn services(meaning: &Meaning) -> Vec<(IntervalSet<u8>, IntervalSet<u16>, Conditions)> {
    let known = pairs(&meaning.services).into_iter();
    let mut out: Vec<_> = known.map(|(protocol, ports)| (protocol, ports, Conditions::none())).collect();
    out.extend(meaning.unknown_services.iter().map(|word| {
        let object = Symbol::new(Side::Packet, SymbolKind::Undefined, word.text);
        (IntervalSet::any(), IntervalSet::any(), Conditions::holds(object))
    }));
    out
}

fn pairs(services: &[Service]) -> Vec<(IntervalSet<u8>, IntervalSet<u16>)> {
    let whole = services.iter().filter(|service| service.ports.is_none()).map(|service| service.protocols);
    let mut parts = vec![(IntervalSet::from_ranges(whole), IntervalSet::any())];
    parts.retain(|(protocols, _)| !protocols.is_empty());

    let mut by_protocol: BTreeMap<u8, Vec<(u16, u16)>> = BTreeMap::new();
    for service in services {
        if let Some(ports) = service.ports {
            by_protocol.entry(service.protocols.0).or_default().push(ports);
        }
    }
    for (number, ports) in by_protocol {
        let (protocol, ports) = (IntervalSet::one(number), IntervalSet::from_ranges(ports));
        // `tcp/53 udp/53` is one part. The numbers of ICMP are types, and never share a part with ports.
        let joins = |(others, known): &&mut (IntervalSet<u8>, IntervalSet<u16>)| {
            *known == ports && protocol::has_ports(number) && others.first().is_some_and(protocol::has_ports)
        };
        match parts.iter_mut().find(joins) {
            Some((others, _)) => *others = others.union(&protocol),
            None => parts.push((protocol, ports)),
        }
    }
    parts
}

fn interfaces(names: Option<&[&str]>) -> NameSet {
    let Some(names) = names else { return NameSet::any() };
    let mut sets: Vec<NameSet> = names.iter().map(|name| NameSet::one(name)).collect();
    // Two and two, so that a long list takes no quadratic time.
    while sets.len() > 1 {
        sets = sets
            .chunks(2)
            .map(|pair| pair.iter().fold(NameSet::empty(), |all, one| all.union(one)))
            .collect();
    }
    sets.pop().unwrap_or_else(NameSet::empty)
}
