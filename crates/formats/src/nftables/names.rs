//! The names that nft has for numbers: services, protocols, ICMP types, states, flags, priorities.

use super::model::{Family, Hook};

/// A number as nft reads it: decimal, hexadecimal with `0x`, octal with a leading zero.
pub(super) fn number(text: &str) -> Option<u128> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    // Rust would take a sign.
    let first = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if first { u128::from_str_radix(digits, radix).ok() } else { None }
}

/// A priority by number or by name, as the manual's table "Standard priority names" has them for each family and hook.
pub(super) fn priority(word: &str, family: Family, hook: Hook) -> Option<i32> {
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    let bridge = family == Family::Bridge;
    Some(match word {
        "raw" if !bridge => -300,
        "mangle" if !bridge => -150,
        "dstnat" => {
            if bridge {
                -300
            } else {
                -100
            }
        }
        "filter" => {
            if bridge {
                -200
            } else {
                0
            }
        }
        "security" if !bridge => 50,
        "srcnat" => {
            if bridge {
                300
            } else {
                100
            }
        }
        "out" if bridge || hook == Hook::Output => 100,
        _ => return None,
    })
}

/// A protocol by name. Those of `/etc/protocols` as Linux distributions have it: there `ipip` is 94, not 4.
pub(super) fn protocol(name: &str) -> Option<u8> {
    let listed = PROTOCOLS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    listed.or_else(|| number(name).and_then(|number| u8::try_from(number).ok()))
}

pub(super) fn service(name: &str) -> Option<u16> {
    SERVICES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

pub(super) fn icmp_type(name: &str, v6: bool) -> Option<u8> {
    let names: &[(&str, u8)] = if v6 { &ICMPV6_TYPES } else { &ICMP_TYPES };
    names.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

pub(super) fn icmp_code(name: &str, v6: bool) -> Option<u8> {
    let names: &[(&str, u8)] = if v6 { &ICMPV6_CODES } else { &ICMP_CODES };
    names.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

pub(super) fn ether_type(name: &str) -> Option<u16> {
    Some(match name {
        "ip" => 0x0800,
        "arp" => 0x0806,
        "ip6" => 0x86DD,
        "vlan" | "8021q" => 0x8100,
        "8021ad" => 0x88A8,
        _ => return None,
    })
}

pub(super) fn ct_state(name: &str) -> Option<u32> {
    Some(match name {
        "invalid" => 1,
        "established" => 2,
        "related" => 4,
        "new" => NEW,
        "untracked" => UNTRACKED,
        _ => return None,
    })
}

pub(super) const NEW: u32 = 8;
pub(super) const UNTRACKED: u32 = 64;

pub(super) fn tcp_flag(name: &str) -> Option<u32> {
    Some(match name {
        "fin" => 1,
        "syn" => 2,
        "rst" => 4,
        "psh" => 8,
        "ack" => 16,
        "urg" => 32,
        "ecn" => 64,
        "cwr" => 128,
        _ => return None,
    })
}

const PROTOCOLS: [(&str, u8); 50] = [
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("esp", 50),
    ("ah", 51),
    ("comp", 108),
    ("ipcomp", 108),
    ("gre", 47),
    ("sctp", 132),
    ("udplite", 136),
    ("dccp", 33),
    ("igmp", 2),
    ("ip", 0),
    ("hopopt", 0),
    ("ggp", 3),
    ("ipencap", 4),
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
    ("ipip", 94),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("isis", 124),
    ("hip", 139),
];

/// Names from the IANA service registry whose number is the same wherever they are listed.
const SERVICES: [(&str, u16); 101] = [
    ("http", 80),
    ("https", 443),
    ("ssh", 22),
    ("domain", 53),
    ("smtp", 25),
    ("www", 80),
    ("ftp", 21),
    ("ftp-data", 20),
    ("telnet", 23),
    ("echo", 7),
    ("discard", 9),
    ("daytime", 13),
    ("chargen", 19),
    ("time", 37),
    ("whois", 43),
    ("tacacs", 49),
    ("bootps", 67),
    ("bootpc", 68),
    ("tftp", 69),
    ("gopher", 70),
    ("finger", 79),
    ("kerberos", 88),
    ("pop3", 110),
    ("sunrpc", 111),
    ("auth", 113),
    ("ident", 113),
    ("nntp", 119),
    ("ntp", 123),
    ("epmap", 135),
    ("netbios-ns", 137),
    ("netbios-dgm", 138),
    ("netbios-ssn", 139),
    ("imap2", 143),
    ("imap", 143),
    ("snmp", 161),
    ("snmp-trap", 162),
    ("snmptrap", 162),
    ("cmip-man", 163),
    ("xdmcp", 177),
    ("bgp", 179),
    ("irc", 194),
    ("ldap", 389),
    ("svrloc", 427),
    ("snpp", 444),
    ("microsoft-ds", 445),
    ("kpasswd", 464),
    ("submissions", 465),
    ("ssmtp", 465),
    ("urd", 465),
    ("isakmp", 500),
    ("login", 513),
    ("shell", 514),
    ("syslog", 514),
    ("printer", 515),
    ("route", 520),
    ("dhcpv6-client", 546),
    ("dhcpv6-server", 547),
    ("rtsp", 554),
    ("nntps", 563),
    ("submission", 587),
    ("ipp", 631),
    ("ldaps", 636),
    ("domain-s", 853),
    ("rsync", 873),
    ("ftps-data", 989),
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
    ("cisco-sccp", 2000),
    ("nfs", 2049),
    ("gnunet", 2086),
    ("iscsi-target", 3260),
    ("mysql", 3306),
    ("ms-wbt-server", 3389),
    ("nut", 3493),
    ("svn", 3690),
    ("epmd", 4369),
    ("ipsec-nat-t", 4500),
    ("sip", 5060),
    ("sip-tls", 5061),
    ("xmpp-client", 5222),
    ("xmpp-server", 5269),
    ("mdns", 5353),
    ("postgresql", 5432),
    ("amqps", 5671),
    ("amqp", 5672),
    ("x11", 6000),
    ("http-alt", 8080),
    ("bacula-dir", 9101),
    ("git", 9418),
    ("zabbix-agent", 10050),
];

/// As `nft describe icmp type` lists them.
const ICMP_TYPES: [(&str, u8); 15] = [
    ("echo-reply", 0),
    ("destination-unreachable", 3),
    ("source-quench", 4),
    ("redirect", 5),
    ("echo-request", 8),
    ("router-advertisement", 9),
    ("router-solicitation", 10),
    ("time-exceeded", 11),
    ("parameter-problem", 12),
    ("timestamp-request", 13),
    ("timestamp-reply", 14),
    ("info-request", 15),
    ("info-reply", 16),
    ("address-mask-request", 17),
    ("address-mask-reply", 18),
];

const ICMP_CODES: [(&str, u8); 8] = [
    ("net-unreachable", 0),
    ("host-unreachable", 1),
    ("prot-unreachable", 2),
    ("port-unreachable", 3),
    ("frag-needed", 4),
    ("net-prohibited", 9),
    ("host-prohibited", 10),
    ("admin-prohibited", 13),
];

/// As `nft describe icmpv6 type` lists them.
const ICMPV6_TYPES: [(&str, u8); 19] = [
    ("destination-unreachable", 1),
    ("packet-too-big", 2),
    ("time-exceeded", 3),
    ("parameter-problem", 4),
    ("echo-request", 128),
    ("echo-reply", 129),
    ("mld-listener-query", 130),
    ("mld-listener-report", 131),
    ("mld-listener-done", 132),
    ("mld-listener-reduction", 132),
    ("nd-router-solicit", 133),
    ("nd-router-advert", 134),
    ("nd-neighbor-solicit", 135),
    ("nd-neighbor-advert", 136),
    ("nd-redirect", 137),
    ("router-renumbering", 138),
    ("ind-neighbor-solicit", 141),
    ("ind-neighbor-advert", 142),
    ("mld2-listener-report", 143),
];

const ICMPV6_CODES: [(&str, u8); 6] = [
    ("no-route", 0),
    ("admin-prohibited", 1),
    ("addr-unreachable", 3),
    ("port-unreachable", 4),
    ("policy-fail", 5),
    ("reject-route", 6),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_nft_reads_them() {
        assert_eq!(number("0x00000010"), Some(16));
        assert_eq!(number("443"), Some(443));
        assert_eq!(number("010"), Some(8));
        assert_eq!(number("0"), Some(0));
        for wrong in ["", "+1", "-1", "0x", "12a", "https"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn priorities_hang_on_the_family() {
        assert_eq!(priority("filter", Family::Inet, Hook::Input), Some(0));
        assert_eq!(priority("filter", Family::Bridge, Hook::Input), Some(-200));
        assert_eq!(priority("dstnat", Family::Ip, Hook::Prerouting), Some(-100));
        assert_eq!(priority("-300", Family::Ip, Hook::Prerouting), Some(-300));
        assert_eq!(priority("raw", Family::Bridge, Hook::Prerouting), None);
    }
}
