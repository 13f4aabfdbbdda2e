//! The services that FortiOS comes with. A backup lists them as it lists others; a part of one may name them only.

/// Name, TCP ports, UDP ports, as `set tcp-portrange` and `set udp-portrange` take them (the factory configuration of
/// FortiOS 7.0; older and newer ones differ in which of them there are, not in their ports).
const PORTS: &[(&str, &str, &str)] = &[
    ("DNS", "53", "53"),
    ("HTTP", "80", ""),
    ("HTTPS", "443", ""),
    ("IMAP", "143", ""),
    ("IMAPS", "993", ""),
    ("LDAP", "389", ""),
    ("DCE-RPC", "135", "135"),
    ("POP3", "110", ""),
    ("POP3S", "995", ""),
    ("SAMBA", "139", ""),
    ("SMTP", "25", ""),
    ("SMTPS", "465", ""),
    ("KERBEROS", "88 464", "88 464"),
    ("LDAP_UDP", "", "389"),
    ("SMB", "445", ""),
    ("FTP", "21", ""),
    ("FTP_GET", "21", ""),
    ("FTP_PUT", "21", ""),
    ("ALL_TCP", "1-65535", ""),
    ("ALL_UDP", "", "1-65535"),
    ("AOL", "5190-5194", ""),
    ("BGP", "179", ""),
    ("DHCP", "", "67-68"),
    ("FINGER", "79", ""),
    ("GOPHER", "70", ""),
    ("H323", "1720 1503", "1719"),
    ("IKE", "", "500 4500"),
    ("Internet-Locator-Service", "389", ""),
    ("IRC", "6660-6669", ""),
    ("L2TP", "1701", "1701"),
    ("NetMeeting", "1720", ""),
    ("NFS", "111 2049", "111 2049"),
    ("NNTP", "119", ""),
    ("NTP", "123", "123"),
    ("PC-Anywhere", "5631", "5632"),
    ("ONC-RPC", "111", "111"),
    ("PPTP", "1723", ""),
    ("QUAKE", "", "26000 27000 27910 27960"),
    ("RAUDIO", "", "7070"),
    ("REXEC", "512", ""),
    ("RIP", "", "520"),
    ("RLOGIN", "513:512-1023", ""),
    ("RSH", "514:512-1023", ""),
    ("SCCP", "2000", ""),
    ("SIP", "5060", "5060"),
    ("SIP-MSNmessenger", "1863", ""),
    ("SNMP", "161-162", "161-162"),
    ("SSH", "22", ""),
    ("SYSLOG", "", "514"),
    ("TALK", "", "517-518"),
    ("TELNET", "23", ""),
    ("TFTP", "", "69"),
    ("MGCP", "2428", "2427 2727"),
    ("UUCP", "540", ""),
    ("VDOLIVE", "7000-7010", ""),
    ("WAIS", "210", ""),
    ("WINFRAME", "1494 2598", ""),
    ("X-WINDOWS", "6000-6063", ""),
    ("MS-SQL", "1433 1434", ""),
    ("MYSQL", "3306", ""),
    ("RDP", "3389", ""),
    ("VNC", "5900", ""),
    ("DHCP6", "", "546 547"),
    ("SQUID", "3128", ""),
    ("SOCKS", "1080", "1080"),
    ("WINS", "1512", "1512"),
    ("RADIUS", "", "1812 1813"),
    ("RADIUS-OLD", "", "1645 1646"),
    ("CVSPSERVER", "2401", "2401"),
    ("AFS3", "7000-7009", "7000-7009"),
    ("TRACEROUTE", "", "33434-33535"),
    ("RTSP", "554 7070 8554", "554"),
    ("MMS", "1755", "1024-5000"),
    ("NONE", "0", ""),
];

/// Name, protocol (0 is any), ICMP type.
const PROTOCOLS: &[(&str, u8, Option<u8>)] = &[
    ("ALL", 0, None),
    // The name up to FortiOS 4.3.
    ("ANY", 0, None),
    ("ALL_ICMP", 1, None),
    ("ALL_ICMP6", 58, None),
    ("GRE", 47, None),
    ("AH", 51, None),
    ("ESP", 50, None),
    ("OSPF", 89, None),
    ("PING", 1, Some(8)),
    ("TIMESTAMP", 1, Some(13)),
    ("INFO_REQUEST", 1, Some(15)),
    ("INFO_ADDRESS", 1, Some(17)),
    ("PING6", 58, Some(128)),
];

const GROUPS: &[(&str, &[&str])] = &[
    ("Email Access", &["DNS", "IMAP", "IMAPS", "POP3", "POP3S", "SMTP", "SMTPS"]),
    ("Web Access", &["DNS", "HTTP", "HTTPS"]),
    ("Windows AD", &["DCE-RPC", "DNS", "KERBEROS", "LDAP", "LDAP_UDP", "SAMBA", "SMB"]),
    ("Exchange Server", &["DCE-RPC", "DNS", "HTTPS"]),
];

/// What a predefined service stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predefined {
    Ports { tcp: &'static str, udp: &'static str },
    Protocol { number: u8, icmp_type: Option<u8> },
    Group(&'static [&'static str]),
}

pub(super) fn find(name: &str) -> Option<Predefined> {
    if let Some((_, tcp, udp)) = PORTS.iter().find(|(known, ..)| *known == name) {
        return Some(Predefined::Ports { tcp, udp });
    }
    if let Some((_, number, icmp_type)) = PROTOCOLS.iter().find(|(known, ..)| *known == name) {
        return Some(Predefined::Protocol { number: *number, icmp_type: *icmp_type });
    }
    GROUPS.iter().find(|(known, _)| *known == name).map(|(_, members)| Predefined::Group(members))
}

/// Whether the service is one of those that FortiOS comes with, so that no administrator needs to use it.
pub(super) fn is_predefined(name: &str) -> bool {
    find(name).is_some() || name == "webproxy"
}
