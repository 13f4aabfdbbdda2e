//! A configuration in the vendor's own words.

use std::collections::HashMap;
use std::net::IpAddr;

use diagnostics::TextRange;
use space::{AddressSet, IntervalSet};

use super::words::Words;
use crate::{Day, Problem, Statement};

/// What an export holds.
#[derive(Debug)]
pub(super) struct Config<'a> {
    /// Whether `any` in an extended list is IPv4 only, and IPv6 has lists of its own: before ASA 9.0.
    pub split_families: bool,
    /// No traffic passes the FWSM by security levels alone.
    pub levels_permit: bool,
    /// The output of `show access-list`.
    pub shown: bool,
    pub aliases: HashMap<&'a str, Alias>,
    pub definitions: Vec<Definition<'a>>,
    /// Objects and object groups share one name space ("Objects for Access Control", guidelines).
    pub definition_names: HashMap<&'a str, usize>,
    pub time_ranges: HashMap<&'a str, TimeRange>,
    pub lists: Vec<List<'a>>,
    pub list_names: HashMap<&'a str, usize>,
    pub bindings: Vec<Binding<'a>>,
    pub interfaces: Vec<Interface<'a>>,
    pub routes: Vec<Route<'a>>,
    /// Routes come from elsewhere too: a routing protocol, or policy-based routing.
    pub dynamic_routes: bool,
    pub same_security: SameSecurity,
    pub obscure: Vec<Obscure<'a>>,
    pub statements: Vec<Statement>,
    pub problems: Vec<Problem>,
    /// Statements that decide nothing but may name objects, lists and aliases.
    pub mentions: Vec<Words<'a>>,
}

/// `name 10.0.0.1 web`
#[derive(Clone, Debug)]
pub(super) struct Alias {
    /// `None` where the address is none (a sanitised file).
    pub address: Option<IpAddr>,
    pub place: TextRange,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SameSecurity {
    pub inter: Option<TextRange>,
    pub intra: Option<TextRange>,
}

/// `object ...` or `object-group ...`
#[derive(Debug)]
pub(super) struct Definition<'a> {
    pub kind: Kind,
    pub name: &'a str,
    /// From its first line to its last member.
    pub place: TextRange,
    pub head: TextRange,
    pub members: Vec<Member<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Network,
    Service,
    Networks,
    /// `object-group service NAME`: protocols with their ports.
    Services,
    /// `object-group service NAME tcp`: ports, for these protocols.
    Ports(Transport),
    Protocols,
    IcmpTypes,
    Users,
    SecurityGroups,
    /// Network services and whatever else there is.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Tcp,
    Udp,
    Both,
}

/// Protocols with their ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub protocols: IntervalSet<u8>,
    pub source: IntervalSet<u16>,
    pub destination: IntervalSet<u16>,
}

#[derive(Clone, Debug)]
pub(super) enum Member<'a> {
    Addresses(AddressSet),
    /// `fqdn [v4|v6] NAME`
    Name(AddressSet, &'a str, TextRange),
    Service(Service),
    /// Ports, or ICMP types as `type * 256 + code`.
    Numbers(IntervalSet<u16>),
    Protocols(IntervalSet<u8>),
    /// `object NAME` or `group-object NAME`
    Reference(&'a str),
    /// `user ...`, `security-group ...`: a set that is kept elsewhere.
    Elsewhere(&'a str),
    /// An address that is known by an alias which is not defined.
    Undefined(&'a str),
    /// What is not understood, as it is written.
    Unclear(&'a str),
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimeRange {
    pub place: TextRange,
    pub head: TextRange,
    pub end: Option<Day>,
}

/// `access-list NAME ...`
#[derive(Debug)]
pub(super) struct List<'a> {
    pub name: &'a str,
    pub kind: ListKind,
    pub lines: Vec<Line<'a>>,
    /// Lines stand in another order than that of the file, or some were taken away.
    pub shuffled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListKind {
    /// Only remarks so far.
    Open,
    Extended,
    /// `ipv6 access-list`
    V6,
    Standard,
    Ethertype,
    Webtype,
}

/// One line of an access list.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub place: TextRange,
    /// Its index in [`Config::statements`].
    pub statement: u32,
    pub entry: LineEntry<'a>,
    /// Without the word `extended`, as PIX 6 has it.
    pub bare: bool,
    /// What `show access-list` says of it further down: the same entry, its objects resolved.
    pub expansions: Vec<Expansion<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum LineEntry<'a> {
    Remark(&'a str),
    /// From `permit` or `deny` on.
    Rule(Words<'a>),
    /// Not understood, and of this list.
    Unclear,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Expansion<'a> {
    pub words: Words<'a>,
    pub statement: u32,
}

/// `access-group NAME in interface IF`
#[derive(Clone, Debug)]
pub(super) struct Binding<'a> {
    pub list: &'a str,
    pub at: Bound<'a>,
    pub place: TextRange,
    pub statement: u32,
    /// Lists that come with a user's authentication go before it.
    pub per_user: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Bound<'a> {
    In(&'a str),
    Out(&'a str),
    Global,
}

#[derive(Debug)]
pub(super) struct Interface<'a> {
    /// The hardware name.
    pub port: &'a str,
    pub place: TextRange,
    /// What rules call it.
    pub name: Option<&'a str>,
    pub level: Option<u8>,
    /// The statement that says the level, or the name by which it is known.
    pub level_place: TextRange,
    pub addresses: Vec<(IpAddr, u8)>,
    pub address_place: Option<TextRange>,
    /// It has an address that the file does not say: DHCP, PPPoE.
    pub unknown_address: bool,
    pub shutdown: bool,
    pub management_only: Option<TextRange>,
}

#[derive(Clone, Debug)]
pub(super) struct Route<'a> {
    pub interface: &'a str,
    pub to: ipnet::IpNet,
    pub metric: u32,
}

/// A statement that decides packets in a way that is not followed.
#[derive(Clone, Debug)]
pub(super) struct Obscure<'a> {
    pub place: TextRange,
    /// What it is, for its entry and its condition.
    pub text: &'a str,
    /// It can only let more through.
    pub permits: bool,
}

impl Kind {
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Network => "object network",
            Kind::Service => "object service",
            Kind::Networks => "object-group network",
            Kind::Services | Kind::Ports(_) => "object-group service",
            Kind::Protocols => "object-group protocol",
            Kind::IcmpTypes => "object-group icmp-type",
            Kind::Users => "object-group user",
            Kind::SecurityGroups => "object-group security",
            Kind::Other => "object",
        }
    }

    pub fn is_network(self) -> bool {
        matches!(self, Kind::Network | Kind::Networks)
    }
}

impl Service {
    pub fn any_of(protocols: IntervalSet<u8>) -> Self {
        Service { protocols, source: space::Set::any(), destination: space::Set::any() }
    }
}

impl Transport {
    pub fn protocols(self) -> IntervalSet<u8> {
        let numbers: &[u8] = match self {
            Transport::Tcp => &[space::protocol::TCP],
            Transport::Udp => &[space::protocol::UDP],
            Transport::Both => &[space::protocol::TCP, space::protocol::UDP],
        };
        IntervalSet::from_ranges(numbers.iter().map(|number| (*number, *number)))
    }
}

impl<'a> Config<'a> {
    pub fn definition(&self, name: &str) -> Option<(usize, &Definition<'a>)> {
        let at = *self.definition_names.get(name)?;
        Some((at, self.definitions.get(at)?))
    }

    pub fn list(&self, name: &str) -> Option<(usize, &List<'a>)> {
        let at = *self.list_names.get(name)?;
        Some((at, self.lists.get(at)?))
    }

    /// The interfaces that rules can name and packets can pass.
    pub fn named_interfaces(&self) -> impl Iterator<Item = (&'a str, &Interface<'a>)> {
        self.interfaces.iter().filter_map(|interface| Some((interface.name?, interface)))
    }
}
