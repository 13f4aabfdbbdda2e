//! Matches as unions of regions.

use std::rc::Rc;

use diagnostics::TextRange;
use space::{Conditions, IntervalSet, NameSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::axis::{self, Axis};
use super::canonical;
use super::draft::{Draft, MOST_REGIONS, Seen};
use super::first_packet::{Cases, FOR_FRAGMENTS};
use super::model::{Key, Op, Value};
use super::names;
use crate::Status;

impl<'a> Draft<'_, '_, 'a> {
    /// The packets for which the comparison holds.
    pub fn alternatives(
        &mut self,
        key: &Key<'a>,
        op: Op,
        value: &Value<'a>,
        place: TextRange,
    ) -> Vec<Region> {
        // What a variable or a named set means for a key is worked out once.
        let shared = match value {
            Value::Shared(inner) => Some(format!("{:p}", Rc::as_ptr(inner))),
            Value::Reference(name) => Some(format!("{}@{name}", self.around.number)),
            _ => None,
        };
        let Some(shared) = shared else { return self.fresh(key, op, value, place) };
        let title = format!("{shared} {}{}", canonical::key(key), canonical::op(op));
        if let Some(seen) = self.memory.seen.get(&title).cloned() {
            self.worsen(seen.status, seen.reason.clone());
            if let Value::Reference(name) = value
                && let Some(at) = self.around.table.set_numbers.get(name)
            {
                *self.memory.set_uses.entry((self.around.number, *at)).or_default() += 1;
            }
            return seen.regions.clone();
        }
        let (status, reason) = (self.status, std::mem::take(&mut self.reason));
        let own = std::mem::replace(&mut self.own, false);
        self.status = Status::Understood;
        let regions = self.fresh(key, op, value, place);
        let seen = Seen { regions: regions.clone(), status: self.status, reason: self.reason.clone() };
        // A symbol of this rule alone is for no other.
        if !self.own && self.never.is_none() {
            self.memory.seen.insert(title, Rc::new(seen));
        }
        self.own |= own;
        if status >= self.status {
            (self.status, self.reason) = (status, reason);
        }
        regions
    }

    fn fresh(&mut self, key: &Key<'a>, op: Op, value: &Value<'a>, place: TextRange) -> Vec<Region> {
        match key {
            Key::Concat(keys) => return self.concatenation(keys, op, value, place),
            Key::Operation(inner, sign, operand) => {
                return self.masked(key, inner, sign, operand, op, value, place);
            }
            _ => {}
        }
        if let Some(axis) = Axis::of(key)
            && !(axis == Axis::EtherType && has_vlan(value))
        {
            return self.numeric(axis, op, value, place);
        }
        if let Key::Meta(field) = key
            && let "iif" | "iifname" | "oif" | "oifname" = &**field
        {
            return self.interfaces(field, op, value, place);
        }
        if let Some(cases) = self.cases(key) {
            return self.known(&cases, key, None, op, value);
        }
        if let Key::Raw(base, 0, 8) = key
            && base == "th"
        {
            return self.icmp_types(op, value, place);
        }
        self.opaque(key, op, value)
    }

    fn numeric(&mut self, axis: Axis, op: Op, value: &Value<'a>, place: TextRange) -> Vec<Region> {
        let found = self.numbers(axis, value, place);
        let mut ranges = normal(found.ranges);
        if let Op::Less | Op::Greater | Op::LessOrEqual | Op::GreaterOrEqual = op {
            let (low, high) = match (ranges.first(), ranges.last(), found.unknown.is_empty()) {
                (Some((low, _)), Some((_, high)), true) => (*low, *high),
                _ => {
                    let symbol = match found.unknown.into_iter().next() {
                        Some(symbol) => symbol,
                        None => self.own_symbol("a comparison with nothing"),
                    };
                    return vec![axis.base().when(Conditions::holds(symbol))];
                }
            };
            let beyond = match op {
                Op::Less => low.checked_sub(1).map(|end| (0, end)),
                Op::LessOrEqual => Some((0, high)),
                Op::Greater => (high < axis.largest()).then(|| (high + 1, axis.largest())),
                _ => Some((low, axis.largest())),
            };
            return axis.regions(beyond.as_slice());
        }
        if let Op::Unequal | Op::NoneOf = op {
            ranges = complement(&ranges, axis.largest());
            let mut lacking = Conditions::none();
            for symbol in found.unknown {
                lacking = match lacking.and(&Conditions::lacks(symbol)) {
                    Some(both) => both,
                    None => return Vec::new(),
                };
            }
            let mut regions = axis.regions(&ranges);
            regions.retain_mut(|region| match region.conditions.and(&lacking) {
                Some(both) => {
                    region.conditions = both;
                    true
                }
                None => false,
            });
            return regions;
        }
        let mut regions = axis.regions(&ranges);
        let unknown = found.unknown.into_iter().map(|symbol| axis.base().when(Conditions::holds(symbol)));
        regions.extend(unknown);
        if regions.len() > MOST_REGIONS {
            self.approximate("it compares with too many unknown values to keep each");
            let symbol = self.own_symbol("its unknown values");
            regions.truncate(1);
            regions.push(axis.base().when(Conditions::holds(symbol)));
        }
        regions
    }

    /// `@th,0,8`: the type of ICMP, which nft prints so for packets of the other IP.
    fn icmp_types(&mut self, op: Op, value: &Value<'a>, place: TextRange) -> Vec<Region> {
        let mut regions = Vec::new();
        for number in [protocol::ICMP, protocol::ICMPV6] {
            regions.extend(self.numeric(Axis::IcmpType(number), op, value, place));
        }
        let text = canonical::comparison(&Key::Raw("th".into(), 0, 8), op, value);
        let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &canonical::fitting(text));
        let icmp = IntervalSet::from_ranges([
            (protocol::ICMP, protocol::ICMP),
            (protocol::ICMPV6, protocol::ICMPV6),
        ]);
        let others = Region { protocol: icmp.complement(), ..axis::any() };
        regions.push(others.when(Conditions::holds(symbol)));
        regions
    }

    fn interfaces(&mut self, field: &str, op: Op, value: &Value<'a>, place: TextRange) -> Vec<Region> {
        let found = self.names(value, matches!(field, "iif" | "oif"), place);
        let incoming = field.starts_with("iif");
        let with = |names: NameSet| {
            if incoming {
                Region { in_interface: names, ..axis::any() }
            } else {
                Region { out_interface: names, ..axis::any() }
            }
        };
        match op {
            Op::Implicit | Op::Equal => {
                let known = (!found.set.is_empty()).then(|| with(found.set));
                let unknown =
                    found.unknown.into_iter().map(|symbol| axis::any().when(Conditions::holds(symbol)));
                known.into_iter().chain(unknown).collect()
            }
            Op::Unequal | Op::NoneOf => {
                let mut region = with(found.set.complement());
                for symbol in found.unknown {
                    match region.conditions.and(&Conditions::lacks(symbol)) {
                        Some(both) => region.conditions = both,
                        None => return Vec::new(),
                    }
                }
                if region.is_empty() { Vec::new() } else { vec![region] }
            }
            _ => {
                let key = Key::Meta(field.to_owned().into());
                self.approximate("interfaces have no order that the file shows");
                let symbol = self.own_symbol(&canonical::comparison(&key, op, value));
                vec![axis::any().when(Conditions::holds(symbol))]
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "it is one comparison, taken apart")]
    fn masked(
        &mut self,
        key: &Key<'a>,
        inner: &Key<'a>,
        sign: &str,
        operand: &Value<'a>,
        op: Op,
        value: &Value<'a>,
        place: TextRange,
    ) -> Vec<Region> {
        if sign == "&" {
            if let Some(cases) = self.cases(inner)
                && let Some(mask) = self.bits(operand, cases.flag)
            {
                return self.known(&cases, key, Some(mask), op, value);
            }
            if let Some(axis) = Axis::of(inner).filter(|axis| axis.is_address() || axis.width() == 16)
                && let Some(regions) = self.masked_axis(axis, operand, op, value, place)
            {
                return regions;
            }
            // A first packet is no fragment: its offset is 0, and more do not follow.
            if let Key::Payload(header, field) = inner
                && header == "ip"
                && field == "frag-off"
                && let Some(mask) = self.bits(operand, |_| None).filter(|mask| mask & 0x4000 == 0)
            {
                let cases = Cases {
                    cases: Rc::new(vec![(axis::any_v4(), 0)]),
                    flag: |_| None,
                    why_never: FOR_FRAGMENTS,
                };
                return self.known(&cases, key, Some(mask), op, value);
            }
        }
        self.opaque(key, op, value)
    }

    /// `ip saddr & 255.0.0.255 == 10.0.0.5`
    fn masked_axis(
        &mut self,
        axis: Axis,
        operand: &Value<'a>,
        op: Op,
        value: &Value<'a>,
        place: TextRange,
    ) -> Option<Vec<Region>> {
        if !matches!(op, Op::Implicit | Op::Equal | Op::Unequal) {
            return None;
        }
        let (Value::Word(mask), Value::Word(wanted)) = (operand, value) else { return None };
        let number = |word: &str| axis.number(word).ok().or_else(|| names::number(word));
        let (mask, wanted) = (number(mask)? & axis.largest(), number(wanted)?);
        let mut ranges = if wanted & !mask == 0 { spread(wanted, mask, axis.largest())? } else { Vec::new() };
        if op == Op::Unequal {
            ranges = complement(&normal(ranges), axis.largest());
        }
        let _ = place;
        Some(axis.regions(&normal(ranges)))
    }

    /// The packets that have the key at all.
    pub fn base_of(&self, key: &Key<'a>) -> Region {
        if let Some(axis) = Axis::of(key) {
            return axis.base();
        }
        let of = |number: u8| axis::any().protocol(number);
        match key {
            Key::Payload(header, _) => match &**header {
                "ip" => axis::any_v4(),
                "ip6" => axis::any_v6(),
                header => axis::header_protocol(header).map_or_else(axis::any, of),
            },
            Key::Other(text) => match text.split(' ').next() {
                Some("tcp") => of(protocol::TCP),
                Some("sctp") => of(protocol::SCTP),
                Some("dccp") => of(protocol::DCCP),
                Some("ip") => axis::any_v4(),
                Some("exthdr") => axis::any_v6(),
                _ => axis::any(),
            },
            Key::Operation(inner, ..) => self.base_of(inner),
            _ => axis::any(),
        }
    }
}

/// Frames with a VLAN tag may have IP inside.
fn has_vlan(value: &Value<'_>) -> bool {
    let vlan = |word: &str| matches!(word, "vlan" | "8021q" | "8021ad" | "0x8100" | "0x88a8" | "33024");
    match value {
        Value::Word(word) => vlan(word),
        Value::Set(elements) => {
            elements.iter().any(|element| matches!(&element.key, Value::Word(word) if vlan(word)))
        }
        _ => false,
    }
}

/// The ranges in order, without overlaps.
fn normal(ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    if ranges.len() < 2 {
        return ranges;
    }
    IntervalSet::from_ranges(ranges).ranges().collect()
}

fn complement(ranges: &[(u128, u128)], largest: u128) -> Vec<(u128, u128)> {
    let whole = IntervalSet::range(0, largest);
    whole.subtract(&IntervalSet::from_ranges(ranges.iter().copied())).ranges().collect()
}

/// The numbers `x` with `x & mask == base`, as ranges; `None` where there are too many of those.
fn spread(base: u128, mask: u128, largest: u128) -> Option<Vec<(u128, u128)>> {
    const MOST_RANGES: usize = 1 << 16;
    let open = !mask & largest;
    let tail = 1_u128.checked_shl(open.trailing_ones()).map_or(u128::MAX, |bit| bit - 1);
    let mut ranges = vec![(base, base | tail)];
    let mut holes = open & !tail;
    while holes != 0 {
        let bit = holes & holes.wrapping_neg();
        holes &= !bit;
        if ranges.len() * 2 > MOST_RANGES {
            return None;
        }
        let above: Vec<_> = ranges.iter().map(|(low, high)| (low | bit, high | bit)).collect();
        ranges.extend(above);
    }
    Some(ranges)
}
