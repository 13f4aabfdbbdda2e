//! A configuration in the words of IOS: lists, groups, interfaces, and where each stands.

use std::collections::{HashMap, HashSet};

use diagnostics::TextRange;
use space::{AddressSet, IntervalSet, Set};

use crate::{Coverage, Day, Problem};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    V4,
    V6,
}

/// Which of the systems wrote the file. They differ in what an empty list does and how lists are renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Ios,
    NxOs,
    Xr,
    Eos,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    In,
    Out,
}

#[derive(Debug)]
pub struct Config<'a> {
    pub hostname: Option<&'a str>,
    pub platform: Platform,
    pub lists: Vec<List<'a>>,
    pub list_by_name: HashMap<(Family, &'a str), usize>,
    pub groups: Vec<Group<'a>>,
    pub time_ranges: Vec<TimeRange<'a>>,
    pub interfaces: Vec<Interface<'a>>,
    pub zone_pairs: Vec<ZonePair<'a>>,
    pub inspections: Vec<Inspection<'a>>,
    pub nat: Vec<Nat<'a>>,
    pub routes: Vec<Route<'a>>,
    /// A routing protocol or policy routing may send packets elsewhere than the static routes say.
    pub routed_otherwise: bool,
    /// The lists that something else than an interface uses, and what.
    pub other_uses: HashMap<&'a str, &'static str>,
    /// Policy maps that drop packets by themselves.
    pub dropping_policies: HashSet<&'a str>,
    pub service_policies: Vec<ServicePolicy<'a>>,
    /// Statements that may decide packets and are not modelled, with the statement in `coverage`.
    pub obscure: Vec<Obscure>,
    pub coverage: Coverage,
    pub problems: Vec<Problem>,
}

/// A statement that may decide packets in a way that is not modelled.
#[derive(Debug)]
pub struct Obscure {
    pub place: TextRange,
    /// The line.
    pub text: String,
    /// Only packets that come in (or go out) by this interface; `None` for all.
    pub interface: Option<(usize, Option<Way>)>,
}

/// `service-policy input NAME` on an interface.
#[derive(Debug)]
pub struct ServicePolicy<'a> {
    pub name: &'a str,
    pub interface: usize,
    pub way: Option<Way>,
    pub place: TextRange,
    pub statement: u32,
}

/// How the lines of a list are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `access-list 101 permit ...`
    Numbered,
    /// `ip access-list extended NAME` and `ipv6 access-list NAME` of IOS: wildcard masks.
    Ios,
    /// `ip access-list NAME` of NX-OS and EOS: prefix lengths.
    Prefix,
    /// `ipv4 access-list NAME` of IOS XR.
    Xr,
    /// `show ip access-lists`: nothing to edit.
    Shown,
}

/// An access list. Its entries are in the order in which they are asked.
#[derive(Debug)]
pub struct List<'a> {
    pub name: &'a str,
    pub family: Family,
    pub standard: bool,
    pub style: Style,
    /// The line that begins it.
    pub head: TextRange,
    /// The statements that are no entry: headers and settings.
    pub statements: Vec<u32>,
    pub entries: Vec<Entry<'a>>,
    /// Commands that take away entries in a way that is not followed.
    pub obscured: Vec<TextRange>,
    /// What IOS fills itself, from `reflect`.
    pub reflexive: bool,
    /// Deleted further down in the file.
    pub gone: bool,
    /// The highest number so far.
    pub highest: u32,
    /// How many entries were taken away.
    pub taken: u32,
}

#[derive(Debug)]
pub struct Entry<'a> {
    /// The line without indentation.
    pub place: TextRange,
    /// Its statement in the coverage.
    pub statement: u32,
    /// The sequence number, where the line has one, and where.
    pub written: Option<(u32, TextRange)>,
    /// The number that it has on the device, or gets when the file is loaded.
    pub number: u32,
    /// What stands behind the number, without counters.
    pub text: &'a str,
    pub body: Body<'a>,
}

#[derive(Debug)]
pub enum Body<'a> {
    Remark(&'a str),
    Rule(Box<Ace<'a>>),
    Evaluate(&'a str),
    /// Why it cannot be read.
    Unreadable(String),
}

/// An access control entry.
#[derive(Debug)]
pub struct Ace<'a> {
    pub permit: bool,
    pub protocol: Protocol<'a>,
    pub source: Endpoint<'a>,
    pub source_ports: Ports<'a>,
    pub destination: Endpoint<'a>,
    /// Ports, or ICMP types and codes.
    pub destination_ports: Ports<'a>,
    pub established: bool,
    pub flags: Option<Flags>,
    pub fragments: bool,
    pub logs: bool,
    pub time_range: Option<(&'a str, TextRange)>,
    pub reflect: Option<&'a str>,
    /// Matches that are not modelled, the same question wherever the same words stand.
    pub shared: Vec<String>,
    /// What is not understood; asked by this rule alone.
    pub unknown: Vec<String>,
}

#[derive(Clone, Debug)]
pub enum Protocol<'a> {
    Known(IntervalSet<u8>),
    Group(&'a str, TextRange),
}

#[derive(Clone, Debug)]
pub enum Endpoint<'a> {
    Known(AddressSet),
    /// Addresses within the set, by a match that is too long to list.
    Within(AddressSet, String),
    Group(&'a str, TextRange),
    /// A host name, resolved when it was entered.
    Host(&'a str),
}

#[derive(Clone, Debug)]
pub enum Ports<'a> {
    Known(IntervalSet<u16>),
    Group(&'a str, TextRange),
    /// A name that is no port; with what was written.
    Undefined(&'a str),
}

impl Ports<'_> {
    pub fn any() -> Self {
        Ports::Known(IntervalSet::any())
    }
}

/// TCP flags that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    pub set: u8,
    pub clear: u8,
    pub mode: FlagMode,
    /// As written.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagMode {
    Any,
    All,
    /// Several flags in the old form, of which the manuals do not say whether one is enough.
    Unsaid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    Addresses(Option<Family>),
    Services,
    Ports,
    Protocols,
}

#[derive(Debug)]
pub struct Group<'a> {
    pub kind: GroupKind,
    /// In the vendor's words.
    pub words: &'static str,
    pub name: &'a str,
    pub place: TextRange,
    pub head: TextRange,
    pub members: Vec<Member<'a>>,
}

#[derive(Debug)]
pub enum Member<'a> {
    Addresses(AddressSet),
    Service {
        protocols: IntervalSet<u8>,
        source: IntervalSet<u16>,
        destination: IntervalSet<u16>,
    },
    Group(&'a str, TextRange),
    /// What of it is not understood, and the statement.
    Unknown(String),
}

#[derive(Debug)]
pub struct TimeRange<'a> {
    pub name: &'a str,
    pub place: TextRange,
    pub head: TextRange,
    /// The last day, where it has one and nothing else could start it again.
    pub ends: Option<Day>,
    /// Its lines, for comparison.
    pub lines: Vec<&'a str>,
}

#[derive(Debug)]
pub struct Interface<'a> {
    pub name: String,
    pub place: TextRange,
    pub vrf: Option<&'a str>,
    pub shutdown: bool,
    /// A port of a switch: it has no addresses, and a list on it sees frames of a VLAN.
    pub switchport: bool,
    /// Its networks, with the lengths of their prefixes.
    pub networks: Vec<(Family, u128, u8)>,
    pub bindings: Vec<Binding<'a>>,
    pub zone: Option<&'a str>,
    pub inspects: Vec<(&'a str, Way, TextRange)>,
    pub nat_inside: bool,
    pub nat_outside: bool,
}

/// `ip access-group NAME in` on an interface.
#[derive(Clone, Debug)]
pub struct Binding<'a> {
    pub list: &'a str,
    pub family: Family,
    pub way: Way,
    pub place: TextRange,
    pub statement: u32,
    /// It filters what a switch port takes in, not what is routed.
    pub port: bool,
}

#[derive(Debug)]
pub struct ZonePair<'a> {
    pub name: &'a str,
    pub source: &'a str,
    pub destination: &'a str,
    pub policy: Option<&'a str>,
    pub place: TextRange,
}

/// `ip inspect name NAME PROTOCOL`
#[derive(Debug)]
pub struct Inspection<'a> {
    pub name: &'a str,
    pub protocol: &'a str,
}

/// A rule that translates source addresses of what comes from the inside.
#[derive(Debug)]
pub struct Nat<'a> {
    pub list: Option<&'a str>,
    pub local: Option<AddressSet>,
}

/// A static route.
#[derive(Debug)]
pub struct Route<'a> {
    pub vrf: Option<&'a str>,
    pub family: Family,
    pub network: u128,
    pub length: u8,
    pub target: Target<'a>,
}

#[derive(Clone, Debug)]
pub enum Target<'a> {
    Interface(&'a str),
    NextHop(u128),
    /// Not known, or nowhere.
    Other,
}

impl Config<'_> {
    pub fn problem(&mut self, place: TextRange, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem { place, message: message.into(), help: help.into() });
    }
}

impl Family {
    pub fn any(self) -> AddressSet {
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

    /// The command word of a list of the family, in the names of lists.
    pub fn word(self) -> &'static str {
        match self {
            Family::V4 => "ip",
            Family::V6 => "ipv6",
        }
    }
}
