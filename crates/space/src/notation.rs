use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use crate::{
    AddressSet, Conditions, Coordinate, Endpoint, FlowSet, IntervalSet, NameSet, Packet, Region, Set, Side,
    SymbolKind, protocol,
};

/// More elements than this are counted, not listed.
const LISTED: usize = 8;

/// An address set as the language writes it: `any`, `10.0.0.0/8`, `[10.0.0.1, 10.0.0.8-10.0.0.11]`.
pub fn address_set(set: &AddressSet) -> String {
    if set.is_any() {
        return "any".to_owned();
    }
    let mut parts = Vec::new();
    for (low, high) in set.ranges() {
        let range = AddressSet::range(low, high);
        match range.prefixes().as_slice() {
            [one] if one.prefix_len() == one.max_prefix_len() => parts.push(low.to_string()),
            prefixes @ ([_] | [_, _]) => parts.extend(prefixes.iter().map(|prefix| host_or_prefix(*prefix))),
            _ => parts.push(format!("{low}-{high}")),
        }
    }
    // What a reader calls "all but": shorter than the many ranges around a hole.
    if parts.len() > 2 {
        let without = set.complement();
        let families = (set.v4.is_empty(), set.v6.is_empty());
        let (base, without) = match families {
            (false, true) => ("0.0.0.0/0", AddressSet { v6: IntervalSet::empty(), ..without }),
            (true, false) => ("::/0", AddressSet { v4: IntervalSet::empty(), ..without }),
            _ => ("any", without),
        };
        if without.ranges().count() < set.ranges().count() && without.size() < set.size() {
            return format!("{base} except {}", address_set(&without));
        }
    }
    list(parts)
}

fn host_or_prefix(prefix: ipnet::IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.addr().to_string()
    } else {
        prefix.to_string()
    }
}

/// Ports as the language writes them after `tcp/`: `443`, `1024-65535`, `{80, 443}`; `None` for all.
pub fn port_set<T: Coordinate + Display>(ports: &IntervalSet<T>) -> Option<String> {
    if ports.is_any() {
        return None;
    }
    let parts: Vec<String> = ports
        .ranges()
        .map(|(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") })
        .collect();
    Some(braced(parts))
}

fn braced(parts: Vec<String>) -> String {
    match parts.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        _ => format!("{{{}}}", shortened(parts).join(", ")),
    }
}

/// The protocol and ports of a region as the language writes a service: `tcp/443`, `[tcp/53, udp/53]`, `any`.
pub fn service(region: &Region) -> String {
    let source = port_set(&region.source_port).map(|ports| format!(" from {ports}")).unwrap_or_default();
    let destination = port_set(&region.destination_port);
    let plain = destination.as_ref().map(|ports| format!("/{ports}")).unwrap_or_default();
    if region.protocol.is_any() {
        return format!("any{plain}{source}");
    }
    let all_but = region.protocol.complement();
    if region.protocol.size() > 8.0 && all_but.size() <= 8.0 && destination.is_none() {
        let names: Vec<String> =
            all_but.ranges().flat_map(|(low, high)| low..=high).map(protocol_name).collect();
        return format!("any except {}{source}", list(names));
    }
    let mut parts = Vec::new();
    for (low, high) in region.protocol.ranges() {
        if high - low > 16 {
            parts.push(format!("ip/{low}-{high}{plain}{source}"));
            continue;
        }
        for number in low..=high {
            let ports = if protocol::is_icmp(number) {
                icmp_types(&region.destination_port)
            } else {
                destination.clone()
            };
            parts.push(match ports {
                Some(ports) => format!("{}/{ports}{source}", protocol_name(number)),
                None => format!("{}{source}", protocol_name(number)),
            });
        }
    }
    list(parts)
}

fn protocol_name(number: u8) -> String {
    protocol::name(number).map_or_else(|| format!("ip/{number}"), str::to_owned)
}

fn icmp_types(set: &IntervalSet<u16>) -> Option<String> {
    if set.is_any() {
        return None;
    }
    let parts: Vec<String> = set
        .ranges()
        .map(|(low, high)| {
            let (first, last) = ((low >> 8, low & 255), (high >> 8, high & 255));
            match (first, last) {
                ((a, 0), (b, 255)) if a == b => a.to_string(),
                ((a, 0), (b, 255)) => format!("{a}-{b}"),
                ((a, code), _) if low == high => format!("{a}.{code}"),
                ((a, code), (b, end)) => format!("{a}.{code}-{b}.{end}"),
            }
        })
        .collect();
    Some(braced(parts))
}

fn list(parts: Vec<String>) -> String {
    match parts.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        _ => format!("[{}]", shortened(parts).join(", ")),
    }
}

fn shortened(mut parts: Vec<String>) -> Vec<String> {
    if parts.len() > LISTED + 1 {
        let more = parts.len() - LISTED;
        parts.truncate(LISTED);
        parts.push(format!("and {more} more"));
    }
    parts
}

impl Display for Region {
    /// `SOURCE -> DESTINATION SERVICE`, then what else it demands.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let source = endpoint(&self.source, &self.conditions, Side::Source);
        let destination = endpoint(&self.destination, &self.conditions, Side::Destination);
        write!(f, "{source} -> {destination} {}", service(self))?;
        for (word, names) in [("in by", &self.in_interface), ("out by", &self.out_interface)] {
            if !names.is_any() {
                write!(f, ", {word} {}", name_set(names))?;
            }
        }
        for (symbol, held) in self.conditions.essential() {
            if held && symbol.kind == SymbolKind::Name && symbol.side != Side::Packet {
                continue;
            }
            let verb = if held { "" } else { "not " };
            let side = match symbol.side {
                Side::Source => "source ",
                Side::Destination => "destination ",
                Side::Packet => "",
            };
            write!(f, ", {verb}{side}{} `{}`", symbol.kind.noun(), symbol.name)?;
        }
        Ok(())
    }
}

fn endpoint(addresses: &AddressSet, conditions: &Conditions, side: Side) -> String {
    let names: Vec<String> = conditions
        .essential()
        .into_iter()
        .filter(|(symbol, held)| *held && symbol.kind == SymbolKind::Name && symbol.side == side)
        .map(|(symbol, _)| symbol.name.to_string())
        .collect();
    // A name is a name, whichever family its address is of.
    let open = addresses.is_any() || *addresses == AddressSet::any_v4() || *addresses == AddressSet::any_v6();
    match (names.is_empty(), open) {
        (true, _) => address_set(addresses),
        (false, true) => list(names),
        (false, false) => format!("{} at {}", list(names), address_set(addresses)),
    }
}

fn name_set(names: &NameSet) -> String {
    match (names.patterns(), names.complement().patterns()) {
        (Some(some), _) => list(some),
        (None, Some(without)) => format!("any except {}", list(without)),
        (None, None) => {
            names.example().map_or_else(|| "nothing".to_owned(), |name| format!("some, such as {name}"))
        }
    }
}

impl Display for FlowSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, region) in self.regions.iter().enumerate() {
            write!(f, "{}{region}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl Display for Endpoint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Address(IpAddr::V4(address)) => address.fmt(f),
            Endpoint::Address(IpAddr::V6(address)) => address.fmt(f),
            Endpoint::Name(name) => name.fmt(f),
        }
    }
}

impl Display for Packet {
    /// In the words of `flowright query`: `10.0.0.1 -> 192.0.2.1 tcp/443`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} {}", self.source, self.destination, protocol_name(self.protocol))?;
        if let Some(port) = self.destination_port {
            if protocol::is_icmp(self.protocol) {
                write!(f, "/{}", port >> 8)?;
                if port & 255 != 0 {
                    write!(f, ".{}", port & 255)?;
                }
            } else {
                write!(f, "/{port}")?;
            }
        }
        if let Some(port) = self.source_port {
            write!(f, " from {port}")?;
        }
        if let Some(name) = &self.in_interface {
            write!(f, ", in by {name}")?;
        }
        if let Some(name) = &self.out_interface {
            write!(f, ", out by {name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_an_odd_service_is_lost() {
        let from = |port| IntervalSet::one(port);
        let ports = Region { source_port: from(53), destination_port: from(443), ..Region::any() };
        assert_eq!(service(&ports), "any/443 from 53");
        let but = |number| IntervalSet::one(number).complement();
        assert_eq!(
            service(&Region { protocol: but(protocol::TCP), ..ports.clone() }),
            "[ip/0/443 from 53, icmp/1.187 from 53, igmp/443 from 53, ip/3/443 from 53, ipip/443 from 53, ip/5/443 from 53, ip/7-255/443 from 53]"
        );
        let closed = Region { source_port: from(53), protocol: but(protocol::TCP), ..Region::any() };
        assert_eq!(service(&closed), "any except tcp from 53");
        assert_eq!(service(&Region { protocol: IntervalSet::empty(), ..Region::any() }), "nothing");
        assert_eq!(port_set(&IntervalSet::<u16>::empty()).as_deref(), Some("nothing"));
    }

    #[test]
    fn interfaces_are_written_as_patterns() {
        let region = |in_interface| Region { in_interface, ..Region::any() }.to_string();
        let tun = NameSet::starting_with("tun");
        assert_eq!(region(tun.union(&NameSet::one("eth0"))), "any -> any any, in by [eth0, tun*]");
        assert_eq!(region(tun.complement()), "any -> any any, in by any except tun*");
        assert_eq!(region(tun.subtract(&NameSet::one("tun0"))), "any -> any any, in by some, such as tun");
    }

    #[test]
    fn address_sets_with_holes() {
        let set = |text: &str| AddressSet::from(text.parse::<ipnet::IpNet>().unwrap());
        assert_eq!(address_set(&AddressSet::empty()), "nothing");
        assert_eq!(address_set(&AddressSet::any_v4()), "0.0.0.0/0");
        assert_eq!(address_set(&set("10.0.0.0/8").complement()), "any except 10.0.0.0/8");
        let without = AddressSet::any_v4().subtract(&set("10.0.0.0/8")).subtract(&set("192.0.2.1/32"));
        assert_eq!(address_set(&without), "0.0.0.0/0 except [10.0.0.0/8, 192.0.2.1]");
        let ends = set("0.0.0.0/32").union(&set("255.255.255.255/32")).union(&set("::/128"));
        assert_eq!(address_set(&ends), "[0.0.0.0, 255.255.255.255, ::]");
    }
}
