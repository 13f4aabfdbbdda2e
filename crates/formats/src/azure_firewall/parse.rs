use diagnostics::{TextRange, printable};

use super::members::{GROUP_ELSEWHERE, RULE_GROUP};
use super::model::{Gap, Group, Holder, IpGroup, List, Reading, Set};
use super::object::{LONGEST_KEY, lower, whole};
use super::resource::{PARAMETER_LISTS, Resource, is_template, resource, resource_type, segment};
use super::template::{Name, Scope, Term};
use crate::json::{Json, Kind as JsonKind, Member, Value};
use crate::{Coverage, Problem, Status};

/// Reads every firewall, firewall policy, rule collection group and IP group in a JSON text: resources, lists of them,
/// templates, and parameter files, in the shapes of the REST API, the command line and PowerShell.
pub fn read<'j>(json: &'j Json<'j>) -> Reading<'j> {
    let root = json.root();
    let template =
        if is_template(root) { Some(root) } else { root.get("template").filter(|inner| is_template(*inner)) };
    let scope = template.map(Scope::of_template).unwrap_or_default();
    let reading = Reading {
        sets: Vec::new(),
        ip_groups: Vec::new(),
        coverage: Coverage::default(),
        problems: Vec::new(),
        scope,
        overflow: None,
        has_bare_firewall: false,
    };
    let mut parser =
        Parser { reading, children: Vec::new(), hidden: None, rules: 0, in_template: false, is_list: false };
    parser.any(root, 0);
    parser.place_children();
    parser.reading
}

/// Wrappers in wrappers, deeper than this, are not looked into.
const WRAPPER_LIMIT: usize = 6;

/// More rules than any export has, and a file made to fill the memory is refused.
pub const RULE_LIMIT: usize = 250_000;
const SET_LIMIT: usize = 5_000;

/// Where resources come wrapped: the REST API and PowerShell, Resource Graph, recorded answers, the template that an
/// export of a resource group gives, and parameter files.
const WRAPPERS: [&str; 5] = ["value", "data", "body", "template", "parameters"];

pub struct Parser<'j> {
    pub reading: Reading<'j>,
    /// Rule collection groups that stand by themselves, with the name of their policy.
    children: Vec<Child<'j>>,
    /// What may hold rules of any policy: the first nested template.
    hidden: Option<TextRange>,
    rules: usize,
    pub in_template: bool,
    /// Inside a list of resources, as `az … list` gives it.
    is_list: bool,
}

struct Child<'j> {
    policy: Name,
    group: Option<Group<'j>>,
    gaps: Vec<Gap>,
    place: TextRange,
    resource_group: Option<std::borrow::Cow<'j, str>>,
    /// Whether the file is a list of all groups of a policy.
    is_whole: bool,
}

impl<'j> Parser<'j> {
    fn any(&mut self, value: Value<'j>, depth: usize) {
        if value.kind() == JsonKind::Array && depth < WRAPPER_LIMIT {
            self.list(value, depth);
            return;
        }
        if is_template(value) {
            self.template(value);
            return;
        }
        let kind = if value.kind() == JsonKind::Object { resource(value) } else { Resource::Other };
        if kind != Resource::Other {
            self.resource(value, kind, None);
            return;
        }
        let inner = WRAPPERS.iter().find_map(|wrapper| value.get(wrapper));
        match inner.filter(|inner| matches!(inner.kind(), JsonKind::Array | JsonKind::Object)) {
            Some(inner) if depth < WRAPPER_LIMIT => {
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
                            "the list goes on at another address: not all of it is in the file",
                            "export with `az network firewall policy rule-collection-group list`, which follows the links",
                        );
                    }
                    self.irrelevant(&member, "about the list, not about a firewall");
                }
            }
            _ => self.note(value.place(), Status::Irrelevant, NOT_OURS),
        }
    }

    fn list(&mut self, list: Value<'j>, depth: usize) {
        // Numbers and texts in a row are one statement: nothing of them can be a rule.
        let mut scalars: Option<TextRange> = None;
        let mut collections: Option<Group<'j>> = None;
        let mut gaps = Vec::new();
        let outer = std::mem::replace(&mut self.is_list, true);
        for element in list.elements() {
            if !matches!(element.kind(), JsonKind::Array | JsonKind::Object) {
                scalars = Some(scalars.map_or(element.place(), |place| place.cover(element.place())));
                continue;
            }
            if let Some(place) = scalars.take() {
                self.note(place, Status::Irrelevant, NOT_OURS);
            }
            if element.kind() == JsonKind::Object && resource(element) == Resource::Collection {
                let group = collections.get_or_insert_with(|| Group::new(None, list.place()));
                if group.lists.is_empty() {
                    group.lists.push(List { kind: None, value: list });
                }
                self.one_collection(element, list, None, group, &mut gaps);
            } else {
                self.any(element, depth + 1);
            }
        }
        self.is_list = outer;
        if let Some(place) = scalars {
            self.note(place, Status::Irrelevant, NOT_OURS);
        }
        if let Some(group) = collections {
            // `az network firewall policy rule-collection-group collection list`: the group is not named in it.
            let name = Name { shown: "rule collections".to_owned(), ..Name::default() };
            let mut set = Set::new(Holder::Parameters, name, list.place());
            set.groups.push(group);
            set.gaps = gaps;
            self.reading.sets.push(set);
        }
    }

    fn template(&mut self, template: Value<'j>) {
        self.in_template = true;
        for member in template.members().filter(|member| !member.value.is_empty()) {
            if member.name.eq_ignore_ascii_case("resources") {
                // Newer templates have an object with a name for each resource.
                let list =
                    member.value.elements().chain(member.value.members().map(|resource| resource.value));
                for resource in list {
                    self.template_resource(resource);
                }
            } else {
                self.irrelevant(&member, "of the template; what a rule takes from it is read with the rule");
            }
        }
    }

    fn template_resource(&mut self, value: Value<'j>) {
        let kind = value.get("type").and_then(Value::string).unwrap_or_default();
        let known = resource_type(&kind);
        if known != Resource::Other && value.get("existing").is_some_and(|existing| existing.raw() == "true")
        {
            self.note(
                value.place(),
                Status::Irrelevant,
                "refers to what is there already and not in the file",
            );
        } else if known != Resource::Other {
            self.resource(value, known, None);
        } else if kind.eq_ignore_ascii_case("microsoft.resources/deployments")
            && value.raw().to_ascii_lowercase().contains("microsoft.network/firewallpolicies")
        {
            self.problem(
                value.get("name").unwrap_or(value).place(),
                "a nested template is not read, and it speaks of firewall policies",
                "deploy it, and check the export of what was deployed",
            );
            self.note(value.place(), Status::NotUnderstood, "a nested template: it may hold rules");
            self.hidden.get_or_insert(value.place());
        } else {
            self.note(value.place(), Status::Irrelevant, NOT_OURS);
        }
    }

    /// A resource; `parent` is the policy that it stands in.
    fn resource(&mut self, value: Value<'j>, kind: Resource, parent: Option<&mut Set<'j>>) {
        match kind {
            Resource::Firewall => self.firewall(value),
            Resource::Policy => self.policy(value),
            Resource::RuleCollectionGroup => self.rule_collection_group(value, parent),
            Resource::RuleGroup => self.rule_group(value, parent),
            Resource::IpGroup => self.ip_group(value),
            Resource::Parameters => self.parameters(value),
            Resource::Collection => {
                let mut group = Group::new(None, value.place());
                let mut gaps = Vec::new();
                self.one_collection(value, value, None, &mut group, &mut gaps);
                let name = Name { shown: "rule collection".to_owned(), ..Name::default() };
                let mut set = Set::new(Holder::Parameters, name, value.place());
                set.groups.push(group);
                set.gaps = gaps;
                self.reading.sets.push(set);
            }
            Resource::Other => self.note(value.place(), Status::Irrelevant, NOT_OURS),
        }
    }

    fn firewall(&mut self, value: Value<'j>) {
        let mut set = self.set(value, Holder::Classic);
        let mut group = Group::new(None, set.name_place);
        let mut policy = false;
        self.firewall_members(value, &mut set, &mut group, &mut policy);
        if policy && group.collections.is_empty() && set.gaps.is_empty() {
            self.reading.has_bare_firewall = true;
            return;
        }
        set.groups.push(group);
        self.reading.sets.push(set);
    }

    fn policy(&mut self, value: Value<'j>) {
        let mut set = self.set(value, Holder::Policy);
        // Whoever does not say that the firewall is a DNS proxy has none.
        set.dns_proxy = Some(false);
        self.policy_members(value, &mut set);
        if set.base.as_ref().is_some_and(|base| base.exact == set.name.exact && set.name.literal) {
            set.base = None;
        }
        self.reading.sets.push(set);
    }

    fn rule_collection_group(&mut self, value: Value<'j>, parent: Option<&mut Set<'j>>) {
        let (policy, name) = self.child_names(value, "ruleCollectionGroups");
        let mut gaps = Vec::new();
        let group = if value.get("copy").is_some_and(|copy| !copy.is_empty()) {
            let reason = "made several times by `copy`: it may be any number of rules";
            self.note(value.place(), Status::NotUnderstood, reason);
            gaps.push(Gap { place: value.place(), what: format!("copies of {}", name.shown) });
            None
        } else {
            let mut group = Group::new(Some(name), value.get("name").unwrap_or(value).place());
            self.group_members(value, &mut group, &mut gaps);
            Some(group)
        };
        self.child(value, policy, group, gaps, parent);
    }

    /// A rule group: its rules are there, and their shape is not the one that is read.
    fn rule_group(&mut self, value: Value<'j>, parent: Option<&mut Set<'j>>) {
        let (policy, name) = self.child_names(value, "ruleGroups");
        self.problem(
            value.get("name").unwrap_or(value).place(),
            "rule groups of API versions before 2020-05-01 are not read, and their rules are not seen",
            "export what runs: `az network firewall policy rule-collection-group list`",
        );
        self.note(value.place(), Status::NotUnderstood, "a rule group, in the shape of an older API version");
        let gaps = vec![Gap { place: value.place(), what: format!("{RULE_GROUP}{}", name.shown) }];
        self.child(value, policy, None, gaps, parent);
    }

    /// The names of the policy that a child resource belongs to, and of the child.
    fn child_names(&self, value: Value<'j>, list: &str) -> (Name, Name) {
        let mut name = value.get("name").map(|name| self.reading.scope.name(name)).unwrap_or_default();
        let id = value.get("id").and_then(Value::string).unwrap_or_default();
        let by_id = segment(&id, "firewallPolicies").map(Name::literal);
        if name.shown.is_empty()
            && let Some(named) = segment(&id, list)
        {
            name = Name::literal(named);
        }
        match name.split() {
            Some((policy, own)) => (policy, Name::literal(&own)),
            None => (by_id.unwrap_or_default(), name),
        }
    }

    /// Gives what a child resource holds to its policy, now or when all policies are known.
    fn child(
        &mut self,
        value: Value<'j>,
        policy: Name,
        group: Option<Group<'j>>,
        mut gaps: Vec<Gap>,
        parent: Option<&mut Set<'j>>,
    ) {
        if let Some(set) = parent {
            set.groups.extend(group);
            set.gaps.append(&mut gaps);
            return;
        }
        let id = value.get("id").and_then(Value::string).unwrap_or_default();
        let by_id = || segment(&id, "resourceGroups").map(|name| name.to_owned().into());
        self.children.push(Child {
            policy,
            group,
            gaps,
            place: value.get("name").unwrap_or(value).place(),
            resource_group: value.get("resourceGroup").and_then(Value::string).or_else(by_id),
            is_whole: self.is_list && !self.in_template,
        });
    }

    fn ip_group(&mut self, value: Value<'j>) {
        let name_value = value.get("name");
        let name = name_value.map(|name| self.reading.scope.name(name)).unwrap_or_default();
        let body = value.get("properties").filter(|inner| inner.kind() == JsonKind::Object).unwrap_or(value);
        let addresses = body.get("ipAddresses");
        self.reading.ip_groups.push(IpGroup {
            name,
            id: value.get("id").and_then(Value::string).map(|id| id.trim().to_ascii_lowercase()),
            place: value.place(),
            head: name_value.unwrap_or(value).place(),
            addresses,
        });
    }

    /// Lists of rule collections under names of an organisation's own choice.
    fn parameters(&mut self, value: Value<'j>) {
        let name = Name { shown: "rules".to_owned(), ..Name::default() };
        let mut set = Set::new(Holder::Parameters, name, TextRange::new(0, 0));
        set.name_place = TextRange { start: value.place().start, end: value.place().start };
        let mut group = Group::new(None, set.name_place);
        for member in value.members() {
            let known = PARAMETER_LISTS.iter().find(|(key, _)| member.name.eq_ignore_ascii_case(key));
            let list = match member.value.kind() {
                JsonKind::Object => member.value.get("value").unwrap_or(member.value),
                _ => member.value,
            };
            match known {
                Some((_, kind)) => self.collections(list, Some(*kind), &mut group, &mut set.gaps),
                None if member.value.is_empty() => {}
                // Whatever it is called, it has rules.
                None if list.elements().any(|item| resource(item) == Resource::Collection) => {
                    self.collections(list, None, &mut group, &mut set.gaps);
                }
                None => self.irrelevant(&member, "not a list of rule collections"),
            }
        }
        set.groups.push(group);
        self.reading.sets.push(set);
    }

    fn set(&self, value: Value<'j>, holder: Holder) -> Set<'j> {
        let id = value.get("id").and_then(Value::string).unwrap_or_default();
        let key = if holder == Holder::Classic { "azureFirewalls" } else { "firewallPolicies" };
        let mut name = value.get("name").map(|name| self.reading.scope.name(name)).unwrap_or_default();
        if name.shown.trim().is_empty() {
            name = segment(&id, key).map(Name::literal).unwrap_or_default();
        }
        let mut set = Set::new(holder, name, value.get("name").unwrap_or(value).place());
        set.resource_group = segment(&id, "resourceGroups").map(|name| name.to_owned().into());
        set
    }

    /// A child resource inside the resource of its policy.
    pub fn nested(&mut self, value: Value<'j>, set: &mut Set<'j>) {
        let kind = value.get("type").and_then(Value::string).unwrap_or_default();
        match resource_type(&kind) {
            known @ (Resource::RuleCollectionGroup | Resource::RuleGroup) => {
                self.resource(value, known, Some(set));
            }
            _ => self.note(value.place(), Status::Irrelevant, NOT_OURS),
        }
    }

    pub fn count(&mut self, rule: Value<'j>) {
        self.rules += 1;
        if self.rules > RULE_LIMIT {
            self.reading.overflow.get_or_insert(rule.place());
        }
    }

    /// Rules that are there and cannot be read.
    pub fn unreadable(&mut self, value: Value<'j>, gaps: &mut Vec<Gap>) {
        let what = match self.reading.scope.term(value) {
            Term::Expression(expression) => format!("rules that the expression {expression} gives"),
            _ => {
                self.problem(
                    value.place(),
                    "a rule or a rule collection is an object, and this is none",
                    "export with `az … --output json`, or with PowerShell's `ConvertTo-Json -Depth 10`",
                );
                "rules that were cut off".to_owned()
            }
        };
        self.note(value.place(), Status::NotUnderstood, what.clone());
        gaps.push(Gap { place: value.place(), what });
    }

    /// Gives the rule collection groups that stand by themselves to their policies.
    fn place_children(&mut self) {
        // Two policies in two resource groups may have one name.
        let mut places = std::collections::BTreeMap::new();
        let mut by_name = std::collections::BTreeMap::new();
        let lower = |name: &Option<std::borrow::Cow<'j, str>>| {
            name.as_ref().map(|name| name.trim().to_ascii_lowercase())
        };
        for (at, set) in self.reading.sets.iter().enumerate().filter(|(_, set)| set.holder == Holder::Policy)
        {
            places.entry((set.name.exact.clone(), lower(&set.resource_group))).or_insert(at);
            by_name.entry(set.name.exact.clone()).or_insert(at);
        }
        for child in std::mem::take(&mut self.children) {
            let name = child.policy.exact.clone();
            let of_group = lower(&child.resource_group);
            let known = match &of_group {
                Some(_) => {
                    let here = places.get(&(name.clone(), of_group.clone()));
                    here.or_else(|| places.get(&(name.clone(), None))).copied()
                }
                None => by_name.get(&name).copied(),
            };
            let at = known.unwrap_or_else(|| {
                places.insert((name.clone(), of_group), self.reading.sets.len());
                by_name.entry(name).or_insert(self.reading.sets.len());
                let mut set = Set::new(Holder::Policy, child.policy.clone(), child.place);
                set.elsewhere = true;
                set.resource_group = child.resource_group.clone();
                self.reading.sets.push(set);
                if !child.is_whole {
                    self.reading.problems.push(Problem {
                        place: child.place,
                        message: "the firewall policy itself is not in the file: rules of its other groups are not seen"
                            .to_owned(),
                        help: "export all groups: `az network firewall policy rule-collection-group list`"
                            .to_owned(),
                    });
                }
                self.reading.sets.len() - 1
            });
            let Some(set) = self.reading.sets.get_mut(at) else { continue };
            set.groups.extend(child.group);
            set.gaps.extend(child.gaps);
        }
        for set in &mut self.reading.sets {
            let here: std::collections::BTreeSet<String> =
                set.groups.iter().filter_map(|group| Some(group.name.as_ref()?.exact.clone())).collect();
            set.gaps.retain(|gap| match gap.what.strip_prefix(GROUP_ELSEWHERE) {
                Some(name) => !here.contains(&name.to_ascii_lowercase()),
                None => true,
            });
        }
        if self.reading.sets.len() > SET_LIMIT {
            self.reading.overflow.get_or_insert(TextRange::new(0, 0));
        }
        if let Some(place) = self.hidden {
            for set in &mut self.reading.sets {
                set.gaps.push(Gap { place, what: "rules of a nested template".to_owned() });
            }
        }
    }

    pub fn irrelevant(&mut self, member: &Member<'j>, reason: &'static str) {
        self.note(whole(member), Status::Irrelevant, reason);
    }

    pub fn note(
        &mut self,
        place: TextRange,
        status: Status,
        reason: impl Into<std::borrow::Cow<'static, str>>,
    ) {
        self.reading.coverage.push(place, status, reason);
    }

    pub fn unknown_member(&mut self, member: &Member<'j>, of: &str) {
        // What the rules do is said by the rules; this cannot be one, and is still not known.
        let reason = format!("property `{}` of {of} is not known", printable(&member.name));
        self.note(whole(member), Status::NotUnderstood, reason);
    }

    pub fn problem(&mut self, place: TextRange, message: &str, help: &str) {
        self.reading.problems.push(Problem { place, message: message.to_owned(), help: help.to_owned() });
    }
}

const NOT_OURS: &str = "no rule of an Azure Firewall";

/// The key of a member in lower case; empty where it is none that is known.
pub fn key<'b>(member: &Member<'_>, buffer: &'b mut [u8; LONGEST_KEY]) -> &'b str {
    lower(&member.name, buffer)
}
