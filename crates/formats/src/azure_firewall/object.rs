use diagnostics::TextRange;

use super::model::{Kind, Rule, Strange};
use crate::json::{Kind as Json, Member, Value};

/// The object of a rule taken apart. What kind of rule it is it says itself, or else the collection, or else its
/// properties show it.
pub fn rule<'j>(object: Value<'j>, of_collection: Option<Kind>) -> Rule<'j> {
    let mut rule = Rule {
        object,
        kind: None,
        name: None,
        description: None,
        rule_type: None,
        protocols: None,
        ip_protocols: None,
        source_addresses: None,
        source_ip_groups: None,
        destination_addresses: None,
        destination_ip_groups: None,
        destination_fqdns: None,
        destination_ports: None,
        target_fqdns: None,
        target_urls: None,
        fqdn_tags: None,
        web_categories: None,
        translated_address: None,
        translated_fqdn: None,
        translated_port: None,
        terminate_tls: None,
        strange: None,
    };
    properties(object, &mut rule);
    rule.kind = match rule.rule_type.filter(|said| !said.is_empty()).map(|said| said.string()) {
        Some(said) => said.and_then(|said| rule_kind(&said)),
        None => of_collection.or_else(|| shown(&rule)),
    };
    rule
}

/// `ruleType` of a rule.
fn rule_kind(said: &str) -> Option<Kind> {
    let is = |word: &str| said.trim().eq_ignore_ascii_case(word);
    if is("NetworkRule") {
        Some(Kind::Network)
    } else if is("ApplicationRule") {
        Some(Kind::Application)
    } else if is("NatRule") {
        Some(Kind::Nat)
    } else {
        None
    }
}

fn shown(rule: &Rule<'_>) -> Option<Kind> {
    let has = |value: &Option<Value<'_>>| value.is_some_and(|value| !value.is_empty());
    if has(&rule.translated_address) || has(&rule.translated_fqdn) {
        Some(Kind::Nat)
    } else if [&rule.target_fqdns, &rule.target_urls, &rule.fqdn_tags, &rule.web_categories]
        .into_iter()
        .any(has)
    {
        Some(Kind::Application)
    } else if has(&rule.destination_ports) || has(&rule.ip_protocols) {
        Some(Kind::Network)
    } else {
        None
    }
}

fn properties<'j>(object: Value<'j>, rule: &mut Rule<'j>) {
    for member in object.members() {
        let mut buffer = [0; LONGEST_KEY];
        let slot = match lower(&member.name, &mut buffer) {
            "properties" if member.value.kind() == Json::Object && object.place() == rule.object.place() => {
                properties(member.value, rule);
                continue;
            }
            "name" => &mut rule.name,
            "description" => &mut rule.description,
            "ruletype" => &mut rule.rule_type,
            "protocols" => &mut rule.protocols,
            "ipprotocols" => &mut rule.ip_protocols,
            "sourceaddresses" => &mut rule.source_addresses,
            "sourceipgroups" => &mut rule.source_ip_groups,
            "destinationaddresses" => &mut rule.destination_addresses,
            "destinationipgroups" => &mut rule.destination_ip_groups,
            "destinationfqdns" => &mut rule.destination_fqdns,
            "destinationports" => &mut rule.destination_ports,
            "targetfqdns" => &mut rule.target_fqdns,
            "targeturls" => &mut rule.target_urls,
            "fqdntags" => &mut rule.fqdn_tags,
            "webcategories" => &mut rule.web_categories,
            "translatedaddress" => &mut rule.translated_address,
            "translatedfqdn" => &mut rule.translated_fqdn,
            "translatedport" => &mut rule.translated_port,
            "terminatetls" => &mut rule.terminate_tls,
            "httpheaderstoinsert"
            | "etag"
            | "id"
            | "provisioningstate"
            | "resourcegroup"
            | "resourcegroupname"
            | "actions"
            | "comments"
            | "metadata" => continue,
            // What PowerShell shows of another property.
            key if key.ends_with("text") => continue,
            _ if member.value.is_empty() => continue,
            _ => {
                if rule.strange.is_none() {
                    rule.strange = Some(Strange { place: whole(&member), name: member.name, twice: false });
                }
                continue;
            }
        };
        match slot {
            Some(other) if other.raw() != member.value.raw() => {
                rule.strange.get_or_insert(Strange { place: whole(&member), name: member.name, twice: true });
            }
            Some(_) => {}
            None => *slot = Some(member.value),
        }
    }
}

/// From the name to the value.
pub fn whole(member: &Member<'_>) -> TextRange {
    member.name_place.cover(member.value.place())
}

/// The longest name of a property that is known has fewer characters.
pub const LONGEST_KEY: usize = 40;

/// The key in lower case; empty, which is no key, where it is longer than any that is known.
pub fn lower<'b>(key: &str, buffer: &'b mut [u8; LONGEST_KEY]) -> &'b str {
    let Some(buffer) = buffer.get_mut(..key.len()) else { return "" };
    buffer.copy_from_slice(key.as_bytes());
    buffer.make_ascii_lowercase();
    std::str::from_utf8(buffer).unwrap_or_default()
}
