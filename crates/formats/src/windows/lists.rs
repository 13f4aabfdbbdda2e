//! The lists of a rule: ports, ICMP types and addresses.

use diagnostics::printable;
use space::{AddressSet, Conditions, IntervalSet, Set, Side, Symbol, SymbolKind, protocol};

use super::matching::{ALTERNATIVE_LIMIT, Alternative, Protocol, Reader};
use super::model::Slot;
use super::property::Property;
use super::values::{self, Address, Port};
use crate::Direction;

impl<'t> Reader<'_, '_, 't> {
    /// Local and remote ports; for ICMP, the types and codes stand where the region has them.
    pub fn ports(&mut self, protocol: &Protocol) -> [Vec<Alternative<IntervalSet<u16>>>; 2] {
        let any = || vec![(IntervalSet::any(), Conditions::none())];
        match protocol {
            Protocol::One(number) if protocol::is_icmp(*number) => {
                // Some exporters write `RPC` where ICMP has no port: ports of ICMP say nothing.
                let types = self.icmp_types();
                match self.direction {
                    Direction::Outbound => [any(), types],
                    _ => [types, any()],
                }
            }
            _ => {
                [Property::LocalPort, Property::RemotePort].map(|property| self.port_list(property, protocol))
            }
        }
    }

    fn icmp_types(&mut self) -> Vec<Alternative<IntervalSet<u16>>> {
        if !self.rule.has(Property::IcmpType) {
            self.approximate("the export does not say IcmpType");
            return vec![(IntervalSet::any(), self.own("ICMP types"))];
        }
        let Some(slot) = self.rule.get(Property::IcmpType) else {
            return vec![(IntervalSet::any(), Conditions::none())];
        };
        if let Slot::Expression(_) = slot {
            return vec![(IntervalSet::any(), self.placeholder(Property::IcmpType))];
        }
        let mut out = Vec::new();
        let mut ranges = Vec::new();
        for (word, place) in slot.words() {
            match values::icmp(word) {
                Some(set) => ranges.extend(set.ranges()),
                None => {
                    self.approximate("an ICMP type is not known");
                    let message = format!("`{}` is no ICMP type and code", printable(word));
                    self.problem(
                        place,
                        message,
                        "write a type such as `8`, or a type and a code such as `3:4`",
                    );
                    if out.is_empty() {
                        out.push((IntervalSet::any(), self.own("ICMP types")));
                    }
                }
            }
        }
        out.push((IntervalSet::from_ranges(ranges), Conditions::none()));
        out.retain(|(set, _)| !set.is_empty());
        out
    }

    fn port_list(&mut self, property: Property, protocol: &Protocol) -> Vec<Alternative<IntervalSet<u16>>> {
        let any = |condition| vec![(IntervalSet::any(), condition)];
        let Some(slot) = self.rule.get(property) else { return any(Conditions::none()) };
        if let Slot::Expression(_) = slot {
            let condition = self.placeholder(property);
            return any(condition);
        }
        let side = if property == Property::LocalPort { "local port" } else { "remote port" };
        let ported = matches!(protocol, Protocol::One(number) if protocol::has_ports(*number));
        let mut out: Vec<Alternative<IntervalSet<u16>>> = Vec::new();
        let mut ranges = Vec::new();
        for (word, place) in slot.words() {
            match values::port(word) {
                Port::Any => return any(Conditions::none()),
                Port::Known(low, high) if ported => ranges.push((low, high)),
                Port::Keyword(keyword) => {
                    let condition = self.matcher.shared(side, keyword);
                    if !out.iter().any(|(_, known)| *known == condition) {
                        out.push((IntervalSet::any(), condition));
                    }
                }
                Port::Known(..) | Port::Unknown => {
                    self.approximate("a port is not known");
                    let (message, help) = if ported {
                        (format!("`{}` is no port", printable(word)), "write a number or a range up to 65535")
                    } else {
                        (
                            format!("port `{}` beside a protocol without ports", printable(word)),
                            "set the protocol to `TCP` or `UDP`, or take the port out",
                        )
                    };
                    self.problem(place, message, help);
                    let condition = self.own(&format!("{side} {word}"));
                    // One unknown is as good as many.
                    if out.len() < ALTERNATIVE_LIMIT {
                        out.push((IntervalSet::any(), condition));
                    }
                }
            }
        }
        if !ranges.is_empty() {
            out.insert(0, (IntervalSet::from_ranges(ranges), Conditions::none()));
        }
        if out.is_empty() { any(Conditions::none()) } else { out }
    }

    pub fn addresses(&mut self, property: Property) -> Vec<Alternative<AddressSet>> {
        let any = |condition| vec![(AddressSet::any(), condition)];
        let is_local = property == Property::LocalAddress;
        let side = match (self.direction, is_local) {
            (Direction::Outbound, true) | (Direction::Inbound | Direction::Transit, false) => Side::Source,
            _ => Side::Destination,
        };
        let dynamic = if is_local { None } else { self.rule.get(Property::RemoteDynamicKeywordAddresses) };
        let Some(slot) = self.rule.get(property) else {
            // A rule with dynamic keywords and no address of its own is for theirs alone.
            let Some(dynamic) = dynamic else { return any(Conditions::none()) };
            return self.dynamic(dynamic, side, Vec::new(), Vec::new());
        };
        if let Slot::Expression(_) = slot {
            let condition = self.placeholder(property);
            return any(condition);
        }
        let mut known = Vec::new();
        let mut lost = None;
        let mut out: Vec<Alternative<AddressSet>> = Vec::new();
        for (word, place) in slot.words() {
            match values::address(word) {
                Address::Any => return any(Conditions::none()),
                Address::Known { set, host_bits } => {
                    if host_bits {
                        let message = format!("`{}` has bits beyond its prefix", printable(word));
                        self.problem(
                            place,
                            message,
                            "Windows takes the whole subnet: write its first address",
                        );
                    }
                    known.push(set);
                }
                Address::Keyword(keyword, families) => {
                    let symbol = Symbol::new(side, SymbolKind::AddressGroup, keyword);
                    self.or(&mut out, families, Conditions::holds(symbol));
                }
                Address::Unknown => {
                    self.approximate("an address is not known");
                    let message = format!("`{}` is no address that Windows takes", printable(word));
                    self.problem(place, message, "write an address, a subnet, a range or a keyword");
                    let symbol = self.undefined(side, word, &mut lost);
                    self.or(&mut out, AddressSet::any(), Conditions::holds(symbol));
                }
            }
        }
        match dynamic {
            Some(dynamic) => self.dynamic(dynamic, side, known, out),
            None => joined(known, out),
        }
    }

    /// What a word stands for that is not known. A list that an exporter lost is another one in every rule; `lost` is
    /// that of this one.
    fn undefined(&self, side: Side, word: &str, lost: &mut Option<Symbol>) -> Symbol {
        let kind = SymbolKind::Undefined;
        if !is_type(word) {
            return Symbol::new(side, kind, word);
        }
        lost.get_or_insert_with(|| Symbol::new(side, kind, &format!("list of {}", self.name))).clone()
    }

    /// Adds an alternative; two that ask the same are one for both families.
    fn or(&self, out: &mut Vec<Alternative<AddressSet>>, set: AddressSet, condition: Conditions) {
        if out.len() > ALTERNATIVE_LIMIT {
            return;
        }
        match out.iter_mut().find(|(_, known)| *known == condition) {
            Some((known, _)) => *known = known.union(&set),
            None => out.push((set, condition)),
        }
    }

    /// The addresses of dynamic keywords, beside those that the rule names itself.
    fn dynamic(
        &mut self,
        slot: &Slot<'t>,
        side: Side,
        mut known: Vec<AddressSet>,
        mut out: Vec<Alternative<AddressSet>>,
    ) -> Vec<Alternative<AddressSet>> {
        if let Slot::Expression(_) = slot {
            let condition = self.placeholder(Property::RemoteDynamicKeywordAddresses);
            return vec![(AddressSet::any(), condition)];
        }
        let mut lost = None;
        for (word, _) in slot.words() {
            let Some(keyword) = self.matcher.keywords.find(word) else {
                self.approximate("a dynamic keyword address is not in the file");
                let symbol = self.undefined(side, word, &mut lost);
                self.or(&mut out, AddressSet::any(), Conditions::holds(symbol));
                continue;
            };
            known.push(keyword.addresses.clone());
            if let Some(condition) = keyword.conditions(side) {
                self.or(&mut out, AddressSet::any(), condition);
            }
        }
        joined(known, out)
    }
}

/// What `Export-Csv` writes for a list, whatever is in it: `System.String[]`.
pub fn is_type(word: &str) -> bool {
    word.starts_with("System.") && word.ends_with("[]")
}

fn joined(known: Vec<AddressSet>, mut out: Vec<Alternative<AddressSet>>) -> Vec<Alternative<AddressSet>> {
    let set = AddressSet::union_of(&known);
    if !set.is_empty() || out.is_empty() {
        out.insert(0, (set, Conditions::none()));
    }
    out
}
