//! What a `.flow` file says, as plain values.
//!
//! Ranges: [`Item::range`] counts from the start of the file for an item of the file, and from the start of the
//! enclosing item for an item inside a `when` or `test`. Every other range counts from the start of the innermost
//! item around it, so that a blank line above an item leaves the item equal to what it was.

use std::fmt;
use std::net::IpAddr;

use diagnostics::TextRange;
use ipnet::IpNet;

/// A whole policy or library file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SourceFile {
    pub items: Vec<Item>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// From the first token (not the doc comment) to the last.
    pub range: TextRange,
    /// The `##` lines above the item, without the marks, joined by line feeds.
    pub doc: Option<String>,
    pub kind: ItemKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ItemKind {
    Module(Module),
    Parameter(Parameter),
    Import(Import),
    Role(Role),
    Service(ServiceDefinition),
    Flow(Flow),
    Firewall(Firewall),
    Waiver(Waiver),
    Test(Test),
    When(When),
}

/// A single word that names something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    pub text: String,
    pub range: TextRange,
}

/// Words joined by dots, `vb.exchange_online`; at least one segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    pub segments: Vec<Name>,
    pub range: TextRange,
}

/// A text between double quotes, its escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    pub value: String,
    pub range: TextRange,
}

/// `key = value` in a block.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    pub key: Name,
    pub value: EntryValue,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EntryValue {
    Expression(Expression),
    /// `guards = [a, b] -> any`
    Flow {
        from: Expression,
        to: Expression,
        service: Option<Expression>,
    },
}

/// `module std.veeam.vb365 { … }`: what this file is called when imported, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Module {
    pub path: Path,
    pub entries: Vec<Entry>,
}

/// `parameter proxy_port: port = 9193 { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    pub name: Name,
    pub ty: ParameterType,
    pub default: Option<Expression>,
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ParameterType {
    pub kind: ParameterTypeKind,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ParameterTypeKind {
    Role,
    Label,
    Text,
    Port,
    Boolean,
    /// `one of [worldwide, china]`
    OneOf(Vec<Name>),
    /// `list of role`; a list of lists is not written, so this nests once.
    List(Box<ParameterType>),
}

/// `import std.veeam.vb365 as vb { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Import {
    pub path: Path,
    pub alias: Option<Name>,
    pub arguments: Vec<Entry>,
}

/// `role clients = 10.0.0.0/8 { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    pub name: Name,
    pub value: Expression,
    pub entries: Vec<Entry>,
}

/// `service smtp_any = tcp/25 | tcp/465 { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceDefinition {
    pub name: Name,
    pub value: Expression,
    pub entries: Vec<Entry>,
}

/// `label: optional from -> to service { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    pub label: Option<Name>,
    pub kind: FlowKind,
    /// The word `optional` or `never`; `None` for a required flow.
    pub kind_range: Option<TextRange>,
    pub from: Expression,
    pub to: Expression,
    pub service: Option<Expression>,
    pub entries: Vec<Entry>,
    /// From the source to the end of the service: without label, kind and entries.
    pub range: TextRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowKind {
    Required,
    Optional,
    Never,
}

/// `firewall oslo_edge { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Firewall {
    pub name: Name,
    pub entries: Vec<Entry>,
}

/// `waive overbroad-rule at oslo_edge rule "FW-0042" { … }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Waiver {
    /// The name of a check, in kebab-case.
    pub check: Name,
    pub firewall: Option<Name>,
    pub rule: Option<Text>,
    pub entries: Vec<Entry>,
}

/// `test "title" { rules { … } expect met relay }`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    pub title: Text,
    pub rules: Vec<TestRule>,
    pub expectations: Vec<Expectation>,
    /// Roles, services, imports and flows that only this test sees.
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TestRule {
    /// `allow`, otherwise `deny`.
    pub allow: bool,
    pub from: Expression,
    pub to: Expression,
    pub service: Option<Expression>,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expectation {
    pub verdict: Name,
    pub target: Path,
    pub range: TextRange,
}

/// `when cloud == worldwide and region in [na, eu] { … }`: its items count if every comparison holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct When {
    pub condition: Vec<Comparison>,
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Comparison {
    pub parameter: Path,
    pub operator: ComparisonOperator,
    pub value: Expression,
    pub range: TextRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComparisonOperator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `in`
    In,
}

/// Anything that can stand for endpoints, services or a setting. Its tree is never more than 257 levels deep.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expression {
    pub kind: ExpressionKind,
    /// Without the parentheses around it.
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExpressionKind {
    Any,
    None,
    Path(Path),
    Text(String),
    Number(u64),
    /// A day of the Gregorian calendar that exists.
    Date {
        year: i16,
        month: i8,
        day: i8,
    },
    Address(AddressLiteral),
    Service(ServiceLiteral),
    /// `[a, b]`: all of them.
    List(Vec<Expression>),
    /// `a | b`: any one of them; two or more.
    Alternatives(Vec<Expression>),
    /// `a or b`: whichever the firewall can match; two or more.
    Either(Vec<Expression>),
    /// `a except b`
    Except(Box<Expression>, Box<Expression>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AddressLiteral {
    Host(IpAddr),
    /// Without host bits.
    Network(IpNet),
    /// Of one family, the first not above the last.
    Range(IpAddr, IpAddr),
}

/// `tcp/{80, 443} from 1024-65535`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceLiteral {
    pub protocol: Protocol,
    /// Destination ports; empty when none are written, which means every port.
    pub ports: Vec<Port>,
    /// Source ports; empty when none are written, which means every port.
    pub source_ports: Vec<Port>,
    /// Types (and codes) of an ICMP or ICMPv6 service; empty when none are written, which means every type.
    pub icmp_types: Vec<IcmpType>,
}

/// An Internet protocol. A protocol of `Number` never has a variant of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `ip`: every protocol.
    Any,
    Tcp,
    Udp,
    Sctp,
    Icmp,
    Icmpv6,
    /// `gre`, `esp`, …, or `ip/47`.
    Number(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Port {
    pub kind: PortKind,
    pub range: TextRange,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PortKind {
    /// Both ends included; a single port begins where it ends.
    Range { start: u16, end: u16 },
    /// `tcp/proxy_port`: a parameter that holds ports.
    Name(Path),
}

/// `icmp/3.4`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IcmpType {
    pub number: u8,
    pub code: Option<u8>,
    pub range: TextRange,
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments.iter().enumerate() {
            if index > 0 {
                formatter.write_str(".")?;
            }
            formatter.write_str(&segment.text)?;
        }
        Ok(())
    }
}
