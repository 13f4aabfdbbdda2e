use diagnostics::TextRange;

use super::model::{Rule, Strange};
use crate::json::{Kind, Member, Value};

/// The object of a rule, and its `properties`, taken apart.
pub fn rule<'j>(object: Value<'j>, holder: Value<'j>, is_default: bool) -> Rule<'j> {
    let mut rule = Rule::new(object, holder, is_default);
    properties(object, &mut rule);
    rule
}

fn properties<'j>(object: Value<'j>, rule: &mut Rule<'j>) {
    for member in object.members() {
        let mut buffer = [0; LONGEST_KEY];
        let slot = match lower(&member.name, &mut buffer) {
            "properties" if member.value.kind() == Kind::Object => {
                properties(member.value, rule);
                continue;
            }
            "name" => &mut rule.name,
            "id" => &mut rule.id,
            "description" => &mut rule.description,
            "priority" => &mut rule.priority,
            "direction" => &mut rule.direction,
            "access" => &mut rule.access,
            "protocol" => &mut rule.protocol,
            "sourceaddressprefix" => &mut rule.source.addresses.one,
            "sourceaddressprefixes" => &mut rule.source.addresses.several,
            "destinationaddressprefix" => &mut rule.destination.addresses.one,
            "destinationaddressprefixes" => &mut rule.destination.addresses.several,
            "sourceportrange" => &mut rule.source.ports.one,
            "sourceportranges" => &mut rule.source.ports.several,
            "destinationportrange" => &mut rule.destination.ports.one,
            "destinationportranges" => &mut rule.destination.ports.several,
            "sourceapplicationsecuritygroups" => &mut rule.source.application_security_groups,
            "destinationapplicationsecuritygroups" => &mut rule.destination.application_security_groups,
            "condition" => &mut rule.condition,
            "etag"
            | "type"
            | "provisioningstate"
            | "resourcegroup"
            | "resourcegroupname"
            | "resourceguid"
            | "apiversion"
            | "dependson"
            | "comments"
            | "metadata"
            | "scale"
            | "location"
            | "tags"
            | "sourceapplicationsecuritygroupstext"
            | "destinationapplicationsecuritygroupstext" => continue,
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

/// The longest name of a property that is known: `destinationApplicationSecurityGroupsText`.
pub const LONGEST_KEY: usize = 40;

/// The key in lower case; empty, which is no key, where it is longer than any that is known.
pub fn lower<'b>(key: &str, buffer: &'b mut [u8; LONGEST_KEY]) -> &'b str {
    let Some(buffer) = buffer.get_mut(..key.len()) else { return "" };
    buffer.copy_from_slice(key.as_bytes());
    buffer.make_ascii_lowercase();
    std::str::from_utf8(buffer).unwrap_or_default()
}
