use diagnostics::printable;
use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::matching::{Alternatives, Reader};
use super::model::Rule;
use super::template::Term;

/// A part of what the rule's protocol and ports match.
pub struct Service {
    pub region: Region,
    pub conditions: Conditions,
    /// Azure's `Icmp` is ICMP on IPv4 and ICMPv6 on IPv6.
    icmp: bool,
}

impl Service {
    pub fn protocol(&self, source: &AddressSet, destination: &AddressSet) -> IntervalSet<u8> {
        let v4 = !source.v4.is_empty() && !destination.v4.is_empty();
        let v6 = !source.v6.is_empty() && !destination.v6.is_empty();
        match (self.icmp, v4, v6) {
            (true, true, false) => IntervalSet::one(protocol::ICMP),
            (true, false, true) => IntervalSet::one(protocol::ICMPV6),
            _ => self.region.protocol.clone(),
        }
    }
}

#[derive(Clone, Copy)]
enum Protocols {
    Any,
    One(u8),
    Icmp,
}

impl Protocols {
    fn all(self) -> IntervalSet<u8> {
        match self {
            Protocols::Any => IntervalSet::any(),
            Protocols::One(number) => IntervalSet::one(number),
            Protocols::Icmp => {
                IntervalSet::from_ranges([protocol::ICMP, protocol::ICMPV6].map(|number| (number, number)))
            }
        }
    }

    /// Those whose ports Azure is known to look at.
    fn with_ports(self) -> IntervalSet<u8> {
        let ported = IntervalSet::from_ranges([protocol::TCP, protocol::UDP].map(|number| (number, number)));
        self.all().intersect(&ported)
    }
}

impl<'j> Reader<'_, '_, 'j> {
    /// Protocol and ports together.
    pub fn services(
        &mut self,
        rule: &Rule<'j>,
        source_ports: &Alternatives<IntervalSet<u16>>,
        destination_ports: &Alternatives<IntervalSet<u16>>,
    ) -> Vec<Service> {
        let (protocols, known) = self.protocol(rule);
        let mut out = Vec::new();
        let service =
            |region: Region, conditions: Conditions, icmp: bool| Service { region, conditions, icmp };
        let any = self.matcher.any();
        let any_port = {
            let open = |ports: &Alternatives<IntervalSet<u16>>| {
                ports.iter().any(|(set, conditions)| set.is_any() && conditions.is_none())
            };
            open(source_ports) && open(destination_ports)
        };
        if any_port {
            let icmp = matches!(protocols, Protocols::Icmp);
            return vec![service(Region { protocol: protocols.all(), ..any }, known, icmp)];
        }
        let ported = protocols.with_ports();
        if !ported.is_empty() {
            for (source_port, source_condition) in source_ports {
                for (destination_port, destination_condition) in destination_ports {
                    let both = source_condition.and(destination_condition).and_then(|both| both.and(&known));
                    let region = Region {
                        protocol: ported.clone(),
                        source_port: source_port.clone(),
                        destination_port: destination_port.clone(),
                        ..any.clone()
                    };
                    out.extend(both.map(|conditions| service(region, conditions, false)));
                }
            }
        }
        let portless = protocols.all().subtract(&ported);
        if !portless.is_empty() {
            // Microsoft says neither that ports are ignored where there are none, nor that such a rule misses.
            let symbol = Symbol::new(
                Side::Packet,
                SymbolKind::Match,
                &format!("ports of {} without tcp or udp", self.rule),
            );
            self.approximated("what ports mean for protocols other than tcp and udp is not documented");
            let conditions = Conditions::holds(symbol).and(&known);
            let icmp = matches!(protocols, Protocols::Icmp);
            out.extend(
                conditions.map(|conditions| service(Region { protocol: portless, ..any }, conditions, icmp)),
            );
        }
        out
    }

    fn protocol(&mut self, rule: &Rule<'j>) -> (Protocols, Conditions) {
        let value = rule.protocol.filter(|value| !value.is_empty());
        let Some(value) = value else {
            return (Protocols::Any, self.absent(Side::Packet, "protocol", rule.object));
        };
        let condition = match self.matcher.scope().term(value) {
            Term::Text(text) => {
                let text = text.trim();
                let is = |name: &str| text.eq_ignore_ascii_case(name);
                let known = match text {
                    "*" => Protocols::Any,
                    _ if is("any") || is("all") => Protocols::Any,
                    _ if is("tcp") => Protocols::One(protocol::TCP),
                    _ if is("udp") => Protocols::One(protocol::UDP),
                    _ if is("icmp") => Protocols::Icmp,
                    _ if is("esp") => Protocols::One(protocol::ESP),
                    _ if is("ah") => Protocols::One(protocol::AH),
                    _ => {
                        let what = format!("protocol `{}` is not known", printable(text));
                        let unknown = self.unreadable(Side::Packet, value.place(), &what);
                        return (Protocols::Any, unknown);
                    }
                };
                return (known, Conditions::none());
            }
            Term::Expression(expression) => self.placeholder(Side::Packet, "protocol ", &expression),
            Term::Other => self.unreadable(Side::Packet, value.place(), "a protocol is a string"),
        };
        (Protocols::Any, condition)
    }
}
