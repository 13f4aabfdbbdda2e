//! Protocol numbers, from the IANA "Assigned Internet Protocol Numbers" registry.

pub const ICMP: u8 = 1;
pub const IGMP: u8 = 2;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const DCCP: u8 = 33;
pub const GRE: u8 = 47;
pub const ESP: u8 = 50;
pub const AH: u8 = 51;
pub const ICMPV6: u8 = 58;
pub const SCTP: u8 = 132;
pub const UDPLITE: u8 = 136;

/// The names that vendors and `/etc/protocols` agree on; the first of a number is the one we write.
const NAMES: &[(&str, u8)] = &[
    ("icmp", ICMP),
    ("igmp", IGMP),
    ("ipip", 4),
    ("ipencap", 4),
    ("tcp", TCP),
    ("egp", 8),
    ("igp", 9),
    ("udp", UDP),
    ("dccp", DCCP),
    ("ipv6", 41),
    ("rsvp", 46),
    ("gre", GRE),
    ("esp", ESP),
    ("ipv6-crypt", ESP),
    ("ah", AH),
    ("ipv6-auth", AH),
    ("icmpv6", ICMPV6),
    ("ipv6-icmp", ICMPV6),
    ("icmp6", ICMPV6),
    ("eigrp", 88),
    ("ospf", 89),
    ("ospfigp", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", SCTP),
    ("mh", 135),
    ("ipv6-mh", 135),
    ("mobility-header", 135),
    ("udplite", UDPLITE),
];

/// The number of a protocol by name (any case) or by number.
pub fn number(name: &str) -> Option<u8> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, number)| *number)
}

/// The name of a protocol, where it has one.
pub fn name(number: u8) -> Option<&'static str> {
    NAMES.iter().find(|(_, known)| *known == number).map(|(name, _)| *name)
}

/// Whether its packets carry a source and a destination port.
pub fn has_ports(number: u8) -> bool {
    matches!(number, TCP | UDP | DCCP | SCTP | UDPLITE)
}

/// Whether its packets carry a type and a code.
pub fn is_icmp(number: u8) -> bool {
    matches!(number, ICMP | ICMPV6)
}

/// The protocols with ports, ascending.
pub const WITH_PORTS: [u8; 5] = [TCP, UDP, DCCP, SCTP, UDPLITE];
