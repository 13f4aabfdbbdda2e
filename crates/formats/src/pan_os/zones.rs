use space::{Conditions, NameSet, Region, Set, Side, Symbol, SymbolKind};

/// The zones that a rule set knows.
pub struct Zones {
    names: Vec<String>,
    any_known: NameSet,
    /// There are no others: the file is the whole configuration of a firewall.
    complete: bool,
}

/// Which packets a rule looks at, by their zones (PAN-OS Administrator's Guide, "Security Policy Rules": rule types).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleType {
    Universal,
    /// From a zone into the same.
    Intrazone,
    /// From a zone into another.
    Interzone,
}

/// The sets of zones that a packet comes from and goes to.
pub type Pair = (NameSet, NameSet, Conditions);

/// It comes from a zone that is not in the file, and goes back into the same.
fn same() -> Symbol {
    Symbol::new(Side::Packet, SymbolKind::Match, "source and destination zone are the same")
}

impl Zones {
    pub fn new(mut names: Vec<String>, complete: bool) -> Self {
        names.sort();
        names.dedup();
        let any_known = set(names.iter().map(String::as_str));
        let complete = complete && !names.is_empty();
        Zones { names, any_known, complete }
    }

    /// Whether the firewall can have the zone.
    pub fn may_have(&self, name: &str) -> bool {
        !self.complete || name == "multicast" || self.any_known.contains(name)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// What a rule's zones come to; `None` for any zone. Where `expand` is false, equal zones are an unknown.
    pub fn pairs(
        &self,
        kind: RuleType,
        from: Option<&[&str]>,
        to: Option<&[&str]>,
        expand: bool,
    ) -> Vec<Pair> {
        let all =
            |zones: Option<&[&str]>| zones.map_or_else(NameSet::any, |zones| set(zones.iter().copied()));
        let (into, out) = (all(from), all(to));
        if kind == RuleType::Universal {
            return vec![(into, out, Conditions::none())];
        }
        let equal = |held: bool| if held { Conditions::holds(same()) } else { Conditions::lacks(same()) };
        let intrazone = kind == RuleType::Intrazone;
        if !expand {
            return vec![(into, out, equal(intrazone))];
        }
        let names: Vec<&str> = match from {
            Some(from) => from.to_vec(),
            None => self.names.iter().map(String::as_str).collect(),
        };
        let mut pairs: Vec<Pair> = Vec::with_capacity(names.len() + 2);
        for name in names {
            let one = NameSet::one(name);
            let other = if intrazone { one.clone() } else { out.subtract(&one) };
            pairs.push((one, other, Conditions::none()));
        }
        if from.is_none() {
            let others = self.any_known.complement();
            match (intrazone, self.complete) {
                (true, true) => {}
                (true, false) => pairs.push((others.clone(), others, equal(true))),
                (false, true) => pairs.push((others, out, Conditions::none())),
                (false, false) => {
                    pairs.push((others.clone(), out.intersect(&self.any_known), Conditions::none()));
                    pairs.push((others.clone(), out.intersect(&others), equal(false)));
                }
            }
        }
        pairs.retain(|(into, out, _)| !into.is_empty() && !out.is_empty());
        pairs
    }
}

pub fn region((in_interface, out_interface, conditions): Pair) -> Region {
    Region { in_interface, out_interface, conditions, ..Region::any() }
}

/// Names as a set, two and two, so that a long list takes no quadratic time.
pub fn set<'n>(names: impl Iterator<Item = &'n str>) -> NameSet {
    let mut sets: Vec<NameSet> = names.map(NameSet::one).collect();
    while sets.len() > 1 {
        sets = sets
            .chunks(2)
            .map(|pair| pair.iter().fold(NameSet::empty(), |all, one| all.union(one)))
            .collect();
    }
    sets.pop().unwrap_or_else(NameSet::empty)
}
