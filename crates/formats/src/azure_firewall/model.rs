use std::borrow::Cow;

use diagnostics::TextRange;

use super::template::{Name, Scope};
use crate::json::Value;
use crate::{Coverage, Problem};

/// What a file says, in Azure's words, and what became of all in it that is no rule.
pub struct Reading<'j> {
    /// Firewalls with rules of their own, policies, and parameter files: each becomes a rule set.
    pub sets: Vec<Set<'j>>,
    pub ip_groups: Vec<IpGroup<'j>>,
    /// Without the rules: whether a rule is understood shows when it becomes regions.
    pub coverage: Coverage,
    pub problems: Vec<Problem>,
    pub scope: Scope<'j>,
    /// Where the file has more rules than any export: what follows was not read.
    pub overflow: Option<TextRange>,
    /// A firewall whose rules are those of a policy.
    pub has_bare_firewall: bool,
}

/// Rules that are asked together: those of a firewall, or of a firewall policy.
pub struct Set<'j> {
    pub holder: Holder,
    pub name: Name,
    /// The name; the whole object where it has none.
    pub name_place: TextRange,
    pub resource_group: Option<Cow<'j, str>>,
    pub groups: Vec<Group<'j>>,
    /// The policy whose rules are asked first.
    pub base: Option<Base>,
    /// Rules that are there and cannot be read.
    pub gaps: Vec<Gap>,
    /// Whether the firewall is the DNS server of its clients; `None` where the file does not say.
    pub dns_proxy: Option<bool>,
    /// Only rule collection groups of the policy are in the file, not the policy itself.
    pub elsewhere: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A firewall with rule collections of its own.
    Classic,
    Policy,
    /// Lists of rule collections in a parameter file.
    Parameters,
}

/// The policy from which another one inherits.
pub struct Base {
    /// For comparison with the names of policies.
    pub exact: String,
    pub shown: String,
    /// Of the base policy, in lower case, where its id has one.
    pub resource_group: Option<String>,
    pub place: TextRange,
}

/// A rule collection group; the rule collections of a classic firewall count as one.
pub struct Group<'j> {
    /// `None` on a classic firewall.
    pub name: Option<Name>,
    pub priority: Option<Value<'j>>,
    /// The object that has the priority, to point at.
    pub place: TextRange,
    pub collections: Vec<Collection<'j>>,
    /// The lists of collections, for what is added.
    pub lists: Vec<List<'j>>,
    /// A template's `condition`: whether the group is deployed at all.
    pub condition: Option<Value<'j>>,
}

/// A list of collections of one kind, or of any.
#[derive(Clone, Copy)]
pub struct List<'j> {
    pub kind: Option<Kind>,
    pub value: Value<'j>,
}

/// The three kinds of rules, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Nat,
    Network,
    Application,
}

/// A rule collection: rules of one kind with one action.
pub struct Collection<'j> {
    pub object: Value<'j>,
    /// The object with the priority and the rules: `object`, or its `properties`.
    pub body: Value<'j>,
    /// The array that it is an item of.
    pub holder: Value<'j>,
    pub name: Option<Value<'j>>,
    pub priority: Option<Value<'j>>,
    pub action: Option<Value<'j>>,
    /// What its rules are where they do not say it.
    pub kind: Option<Kind>,
    pub list: Option<Value<'j>>,
    pub rules: Vec<Rule<'j>>,
}

/// Something among the rules that may be any number of rules.
pub struct Gap {
    pub place: TextRange,
    /// What it is: `rules that the expression … gives`.
    pub what: String,
}

/// A rule: what the file has for each property, not yet read.
pub struct Rule<'j> {
    pub object: Value<'j>,
    pub kind: Option<Kind>,
    pub name: Option<Value<'j>>,
    pub description: Option<Value<'j>>,
    pub rule_type: Option<Value<'j>>,
    /// `protocols` of an application rule, or of a classic network or NAT rule; `ipProtocols` of a policy's.
    pub protocols: Option<Value<'j>>,
    pub ip_protocols: Option<Value<'j>>,
    pub source_addresses: Option<Value<'j>>,
    pub source_ip_groups: Option<Value<'j>>,
    pub destination_addresses: Option<Value<'j>>,
    pub destination_ip_groups: Option<Value<'j>>,
    pub destination_fqdns: Option<Value<'j>>,
    pub destination_ports: Option<Value<'j>>,
    pub target_fqdns: Option<Value<'j>>,
    pub target_urls: Option<Value<'j>>,
    pub fqdn_tags: Option<Value<'j>>,
    pub web_categories: Option<Value<'j>>,
    pub translated_address: Option<Value<'j>>,
    pub translated_fqdn: Option<Value<'j>>,
    pub translated_port: Option<Value<'j>>,
    pub terminate_tls: Option<Value<'j>>,
    /// A property that is not known, or one that is there twice.
    pub strange: Option<Strange<'j>>,
}

pub struct Strange<'j> {
    pub name: Cow<'j, str>,
    pub place: TextRange,
    pub twice: bool,
}

/// An `ipGroups` resource.
pub struct IpGroup<'j> {
    pub name: Name,
    /// In lower case; templates have none.
    pub id: Option<String>,
    pub place: TextRange,
    pub head: TextRange,
    pub addresses: Option<Value<'j>>,
}

impl Kind {
    /// The word for a rule of it.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Nat => "NAT rule",
            Kind::Network => "network rule",
            Kind::Application => "application rule",
        }
    }
}

impl<'j> Set<'j> {
    pub fn new(holder: Holder, name: Name, name_place: TextRange) -> Self {
        let shown = if name.shown.trim().is_empty() { "unnamed".to_owned() } else { name.shown.clone() };
        Set {
            holder,
            name: Name { shown, ..name },
            name_place,
            resource_group: None,
            groups: Vec::new(),
            base: None,
            gaps: Vec::new(),
            dns_proxy: None,
            elsewhere: false,
        }
    }
}

impl Group<'_> {
    pub fn new(name: Option<Name>, place: TextRange) -> Self {
        Group { name, priority: None, place, collections: Vec::new(), lists: Vec::new(), condition: None }
    }
}
