use std::collections::BTreeMap;

use diagnostics::TextRange;
use space::AddressSet;

use super::keys::Style;
use super::traffic::{Doubt, Traffic};
use crate::json::Value;
use crate::{Coverage, Direction, Problem};

/// What a file says, in AWS's words, and what became of all in it that is no rule.
pub struct Reading<'j> {
    pub groups: Vec<Group<'j>>,
    pub acls: Vec<Acl<'j>>,
    /// By their ids.
    pub lists: BTreeMap<String, PrefixList>,
    /// Without the rules: whether one is understood shows when it becomes regions.
    pub coverage: Coverage,
    pub problems: Vec<Problem>,
    /// Where the file has more groups or rules than any export: what follows was not read.
    pub overflow: Option<TextRange>,
    /// What a file without anything that filters is instead.
    pub instead: Instead,
}

/// What a file is that has no filter in it; the later tells more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instead {
    #[default]
    Nothing,
    /// Prefix lists alone.
    PrefixLists,
    /// Groups or network ACLs by name, as instances and network interfaces list them.
    Names,
    /// Permissions, and not whose they are.
    Permissions,
    Terraform,
    CloudFormation,
}

/// A security group.
pub struct Group<'j> {
    pub id: Option<String>,
    pub name: Option<String>,
    /// The name or the id; the whole object where it has neither.
    pub place: TextRange,
    pub permissions: Vec<Permission<'j>>,
    pub gaps: Vec<Gap>,
    /// `IpPermissions` and `IpPermissionsEgress`, each where the file has it.
    pub inbound: Option<Value<'j>>,
    pub outbound: Option<Value<'j>>,
    /// The list of `SecurityGroupRules` that the group's rules are in, where the group itself is not in the file.
    pub flat: Option<Value<'j>>,
    pub style: Style,
}

/// Something that may be any number of rules.
pub struct Gap {
    pub place: TextRange,
    /// What it is: `the inbound rules that the file leaves out`.
    pub what: String,
    /// Which way they go, where that is known.
    pub direction: Option<Direction>,
}

/// One permission: protocol and ports, and for whom. Each of whom is a rule of its own.
pub struct Permission<'j> {
    pub object: Value<'j>,
    /// The list that it is in.
    pub holder: Value<'j>,
    /// `None` where a rule of `SecurityGroupRules` does not say.
    pub direction: Option<Direction>,
    pub traffic: Result<Traffic, Doubt>,
    pub targets: Vec<Target<'j>>,
    pub strange: Option<Strange>,
    /// An object of `SecurityGroupRules`, which is one rule.
    pub is_flat: bool,
}

/// For whom a permission is: the source of an inbound and the destination of an outbound rule.
pub struct Target<'j> {
    pub kind: TargetKind,
    /// The item of the list; the value itself in a flat rule.
    pub item: Value<'j>,
    /// The list that it is in, in a permission.
    pub list: Option<Value<'j>>,
    /// The prefix or the id, as it is written.
    pub what: Option<Value<'j>>,
    pub description: Option<Value<'j>>,
    /// Of a group: the name, the account, and the state of the peering to it.
    pub group_name: Option<Value<'j>>,
    pub account: Option<Value<'j>>,
    pub peering: Option<Value<'j>>,
    pub strange: Option<Strange>,
    /// The id of the rule.
    pub rule_id: Option<String>,
    /// The same rule stands in the file once more, in another shape.
    pub is_said_twice: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetKind {
    V4,
    V6,
    PrefixList,
    Group,
}

/// What is not known of a rule, and so may change what it does.
#[derive(Clone, Debug)]
pub struct Strange {
    pub place: TextRange,
    /// After "rule `x`": `has a property `Foo` that is not known`.
    pub what: String,
}

/// A network ACL.
pub struct Acl<'j> {
    pub id: Option<String>,
    pub place: TextRange,
    pub entries: Vec<Entry<'j>>,
    pub gaps: Vec<Gap>,
    pub list: Option<Value<'j>>,
    /// The subnets it is associated with; `None` where the file does not say.
    pub associations: Option<Value<'j>>,
    pub style: Style,
}

/// An entry of a network ACL: what the file has for each property, not yet read.
pub struct Entry<'j> {
    pub object: Value<'j>,
    pub holder: Value<'j>,
    pub number: Option<Value<'j>>,
    pub egress: Option<Value<'j>>,
    pub action: Option<Value<'j>>,
    pub protocol: Option<Value<'j>>,
    pub v4: Option<Value<'j>>,
    pub v6: Option<Value<'j>>,
    pub port_range: Option<Value<'j>>,
    pub type_code: Option<Value<'j>>,
    pub strange: Option<Strange>,
}

/// A prefix list, as far as the file says what is in it.
pub struct PrefixList {
    pub name: Option<String>,
    /// The whole object, and its name or id.
    pub place: TextRange,
    pub head: TextRange,
    /// Its addresses; `None` where the file does not have them.
    pub addresses: Option<AddressSet>,
    /// Some of its entries cannot be read, or two copies of it in the file differ: it may have other addresses too.
    pub is_partly_unknown: bool,
    /// AWS keeps it, not an administrator.
    pub is_of_aws: bool,
    /// How much of a group's quota it takes.
    pub size: Option<usize>,
}

impl TargetKind {
    /// The key of the list, and of what stands in it.
    pub fn keys(self) -> (&'static str, &'static str) {
        match self {
            TargetKind::V4 => ("IpRanges", "CidrIp"),
            TargetKind::V6 => ("Ipv6Ranges", "CidrIpv6"),
            TargetKind::PrefixList => ("PrefixListIds", "PrefixListId"),
            TargetKind::Group => ("UserIdGroupPairs", "GroupId"),
        }
    }
}

impl Group<'_> {
    /// `web (sg-0123)`: two groups of two networks may have one name.
    pub fn shown(&self) -> String {
        match (&self.name, &self.id) {
            (Some(name), Some(id)) => format!("{name} ({id})"),
            (Some(name), None) => name.clone(),
            (None, Some(id)) => id.clone(),
            (None, None) => "security group".to_owned(),
        }
    }
}

impl Acl<'_> {
    pub fn shown(&self) -> String {
        self.id.clone().unwrap_or_else(|| "network ACL".to_owned())
    }
}
