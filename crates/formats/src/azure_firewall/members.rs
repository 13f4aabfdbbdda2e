use diagnostics::printable;

use super::model::{Base, Collection, Gap, Group, Kind, List, Set};
use super::object::{LONGEST_KEY, rule, whole};
use super::parse::{Parser, key};
use super::resource::{COLLECTION_LISTS, segment};
use super::template::Term;
use crate::Status;
use crate::json::{Kind as JsonKind, Member, Value};

/// The members of the resources: what each is, and what becomes of it.
impl<'j> Parser<'j> {
    pub fn firewall_members(
        &mut self,
        object: Value<'j>,
        set: &mut Set<'j>,
        group: &mut Group<'j>,
        policy: &mut bool,
    ) {
        for member in object.members() {
            let value = member.value;
            let mut buffer = [0; LONGEST_KEY];
            let name = key(&member, &mut buffer);
            if let Some((_, kind)) = COLLECTION_LISTS.iter().find(|(list, _)| list.eq_ignore_ascii_case(name))
            {
                self.collections(value, Some(*kind), group, &mut set.gaps);
                continue;
            }
            match name {
                "properties" if value.kind() == JsonKind::Object => {
                    self.firewall_members(value, set, group, policy);
                }
                "additionalproperties" => {
                    let proxy = value.get("Network.DNS.EnableProxy").and_then(Value::string);
                    set.dns_proxy = proxy.map(|text| text.eq_ignore_ascii_case("true"));
                    if !value.is_empty() {
                        self.irrelevant(&member, "settings of the firewall that match no packet");
                    }
                }
                "dnsenableproxy" => {
                    set.dns_proxy = Some(value.raw() == "true");
                    self.irrelevant(&member, "whether the firewall is the DNS server of its clients");
                }
                _ if value.is_empty() => {}
                "copy" if value.kind() == JsonKind::Array => self.copies(&member, &mut set.gaps),
                "firewallpolicy" => {
                    *policy = true;
                    self.irrelevant(&member, "its rules are those of the policy");
                }
                "threatintelmode" => self.threat_intelligence(&member),
                "threatintelwhitelist" => self.irrelevant(&member, "what threat intelligence leaves alone"),
                "ipconfigurations"
                | "managementipconfiguration"
                | "hubipaddresses"
                | "virtualhub"
                | "ipgroups"
                | "dnsserver"
                | "privaterange"
                | "routeserverid"
                | "autoscaleconfiguration"
                | "allowactiveftp"
                | "enablefatflowlogging"
                | "enableudplogoptimization" => {
                    self.irrelevant(&member, "addresses and operation of the firewall itself")
                }
                name => self.common(&member, name, "a firewall"),
            }
        }
    }

    pub fn policy_members(&mut self, object: Value<'j>, set: &mut Set<'j>) {
        for member in object.members() {
            let value = member.value;
            let mut buffer = [0; LONGEST_KEY];
            match key(&member, &mut buffer) {
                "properties" if value.kind() == JsonKind::Object => self.policy_members(value, set),
                "resources" if self.in_template => {
                    // Newer templates have an object with a name for each resource.
                    for resource in value.elements().chain(value.members().map(|member| member.value)) {
                        self.nested(resource, set);
                    }
                }
                _ if value.is_empty() => {}
                "basepolicy" | "basepolicyid" => self.base(&member, set),
                "rulecollectiongroups" => {
                    self.note(whole(&member), Status::Understood, "");
                    for group in value.elements() {
                        let id = group.get("id").and_then(Value::string).unwrap_or_default();
                        let name = id.rsplit('/').next().unwrap_or_default();
                        set.gaps.push(Gap { place: group.place(), what: format!("{GROUP_ELSEWHERE}{name}") });
                    }
                }
                "rulegroups" => {
                    let reason = "rule groups, in the shape of an older API version";
                    self.note(whole(&member), Status::NotUnderstood, reason);
                    for group in value.elements() {
                        let id = group.get("id").and_then(Value::string).unwrap_or_default();
                        let name = id.rsplit('/').next().unwrap_or_default();
                        set.gaps.push(Gap { place: group.place(), what: format!("{RULE_GROUP}{name}") });
                    }
                }
                "dnssettings" => {
                    let enabled = value.get("enableProxy");
                    set.dns_proxy = match enabled.map(Value::raw) {
                        Some("true") => Some(true),
                        Some("false" | "null") | None => Some(false),
                        Some(_) => None,
                    };
                    self.irrelevant(&member, "by which DNS servers names are resolved");
                }
                "threatintelmode" => self.threat_intelligence(&member),
                "intrusiondetection" => self.intrusion_detection(&member),
                "explicitproxy" | "explicitproxysettings" => {
                    let reason = "what clients send to the firewall as their proxy is not modelled";
                    let off = value.get("enableExplicitProxy").is_none_or(|said| said.raw() == "false");
                    let status = if off { Status::Irrelevant } else { Status::Approximated };
                    self.note(whole(&member), status, reason);
                }
                "threatintelwhitelist" => self.irrelevant(&member, "what threat intelligence leaves alone"),
                "transportsecurity" => self.irrelevant(&member, "the certificate for TLS inspection"),
                "snat" => self.irrelevant(&member, "source addresses are translated after the decision"),
                "sql" | "insights" | "firewalls" | "childpolicies" | "size" => {
                    self.irrelevant(&member, "matches no packet")
                }
                name => self.common(&member, name, "a firewall policy"),
            }
        }
    }

    pub fn group_members(&mut self, object: Value<'j>, group: &mut Group<'j>, gaps: &mut Vec<Gap>) {
        for member in object.members() {
            let value = member.value;
            let mut buffer = [0; LONGEST_KEY];
            match key(&member, &mut buffer) {
                "properties" if value.kind() == JsonKind::Object => self.group_members(value, group, gaps),
                "properties" if !value.is_empty() => self.unreadable(value, gaps),
                "rulecollections" => self.collections(value, None, group, gaps),
                _ if value.is_empty() => {}
                "priority" => {
                    group.priority = Some(value);
                    self.note(whole(&member), Status::Understood, "");
                }
                "condition" if self.in_template => {
                    group.condition = Some(value);
                    self.note(whole(&member), Status::Understood, "");
                }
                "copy" if value.kind() == JsonKind::Array => self.copies(&member, gaps),
                "size" => self.irrelevant(&member, "matches no packet"),
                name => self.common(&member, name, "a rule collection group"),
            }
        }
    }

    /// A property that a template makes in copies: it may be any number of rule collections or rules.
    fn copies(&mut self, member: &Member<'j>, gaps: &mut Vec<Gap>) {
        self.note(whole(member), Status::NotUnderstood, "rules or rule collections made by `copy`");
        gaps.push(Gap { place: member.value.place(), what: "copies of rule collections".to_owned() });
    }

    /// A list of collections; PowerShell writes a list of one as the one.
    pub fn collections(
        &mut self,
        list: Value<'j>,
        kind: Option<Kind>,
        group: &mut Group<'j>,
        gaps: &mut Vec<Gap>,
    ) {
        let resolved = self.reading.scope.resolve(list);
        match resolved.kind() {
            JsonKind::Array => {
                group.lists.push(List { kind, value: resolved });
                for element in resolved.elements() {
                    let collection = self.reading.scope.resolve(element);
                    if collection.kind() == JsonKind::Object {
                        self.one_collection(collection, resolved, kind, group, gaps);
                    } else {
                        self.unreadable(element, gaps);
                    }
                }
            }
            JsonKind::Object => self.one_collection(resolved, list, kind, group, gaps),
            JsonKind::Null => {}
            _ if resolved.is_empty() => {}
            _ => self.unreadable(list, gaps),
        }
    }

    pub fn one_collection(
        &mut self,
        object: Value<'j>,
        holder: Value<'j>,
        kind: Option<Kind>,
        group: &mut Group<'j>,
        gaps: &mut Vec<Gap>,
    ) {
        let body =
            object.get("properties").filter(|inner| inner.kind() == JsonKind::Object).unwrap_or(object);
        let mut collection = Collection {
            object,
            body,
            holder,
            name: object.get("name"),
            priority: body.get("priority"),
            action: body.get("action"),
            kind,
            list: body.get("rules"),
            rules: Vec::new(),
        };
        if collection.list.is_none()
            && ["sourceAddresses", "sourceIpGroups"].iter().any(|key| body.get(key).is_some())
        {
            let what = "a rule outside of any rule collection".to_owned();
            self.problem(
                object.place(),
                &what,
                "put it into the `rules` of a collection with a priority and an action",
            );
            self.note(object.place(), Status::NotUnderstood, what.clone());
            gaps.push(Gap { place: object.place(), what });
            return;
        }
        collection.action = collection.action.map(|action| action.get("type").unwrap_or(action));
        self.collection_members(object, &mut collection, gaps, body.place() != object.place());
        let Some(list) = collection.list else {
            group.collections.push(collection);
            return;
        };
        let resolved = self.reading.scope.resolve(list);
        match resolved.kind() {
            JsonKind::Array => {
                for element in resolved.elements() {
                    if self.reading.overflow.is_some() {
                        return;
                    }
                    self.count(element);
                    let value = self.reading.scope.resolve(element);
                    if value.kind() == JsonKind::Object {
                        collection.rules.push(rule(value, collection.kind));
                    } else {
                        self.unreadable(element, gaps);
                    }
                }
            }
            JsonKind::Object => {
                self.count(resolved);
                collection.rules.push(rule(resolved, collection.kind));
            }
            _ if resolved.is_empty() => {}
            _ => self.unreadable(list, gaps),
        }
        group.collections.push(collection);
    }

    fn collection_members(
        &mut self,
        object: Value<'j>,
        collection: &mut Collection<'j>,
        gaps: &mut Vec<Gap>,
        nested: bool,
    ) {
        for member in object.members() {
            let value = member.value;
            let mut buffer = [0; LONGEST_KEY];
            match key(&member, &mut buffer) {
                "properties" if nested && value.place() == collection.body.place() => {
                    self.collection_members(value, collection, gaps, false);
                }
                "rules" => {}
                _ if value.is_empty() => {}
                "rulecollectiontype" => {
                    // A filter collection has network or application rules, which say what they are.
                    if value
                        .string()
                        .is_some_and(|said| said.to_ascii_lowercase().contains("natrulecollection"))
                    {
                        collection.kind = Some(Kind::Nat);
                    }
                    self.note(whole(&member), Status::Understood, "");
                }
                "priority" | "action" | "name" => self.note(whole(&member), Status::Understood, ""),
                "id" | "etag" | "provisioningstate" | "resourcegroup" | "type" | "description"
                | "comments" => {
                    self.irrelevant(&member, "where and what it is");
                }
                name if name.ends_with("text") => {
                    self.irrelevant(&member, "what PowerShell shows of another property");
                }
                "copy" if value.kind() == JsonKind::Array => self.copies(&member, gaps),
                _ => {
                    self.unknown_member(&member, "a rule collection");
                    // All that a collection has is about its rules.
                    let what = format!("what {} of a rule collection does", printable(&member.name));
                    gaps.push(Gap { place: value.place(), what });
                }
            }
        }
    }

    /// What every resource has.
    fn common(&mut self, member: &Member<'j>, name: &str, of: &str) {
        match name {
            "name" => self.note(member.value.place(), Status::Understood, ""),
            "id" | "type" | "location" | "extendedlocation" | "kind" | "sku" | "zones" | "identity"
            | "managedby" | "scope" | "subscriptionid" | "tenantid" | "plan" | "resourcegroup"
            | "resourcegroupname" => self.irrelevant(member, "where and what it is"),
            "tags" | "tag" | "tagstable" => {
                self.irrelevant(member, "resource tags: no packet is matched by them")
            }
            "etag" | "provisioningstate" | "resourceguid" | "systemdata" | "createdtime" | "changedtime" => {
                self.irrelevant(member, "state of the resource");
            }
            "apiversion" | "dependson" | "comments" | "condition" | "metadata" | "asserts" | "scale"
            | "copy"
                if self.in_template =>
            {
                self.irrelevant(member, "of the deployment");
            }
            name if name.ends_with("text") => {
                self.irrelevant(member, "what PowerShell shows of another property");
            }
            _ => self.unknown_member(member, of),
        }
    }

    /// "Azure Firewall threat intelligence-based filtering": its rules come before all others, and what they name
    /// only Microsoft knows.
    fn threat_intelligence(&mut self, member: &Member<'j>) {
        match self.reading.scope.term(member.value) {
            Term::Text(mode) if mode.eq_ignore_ascii_case("Deny") => {
                let reason =
                    "traffic to and from what Microsoft knows as malicious is denied before any rule";
                self.note(whole(member), Status::Approximated, reason);
            }
            Term::Expression(_) => {
                let reason = "threat intelligence may deny what Microsoft knows as malicious before any rule";
                self.note(whole(member), Status::Approximated, reason);
            }
            _ => self.irrelevant(member, "threat intelligence that denies nothing"),
        }
    }

    fn intrusion_detection(&mut self, member: &Member<'j>) {
        let mode = member.value.get("mode").unwrap_or(member.value);
        let quiet = |mode: &str| mode.eq_ignore_ascii_case("Off") || mode.eq_ignore_ascii_case("Alert");
        let overrides = member.value.raw().to_ascii_lowercase().contains("\"deny\"");
        match self.reading.scope.term(mode) {
            Term::Text(mode) if quiet(&mode) && !overrides => {
                self.irrelevant(member, "intrusion detection that denies nothing")
            }
            _ => {
                let reason = "intrusion detection may end a flow that the rules allow, by what is in it";
                self.note(whole(member), Status::Approximated, reason);
            }
        }
    }

    fn base(&mut self, member: &Member<'j>, set: &mut Set<'j>) {
        let id = member.value.get("id").unwrap_or(member.value);
        let (exact, shown) = match self.reading.scope.term(id) {
            Term::Text(id) => {
                let name = id.rsplit('/').next().unwrap_or_default().to_owned();
                (name.to_ascii_lowercase(), name)
            }
            Term::Expression(expression) => match self.reading.scope.pointed(&expression) {
                Some(name) => (name.exact, name.shown),
                None => (format!("[{expression}]"), format!("[{expression}]")),
            },
            Term::Other => (String::new(), "?".to_owned()),
        };
        let of = id.string().and_then(|id| Some(segment(&id, "resourceGroups")?.to_ascii_lowercase()));
        set.base = Some(Base { exact, shown, resource_group: of, place: whole(member) });
        self.note(whole(member), Status::Understood, "");
    }
}

/// How the rules of a rule group, which are not read, are called.
pub const RULE_GROUP: &str = "rules of the rule group ";
/// How a policy's list of its groups marks one, until it is known whether the file has it.
pub const GROUP_ELSEWHERE: &str = "rules of the rule collection group ";
