use std::borrow::Cow;

use diagnostics::{TextRange, printable};

use super::model::{Gap, Group, Reading, Rule};
use super::object::{LONGEST_KEY, lower, rule, whole};
use super::template::{Name, Scope, Term, call, literal};
use crate::json::{Json, Kind, Member, Value};
use crate::{Coverage, Problem, Status};

/// Reads every network security group in a JSON text: resources, lists of them, and templates, in the shapes of the
/// REST API, the command line and PowerShell.
pub fn read<'j>(json: &'j Json<'j>) -> Reading<'j> {
    let root = json.root();
    let template =
        if is_template(root) { Some(root) } else { root.get("template").filter(|inner| is_template(*inner)) };
    let scope = template.map(Scope::of_template).unwrap_or_default();
    let reading = Reading {
        groups: Vec::new(),
        coverage: Coverage::default(),
        problems: Vec::new(),
        scope,
        overflow: None,
    };
    let mut reader = Reader { reading, children: Vec::new(), hidden: None, rules: 0 };
    reader.any(root, 0);
    reader.place_children();
    reader.reading
}

/// Whether the text can hold a network security group, from landmarks alone.
pub fn has_landmark(text: &str) -> bool {
    let found = |landmark: &str| memchr::memmem::find(text.as_bytes(), landmark.as_bytes()).is_some();
    // Both spellings of `securityRules`, as a key.
    found("ecurityRules\"") || found("Microsoft.Network/networkSecurityGroups\"")
}

/// Wrappers in wrappers, deeper than this, are not looked into.
const WRAPPER_LIMIT: usize = 6;

/// More than this no export has (a subscription holds 5,000 groups a region, of up to 1,000 rules), and a file made
/// to fill the memory is refused.
const GROUP_LIMIT: usize = 50_000;
const RULE_LIMIT: usize = 250_000;

/// Where lists of resources come wrapped: the REST API and PowerShell, Resource Graph, recorded answers, and the
/// template that an export of a resource group gives.
const WRAPPERS: [&str; 4] = ["value", "data", "body", "template"];

struct Reader<'j> {
    reading: Reading<'j>,
    /// Rules that stand by themselves in a template, with the name of their group.
    children: Vec<(Name, Child<'j>)>,
    /// What may hold rules of any group: the first nested template.
    hidden: Option<TextRange>,
    /// How many rules there are so far.
    rules: usize,
}

enum Child<'j> {
    Rule(Box<Rule<'j>>),
    /// A `copy` of a rule is any number of rules.
    Copies(Gap),
}

fn is_template(value: Value<'_>) -> bool {
    let schema = value.get("$schema").and_then(Value::string).unwrap_or_default();
    value.get("resources").is_some()
        && (schema.to_ascii_lowercase().contains("deploymenttemplate")
            || value.get("contentVersion").is_some())
}

/// Whether the object is a network security group: it says so, or it says nothing and has rules.
fn is_group(value: Value<'_>) -> bool {
    match value.get("type").and_then(Value::string) {
        Some(kind) => is_type(&kind, GROUP),
        None => {
            let has = |object: Value<'_>| LISTS.iter().any(|list| object.get(list).is_some());
            has(value) || value.get("properties").is_some_and(has)
        }
    }
}

const GROUP: &str = "microsoft.network/networksecuritygroups";
const RULE: &str = "microsoft.network/networksecuritygroups/securityrules";
const LISTS: [&str; 2] = ["securityRules", "defaultSecurityRules"];

fn is_type(kind: &str, wanted: &str) -> bool {
    kind.eq_ignore_ascii_case(wanted)
}

impl<'j> Reader<'j> {
    fn any(&mut self, value: Value<'j>, depth: usize) {
        if value.kind() == Kind::Array && depth < WRAPPER_LIMIT {
            // Numbers and texts in a row are one statement: nothing of them can be a group.
            let mut scalars: Option<TextRange> = None;
            for element in value.elements() {
                if matches!(element.kind(), Kind::Array | Kind::Object) {
                    self.scalars(scalars.take());
                    self.any(element, depth + 1);
                } else {
                    scalars = Some(scalars.map_or(element.place(), |place| place.cover(element.place())));
                }
            }
            self.scalars(scalars);
        } else if is_template(value) {
            self.template(value);
        } else if value.kind() == Kind::Object && is_group(value) {
            self.group(value, false);
        } else if depth < WRAPPER_LIMIT
            && let Some(inner) = WRAPPERS.iter().find_map(|wrapper| value.get(wrapper))
            && matches!(inner.kind(), Kind::Array | Kind::Object)
        {
            for member in value.members().filter(|member| !member.value.is_empty()) {
                if member.value.place() == inner.place() {
                    self.any(inner, depth + 1);
                    continue;
                }
                if member.name.eq_ignore_ascii_case("nextLink")
                    || member.name.eq_ignore_ascii_case("skip_token")
                {
                    self.problem(
                        member.value.place(),
                        "the list goes on at another address: not all groups are in the file",
                        "export with `az network nsg list`, which follows the links",
                    );
                }
                self.irrelevant(&member, "about the list, not about a group");
            }
        } else {
            self.reading.coverage.push(value.place(), Status::Irrelevant, "not a network security group");
        }
    }

    fn scalars(&mut self, place: Option<TextRange>) {
        if let Some(place) = place {
            self.reading.coverage.push(place, Status::Irrelevant, "not a network security group");
        }
    }

    fn template(&mut self, template: Value<'j>) {
        for member in template.members().filter(|member| !member.value.is_empty()) {
            if member.name.eq_ignore_ascii_case("resources") {
                // Newer templates have an object with a name for each resource.
                let resources = member.value;
                let list = resources.elements().chain(resources.members().map(|resource| resource.value));
                for resource in list {
                    self.resource(resource, resources);
                }
            } else {
                self.irrelevant(&member, "of the template; what a rule takes from it is read with the rule");
            }
        }
    }

    fn resource(&mut self, resource: Value<'j>, holder: Value<'j>) {
        let kind = resource.get("type").and_then(Value::string).unwrap_or_default();
        if is_type(&kind, GROUP) {
            if resource.get("existing").is_some_and(|existing| existing.raw() == "true") {
                let reason = "refers to a group that is there already, whose rules are not in the file";
                self.reading.coverage.push(resource.place(), Status::Irrelevant, reason);
            } else {
                self.group(resource, true);
            }
        } else if is_type(&kind, RULE) {
            let name = resource.get("name").map(|name| self.reading.scope.name(name)).unwrap_or_default();
            let (group, rule) = name.split().unwrap_or_else(|| (Name::default(), name.shown.clone()));
            let child = self.child(resource, holder, rule);
            self.children.push((group, child));
        } else if is_type(&kind, "microsoft.resources/deployments")
            && resource.raw().to_ascii_lowercase().contains("networksecuritygroups")
        {
            let place = resource.get("name").unwrap_or(resource).place();
            self.problem(
                place,
                "a nested template is not read, and it speaks of network security groups",
                "deploy it, and check the export of what was deployed",
            );
            let reason = "a nested template: it may hold groups and rules";
            self.reading.coverage.push(resource.place(), Status::NotUnderstood, reason);
            self.hidden.get_or_insert(resource.place());
        } else {
            self.reading.coverage.push(resource.place(), Status::Irrelevant, "not a network security group");
        }
    }

    /// A rule that is a resource of its own.
    fn child(&mut self, resource: Value<'j>, holder: Value<'j>, name: String) -> Child<'j> {
        if resource.get("copy").is_some_and(|copy| !copy.is_empty()) {
            let reason = "made several times by `copy`: it may be any number of rules";
            self.reading.coverage.push(resource.place(), Status::NotUnderstood, reason);
            return Child::Copies(Gap { place: resource.place(), what: format!("copies of {name}") });
        }
        self.count(resource);
        let mut rule = rule(resource, holder, false);
        rule.shown_name = Some(name);
        Child::Rule(Box::new(rule))
    }

    fn group(&mut self, object: Value<'j>, in_template: bool) {
        if self.reading.groups.len() == GROUP_LIMIT {
            self.reading.overflow.get_or_insert(object.place());
            return;
        }
        let id = object.get("id").and_then(Value::string).unwrap_or_default();
        let given = object.get("name").filter(|name| !name.is_empty());
        let name = match given {
            Some(name) => self.reading.scope.name(name),
            None => {
                let last = id.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or("unnamed");
                Name { shown: last.to_owned(), exact: last.to_ascii_lowercase(), literal: true }
            }
        };
        let mut group = Group {
            name,
            name_place: given.unwrap_or(object).place(),
            resource_group: segment(&id, "resourceGroups").map(|name| Cow::Owned(name.to_owned())),
            rules: Vec::new(),
            defaults: None,
            gaps: Vec::new(),
            elsewhere: false,
            list: None,
            list_owner: None,
            subnets: None,
            network_interfaces: None,
        };
        let mut said = false;
        self.members(object, &mut group, &mut said, in_template);
        if !said {
            if in_template {
                group.list_owner = object.get("properties").filter(|inner| inner.kind() == Kind::Object);
            } else {
                // `az resource list` gives names and tags of a group, and no rules.
                let name = group.name.shown.clone();
                self.problem(
                    group.name_place,
                    &format!("the rules of `{}` are not in the file", printable(&name)),
                    "export the whole group: `az network nsg show` or `az network nsg list`",
                );
                group.gaps.push(Gap {
                    place: group.name_place,
                    what: "rules that the export leaves out".to_owned(),
                });
            }
        }
        self.reading.groups.push(group);
    }

    /// The members of a group's object, and of its `properties`.
    fn members(&mut self, object: Value<'j>, group: &mut Group<'j>, said: &mut bool, in_template: bool) {
        for member in object.members() {
            let value = member.value;
            let mut buffer = [0; LONGEST_KEY];
            match lower(&member.name, &mut buffer) {
                "properties" if value.kind() == Kind::Object => self.members(value, group, said, in_template),
                "properties" if !value.is_empty() => {
                    *said = true;
                    self.unreadable(value, group);
                }
                "securityrules" => {
                    *said = true;
                    group.list = Some(value);
                    group.list_owner = Some(object);
                    let mut rules = Vec::new();
                    self.rules(value, false, &mut rules, group);
                    group.rules.append(&mut rules);
                }
                "defaultsecurityrules" => {
                    let mut rules = Vec::new();
                    self.rules(value, true, &mut rules, group);
                    // An empty list is no list: a group always has its default rules.
                    group.defaults = Some(rules).filter(|rules| !rules.is_empty());
                }
                "resources" if in_template => {
                    for resource in value.elements() {
                        self.nested(resource, value, group);
                    }
                }
                "copy" if in_template => self.copy(&member, group, said),
                "subnets" => {
                    group.subnets = Some(value);
                    self.bound(&member);
                }
                "networkinterfaces" => {
                    group.network_interfaces = Some(value);
                    self.bound(&member);
                }
                "resourcegroup" | "resourcegroupname" => {
                    group.resource_group = value.string().or(group.resource_group.take());
                    self.irrelevant(&member, "where the group is kept");
                }
                _ if value.is_empty() => {}
                "name" => self.reading.coverage.push(value.place(), Status::Understood, ""),
                "id" | "type" | "location" | "extendedlocation" | "kind" | "sku" | "zones" | "identity"
                | "managedby" | "scope" | "subscriptionid" | "tenantid" | "plan" => {
                    self.irrelevant(&member, "where and what it is")
                }
                "tags" | "tag" | "tagstable" => {
                    self.irrelevant(&member, "resource tags: no packet is matched by them")
                }
                "etag" | "provisioningstate" | "resourceguid" | "systemdata" | "createdtime"
                | "changedtime" => {
                    self.irrelevant(&member, "state of the resource");
                }
                "securityrulestext"
                | "defaultsecurityrulestext"
                | "networkinterfacestext"
                | "subnetstext" => {
                    self.irrelevant(&member, "what PowerShell shows of another property");
                }
                "flowlogs" => self.irrelevant(&member, "logging decides nothing"),
                "flushconnection" => {
                    self.irrelevant(&member, "whether open flows are asked again after a change")
                }
                "apiversion" | "dependson" | "comments" | "condition" | "metadata" | "asserts" | "scale"
                    if in_template =>
                {
                    self.irrelevant(&member, "of the deployment");
                }
                _ => {
                    // What a group's rules do is said by the rules; this cannot be one, and is still not known.
                    let reason = format!("property `{}` of a group is not known", printable(&member.name));
                    self.reading.coverage.push(whole(&member), Status::NotUnderstood, reason);
                }
            }
        }
    }

    fn bound(&mut self, member: &Member<'j>) {
        if !member.value.is_empty() {
            self.reading.coverage.push(whole(member), Status::Understood, "");
        }
    }

    /// A list of rules, or one rule by itself (PowerShell writes a list of one so).
    fn rules(&mut self, list: Value<'j>, are_default: bool, out: &mut Vec<Rule<'j>>, group: &mut Group<'j>) {
        let resolved = self.reading.scope.resolve(list);
        match resolved.kind() {
            Kind::Array => {
                if !are_default {
                    group.list = Some(resolved);
                }
                for element in resolved.elements() {
                    let element_value = self.reading.scope.resolve(element);
                    if self.reading.overflow.is_some() {
                        return;
                    }
                    self.count(element);
                    if element_value.kind() == Kind::Object {
                        out.push(rule(element_value, resolved, are_default));
                    } else {
                        self.unreadable(element, group);
                    }
                }
            }
            Kind::Object => out.push(rule(resolved, list, are_default)),
            Kind::Null => {}
            _ if resolved.is_empty() => {}
            _ => self.unreadable(list, group),
        }
    }

    fn count(&mut self, rule: Value<'j>) {
        self.rules += 1;
        if self.rules > RULE_LIMIT {
            self.reading.overflow.get_or_insert(rule.place());
        }
    }

    fn unreadable(&mut self, value: Value<'j>, group: &mut Group<'j>) {
        let what = match self.reading.scope.term(value) {
            Term::Expression(expression) => format!("rules that the expression {expression} gives"),
            _ => {
                self.problem(
                    value.place(),
                    "a rule is an object, and this is none",
                    "export with PowerShell's `ConvertTo-Json -Depth 10`, or with `az network nsg show`",
                );
                "rules that were cut off".to_owned()
            }
        };
        self.reading.coverage.push(value.place(), Status::NotUnderstood, what.clone());
        group.gaps.push(Gap { place: value.place(), what });
    }

    /// A resource inside the resource of its group.
    fn nested(&mut self, resource: Value<'j>, holder: Value<'j>, group: &mut Group<'j>) {
        let kind = resource.get("type").and_then(Value::string).unwrap_or_default();
        if !(is_type(&kind, "securityrules") || is_type(&kind, RULE)) {
            self.reading.coverage.push(resource.place(), Status::Irrelevant, "not a security rule");
            return;
        }
        let name = resource.get("name").map(|name| self.reading.scope.name(name)).unwrap_or_default();
        let name = name.split().map_or(name.shown, |(_, rule)| rule);
        match self.child(resource, holder, name) {
            Child::Rule(rule) => group.rules.push(*rule),
            Child::Copies(gap) => group.gaps.push(gap),
        }
    }

    /// `copy` of a group makes several groups; in its properties it makes the rules.
    fn copy(&mut self, member: &Member<'j>, group: &mut Group<'j>, said: &mut bool) {
        if member.value.kind() == Kind::Array {
            for copy in member.value.elements() {
                let name = copy.get("name").and_then(Value::string).unwrap_or_default();
                *said |= name.eq_ignore_ascii_case("securityRules");
                let what = format!("{} made by `copy`", printable(&name));
                self.reading.coverage.push(copy.place(), Status::NotUnderstood, what);
                group.gaps.push(Gap { place: copy.place(), what: format!("copies in {name}") });
            }
        } else if !member.value.is_empty() {
            self.irrelevant(member, "makes several groups like this one");
        }
    }

    /// Gives the rules that stand by themselves to their groups.
    fn place_children(&mut self) {
        let mut unplaced: Vec<(Name, TextRange)> = Vec::new();
        let groups = &mut self.reading.groups;
        let mut places = std::collections::BTreeMap::new();
        for (at, group) in groups.iter().enumerate() {
            places.entry(group.name.exact.clone()).or_insert(at);
        }
        for (name, child) in std::mem::take(&mut self.children) {
            let known = places.get(&name.exact).copied();
            let at = known.unwrap_or_else(|| {
                let place = child.place();
                unplaced.push((name.clone(), place));
                places.insert(name.exact.clone(), groups.len());
                groups.push(partial(name, place));
                groups.len() - 1
            });
            match child {
                Child::Rule(rule) => groups[at].rules.push(*rule),
                Child::Copies(gap) => groups[at].gaps.push(gap),
            }
        }
        // A name with an expression in it may turn out to be any other.
        let symbolic = unplaced.iter().find(|(name, _)| !name.literal);
        for group in groups.iter_mut().filter(|group| !group.elsewhere) {
            let foreign = if group.name.literal { symbolic } else { unplaced.first() };
            if let Some((_, place)) = foreign {
                group
                    .gaps
                    .push(Gap { place: *place, what: "rules of a group whose name is not known".to_owned() });
            }
        }
        if let Some(place) = self.hidden {
            for group in groups.iter_mut() {
                group.gaps.push(Gap { place, what: "rules of a nested template".to_owned() });
            }
        }
    }

    fn irrelevant(&mut self, member: &Member<'j>, reason: &'static str) {
        self.reading.coverage.push(whole(member), Status::Irrelevant, reason);
    }

    fn problem(&mut self, place: TextRange, message: &str, help: &str) {
        self.reading.problems.push(Problem { place, message: message.to_owned(), help: help.to_owned() });
    }
}

impl Child<'_> {
    fn place(&self) -> TextRange {
        match self {
            Child::Rule(rule) => rule.name.unwrap_or(rule.object).place(),
            Child::Copies(gap) => gap.place,
        }
    }
}

/// A group of which only some rules are in the file.
fn partial<'j>(name: Name, place: TextRange) -> Group<'j> {
    let shown = if name.shown.is_empty() { "unnamed".to_owned() } else { name.shown.clone() };
    Group {
        name: Name { shown, ..name },
        name_place: place,
        resource_group: None,
        rules: Vec::new(),
        defaults: None,
        gaps: vec![Gap { place, what: "the rules that are not in the file".to_owned() }],
        elsewhere: true,
        list: None,
        list_owner: None,
        subnets: None,
        network_interfaces: None,
    }
}

/// The segment of a resource id that follows `before`, in any case: resource groups, subscriptions.
pub fn segment<'i>(id: &'i str, before: &str) -> Option<&'i str> {
    let mut segments = id.split('/');
    segments.find(|segment| segment.eq_ignore_ascii_case(before))?;
    segments.next().filter(|segment| !segment.is_empty())
}

/// The name of the resource that an id, or a `resourceId('type', 'name')` expression, points at.
pub fn resource_name(term: &Term<'_>) -> Option<String> {
    match term {
        Term::Text(id) => {
            id.rsplit('/').next().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
        }
        Term::Expression(expression) => {
            let (function, arguments) = call(expression)?;
            literal(arguments.last()?).filter(|_| function.eq_ignore_ascii_case("resourceId"))
        }
        Term::Other => None,
    }
}
