use diagnostics::TextRange;
use space::{IntervalSet, Set, protocol};
use syntax::ast::{Expression, ExpressionKind, Port, PortKind, Protocol, ServiceLiteral};

use super::{Argument, Evaluator, Found, NoValue};
use crate::{ServicePart, Services};

impl<'a> Evaluator<'a> {
    /// What `expression` means as services.
    pub fn services(&mut self, expression: &Expression) -> Result<Services, NoValue> {
        match &expression.kind {
            ExpressionKind::Any => Ok(Services::any()),
            ExpressionKind::None => Err(NoValue::NotUsed),
            ExpressionKind::Service(literal) => {
                self.service(literal, expression.range).map(|part| Services::one(vec![part]))
            }
            ExpressionKind::Path(path) => {
                let (found, name) = self.find(path, "service")?;
                match found {
                    Found::Service(definition) => self.entered(name, path.range, |this| {
                        this.elsewhere(|this| this.services(&definition.value))
                    }),
                    Found::Services(services) => Ok(services.clone()),
                    Found::Argument(Argument::None) | Found::Nothing => Err(NoValue::NotUsed),
                    Found::Broken => Err(NoValue::Wrong),
                    Found::Role(_) | Found::Endpoints(_) | Found::Argument(_) => Err(self.wrong(
                        path.range,
                        format!("`{name}` is no service"),
                        "a service is expected here",
                        "write a service such as `tcp/443`, or the name of one",
                    )),
                }
            }
            ExpressionKind::List(elements) => {
                let mut all = Services::one(Vec::new());
                for element in elements {
                    let value = match self.services(element) {
                        Err(NoValue::NotUsed) => continue,
                        other => other?,
                    };
                    let mut choices = Vec::new();
                    for mine in &all.choices {
                        choices.extend(value.choices.iter().map(|theirs| [mine.as_slice(), theirs].concat()));
                    }
                    if choices.len() > 64 {
                        return Err(self.wrong(
                            expression.range,
                            "too many alternatives in one list",
                            "more than 64 combinations of `|`",
                            "write several flows instead",
                        ));
                    }
                    all = Services { choices };
                }
                if all.choices.iter().any(Vec::is_empty) {
                    return Err(NoValue::NotUsed);
                }
                Ok(all)
            }
            ExpressionKind::Alternatives(choices) | ExpressionKind::Either(choices) => {
                let mut all = Vec::new();
                for choice in choices {
                    all.extend(self.services(choice)?.choices);
                }
                Ok(Services { choices: all })
            }
            _ => Err(self.wrong(
                expression.range,
                "a service is expected here",
                "not a service",
                "write a service such as `tcp/443`, `udp/{53, 123}`, `icmp/8` or `any`",
            )),
        }
    }

    pub(super) fn service(
        &mut self,
        literal: &ServiceLiteral,
        range: TextRange,
    ) -> Result<ServicePart, NoValue> {
        let number = match literal.protocol {
            Protocol::Any => None,
            Protocol::Tcp => Some(protocol::TCP),
            Protocol::Udp => Some(protocol::UDP),
            Protocol::Sctp => Some(protocol::SCTP),
            Protocol::Icmp => Some(protocol::ICMP),
            Protocol::Icmpv6 => Some(protocol::ICMPV6),
            Protocol::Number(number) => Some(number),
        };
        let source_port = self.ports(&literal.source_ports)?;
        let mut destination_port = self.ports(&literal.ports)?;
        let restricted = !source_port.is_any() || !destination_port.is_any();
        if restricted && !number.is_some_and(protocol::has_ports) {
            return Err(self.wrong(
                range,
                "this protocol has no ports",
                "ports of a protocol that has none",
                "write the protocol alone, or ports of `tcp`, `udp` or `sctp`",
            ));
        }
        if !literal.icmp_types.is_empty() {
            destination_port = IntervalSet::from_ranges(literal.icmp_types.iter().map(|icmp| {
                let first = u16::from(icmp.number) << 8;
                icmp.code
                    .map_or((first, first | 255), |code| (first | u16::from(code), first | u16::from(code)))
            }));
        }
        let protocol = number.map_or_else(IntervalSet::any, IntervalSet::one);
        Ok(ServicePart { protocol, source_port, destination_port })
    }

    /// The ports of a literal; all of them where none are written.
    fn ports(&mut self, ports: &[Port]) -> Result<IntervalSet<u16>, NoValue> {
        if ports.is_empty() {
            return Ok(IntervalSet::any());
        }
        let mut ranges = Vec::new();
        for port in ports {
            match &port.kind {
                PortKind::Range { start, end } => ranges.push((*start, *end)),
                PortKind::Name(path) => {
                    let (found, name) = self.find(path, "parameter")?;
                    match found {
                        Found::Argument(Argument::Ports(ports)) => ranges.extend(ports.ranges()),
                        Found::Argument(Argument::None) | Found::Nothing => return Err(NoValue::NotUsed),
                        Found::Broken => return Err(NoValue::Wrong),
                        _ => {
                            return Err(self.wrong(
                                path.range,
                                format!("`{name}` is no port"),
                                "a port is expected here",
                                "write a number, or a parameter of type `port`",
                            ));
                        }
                    }
                }
            }
        }
        Ok(IntervalSet::from_ranges(ranges))
    }
}
