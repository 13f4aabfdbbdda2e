//! The values of options: numbers, protocols, ports and their names, ICMP types, TCP flags, interfaces.

use space::{IntervalSet, NameSet, Set};

use super::family::Family;

/// A number as C's `strtoul` with base 0 reads it, which iptables asks everywhere: `0x50` and `010` (eight) count.
pub(super) fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    // Rust would take a sign.
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u32::from_str_radix(digits, radix).ok()
    } else {
        None
    }
}

/// The protocols `-p` names; all of them for `all` and 0.
pub(super) fn protocols(text: &str) -> Option<IntervalSet<u8>> {
    let number = match number(text) {
        Some(number) => u8::try_from(number).ok()?,
        None => PROTOCOLS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text))?.1,
    };
    Some(if number == 0 { IntervalSet::any() } else { IntervalSet::one(number) })
}

/// A port by number or by a name of [`SERVICES`].
fn port(text: &str) -> Option<u16> {
    match number(text) {
        Some(number) => u16::try_from(number).ok(),
        None => {
            let (_, port) = SERVICES.iter().find(|(name, _)| *name == text)?;
            Some(*port)
        }
    }
}

/// `443`, `1024:`, `:1023`, `80:90`. `None` for what iptables would refuse as well.
pub(super) fn port_range(text: &str) -> Option<IntervalSet<u16>> {
    let Some((low, high)) = text.split_once(':') else { return port(text).map(IntervalSet::one) };
    let low = if low.is_empty() { 0 } else { port(low)? };
    let high = if high.is_empty() { u16::MAX } else { port(high)? };
    (low <= high).then(|| IntervalSet::range(low, high))
}

/// The list of `-m multiport`: open ranges are refused there.
pub(super) fn port_list(text: &str) -> Option<IntervalSet<u16>> {
    let mut ranges = Vec::new();
    for part in text.split(',') {
        if part.starts_with(':') || part.ends_with(':') {
            return None;
        }
        ranges.push(port_range(part)?.hull()?);
    }
    Some(IntervalSet::from_ranges(ranges))
}

/// Whether a port value fails only for a name that is in nobody's table but the firewall's own `/etc/services`.
pub(super) fn has_service_name(text: &str) -> bool {
    let unknown = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic()) && port(part).is_none();
    text.split([',', ':']).any(unknown)
}

/// The ICMP types and codes of `--icmp-type` and `--icmpv6-type`, as `type * 256 + code`.
///
/// In IPv4 the type 255 stands for any, with whatever code (`icmp_type_code_match` in the kernel).
pub(super) fn icmp(text: &str, family: Family) -> Option<IntervalSet<u16>> {
    let whole = |kind: u8| IntervalSet::range(u16::from(kind) << 8, u16::from(kind) << 8 | 255);
    let one = |kind: u8, code: u8| IntervalSet::one(u16::from(kind) << 8 | u16::from(code));
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let (kind, code) = match text.split_once('/') {
            Some((kind, code)) => (kind, Some(u8::try_from(number(code)?).ok()?)),
            None => (text, None),
        };
        let kind = u8::try_from(number(kind)?).ok()?;
        if kind == 255 && family == Family::V4 {
            return Some(IntervalSet::any());
        }
        return Some(code.map_or_else(|| whole(kind), |code| one(kind, code)));
    }
    let names = match family {
        Family::V4 => ICMP_NAMES,
        Family::V6 => ICMPV6_NAMES,
    };
    if family == Family::V4 && text.eq_ignore_ascii_case("any") {
        return Some(IntervalSet::any());
    }
    let found = match names.iter().find(|(name, ..)| name.eq_ignore_ascii_case(text)) {
        Some(found) => found,
        // iptables takes the beginning of one name as well.
        None => {
            let begins =
                |name: &str| name.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
            let mut likely = names.iter().filter(|(name, ..)| begins(name));
            let first = likely.next()?;
            if likely.next().is_some() {
                return None;
            }
            first
        }
    };
    let (_, kind, code) = *found;
    Some(code.map_or_else(|| whole(kind), |code| one(kind, code)))
}

/// Whether a packet that has SYN alone set passes `--tcp-flags MASK COMP`; `None` where a flag is not one.
pub(super) fn syn_matches(mask: &str, wanted: &str) -> Option<bool> {
    let (mask, wanted) = (flags(mask)?, flags(wanted)?);
    Some(SYN & mask == wanted)
}

const SYN: u8 = 2;

fn flags(text: &str) -> Option<u8> {
    let mut all = 0;
    for flag in text.split(',') {
        all |= match flag.to_ascii_uppercase().as_str() {
            "FIN" => 1,
            "SYN" => SYN,
            "RST" => 4,
            "PSH" => 8,
            "ACK" => 16,
            "URG" => 32,
            "ALL" => 63,
            "NONE" => 0,
            _ => return None,
        };
    }
    Some(all)
}

/// The names that `-i` and `-o` match: one, or with a `+` at the end all that begin so.
/// `None` for what iptables refuses: no name, or one of more than 15 bytes (`IFNAMSIZ`).
pub(super) fn interface(text: &str) -> Option<NameSet> {
    if text.is_empty() || text.len() > 15 {
        return None;
    }
    Some(match text.strip_suffix('+') {
        Some(beginning) => NameSet::starting_with(beginning),
        None => NameSet::one(text),
    })
}

/// The names that iptables has built in, and those of `/etc/protocols` as Linux distributions have it: there `ipip`
/// is 94, not 4.
const PROTOCOLS: &[(&str, u8)] = &[
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("all", 0),
    ("esp", 50),
    ("ipsec-esp", 50),
    ("ah", 51),
    ("ipsec-ah", 51),
    ("gre", 47),
    ("sctp", 132),
    ("udplite", 136),
    ("dccp", 33),
    ("igmp", 2),
    ("ip", 0),
    ("hopopt", 0),
    ("ggp", 3),
    ("ipencap", 4),
    ("ip-encap", 4),
    ("ipv4", 4),
    ("st", 5),
    ("egp", 8),
    ("igp", 9),
    ("pup", 12),
    ("hmp", 20),
    ("xns-idp", 22),
    ("rdp", 27),
    ("iso-tp4", 29),
    ("xtp", 36),
    ("ddp", 37),
    ("idpr-cmtp", 38),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("idrp", 45),
    ("rsvp", 46),
    ("skip", 57),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("rspf", 73),
    ("vmtp", 81),
    ("eigrp", 88),
    ("ospf", 89),
    ("ospfigp", 89),
    ("ax.25", 93),
    ("ipip", 94),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("ipcomp", 108),
    ("vrrp", 112),
    ("l2tp", 115),
    ("isis", 124),
    ("fc", 133),
    ("mobility-header", 135),
    ("mh", 135),
    ("ipv6-mh", 135),
    ("mpls-in-ip", 137),
    ("manet", 138),
    ("hip", 139),
    ("shim6", 140),
    ("wesp", 141),
    ("rohc", 142),
    ("ethernet", 143),
];

/// Names from the IANA service registry whose number is the same wherever they are listed.
const SERVICES: &[(&str, u16)] = &[
    ("http", 80),
    ("https", 443),
    ("ssh", 22),
    ("domain", 53),
    ("smtp", 25),
    ("www", 80),
    ("ftp", 21),
    ("ftp-data", 20),
    ("telnet", 23),
    ("time", 37),
    ("whois", 43),
    ("tacacs", 49),
    ("bootps", 67),
    ("bootpc", 68),
    ("tftp", 69),
    ("finger", 79),
    ("kerberos", 88),
    ("pop3", 110),
    ("pop-3", 110),
    ("sunrpc", 111),
    ("ident", 113),
    ("auth", 113),
    ("nntp", 119),
    ("ntp", 123),
    ("netbios-ns", 137),
    ("netbios-dgm", 138),
    ("netbios-ssn", 139),
    ("imap", 143),
    ("imap2", 143),
    ("snmp", 161),
    ("snmp-trap", 162),
    ("snmptrap", 162),
    ("bgp", 179),
    ("ldap", 389),
    ("microsoft-ds", 445),
    ("kpasswd", 464),
    ("submissions", 465),
    ("isakmp", 500),
    ("syslog", 514),
    ("route", 520),
    ("router", 520),
    ("dhcpv6-client", 546),
    ("dhcpv6-server", 547),
    ("rtsp", 554),
    ("submission", 587),
    ("ipp", 631),
    ("ldaps", 636),
    ("domain-s", 853),
    ("rsync", 873),
    ("ftps", 990),
    ("telnets", 992),
    ("imaps", 993),
    ("pop3s", 995),
    ("socks", 1080),
    ("openvpn", 1194),
    ("ms-sql-s", 1433),
    ("ms-sql-m", 1434),
    ("l2f", 1701),
    ("l2tp", 1701),
    ("pptp", 1723),
    ("radius", 1812),
    ("radius-acct", 1813),
    ("nfs", 2049),
    ("mysql", 3306),
    ("ms-wbt-server", 3389),
    ("ipsec-nat-t", 4500),
    ("sip", 5060),
    ("sip-tls", 5061),
    ("xmpp-client", 5222),
    ("mdns", 5353),
    ("postgresql", 5432),
    ("amqp", 5672),
    ("amqps", 5671),
    ("x11", 6000),
    ("http-alt", 8080),
    ("webcache", 8080),
    ("zabbix-agent", 10050),
    ("zabbix-trapper", 10051),
];

/// Name, type, and the code where the name means one; as `iptables -p icmp -h` lists them.
const ICMP_NAMES: &[(&str, u8, Option<u8>)] = &[
    ("echo-reply", 0, None),
    ("pong", 0, None),
    ("destination-unreachable", 3, None),
    ("network-unreachable", 3, Some(0)),
    ("host-unreachable", 3, Some(1)),
    ("protocol-unreachable", 3, Some(2)),
    ("port-unreachable", 3, Some(3)),
    ("fragmentation-needed", 3, Some(4)),
    ("source-route-failed", 3, Some(5)),
    ("network-unknown", 3, Some(6)),
    ("host-unknown", 3, Some(7)),
    ("network-prohibited", 3, Some(9)),
    ("host-prohibited", 3, Some(10)),
    ("TOS-network-unreachable", 3, Some(11)),
    ("TOS-host-unreachable", 3, Some(12)),
    ("communication-prohibited", 3, Some(13)),
    ("host-precedence-violation", 3, Some(14)),
    ("precedence-cutoff", 3, Some(15)),
    ("source-quench", 4, None),
    ("redirect", 5, None),
    ("network-redirect", 5, Some(0)),
    ("host-redirect", 5, Some(1)),
    ("TOS-network-redirect", 5, Some(2)),
    ("TOS-host-redirect", 5, Some(3)),
    ("echo-request", 8, None),
    ("ping", 8, None),
    ("router-advertisement", 9, None),
    ("router-solicitation", 10, None),
    ("time-exceeded", 11, None),
    ("ttl-exceeded", 11, None),
    ("ttl-zero-during-transit", 11, Some(0)),
    ("ttl-zero-during-reassembly", 11, Some(1)),
    ("parameter-problem", 12, None),
    ("ip-header-bad", 12, Some(0)),
    ("required-option-missing", 12, Some(1)),
    ("timestamp-request", 13, None),
    ("timestamp-reply", 14, None),
    ("address-mask-request", 17, None),
    ("address-mask-reply", 18, None),
];

/// As `ip6tables -p icmpv6 -h` lists them.
const ICMPV6_NAMES: &[(&str, u8, Option<u8>)] = &[
    ("destination-unreachable", 1, None),
    ("no-route", 1, Some(0)),
    ("communication-prohibited", 1, Some(1)),
    ("beyond-scope", 1, Some(2)),
    ("address-unreachable", 1, Some(3)),
    ("port-unreachable", 1, Some(4)),
    ("failed-policy", 1, Some(5)),
    ("reject-route", 1, Some(6)),
    ("packet-too-big", 2, None),
    ("time-exceeded", 3, None),
    ("ttl-exceeded", 3, None),
    ("ttl-zero-during-transit", 3, Some(0)),
    ("ttl-zero-during-reassembly", 3, Some(1)),
    ("parameter-problem", 4, None),
    ("bad-header", 4, Some(0)),
    ("unknown-header-type", 4, Some(1)),
    ("unknown-option", 4, Some(2)),
    ("echo-request", 128, None),
    ("ping", 128, None),
    ("echo-reply", 129, None),
    ("pong", 129, None),
    ("router-solicitation", 133, None),
    ("router-advertisement", 134, None),
    ("neighbour-solicitation", 135, None),
    ("neighbor-solicitation", 135, None),
    ("neighbour-advertisement", 136, None),
    ("neighbor-advertisement", 136, None),
    ("redirect", 137, None),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: u16, high: u16) -> Option<IntervalSet<u16>> {
        Some(IntervalSet::range(low, high))
    }

    #[test]
    fn ports_are_read_as_iptables_reads_them() {
        assert_eq!(port_range("443"), range(443, 443));
        assert_eq!(port_range(":1023"), range(0, 1023));
        assert_eq!(port_range("1024:"), range(1024, 65535));
        assert_eq!(port_range("1:65535"), range(1, 65535));
        assert_eq!(port_range("http:https"), range(80, 443));
        assert_eq!(port_range("0x50"), range(80, 80));
        assert_eq!(port_range("010"), range(8, 8));
        for refused in ["70000", "80:22", "080", "80-90", "", "80,443", "+80", "-1", "4294967376", "0x"] {
            assert_eq!(port_range(refused), None, "{refused}");
        }
        assert_eq!(port_list("80,443,1000:2000").map(|ports| ports.ranges().count()), Some(3));
        for refused in [":80", "1000:", "80,,443", "80,"] {
            assert_eq!(port_list(refused), None, "{refused}");
        }
    }

    #[test]
    fn icmp_types_by_number_and_by_name() {
        assert_eq!(icmp("8", Family::V4), range(2048, 2303));
        assert_eq!(icmp("3/4", Family::V4), range(772, 772));
        assert_eq!(icmp("Echo-Request", Family::V4), range(2048, 2303));
        assert_eq!(icmp("echo-req", Family::V4), range(2048, 2303));
        assert_eq!(icmp("echo-re", Family::V4), None);
        assert_eq!(icmp("255/3", Family::V4), Some(IntervalSet::any()));
        assert_eq!(icmp("255", Family::V6), range(65280, 65535));
        assert_eq!(icmp("ping", Family::V6), range(128 * 256, 128 * 256 + 255));
        assert_eq!(icmp("256", Family::V4), None);
        assert_eq!(icmp("3/256", Family::V4), None);
        assert_eq!(icmp("", Family::V4), None);
    }

    #[test]
    fn a_packet_with_syn_alone() {
        assert_eq!(syn_matches("FIN,SYN,RST,ACK", "SYN"), Some(true));
        assert_eq!(syn_matches("ALL", "NONE"), Some(false));
        assert_eq!(syn_matches("FIN,ACK", "NONE"), Some(true));
        assert_eq!(syn_matches("SYN", "SYN,ACK"), Some(false));
        assert_eq!(syn_matches("SYN,XYZ", "SYN"), None);
    }

    #[test]
    fn a_plus_counts_at_the_end_only() {
        assert!(interface("eth+").is_some_and(|names| names.contains("eth0.5") && !names.contains("et")));
        assert!(interface("eth+0").is_some_and(|names| names.contains("eth+0") && !names.contains("eth00")));
        assert!(interface("+").is_some_and(|names| names.is_any()));
        assert_eq!(interface(""), None);
        assert_eq!(interface("sixteen_letters_"), None);
    }

    #[test]
    fn protocols_by_name_and_number() {
        assert_eq!(protocols("TCP"), Some(IntervalSet::one(6)));
        assert_eq!(protocols("47"), Some(IntervalSet::one(47)));
        // As `/etc/protocols` has it, whatever others call so.
        assert_eq!(protocols("ipip"), Some(IntervalSet::one(94)));
        assert_eq!(protocols("ipencap"), Some(IntervalSet::one(4)));
        assert!(protocols("0").is_some_and(|all| all.is_any()));
        assert!(protocols("all").is_some_and(|all| all.is_any()));
        assert_eq!(protocols("256"), None);
        assert_eq!(protocols("nonsense"), None);
    }
}
