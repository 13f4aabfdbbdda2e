use super::{Lowering, Parts, literal::Problem};
use crate::ast::{IcmpType, Port, PortKind, Protocol, ServiceLiteral};
use crate::error::{SyntaxError, quoted};
use crate::grammar::{Node, Rule};

impl Protocol {
    /// The protocol of this number in the IANA registry of protocol numbers.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Protocol::Icmp,
            6 => Protocol::Tcp,
            17 => Protocol::Udp,
            58 => Protocol::Icmpv6,
            132 => Protocol::Sctp,
            _ => Protocol::Number(number),
        }
    }

    /// Its number in the IANA registry of protocol numbers; `None` for `ip`.
    pub fn number(self) -> Option<u8> {
        match self {
            Protocol::Any => None,
            Protocol::Tcp => Some(6),
            Protocol::Udp => Some(17),
            Protocol::Sctp => Some(132),
            Protocol::Icmp => Some(1),
            Protocol::Icmpv6 => Some(58),
            Protocol::Number(number) => Some(number),
        }
    }

    /// Whether its packets have a source and a destination port.
    pub fn has_ports(self) -> bool {
        matches!(self, Protocol::Tcp | Protocol::Udp | Protocol::Sctp)
    }

    fn named(name: &str) -> Self {
        match name {
            "ip" => Protocol::Any,
            "icmp" => Protocol::Icmp,
            "igmp" => Protocol::Number(2),
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "gre" => Protocol::Number(47),
            "esp" => Protocol::Number(50),
            "ah" => Protocol::Number(51),
            "icmpv6" => Protocol::Icmpv6,
            "eigrp" => Protocol::Number(88),
            "ospf" => Protocol::Number(89),
            "pim" => Protocol::Number(103),
            "vrrp" => Protocol::Number(112),
            "l2tp" => Protocol::Number(115),
            _ => Protocol::Sctp,
        }
    }
}

impl Lowering {
    pub(super) fn service(&mut self, node: Node<'_>) -> Option<ServiceLiteral> {
        let whole = self.range(&node);
        let mut parts = Parts::of(node);
        let word = parts.take(Rule::protocol)?;
        let (name, mut protocol) = (word.as_str(), Protocol::named(word.as_str()));
        let mut literal =
            ServiceLiteral { protocol, ports: Vec::new(), source_ports: Vec::new(), icmp_types: Vec::new() };
        if parts.take(Rule::slash).is_some() {
            let ports = parts.take(Rule::ports)?;
            match protocol {
                _ if protocol.has_ports() => literal.ports = self.each(ports, Self::port)?,
                Protocol::Icmp | Protocol::Icmpv6 => {
                    literal.icmp_types = self.each(ports, Self::icmp_type)?
                }
                Protocol::Any => {
                    let range = self.range(&ports);
                    match self.each(ports, Self::protocol_number)?.as_slice() {
                        [number] => protocol = Protocol::from_number(*number),
                        _ => {
                            let help = "list them one by one: `[ip/47, ip/50]`";
                            self.errors.push(
                                SyntaxError::new(range, "a service has one protocol", "several protocols")
                                    .with_help(help),
                            );
                            return None;
                        }
                    }
                }
                _ => {
                    self.errors.push(
                        SyntaxError::new(whole, format!("{} has no ports", quoted(name)), "has no ports")
                            .with_help(format!("write {} alone", quoted(name))),
                    );
                    return None;
                }
            }
        }
        if parts.take(Rule::kw_from).is_some() {
            if !protocol.has_ports() {
                self.errors.push(
                    SyntaxError::new(
                        whole,
                        format!("{} has no source ports", quoted(name)),
                        "has no source ports",
                    )
                    .with_help("remove `from` and what follows it"),
                );
                return None;
            }
            literal.source_ports = self.each(parts.take(Rule::ports)?, Self::port)?;
        }
        literal.protocol = protocol;
        Some(literal)
    }

    /// What `lower` makes of a port or of each in a set, in order; not empty.
    fn each<T>(&mut self, ports: Node<'_>, lower: fn(&mut Self, Node<'_>) -> Option<T>) -> Option<Vec<T>> {
        let range = self.range(&ports);
        let ports: Vec<Node<'_>> = match Parts::of(ports).next()? {
            set if set.as_rule() == Rule::port_set => {
                set.into_inner().filter(|child| child.as_rule() == Rule::port).collect()
            }
            port => vec![port],
        };
        if ports.is_empty() {
            self.errors.push(
                SyntaxError::new(range, "a service without a port matches nothing", "no port in here")
                    .with_help(
                        "write at least one port between the braces, or leave out `/{}` for every port",
                    ),
            );
            return None;
        }
        let count = ports.len();
        let lowered: Vec<T> = ports.into_iter().filter_map(|port| lower(self, port)).collect();
        (lowered.len() == count).then_some(lowered)
    }

    fn port(&mut self, node: Node<'_>) -> Option<Port> {
        let range = self.range(&node);
        let node = Parts::of(node).next()?;
        if node.as_rule() == Rule::path {
            return Some(Port { kind: PortKind::Name(self.path(node)), range });
        }
        let read = port_range(node.as_str());
        let (start, end) = self.accept(&node, read)?;
        Some(Port { kind: PortKind::Range { start, end }, range })
    }

    fn icmp_type(&mut self, node: Node<'_>) -> Option<IcmpType> {
        let range = self.range(&node);
        let text = node.as_str();
        let (number, code) = match text.split_once('.') {
            Some((number, code)) => (number, Some(code)),
            None => (text, None),
        };
        let read = match (decimal(number), code.map(decimal)) {
            (Some(number), None) => Ok(IcmpType { number, code: None, range }),
            (Some(number), Some(Some(code))) => Ok(IcmpType { number, code: Some(code), range }),
            _ => Err(Problem::new(
                format!("{} is not an ICMP type", quoted(text)),
                "not an ICMP type",
                "write a type from 0 to 255, with its code if only that one is meant: `icmp/3.4`",
            )),
        };
        self.accept(&node, read)
    }

    fn protocol_number(&mut self, node: Node<'_>) -> Option<u8> {
        let text = node.as_str();
        let read = decimal(text).ok_or_else(|| {
            Problem::new(
                format!("{} is not a protocol number", quoted(text)),
                "not a protocol number",
                "write a number from 0 to 255, or the protocol's name without `ip/`",
            )
        });
        self.accept(&node, read)
    }

    fn accept<T>(&mut self, node: &Node<'_>, read: Result<T, Problem>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(problem) => {
                self.errors.push(problem.at(self.range(node)));
                None
            }
        }
    }
}

/// `443` or `1000-2000`, both ends included.
fn port_range(text: &str) -> Result<(u16, u16), Problem> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (start, end) = (port_number(text, first)?, port_number(text, last)?);
    if start > end {
        return Err(Problem::new(
            format!("the range {} ends before it begins", quoted(text)),
            "ends before it begins",
            format!("write `{end}-{start}`"),
        ));
    }
    Ok((start, end))
}

fn port_number(whole: &str, text: &str) -> Result<u16, Problem> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::new(
            format!("{} is not a port", quoted(whole)),
            "not a port",
            "write a number, or a range as `1000-2000`; several go between braces: `{80, 443}`",
        ));
    }
    if text.len() > 1 && text.starts_with('0') {
        let significant = text.trim_start_matches('0');
        let significant = if significant.is_empty() { "0" } else { significant };
        return Err(Problem::new(
            format!("the port {} has a leading zero, which some programs read as octal", quoted(text)),
            "leading zero",
            format!("write {}", quoted(significant)),
        ));
    }
    decimal(text).ok_or_else(|| {
        Problem::new(
            format!("{} is not a port: the last is 65535", quoted(text)),
            "beyond 65535",
            "write a port from 0 to 65535",
        )
    })
}

/// A number in digits alone, without leading zeros.
fn decimal<T: std::str::FromStr>(text: &str) -> Option<T> {
    let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| text.parse().ok()).flatten()
}
