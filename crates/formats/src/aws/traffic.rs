use diagnostics::{TextRange, printable};
use space::{IntervalSet, Region, protocol};

use super::keys::get;
use super::values::{Family, integer, text};
use crate::json::{Kind, Value};

/// Protocol and ports of a rule: what one rule of a security group or one entry of a network ACL can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Traffic {
    All,
    /// TCP or UDP, from the one port to the other.
    Ports(u8, u16, u16),
    /// ICMP or ICMPv6: a type, and a code of it.
    Icmp(u8, Option<u8>, Option<u8>),
    /// Any other protocol: of those AWS tells no ports apart.
    Other(u8),
}

/// Why protocol and ports cannot be read, and what of them can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    pub protocol: Option<u8>,
    pub place: Option<TextRange>,
    /// What is wrong, after "rule `x`": `has no ports`.
    pub what: String,
}

/// The protocol that a rule names; `None` for all of them.
enum Named {
    All,
    One(u8),
}

impl Traffic {
    /// Of a rule of a security group. EC2 API reference, `IpPermission`: ports for tcp and udp; for icmp and icmpv6 the
    /// type is in `FromPort` and the code in `ToPort`; for every other protocol and `-1` ports say nothing.
    pub fn of_permission(
        named: Option<Value<'_>>,
        from: Option<Value<'_>>,
        to: Option<Value<'_>>,
    ) -> Result<Traffic, Doubt> {
        let number = match protocol_of(named)? {
            Named::All => return Ok(Traffic::All),
            Named::One(number) => number,
        };
        match number {
            protocol::TCP | protocol::UDP => ports(number, from, to),
            protocol::ICMPV6 if from.is_none() && to.is_none() => Ok(Traffic::Icmp(number, None, None)),
            protocol::ICMP | protocol::ICMPV6 => icmp(number, from, to),
            other => Ok(Traffic::Other(other)),
        }
    }

    /// Of an entry of a network ACL. EC2 API reference, `CreateNetworkAclEntry`: 6 and 17 have `PortRange`, 1 has
    /// `IcmpTypeCode`, 58 has it beside an IPv6 prefix only, and for all else ports and types say nothing.
    pub fn of_entry(
        named: Option<Value<'_>>,
        port_range: Option<Value<'_>>,
        type_code: Option<Value<'_>>,
        family: Family,
    ) -> Result<Traffic, Doubt> {
        let number = match protocol_of(named)? {
            Named::All => return Ok(Traffic::All),
            Named::One(number) => number,
        };
        match number {
            protocol::TCP | protocol::UDP => {
                let (from, to) = port_range.map_or((None, None), |it| (get(it, "from"), get(it, "to")));
                ports(number, given(from), given(to))
            }
            protocol::ICMPV6 if family == Family::V4 => Ok(Traffic::Icmp(number, None, None)),
            protocol::ICMP | protocol::ICMPV6 => {
                let (kind, code) = type_code.map_or((None, None), |it| (get(it, "type"), get(it, "code")));
                icmp(number, given(kind), given(code))
            }
            other => Ok(Traffic::Other(other)),
        }
    }

    /// All packets of it, whatever their addresses.
    pub fn region(self) -> Region {
        match self {
            Traffic::All => Region::any(),
            Traffic::Ports(number, low, high) => Region::any().service(number, IntervalSet::range(low, high)),
            Traffic::Icmp(number, None, _) | Traffic::Other(number) => Region::any().protocol(number),
            Traffic::Icmp(number, Some(kind), code) => {
                let first = u16::from(kind) * 256;
                let codes = match code {
                    Some(code) => IntervalSet::one(first + u16::from(code)),
                    None => IntervalSet::range(first, first + 255),
                };
                Region::any().service(number, codes)
            }
        }
    }

    /// The protocol as the API of security groups names it.
    pub fn permission_protocol(self) -> String {
        match self {
            Traffic::All => "-1".to_owned(),
            Traffic::Ports(number, ..) | Traffic::Icmp(number, ..) | Traffic::Other(number) => match number {
                protocol::TCP => "tcp".to_owned(),
                protocol::UDP => "udp".to_owned(),
                protocol::ICMP => "icmp".to_owned(),
                protocol::ICMPV6 => "icmpv6".to_owned(),
                other => other.to_string(),
            },
        }
    }

    /// The protocol as the API of network ACLs names it.
    pub fn entry_protocol(self) -> String {
        match self {
            Traffic::All => "-1".to_owned(),
            Traffic::Ports(number, ..) | Traffic::Icmp(number, ..) | Traffic::Other(number) => {
                number.to_string()
            }
        }
    }

    /// `FromPort` and `ToPort`, where there are any.
    pub fn port_fields(self) -> Option<(i64, i64)> {
        let or_all = |part: Option<u8>| part.map_or(-1, i64::from);
        match self {
            Traffic::All | Traffic::Other(_) => None,
            Traffic::Ports(_, low, high) => Some((low.into(), high.into())),
            Traffic::Icmp(_, kind, code) => Some((or_all(kind), or_all(code))),
        }
    }
}

impl std::fmt::Display for Traffic {
    /// `all`, `tcp/443`, `udp/1024-65535`, `icmp/8.0`, `gre`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = match *self {
            Traffic::All => return f.write_str("all"),
            Traffic::Ports(number, ..) | Traffic::Icmp(number, ..) | Traffic::Other(number) => number,
        };
        match protocol::name(number) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "ip/{number}")?,
        }
        match *self {
            Traffic::Ports(_, 0, u16::MAX) => Ok(()),
            Traffic::Ports(_, low, high) if low == high => write!(f, "/{low}"),
            Traffic::Ports(_, low, high) => write!(f, "/{low}-{high}"),
            Traffic::Icmp(_, Some(kind), Some(code)) => write!(f, "/{kind}.{code}"),
            Traffic::Icmp(_, Some(kind), None) => write!(f, "/{kind}"),
            _ => Ok(()),
        }
    }
}

/// The value, unless it says nothing.
fn given(value: Option<Value<'_>>) -> Option<Value<'_>> {
    value.filter(|value| !value.is_empty())
}

fn protocol_of(value: Option<Value<'_>>) -> Result<Named, Doubt> {
    let doubt = |what: String| Doubt { protocol: None, place: value.map(Value::place), what };
    let word = value.and_then(|value| match value.kind() {
        Kind::Number => Some(value.raw().to_owned()),
        _ => text(Some(value)),
    });
    let Some(word) = word else { return Err(doubt("has no protocol".to_owned())) };
    if word == "-1" || word.eq_ignore_ascii_case("all") {
        return Ok(Named::All);
    }
    // A sign before a number is no way to write a protocol.
    match protocol::number(&word).filter(|_| !word.starts_with('+')) {
        Some(number) => Ok(Named::One(number)),
        None => Err(doubt(format!("has the protocol `{}`, which AWS does not know", printable(&word)))),
    }
}

fn ports(number: u8, from: Option<Value<'_>>, to: Option<Value<'_>>) -> Result<Traffic, Doubt> {
    let place = from.or(to).map(Value::place);
    let doubt = |what: &str| Doubt { protocol: Some(number), place, what: what.to_owned() };
    let (Some(from), Some(to)) = (from, to) else { return Err(doubt("has no range of ports")) };
    let port = |value| integer(value).and_then(|port| u16::try_from(port).ok());
    match (port(from), port(to)) {
        (Some(low), Some(high)) if low <= high => Ok(Traffic::Ports(number, low, high)),
        (Some(_), Some(_)) => Err(doubt("has ports that end before they start")),
        _ => Err(doubt("has ports that are not from 0 to 65535")),
    }
}

fn icmp(number: u8, kind: Option<Value<'_>>, code: Option<Value<'_>>) -> Result<Traffic, Doubt> {
    let place = kind.or(code).map(Value::place);
    let doubt = |what: &str| Doubt { protocol: Some(number), place, what: what.to_owned() };
    let (Some(kind), Some(code)) = (kind, code) else { return Err(doubt("has no ICMP type and code")) };
    let part = |value| integer(value).filter(|part| (-1..=255).contains(part));
    let (Some(kind), Some(code)) = (part(kind), part(code)) else {
        return Err(doubt("has an ICMP type or code that is not from 0 to 255, or -1 for all"));
    };
    match (u8::try_from(kind).ok(), u8::try_from(code).ok()) {
        (None, Some(_)) => Err(doubt("is for all ICMP types and one code, which AWS does not take")),
        (kind, code) => Ok(Traffic::Icmp(number, kind, code)),
    }
}
