use std::net::{IpAddr, Ipv4Addr};

use diagnostics::printable;
use ipnet::IpNet;
use space::{AddressSet, IntervalSet, Set};

/// What is wrong with a value that was read in spite of it, or could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub message: String,
    pub help: String,
}

fn wrong(text: &str, what: &str, help: impl Into<String>) -> Wrong {
    Wrong { message: format!("`{}` {what}", shown(text)), help: help.into() }
}

/// Text of the file for a message: short, and nothing in it that a terminal obeys.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", printable(text.get(..end).unwrap_or_default())),
        None => printable(text).into_owned(),
    }
}

/// Whether a template or Panorama fills the value in: `$name`, `{{ name }}`.
pub fn is_placeholder(text: &str) -> bool {
    text.starts_with('$') || text.contains("{{") || text.starts_with("[[")
}

/// `192.0.2.1`, `192.0.2.0/24`, and the same of IPv6. Bits behind the prefix do not count for the firewall; they are
/// reported.
pub fn network(text: &str) -> Result<(AddressSet, Option<Wrong>), Wrong> {
    let help = "write it like `192.0.2.0/24`, `192.0.2.1` or `2001:db8::/32`";
    let bad = || wrong(text, "is no address and no prefix", help);
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok((address.into(), None));
    }
    let (address, length) = text.split_once('/').ok_or_else(bad)?;
    let address: IpAddr = address.parse().map_err(|_| bad())?;
    let length = number::<u8>(length).ok_or_else(bad)?;
    let net = IpNet::new(address, length).map_err(|_| bad())?;
    let remark = (net.addr() != net.network()).then(|| {
        let what = "has bits behind the prefix, which the firewall leaves out";
        wrong(
            text,
            what,
            format!("write `{}` for the network, or `{}` for the host", net.trunc(), net.addr()),
        )
    });
    Ok((net.into(), remark))
}

/// `192.0.2.1-192.0.2.9`.
pub fn range(text: &str) -> Result<AddressSet, Wrong> {
    let help = "write the lower address first, both of one family";
    let bad = || wrong(text, "is no range", help);
    let (first, last) = text.split_once('-').ok_or_else(bad)?;
    let first: IpAddr = first.trim().parse().map_err(|_| bad())?;
    let last: IpAddr = last.trim().parse().map_err(|_| bad())?;
    let range = AddressSet::range(first, last);
    if range.is_empty() { Err(bad()) } else { Ok(range) }
}

/// A prefix or range as policy rules match it: an IPv4 address counts as the IPv6 address with 96 zero bits before it,
/// so that `::/0` is the same as any (PAN-OS Administrator's Guide, "Policy").
pub fn matched(set: AddressSet) -> AddressSet {
    let v4 = as_v4(&set);
    if v4.is_empty() { set } else { AddressSet { v4: set.v4.union(&v4), v6: set.v6 } }
}

/// The IPv4 addresses that count as one of the IPv6 addresses in a set.
pub fn as_v4(set: &AddressSet) -> IntervalSet<u32> {
    let low = set.v6.intersect(&IntervalSet::range(0, u128::from(u32::MAX)));
    let number = |address: u128| u32::try_from(address).unwrap_or(u32::MAX);
    IntervalSet::from_ranges(low.ranges().map(|(low, high)| (number(low), number(high))))
}

/// The most pieces that a wildcard mask is kept in.
const MOST_PIECES: u32 = 12;

/// `10.182.1.1/0.127.248.0`: where the mask has a one, the address may have anything (PAN-OS Administrator's Guide,
/// "Use an Address Object to Represent IP Addresses"). `Ok(None)` where that is too many pieces to keep.
pub fn wildcard(text: &str) -> Result<Option<AddressSet>, Wrong> {
    let help = "write it like `10.20.1.1/0.0.248.255`: a one in the mask leaves the bit open";
    let bad = || wrong(text, "is no address with a wildcard mask", help);
    let (address, mask) = text.split_once('/').ok_or_else(bad)?;
    let address = u32::from(address.parse::<Ipv4Addr>().map_err(|_| bad())?);
    let mask = u32::from(mask.parse::<Ipv4Addr>().map_err(|_| bad())?);
    // The ones at the end are one range; each other one doubles the ranges.
    let tail = mask.trailing_ones();
    let low_mask = if tail >= 32 { u32::MAX } else { (1 << tail) - 1 };
    let bits: Vec<u32> = (0..32).map(|bit| 1u32 << bit).filter(|bit| mask & !low_mask & bit != 0).collect();
    if bits.len() > MOST_PIECES as usize {
        return Ok(None);
    }
    let base = address & !mask;
    let ranges = (0..1u32 << bits.len()).map(|choice| {
        let chosen = bits.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1);
        let start = chosen.fold(base, |start, (_, bit)| start | bit);
        (start, start | low_mask)
    });
    Ok(Some(AddressSet { v4: IntervalSet::from_ranges(ranges), v6: IntervalSet::empty() }))
}

/// `80`, `8080-8090`, `80,443,1024-65535`.
pub fn ports(text: &str) -> Option<IntervalSet<u16>> {
    let mut ranges = Vec::new();
    for part in text.split(',') {
        let part = part.trim();
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let (low, high) = (number(low.trim())?, number(high.trim())?);
        if low > high {
            return None;
        }
        ranges.push((low, high));
    }
    Some(IntervalSet::from_ranges(ranges))
}

/// Decimal digits and nothing else.
pub fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Whether `text` can be a DNS name without wildcards.
pub fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(fine)
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    name.len() <= 253
        && name.split('.').all(label)
        && name.rsplit('.').next().is_some_and(|top| top.bytes().any(|byte| byte.is_ascii_alphabetic()))
}
