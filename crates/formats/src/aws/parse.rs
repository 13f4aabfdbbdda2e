use std::collections::HashMap;

use diagnostics::{TextRange, printable};

use super::keys::{LONGEST, folded};
use super::model::{Acl, Entry, Gap, Instead, Permission, Reading, Strange};
use super::network_acl::FIRST_DEFAULT;
use super::values::{boolean, integer, text};
use super::{group, prefix_list};
use crate::json::{Json, Kind, Member, Value};
use crate::{Coverage, Problem, Status};

/// Reads every security group, network ACL and prefix list in a JSON text: answers of `aws ec2 describe-...`, one or
/// several, lists out of them, and what other programs wrap around them.
pub fn read<'j>(json: &'j Json<'j>) -> Reading<'j> {
    let reading = Reading {
        groups: Vec::new(),
        acls: Vec::new(),
        lists: std::collections::BTreeMap::new(),
        coverage: Coverage::default(),
        problems: Vec::new(),
        overflow: None,
        instead: Instead::default(),
    };
    let mut reader = Reader { reading, flat: Vec::new(), rules: 0, flat_goes_on: None };
    for document in json.root().elements() {
        reader.any(document, None, 0);
    }
    group::place_flat(&mut reader);
    reader.mixed();
    reader.reading
}

/// Whether the text surely has filters of AWS in it, from landmarks alone.
pub fn has_landmark(text: &str) -> bool {
    let found = |landmark: &str| memchr::memmem::find(text.as_bytes(), landmark.as_bytes()).is_some();
    // Keys in any of the three spellings.
    found("pPermissions\"")
        || found("pPermissionsEgress\"")
        || found("\"ip_permissions\"")
        || found("\"SecurityGroupRuleId\"")
        || found("\"PrefixListId\"")
        || (found("etworkAclId\"") && found("uleNumber\""))
}

/// Whether the text comes from AWS, and may say why there is nothing to check in it.
pub fn has_trace(text: &str) -> bool {
    let found = |landmark: &str| memchr::memmem::find(text.as_bytes(), landmark.as_bytes()).is_some();
    [
        "\"VpcId\"",
        "\"SecurityGroups\"",
        "\"NetworkAcls\"",
        "\"AWS::EC2::",
        "\"aws_security_group",
        "\"aws_network_acl",
    ]
    .into_iter()
    .any(found)
}

/// Wrappers in wrappers, deeper than this, are not looked into.
const WRAPPER_LIMIT: usize = 8;

/// More than this no export has, and a file made to fill the memory is refused.
const GROUP_LIMIT: usize = 50_000;
const RULE_LIMIT: usize = 500_000;

/// The members of an answer that hold lists of what is read here, and what recorded answers come wrapped in.
const LISTS: [&str; 4] = ["securitygroups", "securitygrouprules", "networkacls", "prefixlists"];
const WRAPPERS: [&str; 7] = ["data", "body", "value", "output", "result", "results", "response"];

pub struct Reader<'j> {
    pub reading: Reading<'j>,
    /// Rules of `describe-security-group-rules`, with the id of their group.
    pub flat: Vec<(Option<String>, Permission<'j>)>,
    /// How many rules there are so far.
    rules: usize,
    /// Where a list of flat rules says that it goes on elsewhere.
    pub flat_goes_on: Option<TextRange>,
}

/// What an object is, by its keys.
enum Shape {
    Group,
    Acl,
    FlatRule,
    PrefixList,
    LooseEntry,
    LoosePermission,
    LooseCidrs,
    Container,
    CloudFormation,
    Terraform,
    Name(&'static str),
    Other,
}

fn shape(object: Value<'_>) -> Shape {
    let (mut permissions, mut acl, mut entries, mut rule_id, mut egress, mut group) =
        (false, false, None, false, false, false);
    let (mut list, mut number, mut protocol, mut action, mut container) = (false, false, false, false, false);
    let mut instead = None;
    for member in object.members() {
        let mut buffer = [0; LONGEST];
        let value = member.value;
        let is_container = || matches!(value.kind(), Kind::Array | Kind::Object);
        match folded(&member.name, &mut buffer) {
            "ippermissions" | "ippermissionsegress" => permissions = true,
            "networkaclid" => acl = true,
            "entries" => entries = Some(value),
            "securitygroupruleid" => rule_id = true,
            "isegress" | "egress" => egress = true,
            "groupid" => group = true,
            "prefixlistid" => list = true,
            "rulenumber" => number = true,
            "ruleaction" => action = true,
            "ipprotocol" | "protocol" => protocol = true,
            "resources" if is_cloud_formation(object, value) => instead = Some(Shape::CloudFormation),
            "terraformversion" | "resourcechanges" | "plannedvalues" => instead = Some(Shape::Terraform),
            key if LISTS.contains(&key) || (WRAPPERS.contains(&key) && is_container()) => container = true,
            _ => {}
        }
    }
    if let Some(instead) = instead {
        return instead;
    }
    let has_cidrs =
        |entries: Value<'_>| entries.elements().next().is_some_and(|first| first.get("Cidr").is_some());
    match entries {
        _ if permissions => Shape::Group,
        _ if number && action && protocol => Shape::LooseEntry,
        Some(_) if acl => Shape::Acl,
        _ if rule_id || (group && egress && protocol) => Shape::FlatRule,
        _ if list => Shape::PrefixList,
        _ if container => Shape::Container,
        Some(entries) if has_cidrs(entries) => Shape::LooseCidrs,
        _ if protocol && !group => Shape::LoosePermission,
        _ if acl => Shape::Name("names a network ACL, and has no entries of it"),
        _ if group => Shape::Name("names a security group, and has no rules of it"),
        _ => Shape::Other,
    }
}

fn is_cloud_formation(template: Value<'_>, resources: Value<'_>) -> bool {
    let typed = |resource: Value<'_>| {
        resource.get("Type").and_then(Value::string).is_some_and(|kind| kind.starts_with("AWS::"))
    };
    template.get("AWSTemplateFormatVersion").is_some()
        || resources.members().next().is_some_and(|resource| typed(resource.value))
}

impl<'j> Reader<'j> {
    fn any(&mut self, value: Value<'j>, holder: Option<Value<'j>>, depth: usize) {
        match value.kind() {
            Kind::Array if depth < WRAPPER_LIMIT => {
                // Numbers and texts in a row are one statement: nothing of them can be a filter.
                let mut scalars: Option<TextRange> = None;
                for element in value.elements() {
                    if matches!(element.kind(), Kind::Array | Kind::Object) {
                        self.nothing(scalars.take());
                        self.any(element, Some(value), depth + 1);
                    } else {
                        scalars = Some(scalars.map_or(element.place(), |place| place.cover(element.place())));
                    }
                }
                self.nothing(scalars);
            }
            Kind::Object => self.object(value, holder, depth),
            _ => self.nothing(Some(value.place())),
        }
    }

    fn object(&mut self, object: Value<'j>, holder: Option<Value<'j>>, depth: usize) {
        let list = holder.unwrap_or(object);
        match shape(object) {
            Shape::Group => {
                if self.has_room(object) {
                    let group = group::read(self, object);
                    self.reading.groups.push(group);
                }
            }
            Shape::Acl => {
                if self.has_room(object) {
                    self.acl(object);
                }
            }
            Shape::FlatRule => group::read_flat(self, object, list),
            Shape::PrefixList => {
                self.instead(Instead::PrefixLists);
                prefix_list::read(&mut self.reading, object);
            }
            Shape::LooseEntry => self.loose_entry(object, list),
            Shape::LoosePermission => {
                self.instead(Instead::Permissions);
                self.irrelevant(object.place(), "a permission, and not whose it is");
            }
            Shape::LooseCidrs => {
                self.instead(Instead::PrefixLists);
                self.problem(
                    object.place(),
                    "entries of a prefix list, and not which: the answer does not name it".to_owned(),
                    "write `\"PrefixListId\": \"pl-...\"` beside `Entries`",
                );
                let reason = "entries of a prefix list that is not named";
                self.reading.coverage.push(object.place(), Status::NotUnderstood, reason);
            }
            Shape::Container if depth < WRAPPER_LIMIT => {
                for member in object.members() {
                    self.member_of_answer(&member, depth);
                }
            }
            Shape::CloudFormation => {
                self.instead(Instead::CloudFormation);
                self.irrelevant(object.place(), "a CloudFormation template, not what was deployed");
            }
            Shape::Terraform => {
                self.instead(Instead::Terraform);
                self.irrelevant(object.place(), "a plan or state of Terraform");
            }
            Shape::Name(reason) => {
                self.instead(Instead::Names);
                self.irrelevant(object.place(), reason);
            }
            Shape::Container | Shape::Other => self.nothing(Some(object.place())),
        }
    }

    fn member_of_answer(&mut self, member: &Member<'j>, depth: usize) {
        let mut buffer = [0; LONGEST];
        let value = member.value;
        let key = folded(&member.name, &mut buffer);
        if value.is_empty() {
            return;
        }
        if LISTS.contains(&key)
            || WRAPPERS.contains(&key) && matches!(value.kind(), Kind::Array | Kind::Object)
        {
            self.any(value, None, depth + 1);
        } else {
            if key == "nexttoken" {
                self.problem(
                    value.place(),
                    "the list goes on in another answer: not all of it is in the file".to_owned(),
                    "export with the AWS command line, which asks until the end",
                );
                self.flat_goes_on.get_or_insert(value.place());
            }
            self.irrelevant(whole(member), "about the answer, not about a filter");
        }
    }

    fn acl(&mut self, object: Value<'j>) {
        let mut acl = Acl {
            id: None,
            place: object.place(),
            entries: Vec::new(),
            gaps: Vec::new(),
            list: None,
            associations: None,
            style: Default::default(),
        };
        for member in object.members() {
            let mut buffer = [0; LONGEST];
            let value = member.value;
            match folded(&member.name, &mut buffer) {
                "networkaclid" => {
                    acl.style = super::keys::Style::of(&member.name);
                    acl.id = text(Some(value));
                    acl.place = value.place();
                    self.reading.coverage.push(whole(&member), Status::Understood, "");
                }
                "entries" => {
                    if acl.list.is_some() {
                        group::twice(self, &member, &mut acl.gaps, None);
                        continue;
                    }
                    acl.list = Some(value);
                    for element in value.elements() {
                        if element.kind() == Kind::Object {
                            acl.entries.extend(self.entry(element, value));
                        } else {
                            group::unreadable(self, element, &mut acl.gaps, None);
                        }
                    }
                    if !matches!(value.kind(), Kind::Array | Kind::Null) {
                        group::unreadable(self, value, &mut acl.gaps, None);
                    }
                }
                "associations" => {
                    acl.associations = Some(value);
                    if !value.is_empty() {
                        self.reading.coverage.push(whole(&member), Status::Understood, "");
                    }
                }
                _ if value.is_empty() => {}
                "isdefault" | "ownerid" | "vpcid" | "tags" | "tagset" | "networkaclarn" => {
                    self.irrelevant(whole(&member), "where and what it is");
                }
                _ => self.unknown_property(&member, "network ACL"),
            }
        }
        self.reading.acls.push(acl);
    }

    /// Entries by themselves: `--query 'NetworkAcls[0].Entries'`. Those of one list are of one network ACL.
    fn loose_entry(&mut self, object: Value<'j>, list: Value<'j>) {
        let known =
            self.reading.acls.last().is_some_and(|acl| acl.list.is_some_and(|it| it.place() == list.place()));
        if !known {
            if !self.has_room(object) {
                return;
            }
            self.reading.acls.push(Acl {
                id: None,
                place: list.place(),
                entries: Vec::new(),
                gaps: Vec::new(),
                list: Some(list).filter(|list| list.kind() == Kind::Array),
                associations: None,
                style: Default::default(),
            });
        }
        let entry = self.entry(object, list);
        if let Some(acl) = self.reading.acls.last_mut() {
            acl.entries.extend(entry);
        }
    }

    /// `--query 'NetworkAcls[].Entries[]'` puts the entries of all network ACLs into one list; each ACL has an end of
    /// its own.
    fn mixed(&mut self) {
        for acl in self.reading.acls.iter_mut().filter(|acl| acl.id.is_none()) {
            let ends = |out: bool| {
                let ends = acl.entries.iter().filter(|entry| {
                    entry.v4.is_some()
                        && entry.number.and_then(integer) == Some(FIRST_DEFAULT)
                        && entry.egress.and_then(boolean) == Some(out)
                });
                ends.count()
            };
            if ends(false) > 1 || ends(true) > 1 {
                self.reading.problems.push(Problem {
                    place: acl.place,
                    message: "the list has entries of several network ACLs, and not which is whose"
                        .to_owned(),
                    help: "export them whole: `aws ec2 describe-network-acls`, without `--query`".to_owned(),
                });
                let what = "entries of several network ACLs".to_owned();
                acl.gaps.push(Gap { place: acl.place, what, direction: None });
            }
        }
    }

    fn entry(&mut self, object: Value<'j>, holder: Value<'j>) -> Option<Entry<'j>> {
        self.count(object)?;
        let mut entry = Entry {
            object,
            holder,
            number: None,
            egress: None,
            action: None,
            protocol: None,
            v4: None,
            v6: None,
            port_range: None,
            type_code: None,
            strange: None,
        };
        for member in object.members().filter(|member| !member.value.is_empty()) {
            let mut buffer = [0; LONGEST];
            let slot = match folded(&member.name, &mut buffer) {
                "rulenumber" => &mut entry.number,
                "egress" => &mut entry.egress,
                "ruleaction" => &mut entry.action,
                "protocol" => &mut entry.protocol,
                "cidrblock" => &mut entry.v4,
                "ipv6cidrblock" => &mut entry.v6,
                "portrange" => &mut entry.port_range,
                "icmptypecode" | "icmp" => &mut entry.type_code,
                "networkaclid" => continue,
                _ => {
                    entry.strange.get_or_insert_with(|| not_known(&member));
                    continue;
                }
            };
            set(slot, &member, &mut entry.strange);
        }
        Some(entry)
    }

    /// Counts a rule; `None` where there are too many.
    pub fn count(&mut self, rule: Value<'j>) -> Option<()> {
        self.rules += 1;
        if self.rules > RULE_LIMIT {
            self.reading.overflow.get_or_insert(rule.place());
        }
        self.reading.overflow.is_none().then_some(())
    }

    pub fn has_room(&mut self, object: Value<'j>) -> bool {
        if self.reading.groups.len() + self.reading.acls.len() >= GROUP_LIMIT {
            self.reading.overflow.get_or_insert(object.place());
        }
        self.reading.overflow.is_none()
    }

    fn instead(&mut self, instead: Instead) {
        self.reading.instead = self.reading.instead.max(instead);
    }

    fn nothing(&mut self, place: Option<TextRange>) {
        if let Some(place) = place {
            self.irrelevant(place, "no security group, network ACL or prefix list");
        }
    }

    pub fn irrelevant(&mut self, place: TextRange, reason: &'static str) {
        self.reading.coverage.push(place, Status::Irrelevant, reason);
    }

    /// What a group's or ACL's rules do is said by the rules; this cannot be one, and is still not known.
    pub fn unknown_property(&mut self, member: &Member<'j>, of: &str) {
        let reason = format!("property `{}` of a {of} is not known", printable(&member.name));
        self.reading.coverage.push(whole(member), Status::NotUnderstood, reason);
    }

    pub fn problem(&mut self, place: TextRange, message: String, help: &str) {
        // What nobody will see is not kept: a file may be made of problems.
        if self.reading.problems.len() <= super::PROBLEM_LIMIT {
            self.reading.problems.push(Problem { place, message, help: help.to_owned() });
        }
    }
}

/// From the name to the value.
pub fn whole(member: &Member<'_>) -> TextRange {
    member.name_place.cover(member.value.place())
}

pub fn not_known(member: &Member<'_>) -> Strange {
    Strange {
        place: whole(member),
        what: format!("has a property `{}` that is not known", printable(&member.name)),
    }
}

/// Fills a property; one that is there twice with two values is strange.
pub fn set<'j>(slot: &mut Option<Value<'j>>, member: &Member<'j>, strange: &mut Option<Strange>) {
    match slot {
        Some(other) if other.raw() != member.value.raw() => {
            strange.get_or_insert_with(|| Strange {
                place: whole(member),
                what: format!("has `{}` twice, with two values", printable(&member.name)),
            });
        }
        Some(_) => {}
        None => *slot = Some(member.value),
    }
}

/// Makes names unique by numbering those that come again.
pub fn make_unique<'n>(names: impl Iterator<Item = &'n mut String>) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for name in names {
        if !seen.contains_key(name.as_str()) {
            seen.insert(name.clone(), 1);
            continue;
        }
        let base = name.clone();
        loop {
            // The count goes on where it stopped for the same name, so that many equal names are not quadratic.
            let number = seen.entry(base.clone()).or_insert(1);
            *number += 1;
            *name = format!("{base} ({number})");
            if !seen.contains_key(name.as_str()) {
                break;
            }
        }
        seen.insert(name.clone(), 1);
    }
}
