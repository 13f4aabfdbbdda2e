use space::{IntervalSet, Set, protocol};

/// Protocols and ports that go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub protocols: IntervalSet<u8>,
    pub source: IntervalSet<u16>,
    pub destination: IntervalSet<u16>,
}

impl Part {
    pub fn any() -> Self {
        Part { protocols: IntervalSet::any(), source: IntervalSet::any(), destination: IntervalSet::any() }
    }

    pub fn of(number: u8, destination: IntervalSet<u16>) -> Self {
        Part { protocols: IntervalSet::one(number), source: IntervalSet::any(), destination }
    }
}

/// Where an application runs by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standard {
    pub parts: Vec<Part>,
    /// Where it runs inside of TLS that the firewall decrypts.
    pub secure: Vec<Part>,
}

struct Known {
    name: &'static str,
    tcp: &'static [u16],
    udp: &'static [u16],
    secure: &'static [u16],
    protocol: Option<u8>,
}

const fn ports(name: &'static str, tcp: &'static [u16], udp: &'static [u16]) -> Known {
    Known { name, tcp, udp, secure: &[], protocol: None }
}

const fn secured(name: &'static str, tcp: &'static [u16], secure: &'static [u16]) -> Known {
    Known { name, tcp, udp: &[], secure, protocol: None }
}

const fn whole(name: &'static str, protocol: u8) -> Known {
    Known { name, tcp: &[], udp: &[], secure: &[], protocol: Some(protocol) }
}

/// The standard ports of well-known applications, by their pages in Applipedia. Content updates may add ports; those of
/// an application that is not here are not known.
const KNOWN: &[Known] = &[
    ports("bgp", &[179], &[179]),
    ports("dhcp", &[67, 68], &[67, 68]),
    ports("dns", &[53], &[53, 5353]),
    ports("finger", &[79], &[79]),
    secured("ftp", &[21], &[990]),
    ports("gopher", &[70], &[]),
    whole("icmp", protocol::ICMP),
    secured("imap", &[143], &[993]),
    whole("ipv6-icmp", protocol::ICMPV6),
    ports("ldap", &[389, 636, 3268, 3269], &[389, 3268]),
    ports("ms-ds-smb", &[139, 445], &[445]),
    ports("ms-kms", &[1688], &[]),
    ports("ms-office365", &[80, 443], &[]),
    ports("ms-rdp", &[3389], &[3389]),
    ports("ms-update", &[80, 443], &[]),
    ports("mssql-db", &[1433], &[1433]),
    ports("mssql-mon", &[], &[1434]),
    ports("netbios-ss", &[139], &[]),
    ports("ntp", &[123], &[123]),
    ports("office365-consumer-access", &[80, 443], &[]),
    ports("office365-enterprise-access", &[80, 443], &[]),
    whole("ospf", 89),
    ports("pan-db-cloud", &[443], &[]),
    whole("ping", protocol::ICMP),
    secured("pop3", &[110], &[995]),
    secured("smtp", &[25, 587], &[465]),
    ports("snmp", &[161], &[161]),
    ports("soap", &[80, 443], &[]),
    ports("ssh", &[22], &[]),
    ports("ssl", &[443], &[]),
    secured("web-browsing", &[80], &[443]),
];

/// The standard ports of one of the vendor's applications; `None` where they are not known here.
pub fn standard(name: &str) -> Option<Standard> {
    let at = KNOWN.binary_search_by_key(&name, |known| known.name).ok()?;
    let known = KNOWN.get(at)?;
    if let Some(number) = known.protocol {
        return Some(Standard { parts: vec![Part::of(number, IntervalSet::any())], secure: Vec::new() });
    }
    let part = |number, ports: &[u16]| {
        let set = IntervalSet::from_ranges(ports.iter().map(|port| (*port, *port)));
        (!set.is_empty()).then(|| Part::of(number, set))
    };
    let parts = [part(protocol::TCP, known.tcp), part(protocol::UDP, known.udp)];
    Some(Standard {
        parts: parts.into_iter().flatten().collect(),
        secure: part(protocol::TCP, known.secure).into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(KNOWN.is_sorted_by_key(|known| known.name));
        assert_eq!(standard("ssl").map(|ssl| ssl.parts), Some(vec![Part::of(6, IntervalSet::one(443))]));
        assert_eq!(standard("facebook-base"), None);
    }
}
