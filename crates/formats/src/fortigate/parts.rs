//! Sets of addresses of which some is known and some hangs on conditions.

use std::rc::Rc;

use space::{AddressSet, Conditions, Set, Side, Symbol, SymbolKind};

/// IPv4 or IPv6: each has objects of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub fn all(self) -> AddressSet {
        match self {
            Family::V4 => AddressSet::any_v4(),
            Family::V6 => AddressSet::any_v6(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }
}

/// Addresses, where conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub addresses: AddressSet,
    pub when: Conditions,
}

/// A union.
pub(super) type Parts = Rc<[Part]>;

/// A set may not have more parts than this; beyond it is one unknown.
pub(super) const MOST_PARTS: usize = 20_000;

impl Part {
    pub fn known(addresses: AddressSet) -> Self {
        Part { addresses, when: Conditions::none() }
    }

    /// What lies in the family and of which `symbol` holds.
    pub fn unknown(family: Family, symbol: Symbol) -> Self {
        Part { addresses: family.all(), when: Conditions::holds(symbol) }
    }
}

/// A symbol for a set of addresses that is kept elsewhere.
pub(super) fn kept_elsewhere(side: Side, name: &str) -> Symbol {
    Symbol::new(side, SymbolKind::AddressGroup, name)
}

/// One part for all that is known, and one for each condition.
pub(super) fn joined<'p>(parts: impl IntoIterator<Item = &'p Part>) -> Option<Vec<Part>> {
    let mut known: Vec<&AddressSet> = Vec::new();
    let mut rest: Vec<&Part> = Vec::new();
    for part in parts {
        if part.when.is_none() {
            known.push(&part.addresses);
        } else {
            rest.push(part);
        }
        // What stands in several groups is dropped below.
        if rest.len() > 4 * MOST_PARTS {
            return None;
        }
    }
    let known = match known.as_slice() {
        [one] => (*one).clone(),
        many => AddressSet::union_of(many.iter().copied()),
    };
    rest.sort_by(|a, b| (&a.when, &a.addresses).cmp(&(&b.when, &b.addresses)));
    rest.dedup();
    if rest.len() > MOST_PARTS {
        return None;
    }
    let known = (!known.is_empty()).then(|| Part::known(known));
    Some(known.into_iter().chain(rest.into_iter().cloned()).collect())
}

/// What lies in `from` and not in `cut`. `None` where that has too many parts.
pub(super) fn without(from: &[Part], cut: &[Part]) -> Option<Vec<Part>> {
    /// Cutting takes time for each pair.
    const MOST_PAIRS: usize = 2_000_000;
    let mut left = from.to_vec();
    let mut pairs = 0_usize;
    for gone in cut {
        let mut next = Vec::with_capacity(left.len());
        pairs = pairs.saturating_add(left.len());
        if pairs > MOST_PAIRS || left.len() > MOST_PARTS {
            return None;
        }
        for part in left {
            let inside = part.addresses.intersect(&gone.addresses);
            if inside.is_empty() {
                next.push(part);
                continue;
            }
            let outside = part.addresses.subtract(&gone.addresses);
            if !outside.is_empty() {
                next.push(Part { addresses: outside, when: part.when.clone() });
            }
            for when in part.when.outside(&gone.when) {
                // A condition may not grow without end: each piece of it is carried along.
                if when.iter().count() > 2_000 {
                    return None;
                }
                next.push(Part { addresses: inside.clone(), when });
            }
        }
        left = next;
    }
    Some(left)
}
