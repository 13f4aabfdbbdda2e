//! Addresses, masks, ports and services as words.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use diagnostics::{TextRange, printable};
use ipnet::IpNet;
use space::{AddressSet, IntervalSet, Set, protocol};

use super::config::{Alias, Service, Transport};
use super::literals;
use super::words::{Word, Words};

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub place: TextRange,
    pub message: String,
    pub help: &'static str,
}

impl Wrong {
    pub fn new(place: TextRange, message: impl Into<String>, help: &'static str) -> Self {
        Wrong { place, message: message.into(), help }
    }
}

/// One address, or a name for one that is nowhere defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address<'a> {
    Known(IpAddr),
    Undefined(Word<'a>),
}

/// Some addresses, or a name for them that is nowhere defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Addresses<'a> {
    Known(AddressSet),
    Undefined(Word<'a>),
}

const AGAIN: &str = "export the configuration again with `show running-config`";

/// An address, or a name that `name` gives to one.
pub(super) fn address<'a>(word: Word<'a>, aliases: &HashMap<&str, Alias>) -> Result<Address<'a>, Wrong> {
    if let Ok(address) = word.text.parse::<IpAddr>() {
        return Ok(Address::Known(address));
    }
    // The command line takes `0` for both.
    if word.text == "0" {
        return Ok(Address::Known(Ipv4Addr::UNSPECIFIED.into()));
    }
    if let Some(alias) = aliases.get(word.text) {
        return Ok(alias.address.map_or(Address::Undefined(word), Address::Known));
    }
    let numeric = word.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'/');
    if numeric || word.text.contains(':') && !word.text.contains('.') {
        return Err(Wrong::new(word.place(), format!("`{}` is no address", printable(word.text)), AGAIN));
    }
    Ok(Address::Undefined(word))
}

/// A netmask as a prefix length. The ASA has netmasks, not wildcards.
pub(super) fn mask(word: Word<'_>) -> Result<u8, Wrong> {
    let wrong = |message: String| Wrong::new(word.place(), message, AGAIN);
    if word.text == "0" {
        return Ok(0);
    }
    let mask = word
        .text
        .parse::<Ipv4Addr>()
        .map_err(|_| wrong(format!("`{}` is no netmask", printable(word.text))))?;
    ipnet::ipv4_mask_to_prefix(mask).map_err(|_| {
        Wrong::new(
            word.place(),
            format!("the ones of the netmask `{mask}` do not all come first"),
            "write a netmask: the ASA has no wildcard masks",
        )
    })
}

/// `10.0.0.0 255.0.0.0`, `NAME 255.0.0.0`, `2001:db8::/32`
pub(super) fn subnet<'a>(
    words: &mut Words<'a>,
    aliases: &HashMap<&str, Alias>,
) -> Result<Addresses<'a>, Wrong> {
    let Some(first) = words.next() else {
        return Err(missing(words, "an address"));
    };
    if first.text.contains('/') {
        let (alias, length) = first.text.split_once('/').unwrap_or_default();
        let known = aliases.get(alias).and_then(|alias| alias.address);
        let net = match (known, length.parse()) {
            (Some(address), Ok(length)) => IpNet::new(address, length).ok(),
            _ => first.text.parse().ok(),
        };
        let net = net.ok_or_else(|| {
            Wrong::new(first.place(), format!("`{}` is no prefix", printable(first.text)), AGAIN)
        })?;
        return whole(net, first.place()).map(Addresses::Known);
    }
    let base = address(first, aliases)?;
    let Some(second) = words.next() else {
        return Err(missing(words, "a netmask"));
    };
    let place = first.place().cover(second.place());
    let length = match base {
        // A name that is not defined may have any mask: only its form is checked.
        Address::Undefined(word) => return mask(second).map(|_| Addresses::Undefined(word)),
        Address::Known(_) => mask(second)?,
    };
    let Address::Known(IpAddr::V4(base)) = base else {
        return Err(Wrong::new(place, "an IPv6 address has a prefix length, no netmask", AGAIN));
    };
    let net = ipnet::Ipv4Net::new(base, length).map_err(|_| Wrong::new(place, "no netmask", AGAIN))?;
    whole(net.into(), place).map(Addresses::Known)
}

/// The ASA refuses an address and a mask that do not pair.
fn whole(net: IpNet, place: TextRange) -> Result<AddressSet, Wrong> {
    if net.addr() == net.network() {
        return Ok(net.into());
    }
    let message = format!("`{}` has bits beyond its mask, and the ASA refuses it", net.addr());
    Err(Wrong::new(place, message, "write the network's own address, or the host alone"))
}

/// `10.0.0.1 10.0.0.9`
pub(super) fn range<'a>(
    words: &mut Words<'a>,
    aliases: &HashMap<&str, Alias>,
) -> Result<Addresses<'a>, Wrong> {
    let (Some(low), Some(high)) = (words.next(), words.next()) else {
        return Err(missing(words, "the two ends of a range"));
    };
    match (address(low, aliases)?, address(high, aliases)?) {
        (Address::Undefined(word), _) | (_, Address::Undefined(word)) => Ok(Addresses::Undefined(word)),
        (Address::Known(first), Address::Known(last)) => {
            let set = AddressSet::range(first, last);
            if set.is_empty() {
                let message = format!("the range `{first}` to `{last}` holds no address");
                return Err(Wrong::new(low.place().cover(high.place()), message, "put the lower end first"));
            }
            Ok(Addresses::Known(set))
        }
    }
}

/// `host 10.0.0.1`, without the word `host`.
pub(super) fn host<'a>(
    words: &mut Words<'a>,
    aliases: &HashMap<&str, Alias>,
) -> Result<Addresses<'a>, Wrong> {
    let Some(word) = words.next() else { return Err(missing(words, "an address")) };
    Ok(match address(word, aliases)? {
        Address::Known(address) => Addresses::Known(address.into()),
        Address::Undefined(word) => Addresses::Undefined(word),
    })
}

pub(super) fn missing(words: &Words<'_>, what: &str) -> Wrong {
    let at = words.remainder().start;
    Wrong::new(TextRange::new(at, at), format!("the line ends where {what} should stand"), AGAIN)
}

pub(super) fn unexpected(word: Word<'_>) -> Wrong {
    Wrong::new(word.place(), format!("`{}` is not expected here", printable(word.text)), AGAIN)
}

/// Whether an operator on ports begins here.
pub(super) fn is_port_operator(word: &str) -> bool {
    matches!(word, "eq" | "neq" | "gt" | "lt" | "range")
}

/// `eq www`, `range 1024 65535`
pub(super) fn ports(words: &mut Words<'_>) -> Result<IntervalSet<u16>, Wrong> {
    let Some(operator) = words.next() else { return Err(missing(words, "a port")) };
    let mut port = || {
        let Some(word) = words.next() else { return Err(missing(words, "a port")) };
        literals::port(word.text)
            .ok_or_else(|| Wrong::new(word.place(), format!("`{}` is no port", printable(word.text)), AGAIN))
    };
    Ok(match operator.text {
        "eq" => IntervalSet::one(port()?),
        "neq" => IntervalSet::one(port()?).complement(),
        "gt" => port()?.checked_add(1).map_or_else(Set::empty, |low| IntervalSet::range(low, u16::MAX)),
        "lt" => port()?.checked_sub(1).map_or_else(Set::empty, |high| IntervalSet::range(0, high)),
        "range" => {
            let (low, high) = (port()?, port()?);
            if low > high {
                let message = format!("the range of ports from {low} to {high} holds none");
                return Err(Wrong::new(operator.place(), message, "put the lower port first"));
            }
            IntervalSet::range(low, high)
        }
        _ => return Err(unexpected(operator)),
    })
}

/// A type, and perhaps a code, as `type * 256 + code`.
pub(super) fn icmp(words: &mut Words<'_>, number: u8) -> Result<IntervalSet<u16>, Wrong> {
    let Some(word) = words.next() else { return Err(missing(words, "an ICMP type")) };
    let kind = literals::icmp_type(word.text, number).ok_or_else(|| {
        Wrong::new(word.place(), format!("`{}` is no ICMP type", printable(word.text)), AGAIN)
    })?;
    let base = u16::from(kind) << 8;
    let digits = words.peek().filter(|next| next.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some(code) = digits {
        let word = words.next().map_or(TextRange::new(0, 0), Word::place);
        let code: u8 = code
            .parse()
            .map_err(|_| Wrong::new(word, format!("`{}` is no ICMP code", printable(code)), AGAIN))?;
        return Ok(IntervalSet::one(base | u16::from(code)));
    }
    Ok(IntervalSet::range(base, base | 255))
}

/// The service of `service` and `service-object`: `tcp source gt 1024 destination eq www`, `icmp echo`, `ip`, `tcp eq 80`.
pub(super) fn service(words: &mut Words<'_>) -> Result<Service, Wrong> {
    let Some(word) = words.next() else { return Err(missing(words, "a protocol")) };
    let protocols = match word.text {
        "ip" => IntervalSet::any(),
        "tcp-udp" => Transport::Both.protocols(),
        name => IntervalSet::one(literals::protocol_number(name).ok_or_else(|| {
            Wrong::new(word.place(), format!("`{}` is no protocol", printable(name)), AGAIN)
        })?),
    };
    let mut service = Service::any_of(protocols);
    let number = service.protocols.hull().filter(|(low, high)| low == high).map(|(low, _)| low);
    match (words.peek(), number) {
        (None, _) => {}
        (Some(_), Some(number)) if protocol::is_icmp(number) => service.destination = icmp(words, number)?,
        (Some(next), _) if with_ports(&service.protocols) => {
            if is_port_operator(next) {
                service.destination = ports(words)?;
            } else {
                if words.eat("source") {
                    service.source = ports(words)?;
                }
                if words.eat("destination") {
                    service.destination = ports(words)?;
                }
            }
        }
        _ => {}
    }
    match words.next() {
        Some(word) => Err(unexpected(word)),
        None => Ok(service),
    }
}

/// Whether ports can stand beside these protocols.
pub(super) fn with_ports(protocols: &IntervalSet<u8>) -> bool {
    protocols.ranges().all(|(low, high)| low == high && protocol::has_ports(low))
}
