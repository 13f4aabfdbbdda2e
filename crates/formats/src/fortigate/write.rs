//! A rule in no vendor's words, as what FortiOS can say of it.

use space::{AddressSet, Conditions, IntervalSet, NameSet, Region, Set, Side, SymbolKind, protocol};

use super::parts::Family;
use super::service_parts::ServicePart;
use super::{shown, values};
use crate::{NewRule, Refusal};

/// A policy to be written.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub name: String,
    pub permit: bool,
    /// `None` is `any`.
    pub in_interfaces: Option<Vec<String>>,
    pub out_interfaces: Option<Vec<String>>,
    /// Source and destination for IPv4 and for IPv6.
    pub halves: [Option<(End, End)>; 2],
    pub services: Vec<Spec>,
}

/// One side in one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Addresses(AddressSet),
    /// A DNS name or wildcard.
    Name(String),
}

/// What one service object says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spec {
    All,
    /// Of protocols with ports.
    Ports {
        protocols: Vec<u8>,
        from: IntervalSet<u16>,
        to: IntervalSet<u16>,
    },
    Protocol(u8),
    Icmp {
        protocol: u8,
        kind: u8,
        code: Option<u8>,
    },
}

/// Single codes of ICMP types, each a service of its own, may be no more than this.
const MOST_CODES: usize = 64;

/// The longest DNS name that FortiOS takes.
const LONGEST_NAME: usize = 255;

impl Spec {
    pub fn part(&self) -> ServicePart {
        match self {
            Spec::All => ServicePart::any(),
            Spec::Ports { protocols, from, to } => ServicePart {
                protocols: IntervalSet::from_ranges(protocols.iter().map(|number| (*number, *number))),
                source_port: from.clone(),
                destination_port: to.clone(),
                ..ServicePart::any()
            },
            Spec::Protocol(number) => {
                ServicePart { protocols: IntervalSet::one(*number), ..ServicePart::any() }
            }
            Spec::Icmp { protocol, kind, code } => {
                let (low, high) = code.map_or((0, u8::MAX), |code| (code, code));
                let types =
                    IntervalSet::range(u16::from_be_bytes([*kind, low]), u16::from_be_bytes([*kind, high]));
                ServicePart {
                    protocols: IntervalSet::one(*protocol),
                    destination_port: types,
                    ..ServicePart::any()
                }
            }
        }
    }
}

/// What a rule becomes, or why FortiOS cannot say it.
pub(super) fn wanted(rule: &NewRule) -> Result<Wanted, Refusal> {
    let region = &rule.region;
    if region.is_empty() {
        let message = format!("the rule `{}` matches nothing", shown(&rule.name));
        return Err(Refusal::new(message, "leave it out"));
    }
    let (source_name, destination_name) = names(&region.conditions)?;
    let mut halves = [None, None];
    for (family, half) in [Family::V4, Family::V6].into_iter().zip(&mut halves) {
        let source = end(&region.source, family, source_name)?;
        let destination = end(&region.destination, family, destination_name)?;
        *half = source.zip(destination);
    }
    if halves.iter().all(Option::is_none) {
        let message =
            format!("the rule `{}` goes from one family of addresses to the other", shown(&rule.name));
        return Err(Refusal::new(message, "write source and destination in one family"));
    }
    Ok(Wanted {
        name: rule.name.clone(),
        permit: rule.permit,
        in_interfaces: interfaces(&region.in_interface)?,
        out_interfaces: interfaces(&region.out_interface)?,
        halves,
        services: services(region)?,
    })
}

/// The DNS names of source and destination, if the conditions say that and nothing more.
fn names(conditions: &Conditions) -> Result<(Option<&str>, Option<&str>), Refusal> {
    let mut names: [Option<&str>; 2] = [None, None];
    for (symbol, held) in conditions.essential() {
        let slot = match symbol.side {
            Side::Source => names.first_mut(),
            Side::Destination => names.last_mut(),
            Side::Packet => None,
        };
        match slot {
            Some(slot @ None) if held && symbol.kind == SymbolKind::Name => *slot = Some(&symbol.name),
            _ => {
                let noun = symbol.kind.noun();
                return Err(Refusal::new(
                    format!("a condition on the {noun} `{}` cannot be written", shown(&symbol.name)),
                    "use addresses, or one DNS name for the source and one for the destination",
                ));
            }
        }
    }
    for name in names.into_iter().flatten() {
        let fits = values::dns_name(name).is_some() && name.len() <= LONGEST_NAME && name.contains('.');
        if !fits {
            let message = format!("FortiOS has no address for the name `{}`", shown(name));
            let help = if name.contains('*') {
                "a star stands for whole labels at the beginning only: use the names, their addresses, or a wider \
                 wildcard"
            } else {
                "use the full name, or its addresses"
            };
            return Err(Refusal::new(message, help));
        }
    }
    let [source, destination] = names;
    Ok((source, destination))
}

/// One side of one family; `None` where it has no addresses there.
fn end(addresses: &AddressSet, family: Family, name: Option<&str>) -> Result<Option<End>, Refusal> {
    let own = addresses.intersect(&family.all());
    if own.is_empty() {
        return Ok(None);
    }
    match name {
        None => Ok(Some(End::Addresses(own))),
        Some(name) if own == family.all() => Ok(Some(End::Name(name.to_owned()))),
        Some(name) => Err(Refusal::new(
            format!("`{}` at certain addresses only cannot be written", shown(name)),
            "use the name or the addresses",
        )),
    }
}

fn interfaces(names: &NameSet) -> Result<Option<Vec<String>>, Refusal> {
    if names.is_any() {
        return Ok(None);
    }
    // The longest name of an interface or zone (FortiOS CLI Reference, config system zone).
    const LONGEST: usize = 35;
    let plain = |name: &&str| -> bool {
        (1..=LONGEST).contains(&name.len())
            && *name != "any"
            && !name.contains(|c: char| c.is_control() || "\"'<>\\".contains(c))
    };
    let exact = names.exact().filter(|names| names.iter().all(plain));
    match exact {
        Some(names) => Ok(Some(names.into_iter().map(str::to_owned).collect())),
        None => {
            let name = names.example().unwrap_or_default();
            let message = format!("a set of interfaces such as `{}` cannot be written", shown(&name));
            Err(Refusal::new(message, "list whole names of interfaces or zones"))
        }
    }
}

fn services(region: &Region) -> Result<Vec<Spec>, Refusal> {
    let (protocols, from, to) = (&region.protocol, &region.source_port, &region.destination_port);
    let whole = from.is_any() && to.is_any();
    if whole && protocols.is_any() {
        return Ok(vec![Spec::All]);
    }
    let mut out = Vec::new();
    let mut ported = Vec::new();
    for number in protocols.ranges().flat_map(|(low, high)| low..=high) {
        match number {
            0 | 255 => {
                return Err(Refusal::new(
                    format!("the protocol number {number} alone cannot be written"),
                    "FortiOS takes 0 for any protocol, and 254 is the last: name the protocols that are meant",
                ));
            }
            _ if whole => out.push(Spec::Protocol(number)),
            protocol::TCP | protocol::UDP | protocol::SCTP => ported.push(number),
            _ if protocol::is_icmp(number) && from.is_any() => out.extend(icmp(number, to)?),
            _ => {
                let name = protocol::name(number).map_or_else(|| number.to_string(), str::to_owned);
                return Err(Refusal::new(
                    format!("ports of the protocol `{name}` cannot be written"),
                    "FortiOS has ports for TCP, UDP and SCTP: write a rule without ports for the others",
                ));
            }
        }
    }
    if !ported.is_empty() {
        out.push(Spec::Ports { protocols: ported, from: from.clone(), to: to.clone() });
    }
    Ok(out)
}

/// Whole types, and single codes of the others.
fn icmp(protocol: u8, types: &IntervalSet<u16>) -> Result<Vec<Spec>, Refusal> {
    if types.is_any() {
        return Ok(vec![Spec::Protocol(protocol)]);
    }
    let mut out = Vec::new();
    for kind in 0..=u8::MAX {
        let all = IntervalSet::range(u16::from_be_bytes([kind, 0]), u16::from_be_bytes([kind, u8::MAX]));
        if all.is_subset_of(types) {
            out.push(Spec::Icmp { protocol, kind, code: None });
            continue;
        }
        for code in types.intersect(&all).ranges().flat_map(|(low, high)| low..=high) {
            let [_, code] = code.to_be_bytes();
            out.push(Spec::Icmp { protocol, kind, code: Some(code) });
        }
        if out.len() > MOST_CODES + usize::from(u8::MAX) {
            return Err(Refusal::new(
                "so many single codes of ICMP types cannot be written",
                "write whole types: each code is a service of its own",
            ));
        }
    }
    Ok(out)
}
