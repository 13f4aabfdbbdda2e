//! The names that IOS, NX-OS, IOS XR and EOS have for protocols, ports and ICMP messages, with their numbers.
//!
//! From the command references: "access-list (IP extended)" and "permit (IPv6)" of IOS, "permit (IPv4)" of NX-OS and
//! "permit (IPv4)" of IOS XR. A name that is not here is not guessed at.

use space::{IntervalSet, Set, protocol};

use super::model::Family;

/// The protocols that a word after `permit` or `deny` means; `None` where it is no protocol.
pub fn protocol(word: &str, family: Family) -> Option<IntervalSet<u8>> {
    Some(IntervalSet::one(match word {
        "ip" | "ipv4" if family == Family::V4 => return Some(IntervalSet::any()),
        "ipv6" if family == Family::V6 => return Some(IntervalSet::any()),
        "tcp" => protocol::TCP,
        "udp" => protocol::UDP,
        "icmp" if family == Family::V4 => protocol::ICMP,
        "icmp" | "icmpv6" | "icmp6" => protocol::ICMPV6,
        "igmp" => protocol::IGMP,
        "ipinip" => 4,
        "nos" => 94,
        "igrp" => 9,
        "gre" => protocol::GRE,
        "esp" => protocol::ESP,
        "ahp" => protocol::AH,
        "eigrp" => 88,
        "ospf" => 89,
        "pim" => 103,
        "pcp" => 108,
        "vrrp" => 112,
        "sctp" => protocol::SCTP,
        "rsvp" => 46,
        "dccp" => protocol::DCCP,
        // Zero is how IOS itself writes "any": what a file means by it is not sure.
        _ => {
            return number(word, 255)
                .and_then(|number| u8::try_from(number).ok())
                .filter(|it| *it != 0)
                .map(IntervalSet::one);
        }
    }))
}

/// The word for a protocol in a rule that we write.
pub fn protocol_word(number: u8, family: Family) -> String {
    let word = match (number, family) {
        (protocol::TCP, _) => "tcp",
        (protocol::UDP, _) => "udp",
        (protocol::ICMP, Family::V4) | (protocol::ICMPV6, Family::V6) => "icmp",
        (protocol::IGMP, Family::V4) => "igmp",
        (protocol::GRE, Family::V4) => "gre",
        (protocol::ESP, _) => "esp",
        (protocol::AH, _) => "ahp",
        (88, Family::V4) => "eigrp",
        (89, Family::V4) => "ospf",
        _ => return number.to_string(),
    };
    word.to_owned()
}

/// A decimal number up to `most`, as Cisco writes them: digits alone.
pub fn number(word: &str, most: u32) -> Option<u32> {
    if word.is_empty() || word.len() > 10 || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    word.parse().ok().filter(|number| *number <= most)
}

/// The port of a name or number. Some names are another port for UDP than for TCP.
pub fn port(word: &str, udp: bool) -> Option<u16> {
    if word.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return number(word, 65535).and_then(|number| u16::try_from(number).ok());
    }
    let both = match word {
        "echo" => 7,
        "discard" => 9,
        "domain" => 53,
        "pim-auto-rp" => 496,
        "sunrpc" => 111,
        "syslog" => 514,
        "tacacs" => 49,
        "talk" => 517,
        "time" => 37,
        "https" => 443,
        "kerberos" => 88,
        "ldap" => 389,
        "ldaps" => 636,
        "radius" => 1812,
        "radius-acct" => 1813,
        "nfs" => 2049,
        "sip" => 5060,
        _ => 0,
    };
    let one = match word {
        _ if both != 0 => both,
        "biff" if udp => 512,
        "bootpc" if udp => 68,
        "bootps" if udp => 67,
        "dnsix" if udp => 195,
        "isakmp" if udp => 500,
        "mobile-ip" if udp => 434,
        "nameserver" if udp => 42,
        "netbios-dgm" if udp => 138,
        "netbios-ns" if udp => 137,
        "netbios-ss" if udp => 139,
        "non500-isakmp" if udp => 4500,
        "ntp" if udp => 123,
        "rip" if udp => 520,
        "ripv6" if udp => 521,
        "snmp" if udp => 161,
        "snmptrap" if udp => 162,
        "tftp" if udp => 69,
        "who" if udp => 513,
        "xdmcp" if udp => 177,
        _ if udp => return None,
        "bgp" => 179,
        "chargen" => 19,
        "cmd" | "rcmd" => 514,
        "connectedapps-plain" | "onep-plain" => 15001,
        "connectedapps-tls" | "onep-tls" => 15002,
        "daytime" => 13,
        "drip" => 3949,
        "exec" => 512,
        "finger" => 79,
        "ftp" => 21,
        "ftp-data" => 20,
        "gopher" => 70,
        "hostname" => 101,
        "ident" => 113,
        "irc" => 194,
        "klogin" => 543,
        "kshell" => 544,
        "login" => 513,
        "lpd" => 515,
        "msrpc" => 135,
        "nntp" => 119,
        "pop2" => 109,
        "pop3" => 110,
        "smtp" => 25,
        "ssh" => 22,
        "telnet" => 23,
        "uucp" => 540,
        "whois" => 43,
        "www" | "http" => 80,
        _ => return None,
    };
    Some(one)
}

/// The types and codes of an ICMP message by name, as `type * 256 + code`.
pub fn icmp(word: &str, family: Family) -> Option<IntervalSet<u16>> {
    let whole = |kind: u16| IntervalSet::range(kind * 256, kind * 256 + 255);
    let code = |kind: u16, code: u16| IntervalSet::one(kind * 256 + code);
    Some(match family {
        Family::V4 => match word {
            "administratively-prohibited" => code(3, 13),
            "alternate-address" => whole(6),
            "conversion-error" => whole(31),
            "dod-host-prohibited" => code(3, 10),
            "dod-net-prohibited" => code(3, 9),
            "echo" => whole(8),
            "echo-reply" => whole(0),
            "general-parameter-problem" => code(12, 0),
            "host-isolated" => code(3, 8),
            "host-precedence-unreachable" => code(3, 14),
            "host-redirect" => code(5, 1),
            "host-tos-redirect" => code(5, 3),
            "host-tos-unreachable" => code(3, 12),
            "host-unknown" => code(3, 7),
            "host-unreachable" => code(3, 1),
            "information-reply" => whole(16),
            "information-request" => whole(15),
            "mask-reply" => whole(18),
            "mask-request" => whole(17),
            "mobile-redirect" => whole(32),
            "net-redirect" => code(5, 0),
            "net-tos-redirect" => code(5, 2),
            "net-tos-unreachable" => code(3, 11),
            "net-unreachable" => code(3, 0),
            "network-unknown" => code(3, 6),
            "no-room-for-option" => code(12, 2),
            "option-missing" => code(12, 1),
            "packet-too-big" => code(3, 4),
            "parameter-problem" => whole(12),
            "port-unreachable" => code(3, 3),
            "precedence-unreachable" => code(3, 15),
            "protocol-unreachable" => code(3, 2),
            "reassembly-timeout" => code(11, 1),
            "redirect" => whole(5),
            "router-advertisement" => whole(9),
            "router-solicitation" => whole(10),
            "source-quench" => whole(4),
            "source-route-failed" => code(3, 5),
            "time-exceeded" => whole(11),
            "timestamp-reply" => whole(14),
            "timestamp-request" => whole(13),
            "traceroute" => whole(30),
            "ttl-exceeded" => code(11, 0),
            "unreachable" => whole(3),
            _ => return None,
        },
        Family::V6 => match word {
            "beyond-scope" => code(1, 2),
            "destination-unreachable" => code(1, 3),
            "dhaad-reply" => whole(145),
            "dhaad-request" => whole(144),
            "echo-reply" => whole(129),
            "echo-request" => whole(128),
            "header" => code(4, 0),
            "hop-limit" => code(3, 0),
            "mld-query" => whole(130),
            "mld-reduction" => whole(132),
            "mld-report" => whole(131),
            "mldv2-report" => whole(143),
            "mpd-advertisement" => whole(147),
            "mpd-solicitation" => whole(146),
            "nd-na" => whole(136),
            "nd-ns" => whole(135),
            "next-header" => code(4, 1),
            "no-admin" => code(1, 1),
            "no-route" => code(1, 0),
            "packet-too-big" => whole(2),
            "parameter-option" => code(4, 2),
            "parameter-problem" => whole(4),
            "port-unreachable" => code(1, 4),
            "reassembly-timeout" => code(3, 1),
            "redirect" => whole(137),
            "renum-command" => code(138, 0),
            "renum-result" => code(138, 1),
            "renum-seq-number" => code(138, 255),
            "router-advertisement" => whole(134),
            "router-renumbering" => whole(138),
            "router-solicitation" => whole(133),
            "time-exceeded" => whole(3),
            "unreachable" => whole(1),
            _ => return None,
        },
    })
}

/// The bit of a TCP flag.
pub fn tcp_flag(word: &str) -> Option<u8> {
    Some(match word {
        "fin" => 1,
        "syn" => 2,
        "rst" => 4,
        "psh" => 8,
        "ack" => 16,
        "urg" => 32,
        _ => return None,
    })
}
