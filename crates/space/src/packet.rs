use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    AddressSet, Conditions, Hidden, IntervalSet, NameSet, Question, Region, Set, Side, Symbol, SymbolKind,
    pattern_covers, protocol,
};

/// One concrete packet; the first of its flow. What is `None` is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub source: Endpoint,
    pub destination: Endpoint,
    pub protocol: u8,
    pub source_port: Option<u16>,
    /// For ICMP, `type * 256 + code`.
    pub destination_port: Option<u16>,
    pub in_interface: Option<String>,
    pub out_interface: Option<String>,
}

/// Where a packet comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Address(IpAddr),
    /// A host whose address is not known.
    Name(String),
}

impl Packet {
    /// The packet as a question: what is not known of it is hidden.
    pub fn question(&self) -> Question {
        let mut region = Region::any();
        let mut hidden = Hidden::default();
        let mut side = |endpoint: &Endpoint, side: Side, hidden: &mut bool| match endpoint {
            Endpoint::Address(address) => AddressSet::from(*address),
            Endpoint::Name(name) => {
                *hidden = true;
                if let Some(both) = region.conditions.and(&Conditions::named(side, name)) {
                    region.conditions = both;
                }
                AddressSet::any()
            }
        };
        let source = side(&self.source, Side::Source, &mut hidden.source);
        let destination = side(&self.destination, Side::Destination, &mut hidden.destination);
        let ported = protocol::has_ports(self.protocol);
        let port = |port: Option<u16>, carries: bool, hidden: &mut bool| match port {
            Some(port) if carries => IntervalSet::one(port),
            _ => {
                *hidden = carries;
                IntervalSet::any()
            }
        };
        region.source_port = port(self.source_port, ported, &mut hidden.source_port);
        let carries = ported || protocol::is_icmp(self.protocol);
        region.destination_port = port(self.destination_port, carries, &mut hidden.destination_port);
        region.protocol = IntervalSet::one(self.protocol);
        let interface = |name: &Option<String>| name.as_deref().map_or_else(NameSet::any, NameSet::one);
        region.in_interface = interface(&self.in_interface);
        region.out_interface = interface(&self.out_interface);
        Question { region: region.from(source).to(destination), hidden }
    }
}

impl Region {
    /// A packet of the region that a reader would pick: a usual protocol, a host rather than a network's own address,
    /// the name where there is one, both ends of one family. `None` where the region is empty.
    ///
    /// A packet has a name or an address at each end: where the region demands both, or two names, it tells one.
    pub fn witness(&self) -> Option<Packet> {
        if self.is_empty() {
            return None;
        }
        let protocol = [protocol::TCP, protocol::UDP, protocol::ICMP, protocol::ICMPV6]
            .into_iter()
            .find(|usual| self.protocol.contains(*usual))
            .or_else(|| self.protocol.first())?;
        let ported = protocol::has_ports(protocol);
        let port = |ports: &IntervalSet<u16>, usual: &[u16], carries: bool| {
            let wanted = usual.iter().copied().find(|port| ports.contains(*port));
            carries.then(|| wanted.or_else(|| ports.first())).flatten()
        };
        // Echo request, where ICMP is open.
        let usual: &[u16] = match protocol {
            protocol::ICMP => &[8 * 256],
            protocol::ICMPV6 => &[128 * 256],
            _ => &[443, 80, 22],
        };
        let (source, destination) = self.endpoints()?;
        Some(Packet {
            source,
            destination,
            protocol,
            source_port: if self.source_port.is_any() {
                None
            } else {
                port(&self.source_port, &[49152], ported)
            },
            destination_port: port(&self.destination_port, usual, ported || protocol::is_icmp(protocol)),
            in_interface: if self.in_interface.is_any() { None } else { self.in_interface.example() },
            out_interface: if self.out_interface.is_any() { None } else { self.out_interface.example() },
        })
    }

    fn endpoints(&self) -> Option<(Endpoint, Endpoint)> {
        let name = |side| self.example_name(side).map(Endpoint::Name);
        let address = |set: &AddressSet| example_address(set).map(Endpoint::Address);
        match (name(Side::Source), name(Side::Destination)) {
            (Some(source), Some(destination)) => Some((source, destination)),
            (Some(source), None) => Some((source, address(&self.destination)?)),
            (None, Some(destination)) => Some((address(&self.source)?, destination)),
            (None, None) => {
                let families = [AddressSet::any_v4(), AddressSet::any_v6(), AddressSet::any()];
                families.iter().find_map(|family| {
                    let of_family = |set: &AddressSet| address(&set.intersect(family));
                    of_family(&self.source).zip(of_family(&self.destination))
                })
            }
        }
    }

    /// A host that the conditions allow, where they demand a name: itself, or one under the wildcard.
    fn example_name(&self, side: Side) -> Option<String> {
        let of_side = |symbol: &Symbol| symbol.side == side && symbol.kind == SymbolKind::Name;
        let essential = self.conditions.essential();
        let (narrowest, _) = essential.iter().rev().find(|(symbol, held)| *held && of_side(symbol))?;
        let Some(base) = narrowest.name.strip_prefix("*.") else { return Some(narrowest.name.to_string()) };
        let denied: Vec<&Symbol> = essential
            .iter()
            .filter(|(symbol, held)| !held && of_side(symbol))
            .map(|(symbol, _)| *symbol)
            .collect();
        // More candidates than there are names taken out.
        let labels = std::iter::once("host".to_owned())
            .chain((1..=denied.len()).map(|number| format!("host{number}")));
        labels
            .map(|label| format!("{label}.{base}"))
            .find(|name| !denied.iter().any(|symbol| pattern_covers(&symbol.name, name)))
    }
}

/// An address of the set that reads like a host's.
fn example_address(set: &AddressSet) -> Option<IpAddr> {
    // Where everything is allowed, an address from a block kept for documentation (RFC 5737) misleads nobody.
    const DOCUMENTATION: [Ipv4Addr; 3] =
        [Ipv4Addr::new(198, 51, 100, 1), Ipv4Addr::new(203, 0, 113, 1), Ipv4Addr::new(192, 0, 2, 1)];
    if let Some((low, high)) = set.v4.ranges().max_by_key(|(low, high)| high - low) {
        if high - low > 1 << 25
            && let Some(address) = DOCUMENTATION.iter().find(|address| set.v4.contains((**address).into()))
        {
            return Some(IpAddr::V4(*address));
        }
        let (low, high) = set.v4.ranges().next().unwrap_or((low, high));
        let host = if low % 4 == 0 && high - low >= 3 { low + 1 } else { low };
        return Some(IpAddr::V4(host.into()));
    }
    let (low, high) = set.v6.ranges().next()?;
    let documentation = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    if set.v6.is_any() {
        return Some(IpAddr::V6(documentation));
    }
    Some(IpAddr::V6(Ipv6Addr::from(if low % 4 == 0 && high - low >= 3 { low + 1 } else { low })))
}
