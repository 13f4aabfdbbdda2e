use super::model::Kind;
use crate::json::{Kind as JsonKind, Value};

/// What a JSON object is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    Firewall,
    Policy,
    RuleCollectionGroup,
    /// What came before rule collection groups, until the API version 2020-04-01; its rules are not read.
    RuleGroup,
    IpGroup,
    /// Lists of rule collections that are no resource.
    Parameters,
    Collection,
    Other,
}

/// What an object is: it says so, or its members show it.
pub fn resource(value: Value<'_>) -> Resource {
    if let Some(kind) = value.get("type").and_then(Value::string) {
        return resource_type(&kind);
    }
    let has = |key: &str| {
        value.get(key).is_some() || value.get("properties").is_some_and(|inner| inner.get(key).is_some())
    };
    let list = |key: &str| {
        value.get(key).is_some_and(|list| {
            list.kind() == JsonKind::Array
                || list.get("value").is_some_and(|list| list.kind() == JsonKind::Array)
        })
    };
    if COLLECTION_LISTS.iter().any(|(key, _)| has(key))
        && (has("id") || has("provisioningState") || has("name"))
    {
        Resource::Firewall
    } else if has("ruleCollections") {
        Resource::RuleCollectionGroup
    } else if has("ipAddresses") && has("name") {
        Resource::IpGroup
    } else if PARAMETER_LISTS.iter().any(|(key, _)| list(key)) {
        Resource::Parameters
    } else if has_rule_conditions(value) {
        Resource::RuleGroup
    } else if has("rules") && (has("ruleCollectionType") || has("action")) {
        Resource::Collection
    } else if has("threatIntelMode") && (has("ruleCollectionGroups") || has("dnsSettings")) {
        Resource::Policy
    } else {
        Resource::Other
    }
}

/// Rules of a rule group have conditions in them, which rules of rule collections have not.
fn has_rule_conditions(value: Value<'_>) -> bool {
    let rules = value.get("rules").or_else(|| value.get("properties")?.get("rules"));
    let first = rules.and_then(|rules| rules.elements().next());
    first.is_some_and(|rule| rule.get("ruleConditions").or(rule.get("ruleCondition")).is_some())
}

pub fn resource_type(kind: &str) -> Resource {
    match kind.to_ascii_lowercase().as_str() {
        "microsoft.network/azurefirewalls" => Resource::Firewall,
        "microsoft.network/firewallpolicies" => Resource::Policy,
        "microsoft.network/firewallpolicies/rulecollectiongroups" | "rulecollectiongroups" => {
            Resource::RuleCollectionGroup
        }
        "microsoft.network/firewallpolicies/rulegroups" | "rulegroups" => Resource::RuleGroup,
        "microsoft.network/ipgroups" => Resource::IpGroup,
        _ => Resource::Other,
    }
}

pub const COLLECTION_LISTS: [(&str, Kind); 3] = [
    ("natRuleCollections", Kind::Nat),
    ("networkRuleCollections", Kind::Network),
    ("applicationRuleCollections", Kind::Application),
];

/// How organisations name the lists of rule collections in their parameter files.
pub const PARAMETER_LISTS: [(&str, Kind); 7] = [
    ("dnatRules", Kind::Nat),
    ("natRules", Kind::Nat),
    ("networkRules", Kind::Network),
    ("applicationRules", Kind::Application),
    ("natRuleCollections", Kind::Nat),
    ("networkRuleCollections", Kind::Network),
    ("applicationRuleCollections", Kind::Application),
];

/// Whether the value is an ARM template.
pub fn is_template(value: Value<'_>) -> bool {
    let schema = value.get("$schema").and_then(Value::string).unwrap_or_default();
    value.get("resources").is_some()
        && (schema.to_ascii_lowercase().contains("deploymenttemplate")
            || value.get("contentVersion").is_some())
}

/// Whether the text can hold rules of an Azure Firewall, from landmarks alone.
pub fn landmark(text: &str) -> crate::Detection {
    let found = |landmark: &str| memchr::memmem::find(text.as_bytes(), landmark.as_bytes()).is_some();
    // Without the first letter, which PowerShell writes as a capital.
    let has_collections = found("etworkRuleCollections\"") || found("pplicationRuleCollections\"");
    if has_collections || found("uleCollections\"") && (found("uleType\"") || found("uleCollectionType\"")) {
        crate::Detection::Sure
    } else if ["\"dnatRules\"", "\"networkRules\"", "\"applicationRules\""]
        .iter()
        .filter(|key| found(key))
        .count()
        > 1
        || found("Microsoft.Network/azureFirewalls\"")
        || found("Microsoft.Network/firewallPolicies\"")
        || found("Microsoft.Network/firewallPolicies/ruleGroups\"")
    {
        crate::Detection::Perhaps
    } else {
        crate::Detection::No
    }
}

/// The segment of a resource id that follows `before`, in any case: resource groups, policies.
pub fn segment<'i>(id: &'i str, before: &str) -> Option<&'i str> {
    let mut segments = id.split('/');
    segments.find(|segment| segment.eq_ignore_ascii_case(before))?;
    segments.next().filter(|segment| !segment.is_empty())
}
