//! Single values of settings.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use space::{AddressSet, IntervalSet};

use crate::Day;

/// Whether a template would fill something in: `${name}`, `{{ name }}`, `{NAME}`, `<% name %>`.
pub(super) fn is_placeholder(text: &str) -> bool {
    (text.contains('{') && text.contains('}')) || text.contains("<%")
}

/// `10.0.0.0 255.0.0.0` or `10.0.0.0/8`, host bits as they stand.
pub(super) fn interface_v4(words: &[&str]) -> Option<Ipv4Net> {
    let (address, mask) = match words {
        [one] => match one.split_once('/') {
            Some(parts) => parts,
            None => (*one, "255.255.255.255"),
        },
        [address, mask] => (*address, *mask),
        _ => return None,
    };
    Ipv4Net::new(address.parse().ok()?, mask_length(mask)?).ok()
}

/// How long a prefix is, by its mask or its length.
pub(super) fn mask_length(text: &str) -> Option<u8> {
    if let Ok(length) = text.parse::<u8>() {
        return (length <= 32).then_some(length);
    }
    let mask: u32 = text.parse::<Ipv4Addr>().ok()?.into();
    (mask.leading_ones() + mask.trailing_zeros() >= 32).then_some(u8::try_from(mask.leading_ones()).ok()?)
}

/// `2001:db8::/32`, or one address.
pub(super) fn prefix_v6(text: &str) -> Option<Ipv6Net> {
    text.parse::<Ipv6Net>().ok().or_else(|| text.parse::<Ipv6Addr>().ok().map(Ipv6Net::from))
}

/// `10.0.0.1-10.0.0.9`, `10.0.0.1` or `10.0.0.0/8`.
pub(super) fn range(text: &str) -> Option<AddressSet> {
    let text = text.trim();
    if let Some((low, high)) = text.split_once('-') {
        let set = AddressSet::range(low.trim().parse().ok()?, high.trim().parse().ok()?);
        return (!space::Set::is_empty(&set)).then_some(set);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.into());
    }
    text.parse::<ipnet::IpNet>().ok().map(|net| net.trunc().into())
}

/// Most bits that a wildcard may leave open below others: each doubles the number of ranges.
const MOST_OPEN_BITS: u32 = 16;

/// The addresses that agree with `address` in each bit that `mask` has. `None` where they lie in very many ranges: more
/// than are `left` for all wildcards of a file.
pub(super) fn wildcard(address: Ipv4Addr, mask: Ipv4Addr, left: &mut usize) -> Option<AddressSet> {
    let (address, mask) = (u32::from(address), u32::from(mask));
    let low = mask.trailing_zeros().min(32);
    let below = u32::MAX.checked_shl(low).map_or(u32::MAX, |above| !above);
    let open = !mask & !below;
    if open.count_ones() > MOST_OPEN_BITS {
        return None;
    }
    *left = left.checked_sub(1 << open.count_ones())?;
    let mut ranges = Vec::with_capacity(1 << open.count_ones());
    let base = address & mask;
    let mut bits = 0_u32;
    loop {
        ranges.push((base | bits, base | bits | below));
        // The next choice of open bits: counting with the closed ones left out.
        bits = bits.wrapping_sub(open) & open;
        if bits == 0 {
            break;
        }
    }
    Some(AddressSet { v4: IntervalSet::from_ranges(ranges), v6: space::Set::empty() })
}

/// Ports as `443` or `8000-8010`.
pub(super) fn ports(text: &str) -> Option<(u16, u16)> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
    (low <= high).then_some((low, high))
}

/// `2024/01/31` or `2024-01-31`.
pub(super) fn day(text: &str) -> Option<Day> {
    let separator = if text.contains('/') { '/' } else { '-' };
    let mut parts = text.split(separator);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let day = Day { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
    let whole = parts.next().is_none() && year.len() == 4;
    (whole && (1..=12).contains(&day.month) && (1..=31).contains(&day.day)).then_some(day)
}

/// A DNS name, and whether it begins with `*.`; `None` where it is neither.
pub(super) fn dns_name(text: &str) -> Option<(&str, bool)> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let (host, is_wildcard) = match text.strip_prefix("*.") {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    (host.len() <= 253 && host.split('.').all(label)).then_some((host, is_wildcard))
}
