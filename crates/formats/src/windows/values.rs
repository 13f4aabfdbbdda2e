//! Addresses, ports and ICMP types, as rules write them.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use space::{AddressSet, IntervalSet, Set};

/// What a word in a list of addresses stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Any,
    Known {
        set: AddressSet,
        /// It was written with host bits.
        host_bits: bool,
    },
    /// A set that Windows keeps, and the families that are meant of it.
    Keyword(&'static str, AddressSet),
    Unknown,
}

/// What a word in a list of ports stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    Any,
    Known(u16, u16),
    /// Ports that Windows keeps track of.
    Keyword(&'static str),
    Unknown,
}

/// The keywords of the cmdlets, and what MS-GPFAS ("Address Keyword Rules") and older outputs call the same.
const ADDRESS_KEYWORDS: &[(&str, &str)] = &[
    ("LocalSubnet", "LocalSubnet"),
    ("DNS", "DNS"),
    ("DHCP", "DHCP"),
    ("WINS", "WINS"),
    ("DefaultGateway", "DefaultGateway"),
    ("Internet", "Internet"),
    ("Intranet", "Intranet"),
    ("IntranetRemoteAccess", "IntranetRemoteAccess"),
    ("RmtIntranet", "IntranetRemoteAccess"),
    ("PlayToDevice", "PlayToDevice"),
    ("Ply2Renders", "PlayToDevice"),
    ("CaptivePortal", "CaptivePortal"),
];

/// The keywords of the cmdlets, and what MS-GPFAS ("Port Keyword Rules") calls the same.
const PORT_KEYWORDS: &[(&str, &str)] = &[
    ("RPC", "RPC"),
    ("Teredo", "Teredo"),
    ("IPHTTPSIn", "IPHTTPSIn"),
    ("IPTLSIn", "IPHTTPSIn"),
    ("IPHTTPSOut", "IPHTTPSOut"),
    ("IPTLSOut", "IPHTTPSOut"),
    ("IPHTTPS", "IPHTTPS"),
    ("PlayToDiscovery", "PlayToDiscovery"),
    ("Ply2Disc", "PlayToDiscovery"),
    ("DHCP", "DHCP"),
    ("mDNS", "mDNS"),
    ("CortanaOut", "CortanaOut"),
    ("TcpCDPSvc", "TcpCDPSvc"),
];

/// The endpoint mapper is at port 135 of TCP and UDP (MS-RPCE, "Well-Known Endpoints").
const ENDPOINT_MAPPER: u16 = 135;

pub fn address(word: &str) -> Address {
    if word.eq_ignore_ascii_case("any") || word == "*" {
        return Address::Any;
    }
    let known = |set: AddressSet| Address::Known { set, host_bits: false };
    if let Some((base, bits)) = word.split_once('/') {
        return subnet(base.trim(), bits.trim());
    }
    if let Ok(address) = word.parse::<IpAddr>() {
        return known(address.into());
    }
    if let Some((low, high)) = word.split_once('-')
        && let (Ok(low), Ok(high)) = (low.trim().parse::<IpAddr>(), high.trim().parse::<IpAddr>())
    {
        let set = AddressSet::range(low, high);
        return if set.is_empty() { Address::Unknown } else { known(set) };
    }
    let (name, families) = match word.as_bytes().last() {
        Some(b'4') => (&word[..word.len() - 1], AddressSet::any_v4()),
        Some(b'6') => (&word[..word.len() - 1], AddressSet::any_v6()),
        _ => (word, AddressSet::any()),
    };
    let keyword = ADDRESS_KEYWORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    keyword.map_or(Address::Unknown, |(_, name)| Address::Keyword(name, families))
}

fn subnet(base: &str, bits: &str) -> Address {
    let Ok(base) = base.parse::<IpAddr>() else { return Address::Unknown };
    let net = match (base, bits.parse::<u8>()) {
        (_, Ok(length)) => IpNet::new(base, length).ok(),
        (IpAddr::V4(base), Err(_)) => bits
            .parse::<Ipv4Addr>()
            .ok()
            .and_then(|mask| Ipv4Net::with_netmask(base, mask).ok())
            .map(IpNet::V4),
        _ => None,
    };
    net.map_or(Address::Unknown, |net| Address::Known { set: net.into(), host_bits: net.network() != base })
}

pub fn port(word: &str) -> Port {
    if word.eq_ignore_ascii_case("any") || word == "*" {
        return Port::Any;
    }
    let number = |text: &str| {
        let text = text.trim();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse::<u16>().ok() } else { None }
    };
    if let Some(one) = number(word) {
        return Port::Known(one, one);
    }
    if let Some((low, high)) = word.split_once('-')
        && let (Some(low), Some(high)) = (number(low), number(high))
    {
        return if low <= high { Port::Known(low, high) } else { Port::Unknown };
    }
    if word.eq_ignore_ascii_case("RPCEPMap") || word.eq_ignore_ascii_case("RPC-EPMap") {
        return Port::Known(ENDPOINT_MAPPER, ENDPOINT_MAPPER);
    }
    let keyword = PORT_KEYWORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
    keyword.map_or(Port::Unknown, |(_, name)| Port::Keyword(name))
}

/// `8`, `8:*`, `8:Any`, `3:4`: the types and codes, as `type * 256 + code`; `Any` is all. `None` where it is none of these.
pub fn icmp(word: &str) -> Option<IntervalSet<u16>> {
    let is_any = |text: &str| text == "*" || text.eq_ignore_ascii_case("any");
    if is_any(word) {
        return Some(IntervalSet::any());
    }
    let number = |text: &str| text.trim().parse::<u8>().ok().map(u16::from);
    let (kind, code) = word.split_once(':').unwrap_or((word, "*"));
    let first = number(kind)? << 8;
    if is_any(code.trim()) {
        return Some(IntervalSet::range(first, first | 0xFF));
    }
    Some(IntervalSet::one(first | number(code)?))
}

/// The keyword as the cmdlets write it, for the families that are in `set`; `None` for anything else.
pub fn keyword(name: &str, set: &AddressSet) -> Option<String> {
    let (_, name) = ADDRESS_KEYWORDS.iter().find(|(known, _)| *known == name)?;
    if set.is_any() {
        Some((*name).to_owned())
    } else if *set == AddressSet::any_v4() {
        Some(format!("{name}4"))
    } else if *set == AddressSet::any_v6() {
        Some(format!("{name}6"))
    } else {
        None
    }
}

/// The addresses as few words. A whole family has no word of its own, and a subnet of no bits none that Windows takes:
/// it is two halves.
pub fn address_words(set: &AddressSet) -> Vec<String> {
    if set.is_any() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (low, high) in set.ranges() {
        let range = AddressSet::range(low, high);
        let prefixes = range.prefixes();
        match prefixes.as_slice() {
            [one] if one.prefix_len() == one.max_prefix_len() => out.push(low.to_string()),
            [one] if one.prefix_len() == 0 => {
                out.extend(one.subnets(1).into_iter().flatten().map(|half| half.to_string()));
            }
            [one] => out.push(one.to_string()),
            _ => out.push(format!("{low}-{high}")),
        }
    }
    out
}

pub fn port_words(set: &IntervalSet<u16>) -> Vec<String> {
    if set.is_any() {
        return Vec::new();
    }
    set.ranges()
        .map(|(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") })
        .collect()
}

/// ICMP types and codes as words; a whole type is one.
pub fn icmp_words(set: &IntervalSet<u16>) -> Vec<String> {
    if set.is_any() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (low, high) in set.ranges() {
        let mut at = u32::from(low);
        while at <= u32::from(high) {
            if at & 0xFF == 0 && at | 0xFF <= u32::from(high) {
                out.push((at >> 8).to_string());
                at += 0x100;
            } else {
                out.push(format!("{}:{}", at >> 8, at & 0xFF));
                at += 1;
            }
        }
    }
    out
}
