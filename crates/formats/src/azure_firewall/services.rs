use diagnostics::printable;
use space::{AddressSet, Conditions, IntervalSet, Region, Set, Side, Symbol, SymbolKind, protocol};

use super::matching::{Alternatives, Reader};
use super::model::Rule;
use super::template::Term;
use crate::json::Value;

/// A part of what the rule's protocols and ports match.
pub struct Service {
    pub region: Region,
    pub conditions: Conditions,
}

impl Service {
    /// Azure's `ICMP` is ICMP on IPv4 and ICMPv6 on IPv6.
    pub fn protocol(&self, source: &AddressSet, destination: &AddressSet) -> IntervalSet<u8> {
        let v4 = !source.v4.is_empty() && !destination.v4.is_empty();
        let v6 = !source.v6.is_empty() && !destination.v6.is_empty();
        let not = |number| IntervalSet::any().subtract(&IntervalSet::one(number));
        match (self.region.protocol.is_any(), v4, v6) {
            (false, true, false) => self.region.protocol.intersect(&not(protocol::ICMPV6)),
            (false, false, true) => self.region.protocol.intersect(&not(protocol::ICMP)),
            _ => self.region.protocol.clone(),
        }
    }
}

impl<'j> Reader<'_, 'j> {
    /// Protocols and ports of a network or NAT rule.
    pub fn ip_services(&mut self, rule: &Rule<'j>, ports: &Alternatives<IntervalSet<u16>>) -> Vec<Service> {
        let mut numbers: Vec<(u8, u8)> = Vec::new();
        let mut unknown: Vec<Conditions> = Vec::new();
        let mut found = false;
        // Azure writes `protocols` in classic rules and `ipProtocols` in a policy's.
        for list in rule.ip_protocols.into_iter().chain(rule.protocols) {
            found |= self.terms(list, &mut |this, place, term| match &term {
                Term::Text(text) => {
                    let text = text.trim();
                    let is = |name: &str| text.eq_ignore_ascii_case(name);
                    if is("any") || text == "*" {
                        numbers.push((0, u8::MAX));
                    } else if is("tcp") {
                        numbers.push((protocol::TCP, protocol::TCP));
                    } else if is("udp") {
                        numbers.push((protocol::UDP, protocol::UDP));
                    } else if is("icmp") {
                        numbers.push((protocol::ICMP, protocol::ICMP));
                        numbers.push((protocol::ICMPV6, protocol::ICMPV6));
                    } else {
                        let what = format!("protocol `{}` is not known", printable(text));
                        unknown.push(this.unreadable(Side::Packet, place, &what));
                    }
                }
                Term::Expression(expression) => {
                    unknown.push(this.placeholder(Side::Packet, "protocol ", expression));
                }
                Term::Other => {
                    unknown.push(this.unreadable(Side::Packet, place, "a protocol of this rule is a string"));
                }
            });
        }
        if !found {
            unknown.push(self.absent(Side::Packet, "protocol", rule.object));
        }
        let any = self.matcher.any();
        let mut out = Vec::new();
        let known = IntervalSet::from_ranges(numbers);
        self.with_ports(&known, &Conditions::none(), ports, &any, &mut out);
        for condition in unknown {
            self.with_ports(&IntervalSet::any(), &condition, ports, &any, &mut out);
        }
        out
    }

    fn with_ports(
        &mut self,
        protocols: &IntervalSet<u8>,
        known: &Conditions,
        ports: &Alternatives<IntervalSet<u16>>,
        any: &Region,
        out: &mut Vec<Service>,
    ) {
        if protocols.is_empty() {
            return;
        }
        let open = ports.iter().any(|(set, conditions)| set.is_any() && conditions.is_none());
        if open {
            let region = Region { protocol: protocols.clone(), ..any.clone() };
            out.push(Service { region, conditions: known.clone() });
            return;
        }
        let ported = [protocol::TCP, protocol::UDP].map(|number| (number, number));
        let ported = protocols.intersect(&IntervalSet::from_ranges(ported));
        if !ported.is_empty() {
            for (port, condition) in ports {
                let region =
                    Region { protocol: ported.clone(), destination_port: port.clone(), ..any.clone() };
                out.extend(condition.and(known).map(|conditions| Service { region, conditions }));
            }
        }
        let portless = protocols.subtract(&ported);
        if !portless.is_empty() {
            // Microsoft says neither that ports are ignored where there are none, nor that such a rule misses.
            let name = format!("ports of {} without tcp or udp", self.rule);
            let symbol = Symbol::new(Side::Packet, SymbolKind::Match, &name);
            self.approximated("what ports mean for protocols other than tcp and udp is not documented");
            let region = Region { protocol: portless, ..any.clone() };
            let conditions = Conditions::holds(symbol).and(known);
            out.extend(conditions.map(|conditions| Service { region, conditions }));
        }
    }

    /// `{"protocolType": "Https", "port": 443}` is tcp/443, and so for HTTP and MSSQL. Rules with FQDN tags may leave
    /// it out: they are for HTTP and HTTPS on their own ports.
    pub fn application_services(&mut self, rule: &Rule<'j>) -> Vec<Service> {
        let mut ports: Vec<(u16, u16)> = Vec::new();
        let mut unknown: Vec<Conditions> = Vec::new();
        let list =
            rule.protocols.filter(|list| !list.is_empty()).map(|list| self.matcher.scope.resolve(list));
        let mut found = false;
        if let Some(list) = list {
            let own = list.elements().next().is_none().then_some(list);
            for element in list.elements().chain(own) {
                found = true;
                match self.application_port(element) {
                    Ok(port) => ports.push((port, port)),
                    Err(condition) => unknown.push(condition),
                }
            }
        }
        if !found {
            if rule.fqdn_tags.is_some_and(|tags| !tags.is_empty()) {
                ports.extend([(80, 80), (443, 443)]);
            } else {
                unknown.push(self.absent(Side::Packet, "protocols", rule.object));
            }
        }
        let any = self.matcher.any();
        let tcp = |destination_port: IntervalSet<u16>| Region {
            protocol: IntervalSet::one(protocol::TCP),
            destination_port,
            ..any.clone()
        };
        let known = IntervalSet::from_ranges(ports);
        let mut out = Vec::new();
        if !known.is_empty() {
            out.push(Service { region: tcp(known), conditions: Conditions::none() });
        }
        out.extend(
            unknown.into_iter().map(|conditions| Service { region: tcp(IntervalSet::any()), conditions }),
        );
        out
    }

    fn application_port(&mut self, element: Value<'j>) -> Result<u16, Conditions> {
        let scope = self.matcher.scope;
        let value = scope.resolve(element);
        let place = element.place();
        // `Https:443` is how the portal and some files write it.
        let (kind, port) = match scope.term(value) {
            Term::Text(text) => {
                let (kind, port) = text.split_once([':', '=']).unwrap_or((&text, ""));
                (kind.trim().to_ascii_lowercase(), port.trim().to_owned())
            }
            Term::Expression(expression) => {
                return Err(self.placeholder(Side::Packet, "protocol ", &expression));
            }
            Term::Other => {
                let mut parts = [String::new(), String::new()];
                for (part, key) in parts.iter_mut().zip(["protocolType", "port"]) {
                    match value.get(key).map(|value| scope.term(value)) {
                        Some(Term::Text(text)) => *part = text.trim().to_ascii_lowercase(),
                        Some(Term::Expression(expression)) => {
                            return Err(self.placeholder(Side::Packet, "protocol ", &expression));
                        }
                        _ => {}
                    }
                }
                let [kind, port] = parts;
                (kind, port)
            }
        };
        let usual = match kind.as_str() {
            "http" => 80,
            "https" => 443,
            "mssql" => 1433,
            _ => {
                let what = format!("application protocol `{}` is not known", printable(&kind));
                return Err(self.unreadable(Side::Packet, place, &what));
            }
        };
        match port.parse::<u16>() {
            Ok(port) => Ok(port),
            Err(_) if port.is_empty() => Ok(usual),
            Err(_) => {
                let what = format!("`{}` is no port", printable(&port));
                Err(self.unreadable(Side::Packet, place, &what))
            }
        }
    }
}
