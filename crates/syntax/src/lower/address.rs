//! Addresses, networks and ranges, IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::literal::Problem;
use crate::ast::AddressLiteral;
use crate::error::quoted;

/// `10.0.0.1`
pub(super) fn host(text: &str) -> Result<AddressLiteral, Problem> {
    address(text).map(AddressLiteral::Host)
}

/// `10.0.0.0/8`
pub(super) fn network(text: &str) -> Result<AddressLiteral, Problem> {
    let (written, length) = text.split_once('/').unwrap_or((text, ""));
    let address = address(written)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let parsed = length.parse::<u8>().ok().filter(|&parsed| parsed <= longest);
    let Some(prefix) = parsed.and_then(|parsed| IpNet::new(address, parsed).ok()) else {
        let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
        return Err(Problem::new(
            format!("{} is not a network: the prefix is longer than /{longest}", quoted(text)),
            "prefix too long",
            format!("write a prefix length from 0 to {longest} for {family}"),
        ));
    };
    if length.len() > 1 && length.starts_with('0') {
        return Err(Problem::new(
            format!("the prefix length of {} begins with a zero", quoted(text)),
            "leading zero",
            format!("write `{prefix}`"),
        ));
    }
    let trunc = prefix.trunc();
    if trunc != prefix {
        return Err(Problem::new(
            format!("{} has host bits set", quoted(text)),
            "host bits set",
            format!("write `{trunc}` or `{address}`"),
        ));
    }
    Ok(AddressLiteral::Network(prefix))
}

/// `10.0.0.1-10.0.0.9`
pub(super) fn range(text: &str) -> Result<AddressLiteral, Problem> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (address(first)?, address(last)?);
    if first > last {
        return Err(Problem::new(
            format!("the range {} ends before it begins", quoted(text)),
            "ends before it begins",
            format!("write `{last}-{first}`"),
        ));
    }
    Ok(AddressLiteral::Range(first, last))
}

fn address(text: &str) -> Result<IpAddr, Problem> {
    if text.contains(':') { address6(text).map(IpAddr::V6) } else { address4(text).map(IpAddr::V4) }
}

fn address6(text: &str) -> Result<Ipv6Addr, Problem> {
    text.parse().map_err(|_| {
        Problem::new(
            format!("{} is not an IPv6 address", quoted(text)),
            "not an IPv6 address",
            "write eight groups of up to four hexadecimal digits; one `::` stands for groups of zeros",
        )
    })
}

/// Four numbers from 0 to 255. Leading zeros are refused: some programs read them as octal.
fn address4(text: &str) -> Result<Ipv4Addr, Problem> {
    let mut octets = Vec::with_capacity(4);
    let mut zeros = false;
    for written in text.split('.') {
        let Ok(octet) = written.parse::<u8>() else {
            return Err(Problem::new(
                format!("{} is not an IPv4 address: {} is more than 255", quoted(text), quoted(written)),
                "not an IPv4 address",
                "write four numbers from 0 to 255",
            ));
        };
        zeros |= written.len() > 1 && written.starts_with('0');
        octets.push(octet);
    }
    let Ok(octets) = <[u8; 4]>::try_from(octets) else {
        return Err(not_four_numbers(text, text));
    };
    let address = Ipv4Addr::from(octets);
    if zeros {
        return Err(Problem::new(
            format!("{} has a leading zero, which some programs read as octal", quoted(text)),
            "leading zero",
            format!("write `{address}`"),
        ));
    }
    Ok(address)
}

/// What `text` was meant to be, if it is nearly an address, a network or a range.
pub(super) fn misread(text: &str) -> Option<Problem> {
    if let Some((address, mask)) = text.split_once('/') {
        return misread_network(text, address, mask);
    }
    if let Some((first, last)) = text.split_once('-') {
        return misread_range(text, first, last);
    }
    if let Some((address, port)) = text.rsplit_once(':')
        && address.parse::<Ipv4Addr>().is_ok()
        && is_digits(port)
    {
        return Some(Problem::new(
            format!("{} is not an address: it has a port", quoted(text)),
            "an address and a port",
            format!("write `{address}`, and the port in the flow's service: `tcp/{}`", clipped(port)),
        ));
    }
    if text.contains("::") || text.matches(':').count() > 1 {
        return address6(text).err();
    }
    is_numbers(text).then(|| not_four_numbers(text, text))
}

fn misread_network(text: &str, address: &str, mask: &str) -> Option<Problem> {
    if let (Ok(address), Ok(mask)) = (address.parse::<Ipv4Addr>(), mask.parse::<Ipv4Addr>()) {
        let help = match prefix_of_mask(mask) {
            Some(length) => format!("write `{address}/{length}`"),
            None => "write a prefix length after the slash, or list the networks one by one".to_owned(),
        };
        return Some(Problem::new(
            format!("{} is not a network: it has a mask in place of a prefix length", quoted(text)),
            "a mask",
            help,
        ));
    }
    if address.contains("::") || address.matches(':').count() > 1 {
        return address6(address).err();
    }
    (is_numbers(address) && address.contains('.') && is_digits(mask)).then(|| not_four_numbers(text, address))
}

fn misread_range(text: &str, first: &str, last: &str) -> Option<Problem> {
    let ends = (first.parse::<IpAddr>(), last.parse::<IpAddr>());
    if let (Ok(first), Ok(last)) = ends
        && first.is_ipv4() != last.is_ipv4()
    {
        return Some(Problem::new(
            format!("the range {} mixes IPv4 and IPv6", quoted(text)),
            "two families",
            "write one range for each family",
        ));
    }
    let first: IpAddr = first.parse().ok()?;
    let begin = match first {
        IpAddr::V4(_) => first.to_string().rsplit_once('.').map(|(begin, _)| format!("{begin}.")),
        IpAddr::V6(_) => None,
    };
    let help = match begin {
        Some(begin) if is_digits(last) => {
            format!("write both ends in full: `{first}-{begin}{}`", clipped(last))
        }
        _ => "write the first and the last address in full".to_owned(),
    };
    Some(Problem::new(format!("{} is not a range of addresses", quoted(text)), "not a range", help))
}

fn not_four_numbers(text: &str, address: &str) -> Problem {
    let written: Vec<&str> = address.split('.').collect();
    let shown = quoted(text);
    if written.contains(&"") {
        return Problem::new(
            format!("{shown} is not an IPv4 address: it has a dot too many"),
            "not an IPv4 address",
            "write four numbers from 0 to 255, with one dot between two of them",
        );
    }
    let help = if written.len() < 4 && text != address {
        let zeros = ".0".repeat(4 - written.len());
        let rest = text.get(address.len()..).unwrap_or_default();
        format!("write all four numbers: {}", quoted(&format!("{address}{zeros}{rest}")))
    } else {
        "write four numbers from 0 to 255, with a dot between them".to_owned()
    };
    Problem::new(
        format!("{shown} is not an IPv4 address: it has {} numbers, not four", written.len()),
        "not an IPv4 address",
        help,
    )
}

/// The length of the prefix that a mask (255.255.255.0) or a wildcard mask (0.0.0.255) stands for.
pub(crate) fn prefix_of_mask(mask: Ipv4Addr) -> Option<u32> {
    let bits = u32::from(mask);
    let ones = if bits & (1 << 31) == 0 && bits != 0 { !bits } else { bits };
    (ones.leading_ones() == ones.count_ones()).then(|| ones.leading_ones())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_numbers(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}
