//! The names that the ASA has for ports, protocols and ICMP types.
//!
//! From "Addresses, Protocols, and Ports" in the general operations configuration guide: protocol literals, TCP and UDP
//! ports, ICMP types. A port has one number under one name, whatever the protocol.

use space::protocol;

const PORTS: &[(&str, u16)] = &[
    ("aol", 5190),
    ("bgp", 179),
    ("biff", 512),
    ("bootpc", 68),
    ("bootps", 67),
    ("chargen", 19),
    ("cifs", 3020),
    ("citrix-ica", 1494),
    ("cmd", 514),
    ("ctiqbe", 2748),
    ("daytime", 13),
    ("discard", 9),
    ("dnsix", 195),
    ("domain", 53),
    ("echo", 7),
    ("exec", 512),
    ("finger", 79),
    ("ftp", 21),
    ("ftp-data", 20),
    ("gopher", 70),
    ("h323", 1720),
    ("hostname", 101),
    ("http", 80),
    ("https", 443),
    ("ident", 113),
    ("imap4", 143),
    ("irc", 194),
    ("isakmp", 500),
    ("kerberos", 750),
    ("klogin", 543),
    ("kshell", 544),
    ("ldap", 389),
    ("ldaps", 636),
    ("login", 513),
    ("lotusnotes", 1352),
    ("lpd", 515),
    ("mobile-ip", 434),
    ("nameserver", 42),
    ("netbios-dgm", 138),
    ("netbios-ns", 137),
    ("netbios-ssn", 139),
    ("nfs", 2049),
    ("nntp", 119),
    ("ntp", 123),
    ("pcanywhere-data", 5631),
    ("pcanywhere-status", 5632),
    ("pim-auto-rp", 496),
    ("pop2", 109),
    ("pop3", 110),
    ("pptp", 1723),
    ("radius", 1645),
    ("radius-acct", 1646),
    ("rip", 520),
    ("rpc", 111),
    ("rsh", 514),
    ("rtsp", 554),
    ("secureid-udp", 5510),
    ("sip", 5060),
    ("smtp", 25),
    ("snmp", 161),
    ("snmptrap", 162),
    ("sqlnet", 1521),
    ("ssh", 22),
    ("sunrpc", 111),
    ("syslog", 514),
    ("tacacs", 49),
    ("talk", 517),
    ("telnet", 23),
    ("tftp", 69),
    ("time", 37),
    ("uucp", 540),
    ("vxlan", 4789),
    ("who", 513),
    ("whois", 43),
    ("www", 80),
    ("xdmcp", 177),
];

const PROTOCOLS: &[(&str, u8)] = &[
    ("ah", protocol::AH),
    ("eigrp", 88),
    ("esp", protocol::ESP),
    ("gre", protocol::GRE),
    ("icmp", protocol::ICMP),
    ("icmp6", protocol::ICMPV6),
    ("igmp", protocol::IGMP),
    ("igrp", 9),
    ("ipinip", 4),
    ("ipsec", protocol::ESP),
    ("nos", 94),
    ("ospf", 89),
    ("pcp", 108),
    ("pim", 103),
    ("pptp", protocol::GRE),
    ("sctp", protocol::SCTP),
    ("snp", 109),
    ("tcp", protocol::TCP),
    ("udp", protocol::UDP),
];

const ICMP_TYPES: &[(&str, u8)] = &[
    ("alternate-address", 6),
    ("conversion-error", 31),
    ("echo", 8),
    ("echo-reply", 0),
    ("information-reply", 16),
    ("information-request", 15),
    ("mask-reply", 18),
    ("mask-request", 17),
    ("mobile-redirect", 32),
    ("parameter-problem", 12),
    ("redirect", 5),
    ("router-advertisement", 9),
    ("router-solicitation", 10),
    ("source-quench", 4),
    ("time-exceeded", 11),
    ("timestamp-reply", 14),
    ("timestamp-request", 13),
    ("traceroute", 30),
    ("unreachable", 3),
];

const ICMP6_TYPES: &[(&str, u8)] = &[
    ("echo", 128),
    ("echo-reply", 129),
    ("membership-query", 130),
    ("membership-reduction", 132),
    ("membership-report", 131),
    ("neighbor-advertisement", 136),
    ("neighbor-redirect", 137),
    ("neighbor-solicitation", 135),
    ("packet-too-big", 2),
    ("parameter-problem", 4),
    ("router-advertisement", 134),
    ("router-renumbering", 138),
    ("router-solicitation", 133),
    ("time-exceeded", 3),
    ("unreachable", 1),
];

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    let at = table.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    table.get(at).map(|(_, value)| *value)
}

/// A decimal number without a sign.
fn number<T: std::str::FromStr>(word: &str) -> Option<T> {
    word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok()).flatten()
}

/// A port by number or name.
pub(super) fn port(word: &str) -> Option<u16> {
    number(word).or_else(|| find(PORTS, word))
}

/// A protocol by number or name; `ip` is none, and nor is 0.
pub(super) fn protocol_number(word: &str) -> Option<u8> {
    number(word).filter(|number| *number != 0).or_else(|| find(PROTOCOLS, word))
}

/// An ICMP type by number or name.
pub(super) fn icmp_type(word: &str, protocol: u8) -> Option<u8> {
    let table = if protocol == protocol::ICMPV6 { ICMP6_TYPES } else { ICMP_TYPES };
    number(word).or_else(|| find(table, word))
}

/// The protocol as the ASA writes it.
pub(super) fn protocol_name(number: u8) -> String {
    let usual = PROTOCOLS.iter().filter(|(name, _)| !matches!(*name, "ipsec" | "pptp"));
    let found = usual.into_iter().find(|(_, known)| *known == number);
    found.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(PORTS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(PROTOCOLS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(ICMP_TYPES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(ICMP6_TYPES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn names_and_numbers() {
        assert_eq!(
            [port("www"), port("sqlnet"), port("443"), port("65536")],
            [Some(80), Some(1521), Some(443), None]
        );
        assert_eq!([port("+80"), port(""), port("dns")], [None; 3]);
        assert_eq!(
            [protocol_number("ip"), protocol_number("0"), protocol_number("ospf")],
            [None, None, Some(89)]
        );
        assert_eq!(
            [icmp_type("echo", 1), icmp_type("echo", 58), icmp_type("256", 1)],
            [Some(8), Some(128), None]
        );
        assert_eq!([protocol_name(50), protocol_name(47), protocol_name(99)], ["esp", "gre", "99"]);
    }
}
