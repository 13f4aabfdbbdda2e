//! The keys whose values are numbers of the flow space: addresses, protocols, ports, ICMP types.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::model::Key;
use super::names;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Source4,
    Destination4,
    Source6,
    Destination6,
    Protocol,
    /// `ip protocol`
    Protocol4,
    /// `ip6 nexthdr`
    Protocol6,
    SourcePort(u8),
    DestinationPort(u8),
    /// `th sport`: the first two bytes after the header of IP, whatever the protocol.
    HeaderSource,
    HeaderDestination,
    IcmpType(u8),
    IcmpCode(u8),
    NfProto,
    EtherType,
}

/// Why a word is no number of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A host name: resolved when the rules are loaded.
    Host,
    /// A service or protocol that only the firewall's own files name.
    Name,
    Malformed,
}

const IPV4: u128 = 0x0800;
const IPV6: u128 = 0x86DD;

/// All packets. Copies share what they are made of, and making it anew for every match is what took the time.
pub(super) fn any() -> Region {
    static ANY: OnceLock<Region> = OnceLock::new();
    ANY.get_or_init(Region::any).clone()
}

pub(super) fn any_v4() -> Region {
    any().from(AddressSet::any_v4()).to(AddressSet::any_v4())
}

pub(super) fn any_v6() -> Region {
    any().from(AddressSet::any_v6()).to(AddressSet::any_v6())
}

/// The protocol whose header has this name.
pub(super) fn header_protocol(header: &str) -> Option<u8> {
    Some(match header {
        "tcp" => protocol::TCP,
        "udp" => protocol::UDP,
        "udplite" => protocol::UDPLITE,
        "sctp" => protocol::SCTP,
        "dccp" => protocol::DCCP,
        "icmp" => protocol::ICMP,
        "icmpv6" => protocol::ICMPV6,
        "igmp" => protocol::IGMP,
        "ah" => protocol::AH,
        "esp" => protocol::ESP,
        "comp" => 108,
        "gre" | "gretap" => protocol::GRE,
        "vxlan" | "geneve" => protocol::UDP,
        _ => return None,
    })
}

impl Axis {
    pub fn of(key: &Key<'_>) -> Option<Axis> {
        Some(match key {
            Key::Payload(header, field) => match (&**header, &**field) {
                ("ip", "saddr") => Axis::Source4,
                ("ip", "daddr") => Axis::Destination4,
                ("ip6", "saddr") => Axis::Source6,
                ("ip6", "daddr") => Axis::Destination6,
                ("ip", "protocol") => Axis::Protocol4,
                ("ip6", "nexthdr") => Axis::Protocol6,
                ("th", "sport") => Axis::HeaderSource,
                ("th", "dport") => Axis::HeaderDestination,
                ("ether", "type") => Axis::EtherType,
                ("tcp" | "udp" | "udplite" | "sctp" | "dccp", "sport") => {
                    Axis::SourcePort(header_protocol(header)?)
                }
                ("tcp" | "udp" | "udplite" | "sctp" | "dccp", "dport") => {
                    Axis::DestinationPort(header_protocol(header)?)
                }
                ("icmp" | "icmpv6", "type") => Axis::IcmpType(header_protocol(header)?),
                ("icmp" | "icmpv6", "code") => Axis::IcmpCode(header_protocol(header)?),
                _ => return None,
            },
            Key::Raw(base, 0, 16) if base == "th" => Axis::HeaderSource,
            Key::Raw(base, 16, 16) if base == "th" => Axis::HeaderDestination,
            Key::Meta(field) => match &**field {
                "l4proto" => Axis::Protocol,
                "protocol" => Axis::EtherType,
                "nfproto" => Axis::NfProto,
                _ => return None,
            },
            _ => return None,
        })
    }

    pub fn width(self) -> u32 {
        match self {
            Axis::Source4 | Axis::Destination4 => 32,
            Axis::Source6 | Axis::Destination6 => 128,
            Axis::Protocol | Axis::Protocol4 | Axis::Protocol6 | Axis::NfProto => 8,
            Axis::IcmpType(_) | Axis::IcmpCode(_) => 8,
            _ => 16,
        }
    }

    pub fn largest(self) -> u128 {
        u128::MAX >> (128 - self.width())
    }

    pub fn is_address(self) -> bool {
        matches!(self, Axis::Source4 | Axis::Destination4 | Axis::Source6 | Axis::Destination6)
    }

    /// Of what a symbol speaks that stands for values here.
    pub fn side(self) -> Side {
        match self {
            Axis::Source4 | Axis::Source6 => Side::Source,
            Axis::Destination4 | Axis::Destination6 => Side::Destination,
            _ => Side::Packet,
        }
    }

    /// The packets that have such a value at all.
    pub fn base(self) -> Region {
        match self {
            Axis::Source4 | Axis::Destination4 | Axis::Protocol4 => any_v4(),
            Axis::Source6 | Axis::Destination6 | Axis::Protocol6 => any_v6(),
            Axis::SourcePort(number)
            | Axis::DestinationPort(number)
            | Axis::IcmpType(number)
            | Axis::IcmpCode(number) => any().protocol(number),
            _ => any(),
        }
    }

    /// The number that a word stands for.
    pub fn number(self, word: &str) -> Result<u128, Trouble> {
        let plain = names::number(word).filter(|number| *number <= self.largest());
        match self {
            Axis::Source4 | Axis::Destination4 => match word.parse::<Ipv4Addr>() {
                Ok(address) => Ok(u32::from(address).into()),
                Err(_) => Err(no_address(word)),
            },
            Axis::Source6 | Axis::Destination6 => match word.parse::<Ipv6Addr>() {
                Ok(address) => Ok(address.into()),
                Err(_) => Err(no_address(word)),
            },
            Axis::Protocol | Axis::Protocol4 | Axis::Protocol6 => {
                names::protocol(word).map(u128::from).ok_or(no_number(word))
            }
            Axis::SourcePort(_) | Axis::DestinationPort(_) | Axis::HeaderSource | Axis::HeaderDestination => {
                plain.or_else(|| names::service(word).map(u128::from)).ok_or(no_number(word))
            }
            Axis::IcmpType(number) => plain
                .or_else(|| names::icmp_type(word, number == protocol::ICMPV6).map(u128::from))
                .ok_or(Trouble::Malformed),
            Axis::IcmpCode(number) => plain
                .or_else(|| names::icmp_code(word, number == protocol::ICMPV6).map(u128::from))
                .ok_or(Trouble::Malformed),
            Axis::NfProto => match word {
                "ipv4" | "ip" => Ok(2),
                "ipv6" | "ip6" => Ok(10),
                _ => plain.ok_or(Trouble::Malformed),
            },
            Axis::EtherType => {
                plain.or_else(|| names::ether_type(word).map(u128::from)).ok_or(Trouble::Malformed)
            }
        }
    }

    /// The packets whose value is in one of the ranges.
    pub fn regions(self, ranges: &[(u128, u128)]) -> Vec<Region> {
        let base = self.base();
        let one = match self {
            Axis::Source4 => base.from(AddressSet { v4: narrow(ranges), v6: IntervalSet::empty() }),
            Axis::Destination4 => base.to(AddressSet { v4: narrow(ranges), v6: IntervalSet::empty() }),
            Axis::Source6 => {
                base.from(AddressSet { v4: IntervalSet::empty(), v6: ranges.iter().copied().collect_set() })
            }
            Axis::Destination6 => {
                base.to(AddressSet { v4: IntervalSet::empty(), v6: ranges.iter().copied().collect_set() })
            }
            Axis::Protocol | Axis::Protocol4 | Axis::Protocol6 => Region { protocol: narrow(ranges), ..base },
            Axis::SourcePort(_) => Region { source_port: narrow(ranges), ..base },
            Axis::DestinationPort(_) => Region { destination_port: narrow(ranges), ..base },
            Axis::IcmpType(_) => {
                let types = ranges.iter().map(|(low, high)| (low << 8, high << 8 | 255));
                Region { destination_port: narrow(&types.collect::<Vec<_>>()), ..base }
            }
            Axis::IcmpCode(_) => {
                let of =
                    |kind: u128| ranges.iter().map(move |(low, high)| (kind << 8 | low, kind << 8 | high));
                let codes: Vec<_> = (0..256).flat_map(of).collect();
                Region { destination_port: narrow(&codes), ..base }
            }
            Axis::HeaderSource | Axis::HeaderDestination => return self.header(ranges),
            Axis::NfProto => return families(contains(ranges, 2), contains(ranges, 10)),
            Axis::EtherType => return families(contains(ranges, IPV4), contains(ranges, IPV6)),
        };
        if one.is_empty() { Vec::new() } else { vec![one] }
    }

    /// What `th sport` and `th dport` see: ports, the type and code of ICMP, and bytes of which nothing is known.
    fn header(self, ranges: &[(u128, u128)]) -> Vec<Region> {
        let values: IntervalSet<u16> = narrow(ranges);
        if values.is_any() {
            return vec![any()];
        }
        if values.is_empty() {
            return Vec::new();
        }
        let with_ports = IntervalSet::from_ranges(protocol::WITH_PORTS.map(|number| (number, number)));
        let icmp = IntervalSet::from_ranges([
            (protocol::ICMP, protocol::ICMP),
            (protocol::ICMPV6, protocol::ICMPV6),
        ]);
        let mut others = with_ports.complement();
        let mut out = Vec::with_capacity(3);
        let (name, ported) = match self {
            Axis::HeaderSource => {
                others = others.subtract(&icmp);
                let types = Region { protocol: icmp, destination_port: values.clone(), ..any() };
                out.push(types);
                ("sport", Region { source_port: values.clone(), ..any() })
            }
            _ => ("dport", Region { destination_port: values.clone(), ..any() }),
        };
        out.insert(0, Region { protocol: with_ports, ..ported });
        let written: Vec<String> = values
            .ranges()
            .map(|(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") })
            .collect();
        let text = super::canonical::fitting(format!("th {name} {} without ports", written.join(",")));
        let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &text);
        out.push(Region { protocol: others, ..any() }.when(Conditions::holds(symbol)));
        out
    }
}

fn families(v4: bool, v6: bool) -> Vec<Region> {
    match (v4, v6) {
        (true, true) => vec![any()],
        (true, false) => vec![any_v4()],
        (false, true) => vec![any_v6()],
        (false, false) => Vec::new(),
    }
}

fn contains(ranges: &[(u128, u128)], number: u128) -> bool {
    ranges.iter().any(|(low, high)| *low <= number && number <= *high)
}

trait CollectSet {
    fn collect_set(self) -> IntervalSet<u128>;
}

impl<I: Iterator<Item = (u128, u128)>> CollectSet for I {
    fn collect_set(self) -> IntervalSet<u128> {
        IntervalSet::from_ranges(self)
    }
}

/// The ranges as numbers of a narrower type; what is beyond it is cut off.
fn narrow<T: space::Coordinate + TryFrom<u128>>(ranges: &[(u128, u128)]) -> IntervalSet<T> {
    let cut = |number: u128| T::try_from(number).unwrap_or(T::MAX);
    match ranges {
        [(low, high)] => IntervalSet::range(cut(*low), cut(*high)),
        _ => IntervalSet::from_ranges(ranges.iter().map(|(low, high)| (cut(*low), cut(*high)))),
    }
}

fn no_address(word: &str) -> Trouble {
    let is_name = word.split('.').all(|label| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    let last = word.rsplit('.').next().unwrap_or_default();
    if is_name && last.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        Trouble::Host
    } else {
        Trouble::Malformed
    }
}

fn no_number(word: &str) -> Trouble {
    if word.starts_with(|c: char| c.is_ascii_alphabetic()) { Trouble::Name } else { Trouble::Malformed }
}
