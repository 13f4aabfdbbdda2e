use std::borrow::Cow;

use diagnostics::TextRange;

use super::template::{Name, Scope};
use crate::json::Value;
use crate::{Coverage, Problem};

/// What a file says, in Azure's words, and what became of all in it that is no rule.
pub struct Reading<'j> {
    pub groups: Vec<Group<'j>>,
    /// Without the rules: whether a rule is understood shows when it becomes regions.
    pub coverage: Coverage,
    pub problems: Vec<Problem>,
    pub scope: Scope<'j>,
    /// Where the file has more groups or rules than any export: what follows was not read.
    pub overflow: Option<TextRange>,
}

/// A network security group.
pub struct Group<'j> {
    pub name: Name,
    /// The name; the whole object where it has none.
    pub name_place: TextRange,
    pub resource_group: Option<Cow<'j, str>>,
    /// Those that somebody wrote, in the order of the file.
    pub rules: Vec<Rule<'j>>,
    /// `None` where the file does not list the default rules: they are there all the same.
    pub defaults: Option<Vec<Rule<'j>>>,
    /// Rules that are there and cannot be read.
    pub gaps: Vec<Gap>,
    /// Only rules of it are in the file, not the group itself.
    pub elsewhere: bool,
    /// The list of rules, for what is added to it: an array, or `null`.
    pub list: Option<Value<'j>>,
    /// The object that `list` is a member of.
    pub list_owner: Option<Value<'j>>,
    /// Which subnets and network interfaces it is bound to; `None` where the file does not say.
    pub subnets: Option<Value<'j>>,
    pub network_interfaces: Option<Value<'j>>,
}

/// Something in a group's list of rules that may be any number of rules.
pub struct Gap {
    pub place: TextRange,
    /// What it is: `rules that the expression … gives`.
    pub what: String,
}

/// A security rule: what the file has for each property, not yet read.
pub struct Rule<'j> {
    pub object: Value<'j>,
    /// The array or object that it is an item of.
    pub holder: Value<'j>,
    pub is_default: bool,
    pub name: Option<Value<'j>>,
    /// The name, where it is not simply what `name` says.
    pub shown_name: Option<String>,
    pub id: Option<Value<'j>>,
    pub description: Option<Value<'j>>,
    pub priority: Option<Value<'j>>,
    pub direction: Option<Value<'j>>,
    pub access: Option<Value<'j>>,
    pub protocol: Option<Value<'j>>,
    pub source: Endpoint<'j>,
    pub destination: Endpoint<'j>,
    /// A template's `condition`: whether the rule is deployed at all.
    pub condition: Option<Value<'j>>,
    /// A property that is not known, or one that is there twice.
    pub strange: Option<Strange<'j>>,
}

/// One side of a rule.
#[derive(Clone, Copy, Default)]
pub struct Endpoint<'j> {
    pub addresses: Pair<'j>,
    pub ports: Pair<'j>,
    pub application_security_groups: Option<Value<'j>>,
}

/// A property that exists for one value and for several; Azure uses what is not empty.
#[derive(Clone, Copy, Default)]
pub struct Pair<'j> {
    pub one: Option<Value<'j>>,
    pub several: Option<Value<'j>>,
}

pub struct Strange<'j> {
    pub name: Cow<'j, str>,
    pub place: TextRange,
    pub twice: bool,
}

impl<'j> Rule<'j> {
    pub fn new(object: Value<'j>, holder: Value<'j>, is_default: bool) -> Self {
        Rule {
            object,
            holder,
            is_default,
            name: None,
            shown_name: None,
            id: None,
            description: None,
            priority: None,
            direction: None,
            access: None,
            protocol: None,
            source: Endpoint::default(),
            destination: Endpoint::default(),
            condition: None,
            strange: None,
        }
    }
}

impl<'j> Pair<'j> {
    pub fn values(self) -> impl Iterator<Item = Value<'j>> {
        self.one.into_iter().chain(self.several)
    }
}
