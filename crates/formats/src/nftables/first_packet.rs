//! What is known of the first packet of a flow: its state, its flags, and that it is no fragment.

use std::rc::Rc;

use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::axis;
use super::draft::Draft;
use super::model::{Family, Key, Op, Value};
use super::names;

pub(super) const FOR_REPLIES: &str = "for replies";
const FOR_INVALID: &str = "for packets of no valid connection";
const FOR_OPEN_CONNECTIONS: &str = "for packets that do not open a connection";
pub(super) const FOR_FRAGMENTS: &str = "for fragments";

/// What the first packet of a flow has for a key.
pub(super) struct Cases {
    /// The packets, and the bits that they have.
    pub cases: Rc<Vec<(Region, u32)>>,
    pub flag: fn(&str) -> Option<u32>,
    pub why_never: &'static str,
}

impl<'a> Draft<'_, '_, 'a> {
    /// What is known of the first packet of a flow.
    pub fn cases(&mut self, key: &Key<'a>) -> Option<Cases> {
        match key {
            Key::Ct(field, None) if field == "state" => {
                if self.around.early.get(self.chain).copied().unwrap_or(false) {
                    return None;
                }
                Some(Cases {
                    cases: self.around.states.clone(),
                    flag: names::ct_state,
                    why_never: FOR_INVALID,
                })
            }
            Key::Ct(field, None) if field == "direction" => Some(Cases {
                cases: Rc::new(vec![(axis::any(), 0)]),
                flag: |word| match word {
                    "original" => Some(0),
                    "reply" => Some(1),
                    _ => None,
                },
                why_never: FOR_REPLIES,
            }),
            Key::Payload(header, field) if header == "tcp" && field == "flags" => Some(Cases {
                cases: Rc::new(vec![(axis::any().protocol(protocol::TCP), 2)]),
                flag: names::tcp_flag,
                why_never: FOR_OPEN_CONNECTIONS,
            }),
            Key::Other(text) if text == "exthdr frag" => Some(Cases {
                cases: Rc::new(vec![(axis::any(), 0)]),
                flag: |word| match word {
                    "exists" => Some(1),
                    "missing" => Some(0),
                    _ => None,
                },
                why_never: FOR_FRAGMENTS,
            }),
            // A packet without that header has nothing to compare.
            Key::Other(text) if text.starts_with("exthdr frag ") => {
                Some(Cases { cases: Rc::default(), flag: |_| Some(0), why_never: FOR_FRAGMENTS })
            }
            _ => None,
        }
    }

    pub fn known(
        &mut self,
        cases: &Cases,
        key: &Key<'a>,
        mask: Option<u32>,
        op: Op,
        value: &Value<'a>,
    ) -> Vec<Region> {
        let mut regions = Vec::new();
        for (region, bits) in cases.cases.iter() {
            match self.compare(bits & mask.unwrap_or(u32::MAX), op, value, cases.flag, mask.is_some(), 0) {
                Some(true) => regions.push(region.clone()),
                Some(false) => {}
                None => return self.opaque(key, op, value),
            }
        }
        if regions.is_empty() {
            let replies = cases.why_never == FOR_INVALID && names_replies(value, 0);
            self.never(if replies { FOR_REPLIES } else { cases.why_never });
        }
        // Where everything is new but for a few types, one region says it.
        if regions.len() == cases.cases.len() && regions.len() > 1 && !self.around.facts.exempted {
            return vec![axis::any()];
        }
        regions
    }

    /// Whether bits compare so with a value; `None` where that is not known.
    fn compare(
        &self,
        bits: u32,
        op: Op,
        value: &Value<'a>,
        flag: fn(&str) -> Option<u32>,
        masked: bool,
        depth: usize,
    ) -> Option<bool> {
        if depth > 16 {
            return None;
        }
        let inside = |elements: &mut dyn Iterator<Item = &Value<'a>>| {
            let mut found = Some(false);
            for element in elements {
                match self.compare(bits, Op::Equal, element, flag, masked, depth + 1) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => found = None,
                }
            }
            found
        };
        let negated = matches!(op, Op::Unequal | Op::NoneOf);
        match value {
            Value::Set(elements) => {
                inside(&mut elements.iter().map(|element| &element.key)).map(|found| found != negated)
            }
            Value::Shared(inner) if inner.elements().is_some() => {
                self.compare(bits, op, inner, flag, masked, depth + 1)
            }
            Value::Rest => Some(!negated),
            Value::Reference(name) => {
                let table = self.around.table;
                let set = table.set_numbers.get(name).and_then(|at| table.sets.get(*at))?;
                let stable =
                    !set.changing && set.elements.iter().flat_map(|all| all.iter()).all(|one| !one.expires);
                let updated = self.around.facts.updated.contains(&(self.around.number, set.name.clone()));
                if !stable || updated || set.elements.is_empty() {
                    return None;
                }
                let mut all = set.elements.iter().flat_map(|all| all.iter()).map(|element| &element.key);
                inside(&mut all).map(|found| found != negated)
            }
            Value::Range(ends) => {
                let (low, high) = (self.bits(&ends.0, flag)?, self.bits(&ends.1, flag)?);
                Some((low <= bits && bits <= high) != negated)
            }
            _ => {
                let other = self.bits(value, flag)?;
                Some(match op {
                    // Without an operator, flags are compared by any of them; a mask makes numbers of them.
                    Op::Implicit if !masked && other != 0 => bits & other != 0 || bits == other,
                    Op::Implicit | Op::Equal => bits == other,
                    Op::Unequal => bits != other,
                    Op::NoneOf => bits & other == 0,
                    Op::Less => bits < other,
                    Op::Greater => bits > other,
                    Op::LessOrEqual => bits <= other,
                    Op::GreaterOrEqual => bits >= other,
                })
            }
        }
    }
}

/// A new flow is `new`; not so multicast listeners and neighbour discovery without redirects, which the kernel
/// leaves alone (`noct_valid_new` in `nf_conntrack_proto_icmpv6.c`), and what rules take from tracking.
pub(super) fn states(family: Family, exempted: bool) -> Vec<(Region, u32)> {
    let mut cases = Vec::new();
    let tracked = if family == Family::Ip {
        vec![axis::any()]
    } else {
        let types = IntervalSet::from_ranges([(130 << 8, 136 << 8 | 255), (143 << 8, 143 << 8 | 255)]);
        let icmp = Region { source: AddressSet::any_v6(), destination: AddressSet::any_v6(), ..axis::any() };
        cases.push((icmp.service(protocol::ICMPV6, types.clone()), names::UNTRACKED));
        let others = IntervalSet::one(protocol::ICMPV6).complement();
        vec![
            Region { protocol: others, ..axis::any() },
            axis::any_v6().service(protocol::ICMPV6, types.complement()),
            axis::any_v4().protocol(protocol::ICMPV6),
        ]
    };
    let symbol = || Symbol::new(Side::Packet, SymbolKind::Match, "untracked, by notrack");
    for region in tracked {
        if exempted {
            cases.push((region.clone().when(Conditions::lacks(symbol())), names::NEW));
            cases.push((region.when(Conditions::holds(symbol())), names::UNTRACKED));
        } else {
            cases.push((region, names::NEW));
        }
    }
    cases
}

/// Whether a value names states of packets that are not first.
fn names_replies(value: &Value<'_>, depth: usize) -> bool {
    match value {
        Value::Word(word) => matches!(&**word, "established" | "related"),
        Value::List(all) => all.iter().any(|one| names_replies(one, depth + 1)),
        Value::Set(elements) => elements.iter().any(|element| names_replies(&element.key, depth + 1)),
        Value::Shared(inner) if depth < 16 => names_replies(inner, depth + 1),
        _ => false,
    }
}
