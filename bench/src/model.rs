use std::net::Ipv4Addr;

/// A generated rule set. Its last rule denies everything.
#[derive(Clone)]
pub struct Rules {
    pub(crate) rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rule {
    pub source: Side,
    pub destination: Side,
    pub service: Service,
    pub permit: bool,
}

/// Objects: each a prefix, or a group of some.
pub(crate) type Side = Vec<Vec<Prefix>>;

/// An address and the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Prefix(pub u32, pub u8);

/// Inclusive.
pub(crate) type Ports = (u16, u16);

/// No ports are all ports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Service {
    pub protocol: Protocol,
    pub source: Vec<Ports>,
    pub destination: Vec<Ports>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Protocol {
    Any,
    Icmp,
    Tcp,
    Udp,
    Other(u8),
}

impl Rules {
    /// The same with every `step`-th rule left out.
    pub fn without_every(&self, step: usize) -> Rules {
        let kept = self.rules.iter().enumerate().filter(|(index, _)| index % step != step - 1);
        Rules { rules: kept.map(|(_, rule)| rule.clone()).collect() }
    }
}

impl Protocol {
    pub fn has_ports(self) -> bool {
        matches!(self, Protocol::Tcp | Protocol::Udp)
    }

    /// The name that packet filters know.
    pub fn name(self) -> String {
        match self {
            Protocol::Any => "ip".to_owned(),
            Protocol::Icmp => "icmp".to_owned(),
            Protocol::Tcp => "tcp".to_owned(),
            Protocol::Udp => "udp".to_owned(),
            Protocol::Other(number) => number.to_string(),
        }
    }
}

impl Prefix {
    pub const ANY: Prefix = Prefix(0, 0);

    /// The bits that the prefix fixes.
    pub fn mask(length: u8) -> u32 {
        u32::MAX.checked_shl(u32::from(32 - length)).unwrap_or(0)
    }

    pub fn long(self) -> String {
        format!("{}/{}", Ipv4Addr::from(self.0), self.1)
    }

    /// A host without its length.
    pub fn short(self) -> String {
        if self.1 == 32 { Ipv4Addr::from(self.0).to_string() } else { self.long() }
    }
}
