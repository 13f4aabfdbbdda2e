//! What services stand for: protocols with ports, where conditions hold.

use std::collections::BTreeMap;
use std::rc::Rc;

use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::shown;
use super::values::{self, is_placeholder};

/// Protocols with ports, where conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServicePart {
    pub protocols: IntervalSet<u8>,
    pub source_port: IntervalSet<u16>,
    pub destination_port: IntervalSet<u16>,
    /// The destinations that it is for.
    pub to: AddressSet,
    pub when: Conditions,
}

pub(super) type ServiceParts = Rc<[ServicePart]>;

/// A service may not have more parts than this; beyond it is one unknown.
const MOST_PARTS: usize = 10_000;

impl ServicePart {
    pub fn any() -> Self {
        ServicePart {
            protocols: IntervalSet::any(),
            source_port: IntervalSet::any(),
            destination_port: IntervalSet::any(),
            to: AddressSet::any(),
            when: Conditions::none(),
        }
    }

    pub fn is_plain(&self) -> bool {
        self.when.is_none() && self.to.is_any()
    }

    pub fn region(&self) -> Region {
        Region {
            protocol: self.protocols.clone(),
            source_port: self.source_port.clone(),
            destination_port: self.destination_port.clone(),
            destination: self.to.clone(),
            conditions: self.when.clone(),
            ..Region::any()
        }
    }

    fn of_region(region: Region) -> Self {
        ServicePart {
            protocols: region.protocol,
            source_port: region.source_port,
            destination_port: region.destination_port,
            to: region.destination,
            when: region.conditions,
        }
    }

    pub fn ports(number: u8, from: IntervalSet<u16>, to: IntervalSet<u16>) -> Self {
        let protocols = IntervalSet::one(number);
        ServicePart { protocols, source_port: from, destination_port: to, ..Self::any() }
    }

    pub fn unknown(name: &str) -> Self {
        let kind = if is_placeholder(name) { SymbolKind::Placeholder } else { SymbolKind::Match };
        let symbol = Symbol::new(Side::Packet, kind, &format!("service {}", shown(name)));
        ServicePart { when: Conditions::holds(symbol), ..Self::any() }
    }
}

/// `443`, `8000-8010`, and with source ports `513:512-1023`.
pub(super) fn port_range(number: u8, text: &str) -> Option<ServicePart> {
    let (to, from) = match text.split_once(':') {
        Some((to, from)) => (to, Some(from)),
        None => (text, None),
    };
    let set = |(low, high)| IntervalSet::range(low, high);
    let from = match from {
        Some(from) => set(values::ports(from)?),
        None => IntervalSet::any(),
    };
    Some(ServicePart::ports(number, from, set(values::ports(to)?)))
}

/// A type and a code as the destination port of a region has them.
pub(super) fn icmp_codes(icmp_type: Option<u8>, code: Option<u8>) -> IntervalSet<u16> {
    match (icmp_type, code) {
        (None, _) => IntervalSet::any(),
        (Some(kind), None) => {
            IntervalSet::range(u16::from_be_bytes([kind, 0]), u16::from_be_bytes([kind, u8::MAX]))
        }
        (Some(kind), Some(code)) => IntervalSet::one(u16::from_be_bytes([kind, code])),
    }
}

/// Ranges of numbers.
type Numbers<T> = Vec<(T, T)>;

/// Whether they are ports at all; source and destination.
type Ports<'a> = (bool, &'a IntervalSet<u16>, IntervalSet<u16>);

/// The same union in few parts. `None` where they are too many.
pub(super) fn merged<'p>(parts: impl IntoIterator<Item = &'p ServicePart>) -> Option<Vec<ServicePart>> {
    let mut whole: Vec<(u8, u8)> = Vec::new();
    let mut by_ports: BTreeMap<(u8, &IntervalSet<u16>), Numbers<u16>> = BTreeMap::new();
    let mut rest: Vec<&ServicePart> = Vec::new();
    let mut mixed: Vec<&ServicePart> = Vec::new();
    for part in parts {
        let single = part.protocols.hull().filter(|(low, high)| low == high).map(|(number, _)| number);
        match single {
            _ if !part.is_plain() => rest.push(part),
            _ if part.source_port.is_any() && part.destination_port.is_any() => {
                whole.extend(part.protocols.ranges());
            }
            Some(number) => {
                by_ports
                    .entry((number, &part.source_port))
                    .or_default()
                    .extend(part.destination_port.ranges());
            }
            // Several protocols with the same ports: they come from a union of this kind.
            None if part.protocols.ranges().all(|(low, high)| (low..=high).all(protocol::has_ports)) => {
                for number in part.protocols.ranges().flat_map(|(low, high)| low..=high) {
                    let ports = by_ports.entry((number, &part.source_port)).or_default();
                    ports.extend(part.destination_port.ranges());
                }
            }
            None => mixed.push(part),
        }
        if rest.len() > MOST_PARTS || mixed.len() > MOST_PARTS {
            return None;
        }
    }
    let whole = IntervalSet::from_ranges(whole);
    let mut out = Vec::new();
    if !whole.is_empty() {
        out.push(ServicePart { protocols: whole.clone(), ..ServicePart::any() });
    }
    if whole.is_any() {
        return Some(out);
    }
    let mut joined: BTreeMap<Ports<'_>, Numbers<u8>> = BTreeMap::new();
    for ((number, from), ports) in by_ports {
        if !whole.contains(number) {
            // The numbers of ICMP are types, and never share a part with ports.
            let key = (protocol::has_ports(number), from, IntervalSet::from_ranges(ports));
            joined.entry(key).or_default().push((number, number));
        }
    }
    for ((has_ports, from, to), numbers) in joined {
        let part = |protocols| ServicePart {
            protocols,
            source_port: from.clone(),
            destination_port: to.clone(),
            ..ServicePart::any()
        };
        if has_ports {
            out.push(part(IntervalSet::from_ranges(numbers)));
        } else {
            out.extend(numbers.into_iter().map(|(number, _)| part(IntervalSet::one(number))));
        }
    }
    out.extend(mixed.into_iter().cloned());
    rest.sort_by_key(|part| part.region());
    rest.dedup();
    out.extend(rest.into_iter().cloned());
    (out.len() <= MOST_PARTS).then_some(out)
}

/// Everything but these. `None` where that has too many parts.
pub(super) fn complement(parts: &[ServicePart]) -> Option<Vec<ServicePart>> {
    const MOST: usize = 2_000;
    let mut left = vec![Region::any()];
    for part in parts {
        let cut = part.region();
        let mut next = Vec::with_capacity(left.len());
        for region in left {
            region.split(&cut, &mut next);
        }
        if next.len() > MOST {
            return None;
        }
        left = next;
    }
    Some(left.into_iter().map(ServicePart::of_region).collect())
}
